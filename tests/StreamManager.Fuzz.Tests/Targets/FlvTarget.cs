using System.Buffers;
using StreamManager.Media.Flv;

namespace StreamManager.Fuzz.Tests.Targets;

internal static class FlvTarget
{
    public static string Run(byte[] input)
    {
        var buffer = new ReadOnlySequence<byte>(input);
        if (!FlvReader.TryReadHeader(ref buffer, out var header))
        {
            Law.Holds(buffer.Length == input.Length, "What is not whole is not taken.");
            return "needs more";
        }

        var tags = ReadTags(ref buffer);
        var output = new ArrayBufferWriter<byte>();
        FlvWriter.WriteHeader(output, header);
        foreach (var tag in tags)
            FlvWriter.WriteTag(output, tag.Type, tag.Timestamp, tag.Body.Span);

        var written = new ReadOnlySequence<byte>(output.WrittenMemory);
        Law.Holds(FlvReader.TryReadHeader(ref written, out var headerAgain) && header == headerAgain, "The header is written and read again equal.");
        var again = ReadTags(ref written);
        Law.Holds(
            tags.Count == again.Count && tags.Zip(again).All(p =>
                (p.First.Type, p.First.Timestamp) == (p.Second.Type, p.Second.Timestamp) && p.First.Body.Span.SequenceEqual(p.Second.Body.Span)),
            "Tags are written and read again equal.");
        return $"{header} {Math.Min(tags.Count, 8)} tags";
    }

    private static List<FlvTag> ReadTags(ref ReadOnlySequence<byte> buffer)
    {
        var tags = new List<FlvTag>();
        while (FlvReader.TryReadTag(ref buffer, FlvReaderLimits.Default, out var tag))
            tags.Add(tag);

        return tags;
    }
}
