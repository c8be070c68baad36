using StreamManager.Media.Av1;
using StreamManager.Media.Avc;
using StreamManager.Media.Hevc;
using StreamManager.Media.Packets;
using StreamManager.Media.Vp9;

namespace StreamManager.Media.Formats;

/// <summary>
/// What a video track is, as its decoder configuration says. Compared to see whether a source fits a program; shown in the status.
/// </summary>
public sealed record VideoFormat
{
    /// <summary>The codec.</summary>
    public required FourCc Codec { get; init; }

    /// <summary>Displayed width in pixels; 0 where the configuration does not say it (VP8, VP9, VVC, or parameter sets in-band).</summary>
    public int Width { get; init; }

    /// <summary>Displayed height in pixels; 0 where the configuration does not say it.</summary>
    public int Height { get; init; }

    /// <summary>Frames a second; null where the configuration does not say it.</summary>
    public FrameRate? FrameRate { get; init; }

    /// <summary>The profile, in the codec's own numbers (H.264: profile_idc).</summary>
    public int Profile { get; init; }

    /// <summary>The level, in the codec's own numbers (H.264: 10 times, H.265: 30 times the level; AV1: seq_level_idx).</summary>
    public int Level { get; init; }

    /// <summary>Bits per luma sample; 0 where unknown.</summary>
    public int BitDepth { get; init; }

    /// <summary>Chroma format in H.264's numbers: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4; null where unknown.</summary>
    public int? ChromaFormat { get; init; }

    /// <summary>Pictures that may precede another in decoding and follow it in output; null where unknown. 0 means: no B-frames.</summary>
    public int? MaxReorderFrames { get; init; }

    /// <summary>False where the stream may hold fields (interlaced).</summary>
    public bool IsProgressive { get; init; } = true;

    /// <summary>Shape of a pixel; null for unspecified, which means square.</summary>
    public (int Width, int Height)? SampleAspectRatio { get; init; }

    /// <summary>Colours; null where nothing is signalled.</summary>
    public ColourDescription? Colour { get; init; }

    /// <summary>From a decoder configuration as FLV and enhanced RTMP carry it. For a codec without a reader only <see cref="Codec"/> is filled in.</summary>
    /// <exception cref="MediaFormatException">The configuration is broken.</exception>
    public static VideoFormat FromConfiguration(FourCc codec, ReadOnlySpan<byte> configuration)
    {
        if (codec == FourCc.Avc)
            return FromAvc(AvcDecoderConfiguration.Read(configuration));
        if (codec == FourCc.Hevc)
            return FromHevc(HevcDecoderConfiguration.Read(configuration));
        if (codec == FourCc.Av1)
            return FromAv1(Av1Configuration.Read(configuration));
        return codec == FourCc.Vp9 ? FromVp9(Vp9Configuration.Read(configuration)) : new VideoFormat { Codec = codec };
    }

    /// <summary>From an H.264 configuration: its first sequence parameter set.</summary>
    /// <exception cref="MediaFormatException">The set is broken.</exception>
    public static VideoFormat FromAvc(AvcDecoderConfiguration configuration)
    {
        var set = AvcSequenceParameterSet.Read(configuration.SequenceParameterSets[0].Span);
        return new VideoFormat
        {
            Codec = FourCc.Avc,
            Width = set.Width,
            Height = set.Height,
            FrameRate = set.FrameRate,
            Profile = set.ProfileIdc,
            Level = set.LevelIdc,
            BitDepth = set.BitDepthLuma,
            ChromaFormat = set.ChromaFormatIdc,
            // Output order is decoding order by type 2, and in the baseline profile, which has no B slices.
            MaxReorderFrames = set.PictureOrder is PictureOrder.Decoding || set.ProfileIdc == 66 ? 0 : set.Usability?.MaxReorderFrames,
            IsProgressive = set.FrameMacroblocksOnly,
            SampleAspectRatio = set.Usability?.SampleAspectRatio,
            Colour = set.Usability?.Colour,
        };
    }

    private static VideoFormat FromHevc(HevcDecoderConfiguration configuration)
    {
        var set = configuration.ReadSequenceParameterSet();
        return new VideoFormat
        {
            Codec = FourCc.Hevc,
            Width = set?.Width ?? 0,
            Height = set?.Height ?? 0,
            FrameRate = set?.FrameRate,
            Profile = configuration.Profile,
            Level = configuration.Level,
            BitDepth = configuration.BitDepthLuma,
            ChromaFormat = configuration.ChromaFormatIdc,
            MaxReorderFrames = set?.MaxReorderPictures,
            Colour = set?.Colour,
        };
    }

    private static VideoFormat FromAv1(Av1Configuration configuration) => new()
    {
        Codec = FourCc.Av1,
        Width = configuration.SequenceHeader?.Width ?? 0,
        Height = configuration.SequenceHeader?.Height ?? 0,
        FrameRate = configuration.SequenceHeader?.FrameRate,
        Profile = configuration.Profile,
        Level = configuration.Level,
        BitDepth = configuration.BitDepth,
        ChromaFormat = configuration.ChromaFormatIdc,
        // AV1 puts hidden frames into temporal units: what is shown is in order.
        MaxReorderFrames = 0,
        Colour = configuration.SequenceHeader?.Colour,
    };

    private static VideoFormat FromVp9(Vp9Configuration configuration) => new()
    {
        Codec = FourCc.Vp9,
        Profile = configuration.Profile,
        Level = configuration.Level,
        BitDepth = configuration.BitDepth,
        ChromaFormat = configuration.ChromaFormatIdc,
        MaxReorderFrames = 0,
        Colour = configuration.Colour,
    };
}
