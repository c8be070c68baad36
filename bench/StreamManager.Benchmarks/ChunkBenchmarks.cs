using System.Buffers;
using BenchmarkDotNet.Attributes;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Benchmarks;

/// <summary>Two seconds of a 6 Mbit/s stream through the chunk layer. 128 bytes is what ffmpeg sends, 4,096 what OBS sends, 60,000 what we send.</summary>
[MemoryDiagnoser]
public class ChunkBenchmarks
{
    private const int SegmentSize = 4096; // A pipe hands out memory in blocks of this size.

    private readonly ArrayBufferWriter<byte> _output = new(1 << 22);
    private ReadOnlySequence<byte> _wire;

    [Params(128, 4096, 60_000)]
    public int ChunkSize { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var first = new ArrayBufferWriter<byte>();
        new ChunkWriter().WriteMessage(first, new RtmpControlMessage.SetChunkSize(ChunkSize).ToMessage());
        byte[] wire = [.. first.WrittenSpan, .. SampleStream.Wire(ChunkSize)];
        _wire = Segments.Split(wire, SegmentSize);
    }

    [Benchmark]
    public long Read()
    {
        using var reader = new ChunkReader();
        var buffer = _wire;
        long bytes = 0;
        while (reader.TryReadMessage(ref buffer, out var message))
            bytes += message.Body.Length;
        return bytes >= SampleStream.PayloadBytes ? bytes : throw new InvalidOperationException("Messages are missing.");
    }

    [Benchmark]
    public int Write()
    {
        _output.ResetWrittenCount();
        var writer = new ChunkWriter { ChunkSize = ChunkSize };
        foreach (var message in SampleStream.Messages)
            writer.WriteMessage(_output, message);
        return _output.WrittenCount;
    }
}
