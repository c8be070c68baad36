using System.Buffers;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Rtmp.Tests.Wire;

internal static class WireTesting
{
    public static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>All messages in <paramref name="bytes"/>; nothing may be left over.</summary>
    public static List<RtmpMessage> ReadAll(this ChunkReader reader, byte[] bytes)
    {
        var messages = new List<RtmpMessage>();
        var buffer = new ReadOnlySequence<byte>(bytes);
        while (reader.TryReadMessage(ref buffer, out var message))
            messages.Add(message);

        Assert.True(buffer.IsEmpty);
        return messages;
    }

    /// <summary>Feeds the bytes as they would arrive: piece by piece, what was not taken in front of the next piece.</summary>
    public static List<RtmpMessage> ReadInPieces(this ChunkReader reader, byte[] bytes, IEnumerable<int> pieceSizes)
    {
        var messages = new List<RtmpMessage>();
        var start = 0;
        var end = 0;
        foreach (var size in pieceSizes.Append(bytes.Length))
        {
            end = Math.Min(bytes.Length, end + size);
            var buffer = new ReadOnlySequence<byte>(bytes, start, end - start);
            while (reader.TryReadMessage(ref buffer, out var message))
                messages.Add(message);

            start = end - (int)buffer.Length;
        }

        Assert.Equal(bytes.Length, start);
        return messages;
    }

    /// <summary>The bytes as a sequence of segments with these sizes (the last takes the rest); size 0 makes an empty segment.</summary>
    public static ReadOnlySequence<byte> Segments(byte[] bytes, params ReadOnlySpan<int> sizes)
    {
        Segment? first = null;
        Segment? last = null;
        var position = 0;
        foreach (var size in (ReadOnlySpan<int>)[.. sizes, bytes.Length])
        {
            var taken = Math.Min(size, bytes.Length - position);
            var segment = new Segment(bytes.AsMemory(position, taken), last);
            first ??= segment;
            last = segment;
            position += taken;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    public static void AssertSame(IEnumerable<RtmpMessage> expected, IEnumerable<RtmpMessage> actual) =>
        Assert.Equal(expected.Select(Describe), actual.Select(Describe));

    public static string Describe(RtmpMessage message) =>
        $"type {message.Type} stream {message.StreamId} time {message.Timestamp} body {Convert.ToHexString(message.Body.Span)}";

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is null)
                return;

            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}
