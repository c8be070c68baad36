using StreamManager.Media.Formats;
using StreamManager.Media.Opus;
using StreamManager.Media.Packets;

namespace StreamManager.Media.Mp4;

/// <summary>A track of an MP4 file. Its decoder configuration is carried as it came: FLV, enhanced RTMP and MP4 have the same records (of Opus the same fields).</summary>
/// <param name="Id">Number of the track in the file, from 1.</param>
/// <param name="Timescale">Units a second of its times.</param>
/// <param name="Codec">The codec, which is also the type of its sample entry.</param>
/// <param name="Configuration">The decoder configuration. Belongs to who made the track; is not written into.</param>
public abstract record Mp4Track(uint Id, uint Timescale, FourCc Codec, ReadOnlyMemory<byte> Configuration)
{
    /// <summary>Units a second of pictures: the clock of MPEG, in which the usual frame rates and the milliseconds of RTMP are whole numbers.</summary>
    public const uint VideoTimescale = 90_000;

    /// <summary>A track of H.264, H.265 or AV1. Null: another codec, or a configuration that does not say how large the picture is.</summary>
    /// <exception cref="MediaFormatException">The configuration is broken.</exception>
    public static Mp4VideoTrack? Video(uint id, FourCc codec, ReadOnlyMemory<byte> configuration)
    {
        if (codec != FourCc.Avc && codec != FourCc.Hevc && codec != FourCc.Av1)
            return null;
        var format = VideoFormat.FromConfiguration(codec, configuration.Span);
        return format is { Width: > 0, Height: > 0 } ? new Mp4VideoTrack(id, codec, configuration, format) : null;
    }

    /// <summary>A track of AAC or Opus, whose times count samples. Null: another codec.</summary>
    /// <exception cref="MediaFormatException">The configuration is broken.</exception>
    public static Mp4AudioTrack? Audio(uint id, FourCc codec, ReadOnlyMemory<byte> configuration) => codec == FourCc.Aac || codec == FourCc.Opus
        ? new Mp4AudioTrack(id, codec, configuration, AudioFormat.FromConfiguration(codec, configuration.Span))
        : null;
}

/// <summary>Pictures.</summary>
/// <param name="Id">Number of the track.</param>
/// <param name="Codec">avc1, hvc1 or av01.</param>
/// <param name="Configuration">avcC, hvcC or av1C.</param>
/// <param name="Format">What the configuration says.</param>
public sealed record Mp4VideoTrack(uint Id, FourCc Codec, ReadOnlyMemory<byte> Configuration, VideoFormat Format) : Mp4Track(Id, VideoTimescale, Codec, Configuration);

/// <summary>Sound.</summary>
/// <param name="Id">Number of the track.</param>
/// <param name="Codec">mp4a or Opus.</param>
/// <param name="Configuration">AudioSpecificConfig or OpusHead.</param>
/// <param name="Format">What the configuration says.</param>
public sealed record Mp4AudioTrack(uint Id, FourCc Codec, ReadOnlyMemory<byte> Configuration, AudioFormat Format) : Mp4Track(Id, (uint)Format.SampleRate, Codec, Configuration)
{
    // What encoders of AAC send; a decoder that does not say it means this.
    private const int UsualAacFrame = 1024;

    /// <summary>Samples per channel of one of its frames: what it lasts in <see cref="Mp4Track.Timescale"/>.</summary>
    /// <exception cref="MediaFormatException">An Opus packet that cannot be.</exception>
    public int CountSamples(ReadOnlySpan<byte> frame) => Codec == FourCc.Opus ? OpusPacket.CountSamples(frame) : Format.SamplesPerFrame ?? UsualAacFrame;
}
