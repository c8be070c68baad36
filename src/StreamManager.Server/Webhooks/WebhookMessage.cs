using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using StreamManager.Server.Events;

namespace StreamManager.Server.Webhooks;

/// <summary>The body that tells an event: <c>{ "type", "timestamp", "data" }</c>. Pure.</summary>
internal static class WebhookMessage
{
    // The body is JSON by its content type, and what a person reads in a log should be readable.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// The body, UTF-8, at most <see cref="WebhookLimits.LargestBody"/> bytes. The channel and who did it are in <c>data</c> beside the event's own fields. Of an event that is too large
    /// only these are sent, with <c>"truncated": true</c>: the rest is in the journal.
    /// </summary>
    public static byte[] Write(ServerEvent happened)
    {
        var whole = Write(happened, isWhole: true);
        return whole.Length <= WebhookLimits.LargestBody ? whole : Write(happened, isWhole: false);
    }

    private static byte[] Write(ServerEvent happened, bool isWhole)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("type", happened.Type);
            writer.WriteString("timestamp", happened.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            writer.WriteStartObject("data");
            if (happened.ChannelId is { } channelId)
                writer.WriteString("channelId", channelId);
            if (happened.Actor is { } actor)
                writer.WriteString("actor", actor);
            if (!isWhole)
            {
                writer.WriteBoolean("truncated", true);
                writer.WriteString("eventId", happened.Id);
            }
            else
            {
                foreach (var (name, value) in happened.Data.Where(field => field.Key is not ("channelId" or "actor")))
                {
                    writer.WritePropertyName(name);
                    if (value is null)
                        writer.WriteNullValue();
                    else
                        value.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
