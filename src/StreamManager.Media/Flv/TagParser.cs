using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Media.Flv;

/// <summary>What came of a message: so many packets, and why something of it was left out (<see cref="TagIgnoreReason.None"/>: nothing was).</summary>
public readonly record struct TagParseResult(int Packets, TagIgnoreReason Ignored)
{
    internal static TagParseResult Parsed { get; } = new(1, TagIgnoreReason.None);

    internal static TagParseResult Nothing(TagIgnoreReason reason) => new(0, reason);

    /// <summary>Of two parts of a message: packets add up, the first reason stays.</summary>
    internal TagParseResult And(TagParseResult other) => new(Packets + other.Packets, Ignored == TagIgnoreReason.None ? other.Ignored : Ignored);
}

/// <summary>
/// Turns the body of an RTMP message or FLV tag into packets: the one place where headers are looked at, once per message.
/// <list type="bullet">
/// <item>A body is kept as it arrived, except on track 0: enhanced H.264 and AAC become legacy, which every destination understands.</item>
/// <item>A multitrack message is taken apart. Track 0 becomes a message as if it had never been multitrack; every other track a multitrack message of
/// its own (OneTrack), which can be sent on as it is.</item>
/// <item>A nanosecond offset is part of <see cref="MediaPacket.CompositionOffset"/>; in a legacy body it is rounded to milliseconds.</item>
/// </list>
/// </summary>
public static class TagParser
{
    /// <summary>
    /// Parses one message. <paramref name="body"/> becomes part of the packets: the caller gives it away and nobody may write into it afterwards.
    /// </summary>
    /// <param name="kind">What the message is.</param>
    /// <param name="decodeTime">Its timestamp, unwrapped.</param>
    /// <param name="body">The message body.</param>
    /// <param name="arrivedAt">Kept as <see cref="MediaPacket.ArrivedAt"/>.</param>
    /// <param name="into">Packets are added here; nothing is, when the message is broken.</param>
    /// <exception cref="MediaFormatException">The message is broken.</exception>
    public static TagParseResult Parse(MediaKind kind, MediaTime decodeTime, ReadOnlyMemory<byte> body, long arrivedAt, List<MediaPacket> into)
    {
        if (body.IsEmpty)
            return TagParseResult.Nothing(TagIgnoreReason.Empty);
        var message = new TagMessage(decodeTime, body, arrivedAt, into);
        var count = into.Count;
        try
        {
            return kind switch
            {
                MediaKind.Video => VideoTagParser.Parse(message),
                MediaKind.Audio => AudioTagParser.Parse(message),
                _ => ParseData(message),
            };
        }
        catch (MediaFormatException)
        {
            into.RemoveRange(count, into.Count - count);
            throw;
        }
    }

    private static TagParseResult ParseData(TagMessage message)
    {
        message.Into.Add(new MediaPacket
        {
            Kind = MediaKind.Data,
            Content = PacketContent.Metadata,
            DecodeTime = message.DecodeTime,
            Body = message.Body,
            ArrivedAt = message.ArrivedAt,
        });
        return TagParseResult.Parsed;
    }
}

/// <summary>A message on its way through the parser.</summary>
internal readonly record struct TagMessage(MediaTime DecodeTime, ReadOnlyMemory<byte> Body, long ArrivedAt, List<MediaPacket> Into)
{
    /// <summary>A composition time of a header as an offset, its nanoseconds added.</summary>
    public static MediaTime Offset(int milliseconds, uint nanoseconds) => MediaTime.FromMilliseconds(milliseconds) + new MediaTime(nanoseconds);

    /// <summary>The offset as a legacy header can say it: the nearest millisecond.</summary>
    public static int RoundToMilliseconds(MediaTime offset) => (int)(offset + new MediaTime(500_000)).Milliseconds;
}
