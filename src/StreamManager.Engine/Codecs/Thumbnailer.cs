using System.Buffers;
using StreamManager.Engine.Codecs.Ffmpeg;
using StreamManager.Engine.Codecs.Processes;
using StreamManager.Media;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Codecs;

/// <summary>A small JPEG, or why there is none.</summary>
/// <param name="Jpeg">The picture; null on failure.</param>
/// <param name="Words">What happened, for a person; empty on success.</param>
public sealed record Thumbnail(byte[]? Jpeg, string Words);

/// <summary>Turns a key frame into a small JPEG, one at a time and at low priority. The caller keeps results for as long as it likes.</summary>
public sealed class Thumbnailer(FfmpegOptions options, TimeProvider time) : IDisposable
{
    /// <summary>Widest thumbnail in pixels.</summary>
    public const int MaxWidth = 640;

    // Far above a JPEG of that size: what more a child may make us keep.
    private const int MaxJpegBytes = 1024 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    // One picture of a stranger's stream, decoded by one thread: 4K with its references stays below.
    private static readonly ChildLimits Limits = new() { AddressSpaceBytes = 1L << 30, ProcessorSeconds = 10 };

    private readonly FfmpegRunner _ffmpeg = new(options, time);
    private readonly SemaphoreSlim _oneAtATime = new(1);

    /// <summary>Makes a thumbnail of an H.264 key frame.</summary>
    /// <param name="configuration">The decoder configuration packet.</param>
    /// <param name="keyframe">A key frame that goes with it.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<Thumbnail> MakeAsync(MediaPacket configuration, MediaPacket keyframe, CancellationToken cancel = default)
    {
        if (configuration.Codec != FourCc.Avc || keyframe.Codec != FourCc.Avc) return new(null, $"A thumbnail cannot be made of {keyframe.Codec} video.");
        await _oneAtATime.WaitAsync(cancel);
        try
        {
            // Only in its turn: who waits holds nothing but the packets, which others have, too.
            var flv = new ArrayBufferWriter<byte>(keyframe.Body.Length + 1024);
            FlvWriter.WriteHeader(flv, new(HasAudio: false, HasVideo: true));
            FlvWriter.WriteTag(flv, FlvTagType.Video, 0, configuration.Body.Span);
            FlvWriter.WriteTag(flv, FlvTagType.Video, 0, keyframe.Body.Span);
            using var jpeg = new MemoryStream();
            var width = $"2*trunc(min({MaxWidth},ih*dar)/2)";
            var result = await _ffmpeg.RunAsync(
                new()
                {
                    Arguments =
                    [
                        .. FfmpegRunner.InputConfinement, "-threads", "1", "-f", "flv", "-i", "pipe:0", "-frames:v", "1",
                        "-vf", $"scale=w='{width}':h='2*trunc({width}/dar/2)':flags=area,setsar=1", "-q:v", "5", "-f", "mjpeg", "pipe:1",
                    ],
                    TimeLimit = Limit,
                    Limits = Limits,
                    Input = flv.WrittenMemory,
                    ReadOutput = output => ReadBounded(output, jpeg),
                },
                cancel);
            if (!result.IsSuccess) return new(null, $"No thumbnail: {result.Words}.");
            return jpeg.Length > 0 ? new(jpeg.ToArray(), "") : new(null, "No thumbnail: the key frame cannot be decoded.");
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private static void ReadBounded(Stream output, MemoryStream into)
    {
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = output.Read(buffer)) > 0)
        {
            if (into.Length + read > MaxJpegBytes) throw new MediaFormatException("a thumbnail of more than a megabyte");
            into.Write(buffer, 0, read);
        }
    }
}
