using StreamManager.Media.Av1;
using StreamManager.Media.Flac;
using StreamManager.Media.Hevc;
using StreamManager.Media.Opus;
using StreamManager.Media.Vp9;

namespace StreamManager.Fuzz.Tests.Targets;

/// <summary>Configuration records of the codecs that come by enhanced RTMP.</summary>
internal static class ConfigurationTargets
{
    private const int Av1FixedSize = 4;

    public static string RunHevc(byte[] input)
    {
        var configuration = HevcDecoderConfiguration.Read(input);
        var bytes = configuration.ToArray();
        Law.Holds(HevcDecoderConfiguration.Read(bytes).ToArray().AsSpan().SequenceEqual(bytes), "A record is written and read again equal.");
        return $"{configuration.Arrays.Length} {configuration.LengthSize} {configuration.ReadSequenceParameterSet() is not null}";
    }

    public static string RunHevcParameterSet(byte[] input)
    {
        var set = HevcSequenceParameterSet.Read(input);
        Law.Holds(set is { Width: > 0, Height: > 0 }, "A picture has a size.");
        return $"{set.ChromaFormatIdc} {set.BitDepthLuma} {set.Colour is not null} {set.FrameRate is not null} {set.MaxReorderPictures}";
    }

    public static string RunAv1(byte[] input)
    {
        var configuration = Av1Configuration.Read(input);
        Law.Holds(
            configuration == Av1Configuration.Read(configuration.ToArray(input.AsSpan(Av1FixedSize))),
            "A record is written and read again equal.");
        var header = configuration.SequenceHeader;
        Law.Holds(header is null or { Width: > 0, Height: > 0 }, "A picture has a size.");
        return $"{configuration.ChromaFormatIdc} {configuration.BitDepth} {header?.BitDepth} {header?.FrameRate is not null}";
    }

    public static string RunVp9(byte[] input)
    {
        var configuration = Vp9Configuration.Read(input);
        Law.Holds(configuration == Vp9Configuration.Read(configuration.ToArray()), "A record is written and read again equal.");
        return $"{configuration.Profile} {configuration.ChromaFormatIdc} {configuration.BitDepth}";
    }

    public static string RunOpusHead(byte[] input)
    {
        var head = OpusHead.Read(input);
        Law.Holds(head == OpusHead.Read(head.ToArray()), "A header is written and read again equal.");
        return $"{Math.Min(head.Channels, 9)} {Math.Min((int)head.MappingFamily, 3)}";
    }

    public static string RunOpusPacket(byte[] input)
    {
        var samples = OpusPacket.CountSamples(input);
        Law.Holds(samples is > 0 and <= OpusHead.SampleRate * 120 / 1000, "A packet lasts 120 ms at the most.");
        return $"{samples}";
    }

    public static string RunFlac(byte[] input)
    {
        var info = FlacStreamInfo.Read(input);
        Law.Holds(info is { SampleRate: > 0, Channels: > 0, BitDepth: > 0 }, "Numbers that a clock can use.");
        return $"{info.Channels} {info.BitDepth}";
    }
}
