using StreamManager.Engine.Programs;

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

/// <summary>A program's format as plain data.</summary>
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
    internal static StoredFormat Of(ProgramFormat format) => new(
        format.Width,
        format.Height,
        format.FrameRate.Numerator,
        format.FrameRate.Denominator,
        format.ProfileIdc,
        format.LevelIdc,
        format.CompositionOffsetMilliseconds,
        format.UsedParameterSetIds,
        Convert.ToHexString(format.Audio.Bytes.Span));

    /// <summary>The format; null when the data make no sense (then the configured one is used).</summary>
    internal ProgramFormat? ToFormat()
    {
        try
        {
            return Width is < 16 or > 16384 || Height is < 16 or > 16384 || Media.Formats.FrameRate.Create(FrameRateNumerator, FrameRateDenominator) is not { } rate
                ? null
                : new ProgramFormat
                {
                    Width = Width,
                    Height = Height,
                    FrameRate = rate,
                    ProfileIdc = ProfileIdc,
                    LevelIdc = LevelIdc,
                    CompositionOffsetMilliseconds = CompositionOffsetMilliseconds,
                    UsedParameterSetIds = UsedParameterSetIds,
                    Audio = Media.Aac.AudioSpecificConfig.Read(Convert.FromHexString(AudioSpecificConfig)),
                };
        }
        catch (Exception exception) when (exception is FormatException or Media.MediaFormatException)
        {
            return null;
        }
    }
}

/// <summary>Remembers broadcasts over a restart. Called from channels' tasks; durable before it returns.</summary>
public interface IBroadcastStore
{
    /// <summary>The record of a channel; null: there is none.</summary>
    BroadcastRecord? Load(string channelId);

    /// <summary>Replaces the record of a channel.</summary>
    void Save(string channelId, BroadcastRecord record);
}
