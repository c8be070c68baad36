using StreamManager.Media.Aac;
using StreamManager.Media.Flv;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Aac;

public class SilentAacFrameTests
{
    private const int Frames = 20;

    public static TheoryData<int, int> Layouts
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (var rate in (int[])[44100, 48000])
            {
                for (var configuration = 1; configuration <= 7; configuration++)
                    data.Add(rate, configuration);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Frames_DecodedByFFmpeg_AreSilenceOfTheRightLength(int rate, int channelConfiguration)
    {
        var config = AudioSpecificConfig.CreateLowComplexity(rate, channelConfiguration);
        var frame = SilentAacFrame.Create(config)!.Value;
        var tags = new List<FlvTag> { new(FlvTagType.Audio, 0, AacTag.Configuration(config.Bytes.Span)) };
        for (var i = 0; i < Frames; i++)
            tags.Add(new FlvTag(FlvTagType.Audio, (uint)(i * 1024L * 1000 / rate), AacTag.Frame(frame.Span)));
        var file = FlvFile.Write(new FlvHeader(HasAudio: true, HasVideo: false), tags);

        var result = FFmpeg.Run(file, "-f", "flv", "-i", "pipe:0", "-f", "s16le", "-c:a", "pcm_s16le", "pipe:1").AssertClean();

        Assert.Equal(Frames * 1024 * config.Channels * sizeof(short), result.Output.Length);
        Assert.All(result.Output, sample => Assert.Equal(0, sample));
    }

    [Fact]
    public void Frame_OfOneConfiguration_IsMadeOnce()
    {
        var first = SilentAacFrame.Create(AudioSpecificConfig.CreateLowComplexity(48000, 2))!.Value;
        var second = SilentAacFrame.Create(AudioSpecificConfig.CreateLowComplexity(44100, 2))!.Value;
        Assert.Equal(first, second);
    }

    [Theory]
    [InlineData("11 80")] // channels said by a program config element
    [InlineData("F8 E6 20")] // AAC-ELD
    public void Frame_OfWhatCannotBeMade_IsNull(string hex) => Assert.Null(SilentAacFrame.Create(AudioSpecificConfig.Read(Hex.Bytes(hex))));
}
