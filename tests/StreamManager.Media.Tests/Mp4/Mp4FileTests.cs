using System.Globalization;
using StreamManager.Media.Mp4;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.Media.Tests.Mp4;

/// <summary>What real encoders made, put into a file by us, as ffmpeg reads it.</summary>
public sealed class Mp4FileTests
{
    private const uint PictureUnits = 3600;

    [Theory]
    [InlineData("h264", "avc1", "avcC", "-c:v", "libx264", "-pix_fmt", "yuv420p")]
    [InlineData("hevc", "hvc1", "hvcC", "-c:v", "libx265", "-pix_fmt", "yuv420p", "-tag:v", "hvc1", "-x265-params", "log-level=none:pools=1")]
    [InlineData("av1", "av01", "av1C", "-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-pix_fmt", "yuv420p")]
    public async Task Pictures_ComeOutAsTheyWentIn(string name, string codec, string box, params string[] options)
    {
        using var directory = new TemporaryDirectory();
        var (original, file) = (directory.File("original.mp4"), directory.File("ours.mp4"));
        FFmpeg.Run([], ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-frames:v", "8", .. options, "-movflags", "frag_keyframe+empty_moov+delay_moov", original]).AssertClean();
        var bytes = await File.ReadAllBytesAsync(original, TestContext.Current.CancellationToken);
        var track = Mp4Track.Video(1, FourCc.FromText(codec), Box(bytes, box))!;
        // Decode times an hour in, presentation as it was relative to the first: nothing of ffmpeg's edit list is taken over.
        var packets = (await PacketsAsync(original)).ToArray();
        var samples = packets.Select((packet, i) => new Mp4Sample(
            bytes.AsMemory(packet.Position, packet.Size), PictureUnits, (int)Math.Round((packet.Presentation - packets[0].Decode) * Mp4Track.VideoTimescale) - i * (int)PictureUnits, packet.IsKey)).ToArray();
        Write(file, Mp4Init.Write(track), new Mp4Run(track, 3600UL * Mp4Track.VideoTimescale, samples[..3]), new Mp4Run(track, 3600UL * Mp4Track.VideoTimescale + 3 * PictureUnits, samples[3..]));

        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(file));
        Assert.Equal($"codec_name={name}\nwidth=320\nheight=180", await FfmpegJudge.ProbeAsync(file, "stream=codec_name,width,height"));
        var read = (await PacketsAsync(file)).ToArray();
        Assert.Equal(packets.Select((packet, i) => (packet.Size, packet.IsKey, Milliseconds(3600 + i * 0.04), Milliseconds(3600 + packet.Presentation - packets[0].Decode))),
            read.Select(packet => (packet.Size, packet.IsKey, Milliseconds(packet.Decode), Milliseconds(packet.Presentation))));
        Assert.Equal(Pixels(original), Pixels(file));
    }

