using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Fuzz.Tests.Targets;

/// <summary>Bodies of video and audio messages: headers, and the packets that come of them.</summary>
internal static class TagTargets
{
    public static string RunVideo(byte[] input)
    {
        var packets = Parse(MediaKind.Video, input, out var outcome);
        CheckPackets(MediaKind.Video, packets);

        var header = VideoTagHeader.Read(input, out var length);
        if (header is UnsupportedVideoHeader)
            return outcome;

        var again = VideoTagHeader.Read(header.ToBody(input.AsSpan(length)), out var lengthAgain);
        Law.Holds(header == again && header.Length == lengthAgain, "A header is written and read again equal.");
        return $"{outcome} {header.GetType().Name}";
    }

    public static string RunAudio(byte[] input)
    {
        var packets = Parse(MediaKind.Audio, input, out var outcome);
        CheckPackets(MediaKind.Audio, packets);

        var header = AudioTagHeader.Read(input, out var length);
        if (header is UnsupportedAudioHeader)
            return outcome;

        var again = AudioTagHeader.Read(header.ToBody(input.AsSpan(length)), out var lengthAgain);
        Law.Holds(header == again && header.Length == lengthAgain, "A header is written and read again equal.");
        return $"{outcome} {header.GetType().Name}";
    }

    private static List<MediaPacket> Parse(MediaKind kind, byte[] input, out string outcome)
    {
        var packets = new List<MediaPacket>();
        var result = TagParser.Parse(kind, MediaTime.FromMilliseconds(1000), input, 0, packets);
        Law.Holds(result.Packets == packets.Count, "The result counts the packets.");
        var kinds = packets.Take(3).Select(p => $"{p.Content}{(p.Track == 0 ? "" : " track")}{(p.IsKeyframe ? " key" : "")}");
        outcome = $"{result.Ignored} {string.Join(' ', kinds)}";
        return packets;
    }

    // A packet's body is what destinations get: parsed there, it must be the same packet.
    private static void CheckPackets(MediaKind kind, List<MediaPacket> packets)
    {
        foreach (var packet in packets)
        {
            Law.Holds(packet.HeaderLength >= 0 && packet.HeaderLength <= packet.Body.Length, "The payload lies in the body.");
            var again = new List<MediaPacket>();
            TagParser.Parse(kind, packet.DecodeTime, packet.Body.ToArray(), 0, again);
            Law.Holds(
                again.Count == 1
                && (again[0].Content, again[0].Codec, again[0].Track) == (packet.Content, packet.Codec, packet.Track)
                && again[0].IsKeyframe == packet.IsKeyframe
                && again[0].Payload.Span.SequenceEqual(packet.Payload.Span),
                "A packet's body parses to the packet.");
        }
    }
}
