using StreamManager.Engine.Channels;
using StreamManager.Engine.Programs;
using StreamManager.Media.Formats;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Tests.Channels;

public sealed class StoredFormatTests
{
    public static TheoryData<string> Codecs => ["avc1", "hvc1", "av01", "vp09"];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Format_Stored_IsTheSame(string codec)
    {
        var format = new ProgramFormat
        {
            VideoCodec = FourCc.FromText(codec),
            Width = 1920,
            Height = 1080,
            FrameRate = FrameRate.Create(60000, 1001)!.Value,
            ProfileIdc = 77,
            LevelIdc = 42,
            ChromaFormat = 1,
            BitDepth = 10,
            NalLengthSize = 3,
            SampleAspectRatio = (4, 3),
            Colour = new ColourDescription(true, 9, 16, 9),
            ReorderDepth = 2,
            CompositionOffsetMilliseconds = 67,
            UsedParameterSetIds = 5,
        };
        var back = StoredFormat.Of(format).ToFormat()!;
        // The sound is a class of its own bytes.
        Assert.Equal(format.Audio.Bytes.ToArray(), back.Audio.Bytes.ToArray());
        Assert.Equal(format, back with { Audio = format.Audio });
    }

    [Fact]
    public void Record_WithoutACodec_IsH264()
    {
        var stored = new StoredFormat(320, 180, 30, 1, 100, 30, 0, 1, "1190");
        Assert.Equal(FourCc.Avc, stored.ToFormat()!.VideoCodec);
    }

    [Theory]
    [InlineData("")]
    [InlineData("h264")]
    [InlineData("mp4a")]
    public void Record_OfACodecThatIsNone_MakesNoSense(string codec) =>
        Assert.Null((StoredFormat.Of(new ProgramFormat { Width = 320, Height = 180 }) with { VideoCodec = codec }).ToFormat());
}
