using System.Buffers;
using StreamManager.Media.Flv;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Fuzz.Tests.Targets;

internal static class AggregateTarget
{
    private const uint Time = 0xFFFFFF00;

    public static string Run(byte[] input)
    {
        var messages = Read(input);
        var parts = new ArrayBufferWriter<byte>();
        foreach (var message in messages)
            FlvWriter.WriteTag(parts, (FlvTagType)message.Type, message.Timestamp, message.Body.Span);

        var again = Read(parts.WrittenSpan.ToArray());
        Law.Holds(messages.Count == 0 || messages[0].Timestamp == Time, "The first part has the aggregate's time.");
        Law.Holds(
            messages.Count == again.Count && messages.Zip(again).All(p =>
                (p.First.Type, p.First.Timestamp) == (p.Second.Type, p.Second.Timestamp) && p.First.Body.Span.SequenceEqual(p.Second.Body.Span)),
            "What was read is written and read again equal.");
        return $"{Math.Min(messages.Count, 8)} parts";
    }

    private static List<RtmpMessage> Read(byte[] body)
    {
        var reader = new AggregateReader(new RtmpMessage(RtmpMessageType.Aggregate, 1, Time, body));
        var messages = new List<RtmpMessage>();
        while (reader.TryRead(out var message))
            messages.Add(message);

        return messages;
    }
}
