using StreamManager.Media.Av1;
using StreamManager.Media.Formats;
using StreamManager.Media.Hevc;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;
using StreamManager.Media.Vp9;

namespace StreamManager.Media.Tests.Formats;

public class VideoFormatTests
{
    [Theory]
    [InlineData("1920x1080", "30000/1001", 100, 40, 2, "-profile:v high -bf 2 -level 4.0")]
    [InlineData("1280x720", "60", 77, 32, 0, "-profile:v main -bf 0")]
    [InlineData("642x362", "25", 66, 30, 0, "-profile:v baseline -level 3.0")]
    [InlineData("64x64", "24000/1001", 100, 10, 2, "-profile:v high")]
    public void Format_OfX264_IsWhatWasAskedFor(string size, string rate, int profile, int level, int reorder, string options)
    {
        var packets = Encoded.X264(size, rate, 3, options.Split(' '));
        var configuration = packets.First(packet => packet.Content == PacketContent.Configuration);
        var format = VideoFormat.FromConfiguration(configuration.Codec, configuration.Payload.Span);
        Assert.Equal(FourCc.Avc, format.Codec);
        Assert.Equal(size, $"{format.Width}x{format.Height}");
        Assert.Equal(rate, format.FrameRate.ToString());
        Assert.Equal((profile, level, reorder), (format.Profile, format.Level, format.MaxReorderFrames));
        Assert.Equal((8, 1), (format.BitDepth, format.ChromaFormat));
        Assert.True(format.IsProgressive);
        Prefixes.NoneCrash(configuration.Payload.ToArray(), bytes => VideoFormat.FromConfiguration(FourCc.Avc, bytes));
    }

    [Fact]
    public void Format_OfX264WithUnusualChoices_SaysThem()
    {
        var packets = Encoded.X264(
            "352x288", "25", 3, "-pix_fmt", "yuv422p10le", "-flags", "+ilme+ildct", "-x264-params", "tff=1:cqm=jvt:nal-hrd=vbr:vbv-maxrate=900:vbv-bufsize=900",
            "-vf", "setsar=12/11", "-color_range", "pc", "-colorspace", "bt470bg", "-color_primaries", "bt470bg", "-color_trc", "gamma28");
        var configuration = packets.First(packet => packet.Content == PacketContent.Configuration);
        var format = VideoFormat.FromConfiguration(configuration.Codec, configuration.Payload.Span);
        Assert.Equal((352, 288, "25"), (format.Width, format.Height, format.FrameRate.ToString()));
        Assert.Equal((122, 10, 2), (format.Profile, format.BitDepth, format.ChromaFormat));
        Assert.False(format.IsProgressive);
        Assert.Equal((12, 11), format.SampleAspectRatio);
        Assert.Equal(new ColourDescription(true, 5, 5, 5), format.Colour);
    }

    [Theory]
    [InlineData("yuv420p", 1, 8)]
    [InlineData("yuv420p10le", 2, 10)]
    public void Format_OfX265_IsWhatWasAskedFor(string pixels, int profile, int depth)
    {
        var record = Encoded.Box("hvcC", "-c:v", "libx265", "-pix_fmt", pixels, "-x265-params", "log-level=none:pools=1:colorprim=9:transfer=16:colormatrix=9");
        var format = VideoFormat.FromConfiguration(FourCc.Hevc, record);
        Assert.Equal((320, 180, "25"), (format.Width, format.Height, format.FrameRate.ToString()));
        Assert.Equal((profile, 60, depth, 1), (format.Profile, format.Level, format.BitDepth, format.ChromaFormat));
        Assert.True(format.Colour!.Value.IsHighDynamicRange);
        Assert.Equal(Hex.Text(record), Hex.Text(HevcDecoderConfiguration.Read(record).ToArray()));
        Prefixes.AllBroken(record, bytes => VideoFormat.FromConfiguration(FourCc.Hevc, bytes));
    }

    [Theory]
    [InlineData("yuv420p", 8)]
    [InlineData("yuv420p10le", 10)]
    public void Format_OfAv1_IsWhatWasAskedFor(string pixels, int depth)
    {
        var record = Encoded.Box("av1C", "-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-pix_fmt", pixels, "-color_trc", "arib-std-b67");
        var format = VideoFormat.FromConfiguration(FourCc.Av1, record);
        Assert.Equal((320, 180), (format.Width, format.Height));
        Assert.Equal((0, depth, 1), (format.Profile, format.BitDepth, format.ChromaFormat));
        Assert.Equal(18, format.Colour!.Value.Transfer);
        var read = Av1Configuration.Read(record);
        Assert.Equal(read.BitDepth, read.SequenceHeader!.BitDepth);
        Assert.Equal(read.Level, read.SequenceHeader.Level);
        Assert.Equal(Hex.Text(record), Hex.Text(read.ToArray(record.AsSpan(4))));
        Prefixes.NoneCrash(record, bytes => VideoFormat.FromConfiguration(FourCc.Av1, bytes));
    }

    [Fact]
    public void Format_OfVp9_SaysDepthAndColours()
    {
        var record = Encoded.Box("vpcC", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-colorspace", "bt709", "-pix_fmt", "yuv420p");
        var format = VideoFormat.FromConfiguration(FourCc.Vp9, record);
        Assert.Equal((0, 8, 1), (format.Profile, format.BitDepth, format.ChromaFormat));
        Assert.Equal(1, format.Colour!.Value.Matrix);
        Assert.Equal(format, VideoFormat.FromConfiguration(FourCc.Vp9, record.AsSpan(4)));
        Assert.Equal(Hex.Text(record), Hex.Text(Vp9Configuration.Read(record).ToArray()));
    }

    [Fact]
    public void Format_OfACodecWithoutReader_NamesTheCodec() =>
        Assert.Equal(new VideoFormat { Codec = FourCc.Vvc }, VideoFormat.FromConfiguration(FourCc.Vvc, [1, 2, 3]));
}
