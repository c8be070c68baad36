using System.Buffers;

namespace StreamManager.Benchmarks;

/// <summary>Bytes as a pipe would hand them out.</summary>
internal sealed class Segments : ReadOnlySequenceSegment<byte>
{
    public static ReadOnlySequence<byte> Split(ReadOnlyMemory<byte> bytes, int size)
    {
        var first = new Segments { Memory = bytes[..Math.Min(size, bytes.Length)] };
        var last = first;
        for (var at = size; at < bytes.Length; at += size)
        {
            var next = new Segments { Memory = bytes.Slice(at, Math.Min(size, bytes.Length - at)), RunningIndex = at };
            last.Next = next;
            last = next;
        }
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }
}
