using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace StreamManager.Server.Events;

/// <summary>Events as JSON: the same in the journal, on the WebSocket and in webhooks.</summary>
internal static class EventJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes one: <c>{ "id", "type", "time", "channel", "actor", "data" }</c>.</summary>
    public static void Write(Utf8JsonWriter writer, ServerEvent happened)
    {
        writer.WriteStartObject();
        writer.WriteString("id", happened.Id);
        writer.WriteString("type", happened.Type);
        writer.WriteString("time", EventType.Word(happened.Time));
        writer.WriteString("channel", happened.ChannelId);
        writer.WriteString("actor", happened.Actor);
        writer.WritePropertyName("data");
        happened.Data.WriteTo(writer);
        writer.WriteEndObject();
    }

    /// <summary>One as UTF-8.</summary>
    public static byte[] ToBytes(ServerEvent happened)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Options))
            Write(writer, happened);
        return buffer.WrittenSpan.ToArray();
    }
}
