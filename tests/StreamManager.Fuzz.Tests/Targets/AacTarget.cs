using StreamManager.Media.Aac;

namespace StreamManager.Fuzz.Tests.Targets;

internal static class AacTarget
{
    public static string Run(byte[] input)
    {
        var config = AudioSpecificConfig.Read(input);
        Law.Holds(config.Bytes.Span.SequenceEqual(input), "All bytes are kept.");
        Law.Holds(config is { SampleRate: > 0, SamplesPerFrame: > 0 } && config.Channels >= 0, "Numbers that a clock can use.");
        var silence = SilentAacFrame.Create(config);
        return $"{config.ObjectType} {config.ChannelConfiguration} {config.HasSbr} {config.HasParametricStereo} {silence is not null}";
    }
}
