using System.Buffers;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Benchmarks;

/// <summary>Two seconds of what an encoder of 6 Mbit/s at 30 frames a second sends: a key frame of 150 KB, inter frames of 22 KB, 94 audio frames of 341 bytes.</summary>
internal static class SampleStream
{
    private const int VideoFrames = 60;
    private const int KeyFrameSize = 150_000;
    private const int InterFrameSize = 22_000;
    private const int AudioFrameSize = 341;

    public static IReadOnlyList<RtmpMessage> Messages { get; } = [.. Make()];

    public static int PayloadBytes { get; } = Messages.Sum(message => message.Body.Length);

    /// <summary>The messages as chunks of a size; preceded by nothing (a reader must be told the size).</summary>
    public static byte[] Wire(int chunkSize)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ChunkWriter { ChunkSize = chunkSize };
        foreach (var message in Messages)
            writer.WriteMessage(output, message);
        return output.WrittenSpan.ToArray();
    }

    private static IEnumerable<RtmpMessage> Make()
    {
        var random = new Random(1);
        byte[] Body(int size)
        {
            var body = new byte[size];
            random.NextBytes(body);
            return body;
        }
        var audio = 0;
        for (var frame = 0; frame < VideoFrames; frame++)
        {
            var time = (uint)(frame * 1000 / 30);
            for (; audio * 1024 / 48 <= time; audio++)
                yield return new RtmpMessage(RtmpMessageType.Audio, 1, (uint)(audio * 1024 / 48), Body(AudioFrameSize));
            yield return new RtmpMessage(RtmpMessageType.Video, 1, time, Body(frame == 0 ? KeyFrameSize : InterFrameSize));
        }
    }
}
