using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using StreamManager.Server.Api;
using StreamManager.Server.Events;

namespace StreamManager.Server.Realtime;

/// <summary>What goes to clients, as UTF-8. Written once however many get it.</summary>
internal static class RealtimeFrame
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>{ "type", "time", "channel", "data" }</c>.</summary>
    public static ReadOnlyMemory<byte> Make<T>(string type, DateTimeOffset time, string? channelId, T data, JsonTypeInfo<T> info) =>
        Write(type, time, writer =>
        {
            writer.WriteString("channel", channelId);
            writer.WritePropertyName("data");
            JsonSerializer.Serialize(writer, data, info);
        });

    /// <summary>An event; its time and channel are the event's.</summary>
    public static ReadOnlyMemory<byte> Event(ServerEvent happened) =>
        Write("event", happened.Time, writer =>
        {
            writer.WriteString("channel", happened.ChannelId);
            writer.WritePropertyName("data");
            EventJson.Write(writer, happened);
        });

    /// <summary>The answer to a command; <paramref name="id"/> as the client gave it.</summary>
    public static ReadOnlyMemory<byte> Answer(DateTimeOffset time, JsonElement? id, IResult result) =>
        Write(result is Problem ? "error" : "result", time, writer =>
        {
            writer.WritePropertyName("id");
            if (id is { } given)
                given.WriteTo(writer);
            else
                writer.WriteNullValue();
            writer.WritePropertyName("data");
            switch (result)
            {
                case Problem problem:
                    JsonSerializer.Serialize(writer, problem.ToDocument(), ApiJson.Readable.ProblemDocument);
                    break;
                case JsonAnswer answer:
                    answer.WriteTo(writer);
                    break;
                default:
                    writer.WriteNullValue();
                    break;
            }
        });

    private static ReadOnlyMemory<byte> Write(string type, DateTimeOffset time, Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writer.WriteString("time", EventType.Word(time));
            content(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