    [Fact]
    public async Task LiveStreamOfBothTracks_PlaysWithItsTimes()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.File("both.mp4");
        string[] arguments =
        [
            "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25,setsar=4/3", "-f", "lavfi", "-i", "sine=sample_rate=44100", "-t", "2", "-c:v", "libx264", "-threads", "1", "-g", "25", "-bf", "2",
            "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", "pipe:1",
        ];
        var packets = FlvFile.ReadPackets(FFmpeg.Run([], arguments).AssertClean().Output);
        Mp4Track picture = Mp4Track.Video(1, FourCc.Avc, Configuration(packets, MediaKind.Video))!;
        Mp4Track sound = Mp4Track.Audio(2, FourCc.Aac, Configuration(packets, MediaKind.Audio))!;
        Mp4Run Run(Mp4Track track, MediaKind kind, int from, int to) => new(
            track,
            (ulong)Math.Round(Frames(packets, kind)[from].DecodeTime.Seconds * track.Timescale),
            [.. Frames(packets, kind)[from..to].Select(frame => new Mp4Sample(
                frame.Payload, kind is MediaKind.Video ? PictureUnits : 1024, (int)Math.Round(frame.CompositionOffset.Seconds * track.Timescale), kind is MediaKind.Audio || frame.IsKeyframe))]);
        Write(file, Mp4Init.Write(picture, sound), [Run(picture, MediaKind.Video, 0, 25), Run(sound, MediaKind.Audio, 0, 43)], [Run(picture, MediaKind.Video, 25, 50), Run(sound, MediaKind.Audio, 43, 86)]);

        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(file));
        Assert.Equal(
            "codec_name=h264\nwidth=320\nheight=180\nsample_aspect_ratio=4:3\nr_frame_rate=25/1\ncodec_name=aac\nsample_rate=44100\nchannels=1\nr_frame_rate=0/0",
            await FfmpegJudge.ProbeAsync(file, "stream=codec_name,width,height,sample_aspect_ratio,r_frame_rate,sample_rate,channels"));
        var read = (await PacketsAsync(file)).Where(packet => packet.IsVideo).ToArray();
        Assert.Equal([0, 25], read.Index().Where(packet => packet.Item.IsKey).Select(packet => packet.Index));
        var frames = Frames(packets, MediaKind.Video);
        Assert.Equal(frames.Select(frame => Milliseconds(frame.PresentationTime.Seconds)), read.Select(packet => Milliseconds(packet.Presentation)));
        Assert.Equal(50, read.Length);
    }

    [Fact]
    public async Task Opus_IsDecoded()
    {
        using var directory = new TemporaryDirectory();
        var (original, file) = (directory.File("original.mp4"), directory.File("ours.mp4"));
        FFmpeg.Run([], ["-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "0.5", "-c:a", "libopus", "-movflags", "frag_keyframe+empty_moov+delay_moov", original]).AssertClean();
        var bytes = await File.ReadAllBytesAsync(original, TestContext.Current.CancellationToken);
        var track = Mp4Track.Audio(1, FourCc.Opus, new StreamManager.Media.Opus.OpusHead(1, 312, 48_000, 0, 0).ToArray())!;
        var samples = (await PacketsAsync(original)).Select(packet => bytes.AsMemory(packet.Position, packet.Size))
            .Select(data => new Mp4Sample(data, (uint)track.CountSamples(data.Span), 0, IsSync: true)).ToArray();
        Write(file, Mp4Init.Write(track), new Mp4Run(track, 0, samples));
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(file));
        Assert.Equal("codec_name=opus\nsample_rate=48000\nchannels=1", await FfmpegJudge.ProbeAsync(file, "stream=codec_name,sample_rate,channels"));
        Assert.InRange(await FfmpegJudge.DurationAsync(file), TimeSpan.FromSeconds(0.48), TimeSpan.FromSeconds(0.54));
    }

    private static void Write(string file, byte[] init, params Mp4Run[] fragments) => Write(file, init, [.. fragments.Select(run => (Mp4Run[])[run])]);

    private static void Write(string file, byte[] init, params Mp4Run[][] fragments)
    {
        using var output = File.Create(file);
        output.Write(init);
        foreach (var (index, runs) in fragments.Index())
        {
            output.Write(Mp4Fragment.WriteHeader((uint)index + 1, runs));
            foreach (var sample in runs.SelectMany(run => run.Samples))
                output.Write(sample.Data.Span);
        }
    }

    private static byte[] Box(byte[] file, string name)
    {
        var at = file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(name));
        return file[(at + 4)..(at - 4 + System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at - 4)))];
    }

    private static async Task<IEnumerable<(bool IsVideo, double Presentation, double Decode, int Size, int Position, bool IsKey)>> PacketsAsync(string file)
    {
        var lines = (await FfmpegJudge.ProbeAsync(file, "packet=codec_type,pts_time,dts_time,size,pos,flags")).Split('\n');
        return lines.Chunk(6).Select(lines => lines.Select(line => line.Split('=')[1]).ToArray()).Select(values => (
            values[0] == "video", double.Parse(values[1], CultureInfo.InvariantCulture), double.Parse(values[2], CultureInfo.InvariantCulture),
            int.Parse(values[3], CultureInfo.InvariantCulture), int.Parse(values[4], CultureInfo.InvariantCulture), values[5][0] == 'K'));
    }

    private static MediaPacket[] Frames(List<MediaPacket> packets, MediaKind kind) => [.. packets.Where(packet => packet.Kind == kind && packet.Content == PacketContent.Frame)];

    private static ReadOnlyMemory<byte> Configuration(List<MediaPacket> packets, MediaKind kind) =>
        packets.First(packet => packet.Kind == kind && packet.Content == PacketContent.Configuration).Payload;

    private static string Pixels(string file) => FFmpeg.Run([], "-i", file, "-map", "0:v", "-f", "md5", "-").AssertClean().OutputText;

    private static long Milliseconds(double seconds) => (long)Math.Round(seconds * 1000);
}
