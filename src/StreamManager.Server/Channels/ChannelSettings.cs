using StreamManager.Engine.Channels;

namespace StreamManager.Server.Channels;

/// <summary>
/// What users said about a channel through the API, as it is stored. What is null was not said, and follows the configuration, also when that changes later.
/// </summary>
internal sealed record ChannelSettings
{
    /// <summary>See <see cref="ChannelDefinition.Start"/>.</summary>
    public StartMode? Start { get; init; }

    /// <summary>See <see cref="ChannelDefinition.Fallback"/>.</summary>
    public FallbackKind? Fallback { get; init; }

    /// <summary>Name of the fallback's file in the media library; null with <see cref="Fallback"/> set: the slate.</summary>
    public string? FallbackMedia { get; init; }

    /// <summary>See <see cref="ChannelDefinition.SourceTimeout"/>.</summary>
    public double? SourceTimeoutSeconds { get; init; }

    /// <summary>See <see cref="ChannelDefinition.CheckInterval"/>.</summary>
    public double? CheckIntervalSeconds { get; init; }

    /// <summary>See <see cref="ChannelDefinition.ReturnAfter"/>.</summary>
    public double? ReturnAfterSeconds { get; init; }

    /// <summary>See <see cref="ChannelDefinition.EndAfter"/>.</summary>
    public double? EndAfterSeconds { get; init; }

    /// <summary>See <see cref="ChannelDefinition.OnCrash"/>.</summary>
    public LossPolicy? OnCrash { get; init; }

    /// <summary>See <see cref="ChannelDefinition.OnStall"/>.</summary>
    public LossPolicy? OnStall { get; init; }

    /// <summary>See <see cref="ChannelDefinition.OnCleanEnd"/>.</summary>
    public LossPolicy? OnCleanEnd { get; init; }

    /// <summary>See <see cref="ChannelDefinition.OnFormatChange"/>.</summary>
    public FormatChangePolicy? OnFormatChange { get; init; }

    /// <summary>See <see cref="ChannelDefinition.Width"/>.</summary>
    public int? Width { get; init; }

    /// <summary>See <see cref="ChannelDefinition.Height"/>.</summary>
    public int? Height { get; init; }

    /// <summary>See <see cref="ChannelDefinition.FramesPerSecond"/>.</summary>
    public int? FramesPerSecond { get; init; }

    /// <summary>See <see cref="ChannelDefinition.VideoBitrateKbps"/>.</summary>
    public int? VideoBitrateKbps { get; init; }

    /// <summary>See <see cref="ChannelDefinition.AudioBitrateKbps"/>.</summary>
    public int? AudioBitrateKbps { get; init; }

    /// <summary>These settings over <paramref name="definition"/>.</summary>
    /// <param name="definition">What the configuration says, or the built-in values.</param>
    /// <param name="mediaFolder">Where the media library keeps its files.</param>
    public ChannelDefinition Over(ChannelDefinition definition, string mediaFolder) => definition with
    {
        Start = Start ?? definition.Start,
        Fallback = Fallback ?? definition.Fallback,
        FallbackFile = Fallback is null ? definition.FallbackFile : FallbackMedia is null ? null : Path.Combine(mediaFolder, FallbackMedia),
        SourceTimeout = Seconds(SourceTimeoutSeconds) ?? definition.SourceTimeout,
        CheckInterval = Seconds(CheckIntervalSeconds) ?? definition.CheckInterval,
        ReturnAfter = Seconds(ReturnAfterSeconds) ?? definition.ReturnAfter,
        EndAfter = Seconds(EndAfterSeconds) ?? definition.EndAfter,
        OnCrash = OnCrash ?? definition.OnCrash,
        OnStall = OnStall ?? definition.OnStall,
        OnCleanEnd = OnCleanEnd ?? definition.OnCleanEnd,
        OnFormatChange = OnFormatChange ?? definition.OnFormatChange,
        Width = Width ?? definition.Width,
        Height = Height ?? definition.Height,
        FramesPerSecond = FramesPerSecond ?? definition.FramesPerSecond,
        VideoBitrateKbps = VideoBitrateKbps ?? definition.VideoBitrateKbps,
        AudioBitrateKbps = AudioBitrateKbps ?? definition.AudioBitrateKbps,
    };

    /// <summary>What <paramref name="newer"/> says over what this says.</summary>
    public ChannelSettings With(ChannelSettings newer) => new()
    {
        Start = newer.Start ?? Start,
        Fallback = newer.Fallback ?? Fallback,
        FallbackMedia = newer.Fallback is null ? FallbackMedia : newer.FallbackMedia,
        SourceTimeoutSeconds = newer.SourceTimeoutSeconds ?? SourceTimeoutSeconds,
        CheckIntervalSeconds = newer.CheckIntervalSeconds ?? CheckIntervalSeconds,
        ReturnAfterSeconds = newer.ReturnAfterSeconds ?? ReturnAfterSeconds,
        EndAfterSeconds = newer.EndAfterSeconds ?? EndAfterSeconds,
        OnCrash = newer.OnCrash ?? OnCrash,
        OnStall = newer.OnStall ?? OnStall,
        OnCleanEnd = newer.OnCleanEnd ?? OnCleanEnd,
        OnFormatChange = newer.OnFormatChange ?? OnFormatChange,
        Width = newer.Width ?? Width,
        Height = newer.Height ?? Height,
        FramesPerSecond = newer.FramesPerSecond ?? FramesPerSecond,
        VideoBitrateKbps = newer.VideoBitrateKbps ?? VideoBitrateKbps,
        AudioBitrateKbps = newer.AudioBitrateKbps ?? AudioBitrateKbps,
    };

    private static TimeSpan? Seconds(double? value) => value is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
}
