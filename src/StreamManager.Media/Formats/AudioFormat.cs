using StreamManager.Media.Aac;
using StreamManager.Media.Flac;
using StreamManager.Media.Opus;
using StreamManager.Media.Packets;

namespace StreamManager.Media.Formats;

/// <summary>What an audio track is, as its decoder configuration says. Compared to see whether a source fits a program; shown in the status.</summary>
public sealed record AudioFormat
{
    /// <summary>The codec.</summary>
    public required FourCc Codec { get; init; }

    /// <summary>Samples a second on the clock that <see cref="SamplesPerFrame"/> counts (HE-AAC: the core's rate); 0 where unknown.</summary>
    public int SampleRate { get; init; }

    /// <summary>Channels; 0 where unknown.</summary>
    public int Channels { get; init; }

    /// <summary>Samples per channel in a frame; null where that varies or is unknown.</summary>
    public int? SamplesPerFrame { get; init; }

    /// <summary>The core codec's object type; null for anything but AAC.</summary>
    public AudioObjectType? ObjectType { get; init; }

    /// <summary>HE-AAC: the band above the core's is signalled to be replicated, and listeners hear twice the core's rate.</summary>
    public bool HasSbr { get; init; }

    /// <summary>From a decoder configuration as FLV and enhanced RTMP carry it. For a codec without a reader only <see cref="Codec"/> is filled in.</summary>
    /// <exception cref="MediaFormatException">The configuration is broken.</exception>
    public static AudioFormat FromConfiguration(FourCc codec, ReadOnlySpan<byte> configuration)
    {
        if (codec == FourCc.Aac)
            return FromAac(AudioSpecificConfig.Read(configuration));
        if (codec == FourCc.Opus)
            return new AudioFormat { Codec = codec, SampleRate = OpusHead.SampleRate, Channels = OpusHead.Read(configuration).Channels };
        if (codec != FourCc.Flac)
            return new AudioFormat { Codec = codec };
        var flac = FlacStreamInfo.Read(configuration);
        return new AudioFormat { Codec = codec, SampleRate = flac.SampleRate, Channels = flac.Channels };
    }

    /// <summary>From an AAC configuration.</summary>
    public static AudioFormat FromAac(AudioSpecificConfig config) => new()
    {
        Codec = FourCc.Aac,
        SampleRate = config.SampleRate,
        Channels = config.Channels,
        SamplesPerFrame = config.SamplesPerFrame,
        ObjectType = config.ObjectType,
        HasSbr = config.HasSbr,
    };
}
