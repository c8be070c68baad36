using StreamManager.Media.Amf;
using StreamManager.Media.Flv;
using StreamManager.Media.Formats;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Flv;

public class OnMetaDataTests
{
    private static readonly OnMetaData Whole = new()
    {
        Width = 1920,
        Height = 1080,
        FrameRate = 30000 / 1001.0,
        VideoKilobits = 6000,
        AudioKilobits = 160,
        SampleRate = 48000,
        Channels = 2,
        VideoCodec = FourCc.Avc,
        AudioCodec = FourCc.Aac,
        Encoder = "Stream Manager",
    };

    public static TheoryData<OnMetaData> Values => new()
    {
        Whole,
        new OnMetaData(),
        Whole with { VideoCodec = FourCc.Hevc, AudioCodec = FourCc.Opus, Channels = 6 },
        new OnMetaData { AudioCodec = FourCc.Aac, Channels = 1 },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void MetaData_WrittenAndRead_IsTheSame(OnMetaData value)
    {
        Assert.Equal(value, OnMetaData.Read(value.ToBody(forPublishing: true)));
        Assert.Equal(value, OnMetaData.Read(value.ToBody(forPublishing: false)));
        Prefixes.NoneCrash(value.ToBody(forPublishing: true), body => OnMetaData.Read(body));
    }

    [Fact]
    public void MetaData_OfFFmpeg_IsRead()
    {
        // The values of a captured ffmpeg 5.1 publish.
        var body = Amf0Writer.ToArray("@setDataFrame", "onMetaData", new AmfValue.EcmaArray(AmfList.Create<AmfProperty>(
        [
            new("duration", 3.0), new("width", 160.0), new("height", 90.0), new("videodatarate", 0.0), new("framerate", 10.0), new("videocodecid", 7.0),
            new("audiodatarate", 62.5), new("audiosamplerate", 44100.0), new("audiosamplesize", 16.0), new("stereo", false), new("audiocodecid", 10.0),
            new("encoder", "Lavf59.27.100"), new("filesize", 0.0),
        ])));
        Assert.Equal(
            new OnMetaData
            {
                Width = 160,
                Height = 90,
                FrameRate = 10,
                AudioKilobits = 62.5,
                SampleRate = 44100,
                Channels = 1,
                VideoCodec = FourCc.Avc,
                AudioCodec = FourCc.Aac,
                Encoder = "Lavf59.27.100",
            },
            OnMetaData.Read(body));
    }

    [Fact]
    public void MetaData_WithNonsense_IsLeftOut()
    {
        var body = Amf0Writer.ToArray("onMetaData", new AmfValue.Object(AmfList.Create<AmfProperty>(
            [new("width", double.NaN), new("height", -1.0), new("framerate", "30"), new("videocodecid", "ab"), new("audiocodecid", 2.0), new("audiosamplerate", 1e300)])));
        Assert.Equal(new OnMetaData(), OnMetaData.Read(body));
    }

    [Theory]
    [InlineData("onTextData")]
    [InlineData("@setDataFrame")]
    public void Message_OfAnotherName_IsNotMetaData(string name) => Assert.Null(OnMetaData.Read(Amf0Writer.ToArray(name, AmfValue.NullValue)));

    [Fact]
    public void MetaData_OfFormats_SaysWhatTheyAre()
    {
        var video = new VideoFormat { Codec = FourCc.Avc, Width = 1280, Height = 720, FrameRate = FrameRate.Create(30000, 1001) };
        var audio = new AudioFormat { Codec = FourCc.Aac, SampleRate = 48000, Channels = 2 };
        Assert.Equal(
            Whole with { Width = 1280, Height = 720, VideoKilobits = null, AudioKilobits = null, Encoder = null }, OnMetaData.Describe(video, audio));
        Assert.Equal(new OnMetaData(), OnMetaData.Describe(null, null));
    }
}
