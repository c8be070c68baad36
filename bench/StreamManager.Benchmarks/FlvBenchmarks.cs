using System.Buffers;
using BenchmarkDotNet.Attributes;
using StreamManager.Media.Flv;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Benchmarks;

/// <summary>Two seconds of a 6 Mbit/s stream as FLV tags: a preview viewer, a recording.</summary>
[MemoryDiagnoser]
public class FlvBenchmarks
{
    private readonly ArrayBufferWriter<byte> _output = new(1 << 22);

    [Benchmark]
    public int Write()
    {
        _output.ResetWrittenCount();
        FlvWriter.WriteHeader(_output, new FlvHeader(HasAudio: true, HasVideo: true));
        foreach (var message in SampleStream.Messages)
            FlvWriter.WriteTag(_output, message.Type == RtmpMessageType.Audio ? FlvTagType.Audio : FlvTagType.Video, message.Timestamp, message.Body.Span);
        return _output.WrittenCount;
    }
}
