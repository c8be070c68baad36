using System.Buffers.Binary;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit.Processes;

namespace StreamManager.TestKit.Rtmp;

/// <summary>HEVC as enhanced RTMP carries it. ffmpeg 5.1 encodes it but cannot put it into FLV: its fragmented MP4 is taken apart here, one fragment a frame.</summary>
public static class EncodedHevc
{
    private const int FramesPerSecond = 30;
    private const int KeyframeInterval = 15;
    private const int BoxHeader = 8;

    /// <summary>The stream of <paramref name="template"/> with HEVC of another picture in place of its video.</summary>
    public static async Task<EncodedMedia> LoadAsync(EncodedMedia template)
    {
        ArgumentNullException.ThrowIfNull(template);
        var seconds = (int)Math.Ceiling(template.Frames[^1].Due.TotalSeconds);
        var result = await ChildProcess.RunAsync("ffmpeg",
        [
            "-nostdin", "-v", "error", "-f", "lavfi", "-i", $"testsrc2=size=320x180:rate={FramesPerSecond}", "-t", $"{seconds}", "-pix_fmt", "yuv420p", "-c:v", "libx265", "-preset", "ultrafast",
            "-x265-params", $"log-level=none:bframes=0:keyint={KeyframeInterval}:min-keyint={KeyframeInterval}:pools=1", "-tag:v", "hvc1", "-movflags", "frag_every_frame+empty_moov+delay_moov", "-f", "mp4", "-",
        ]);
        if (result.ExitCode != 0)
            throw new InvalidOperationException($"ffmpeg could not encode HEVC:\n{result.ErrorTail}");
        var (record, samples) = TakeApart(result.Output);
        var frames = samples.Select((sample, i) =>
        {
            var time = (uint)Math.Round(i * 1000.0 / FramesPerSecond);
            // CodedFramesX: no composition time, as there are no B-frames.
            byte[] body = [(byte)(0x80 | (i % KeyframeInterval == 0 ? 0x10 : 0x20) | 3), .. "hvc1"u8, .. sample];
            return new TimedMessage(TimeSpan.FromMilliseconds(time), new RtmpMessage(RtmpMessageType.Video, 1, time, body));
        });
        return template with
        {
            VideoConfiguration = new RtmpMessage(RtmpMessageType.Video, 1, 0, (byte[])[0x90, .. "hvc1"u8, .. record]),
            Frames = [.. template.Frames.Where(message => message.IsAudio).Concat(frames).OrderBy(message => message.Due)],
        };
    }

    private static (byte[] Record, List<byte[]> Samples) TakeApart(byte[] file)
    {
        List<byte[]> samples = [];
        byte[]? record = null;
        for (var rest = file.AsSpan(); rest.Length >= BoxHeader;)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(rest);
            var box = rest[..size];
            if (box[4..8].SequenceEqual("mdat"u8))
                samples.Add(box[BoxHeader..].ToArray());
            else if (box[4..8].SequenceEqual("moov"u8) && box.IndexOf("hvcC"u8) is > 4 and var at)
                record = box.Slice(at + 4, BinaryPrimitives.ReadInt32BigEndian(box[(at - 4)..]) - BoxHeader).ToArray();
            rest = rest[size..];
        }
        return record is { } found && samples.Count > 0 ? (found, samples) : throw new InvalidDataException("No HEVC in the MP4 file.");
    }
}
