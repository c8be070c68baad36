using System.Buffers;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Media.Tests.Support;

/// <summary>Whole FLV files in memory.</summary>
internal static class FlvFile
{
    public static List<FlvTag> Read(byte[] file)
    {
        var buffer = new ReadOnlySequence<byte>(file);
        Assert.True(FlvReader.TryReadHeader(ref buffer, out _));
        var tags = new List<FlvTag>();
        while (FlvReader.TryReadTag(ref buffer, FlvReaderLimits.Default, out var tag))
            tags.Add(tag);
        Assert.True(buffer.IsEmpty);
        return tags;
    }

    public static List<MediaPacket> ReadPackets(byte[] file)
    {
        var packets = new List<MediaPacket>();
        foreach (var tag in Read(file))
            TagParser.Parse(tag.Kind!.Value, MediaTime.FromMilliseconds(tag.Timestamp), tag.Body, 0, packets);
        return packets;
    }

    public static byte[] Write(FlvHeader header, IEnumerable<FlvTag> tags)
    {
        var output = new ArrayBufferWriter<byte>();
        FlvWriter.WriteHeader(output, header);
        foreach (var tag in tags)
            FlvWriter.WriteTag(output, tag.Type, tag.Timestamp, tag.Body.Span);
        return output.WrittenSpan.ToArray();
    }
}
