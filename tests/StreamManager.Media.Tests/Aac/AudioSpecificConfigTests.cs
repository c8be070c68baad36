using FsCheck;
using FsCheck.Fluent;
using StreamManager.Media.Aac;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Aac;

public class AudioSpecificConfigTests
{
    [Theory]
    [InlineData("12 10", AudioObjectType.AacLc, 44100, 2, 1024, 44100, false, false)] // OBS
    [InlineData("11 90", AudioObjectType.AacLc, 48000, 2, 1024, 48000, false, false)] // OBS
    [InlineData("12 08 56 E5 00", AudioObjectType.AacLc, 44100, 1, 1024, 44100, false, false)] // ffmpeg 5.1: extension present, SBR off
    [InlineData("11 B0", AudioObjectType.AacLc, 48000, 6, 1024, 48000, false, false)]
    [InlineData("11 B8", AudioObjectType.AacLc, 48000, 8, 1024, 48000, false, false)]
    [InlineData("11 94", AudioObjectType.AacLc, 48000, 2, 960, 48000, false, false)]
    [InlineData("2B 92 08 00", AudioObjectType.AacLc, 22050, 2, 1024, 44100, true, false)] // HE-AAC, explicit: hierarchical
    [InlineData("EB 8A 08 00", AudioObjectType.AacLc, 22050, 1, 1024, 44100, true, true)] // HE-AAC v2, explicit
    [InlineData("13 90 56 E5 A0", AudioObjectType.AacLc, 22050, 2, 1024, 44100, true, false)] // HE-AAC, backward compatible
    [InlineData("13 88 56 E5 A5 48 80", AudioObjectType.AacLc, 22050, 1, 1024, 44100, true, true)] // HE-AAC v2, backward compatible
    [InlineData("17 80 5D B0 10", AudioObjectType.AacLc, 47_968, 2, 1024, 47_968, false, false)] // explicit rate
    [InlineData("F8 E6 20", (AudioObjectType)39, 48000, 1, 1024, 48000, false, false)] // AAC-ELD: escape
    public void Config_Read_SaysWhatItSays(
        string hex, AudioObjectType type, int rate, int channels, int samples, int extensionRate, bool sbr, bool ps)
    {
        var config = AudioSpecificConfig.Read(Hex.Bytes(hex));
        Assert.Equal(type, config.ObjectType);
        Assert.Equal((rate, channels, samples), (config.SampleRate, config.Channels, config.SamplesPerFrame));
        Assert.Equal((extensionRate, sbr, ps), (config.ExtensionSampleRate, config.HasSbr, config.HasParametricStereo));
        Assert.Equal(Hex.Bytes(hex), config.Bytes.ToArray());
        Prefixes.NoneCrash(Hex.Bytes(hex), bytes => AudioSpecificConfig.Read(bytes));
    }

    [Theory]
    [InlineData(44100, 2, "12 10")]
    [InlineData(48000, 2, "11 90")]
    [InlineData(48000, 7, "11 B8")]
    [InlineData(47968, 2, "17 80 5D B0 10")]
    public void LowComplexity_Made_HasTheUsualBytes(int rate, int channelConfiguration, string hex) =>
        Assert.Equal(Hex.Text(Hex.Bytes(hex)), Hex.Text(AudioSpecificConfig.CreateLowComplexity(rate, channelConfiguration).Bytes.Span));

    [Theory]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("16 90")] // reserved frequency index 13
    [InlineData("17 80 00 00 10")] // explicit rate 0
    [InlineData("17 FF FF FF 90")] // 16.7 MHz
    public void Config_ThatCannotBe_IsBroken(string hex) => Assert.Throws<MediaFormatException>(() => AudioSpecificConfig.Read(Hex.Bytes(hex)));

    [Fact]
    public void Config_OfAnyBytes_NeverCrashes() => Prop.ForAll<byte[]>(bytes =>
        Prefixes.OnlyFormatException(bytes ?? [], input =>
        {
            var config = AudioSpecificConfig.Read(input);
            Assert.InRange(config.SampleRate, 1, 192_000);
            Assert.InRange(config.Channels, 0, 24);
        })).QuickCheckThrowOnFailure();
}
