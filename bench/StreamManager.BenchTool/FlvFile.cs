using System.Buffers;
using StreamManager.Media.Flv;

namespace StreamManager.BenchTool;

/// <summary>The prepared files of these measurements: small enough to be held whole.</summary>
internal static class FlvFile
{
    public static List<FlvTag> ReadTags(string file)
    {
        var tags = new List<FlvTag>();
        var bytes = new ReadOnlySequence<byte>(File.ReadAllBytes(file));
        FlvReader.TryReadHeader(ref bytes, out _);
        while (FlvReader.TryReadTag(ref bytes, FlvReaderLimits.Default, out var tag))
            tags.Add(tag);
        return tags;
    }
}
