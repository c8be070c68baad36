using System.Collections.Immutable;
using StreamManager.Engine.Programs;
using StreamManager.Media.Formats;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Channels;

/// <summary>What has to be known of a channel after the server was killed. Plain data.</summary>
public sealed record BroadcastRecord
{
    /// <summary>True while on air: the channel goes on air again by itself.</summary>
    public required bool OnAir { get; init; }

    /// <summary>Start of the broadcast.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>The format of the program, or of the last one.</summary>
    public required StoredFormat Format { get; init; }
}

/// <summary>
/// A program's format as plain data: whole, so that the clip that was made for it is found again, and the source, when it is back, fits. No slate can be made for a program that is not
/// H.264: after a kill such a one goes on air again with the first keyframe of its source.
/// </summary>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="FrameRateNumerator">Frames per second, numerator.</param>
/// <param name="FrameRateDenominator">Frames per second, denominator.</param>
/// <param name="ProfileIdc">H.264 profile.</param>
/// <param name="LevelIdc">H.264 level.</param>
/// <param name="CompositionOffsetMilliseconds">Composition offset of keyframes.</param>
/// <param name="UsedParameterSetIds">Bits of the ids that the source uses.</param>
/// <param name="AudioSpecificConfig">The AAC configuration, hex.</param>
public sealed record StoredFormat(
    int Width,
    int Height,
    uint FrameRateNumerator,
    uint FrameRateDenominator,
    byte ProfileIdc,
    byte LevelIdc,
    int CompositionOffsetMilliseconds,
    uint UsedParameterSetIds,
    string AudioSpecificConfig)
{
    private static readonly ImmutableArray<FourCc> VideoCodecs = [FourCc.Avc, FourCc.Hevc, FourCc.Vvc, FourCc.Av1, FourCc.Vp8, FourCc.Vp9];

    /// <summary>The video codec, its four characters. This and what follows came later: a record without it means what most sources have.</summary>
    public string VideoCodec { get; init; } = FourCc.Avc.ToString();

    /// <summary><c>chroma_format_idc</c>.</summary>
    public int ChromaFormat { get; init; } = 1;

    /// <summary>Bits a sample.</summary>
    public int BitDepth { get; init; } = 8;

    /// <summary>Bytes of the length in front of each NAL unit.</summary>
    public int NalLengthSize { get; init; } = 4;

    /// <summary>Sample aspect ratio; 0: not said.</summary>
    public int SampleAspectWidth { get; init; }

    /// <summary>Sample aspect ratio; 0: not said.</summary>
    public int SampleAspectHeight { get; init; }

    /// <summary>Range of the samples.</summary>
    public bool IsFullRange { get; init; }

    /// <summary>Colour primaries (ITU-T H.273).</summary>
    public byte ColourPrimaries { get; init; } = ColourDescription.Unspecified.Primaries;

    /// <summary>Transfer curve (ITU-T H.273).</summary>
    public byte ColourTransfer { get; init; } = ColourDescription.Unspecified.Transfer;

    /// <summary>Matrix coefficients (ITU-T H.273).</summary>
    public byte ColourMatrix { get; init; } = ColourDescription.Unspecified.Matrix;

    /// <summary>Pictures that a decoder must hold back; null: not said.</summary>
    public int? ReorderDepth { get; init; }

    internal static StoredFormat Of(ProgramFormat format) => new(
        format.Width,
        format.Height,
        format.FrameRate.Numerator,
        format.FrameRate.Denominator,
        format.ProfileIdc,
        format.LevelIdc,
        format.CompositionOffsetMilliseconds,
        format.UsedParameterSetIds,
        Convert.ToHexString(format.Audio.Bytes.Span))
    {
        VideoCodec = format.VideoCodec.ToString(),
        ChromaFormat = format.ChromaFormat,
        BitDepth = format.BitDepth,
        NalLengthSize = format.NalLengthSize,
        SampleAspectWidth = format.SampleAspectRatio?.Width ?? 0,
        SampleAspectHeight = format.SampleAspectRatio?.Height ?? 0,
        IsFullRange = format.Colour.IsFullRange,
        ColourPrimaries = format.Colour.Primaries,
        ColourTransfer = format.Colour.Transfer,
        ColourMatrix = format.Colour.Matrix,
        ReorderDepth = format.ReorderDepth,
    };

    /// <summary>The format; null when the data make no sense (then the configured one is used).</summary>
    internal ProgramFormat? ToFormat()
    {
        try
        {
            return VideoCodecs.FirstOrDefault(known => known.ToString() == VideoCodec) is var codec && codec == FourCc.None || Width is < 16 or > 16384 || Height is < 16 or > 16384 || Media.Formats.FrameRate.Create(FrameRateNumerator, FrameRateDenominator) is not { } rate
                ? null
                : new ProgramFormat
                {
                    VideoCodec = codec,
                    Width = Width,
                    Height = Height,
                    FrameRate = rate,
                    ProfileIdc = ProfileIdc,
                    LevelIdc = LevelIdc,
                    CompositionOffsetMilliseconds = CompositionOffsetMilliseconds,
                    UsedParameterSetIds = UsedParameterSetIds,
                    ChromaFormat = ChromaFormat,
                    BitDepth = BitDepth,
                    NalLengthSize = NalLengthSize,
                    SampleAspectRatio = SampleAspectWidth > 0 && SampleAspectHeight > 0 ? (SampleAspectWidth, SampleAspectHeight) : null,
                    Colour = new ColourDescription(IsFullRange, ColourPrimaries, ColourTransfer, ColourMatrix),
                    ReorderDepth = ReorderDepth,
                    Audio = Media.Aac.AudioSpecificConfig.Read(Convert.FromHexString(AudioSpecificConfig)),
                };
        }
        catch (Exception exception) when (exception is FormatException or Media.MediaFormatException)
        {
            return null;
        }
    }
}

/// <summary>Remembers broadcasts over a restart. Called from channels' tasks.</summary>
public interface IBroadcastStore
{
    /// <summary>The record of a channel; null: there is none.</summary>
    BroadcastRecord? Load(string channelId);

    /// <summary>Replaces the record of a channel; durable when it completes, unless the store is away: then it completes soon all the same, and the record is kept until it can be written.</summary>
    Task SaveAsync(string channelId, BroadcastRecord record);
}
