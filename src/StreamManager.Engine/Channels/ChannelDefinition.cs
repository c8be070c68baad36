using System.Collections.Immutable;

namespace StreamManager.Engine.Channels;

/// <summary>When a channel goes on air.</summary>
public enum StartMode
{
    /// <summary>At the first publish of one of its sources (the default).</summary>
    OnPublish = 1,

    /// <summary>When the server starts; the fallback plays until a source comes.</summary>
    Always = 2,

    /// <summary>Only when an operator says so.</summary>
    Manual = 3,
}

/// <summary>What plays when no source is good.</summary>
public enum FallbackKind
{
    /// <summary>The built-in slate.</summary>
    Slate = 1,

    /// <summary>A still image.</summary>
    Image = 2,

    /// <summary>A video, looped.</summary>
    Video = 3,
}

/// <summary>What the loss of the last good source leads to.</summary>
public enum LossPolicy
{
    /// <summary>The fallback plays until a source is good again or <see cref="ChannelDefinition.EndAfter"/> has passed (the default).</summary>
    Fallback = 1,

    /// <summary>The broadcast ends.</summary>
    End = 2,
}

/// <summary>What is done with a source whose format is not the program's.</summary>
public enum FormatChangePolicy
{
    /// <summary>It is transcoded to the program's format (the default): destinations notice nothing.</summary>
    Transcode = 1,

    /// <summary>Every output is ended and connected anew with the new format.</summary>
    RestartOutputs = 2,
}

/// <summary>Which source an operator wants to see.</summary>
public abstract record SourceSelection
{
    private SourceSelection()
    {
    }

    /// <summary>The best good source by priority, else the fallback.</summary>
    public static SourceSelection Auto { get; } = new AutoSelection();

    /// <summary>The fallback, until further notice.</summary>
    public static SourceSelection Fallback { get; } = new FallbackSelection();

    /// <summary>This source as soon as it can be shown; until then what is shown stays, and when that is lost the fallback plays.</summary>
    public static SourceSelection Source(string sourceId) => new SourceById(sourceId);

    /// <summary>The word of the API: <c>auto</c>, <c>fallback</c> or the source's id.</summary>
    public abstract string Word { get; }

    internal sealed record AutoSelection : SourceSelection
    {
        public override string Word => "auto";
    }

    internal sealed record FallbackSelection : SourceSelection
    {
        public override string Word => "fallback";
    }

    internal sealed record SourceById(string SourceId) : SourceSelection
    {
        public override string Word => SourceId;
    }
}

/// <summary>What a user wants of a channel; immutable, replaced whole when it changes.</summary>
public sealed record ChannelDefinition
{
    /// <summary>The channel's id; <c>main</c> exists always.</summary>
    public required string Id { get; init; }

    /// <summary>Source ids in falling priority. A publish key belongs to one of them.</summary>
    public ImmutableArray<string> Sources { get; init; } = ["main", "backup"];

    /// <summary>When the channel goes on air.</summary>
    public StartMode Start { get; init; } = StartMode.OnPublish;

    /// <summary>What plays when no source is good.</summary>
    public FallbackKind Fallback { get; init; } = FallbackKind.Slate;

    /// <summary>The image or video file of the fallback; null for the slate.</summary>
    public string? FallbackFile { get; init; }

    /// <summary>Silence of a connected source after which it counts as stalled. Default 1 s.</summary>
    public TimeSpan SourceTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the health of sources and outputs is judged. Default 2 s.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a source that came back must be good before the program returns to it. Default 2 s.</summary>
    public TimeSpan ReturnAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time on fallback after which the broadcast ends; zero: never. Default 30 minutes.</summary>
    public TimeSpan EndAfter { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>When a source's connection was lost.</summary>
    public LossPolicy OnCrash { get; init; } = LossPolicy.Fallback;

    /// <summary>When a source stays connected and sends nothing.</summary>
    public LossPolicy OnStall { get; init; } = LossPolicy.Fallback;

    /// <summary>When an encoder ended its publish in order. OBS does that on an encoder error too, so the default is the fallback.</summary>
    public LossPolicy OnCleanEnd { get; init; } = LossPolicy.Fallback;

    /// <summary>When a source's format is not the program's.</summary>
    public FormatChangePolicy OnFormatChange { get; init; } = FormatChangePolicy.Transcode;

    /// <summary>Size of the program when no source has been seen yet.</summary>
    public int Width { get; init; } = 1920;

    /// <summary>Height of the program when no source has been seen yet.</summary>
    public int Height { get; init; } = 1080;

    /// <summary>Frames per second of the program when no source has been seen yet.</summary>
    public int FramesPerSecond { get; init; } = 30;

    /// <summary>Video bitrate of clips and transcodes, kbit/s.</summary>
    public int VideoBitrateKbps { get; init; } = 2500;

    /// <summary>Audio bitrate of clips and transcodes, kbit/s.</summary>
    public int AudioBitrateKbps { get; init; } = 160;
}
