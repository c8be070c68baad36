using System.Collections.Immutable;
using StreamManager.Engine.Outputs;
using StreamManager.Media.Formats;

namespace StreamManager.Engine.Channels;

/// <summary>What a channel is doing.</summary>
public enum ChannelState
{
    /// <summary>Off air; only a start or a new publish changes that.</summary>
    Stopped = 1,

    /// <summary>Off air, waiting for its first source.</summary>
    Waiting = 2,

    /// <summary>On air with a source.</summary>
    Live = 3,

    /// <summary>On air with the fallback.</summary>
    Fallback = 4,
}

/// <summary>What a source is doing.</summary>
public enum SourceState
{
    /// <summary>Nobody publishes.</summary>
    Absent = 1,

    /// <summary>Media comes in.</summary>
    Connected = 2,

    /// <summary>Connected, but silent for longer than the timeout.</summary>
    Stalled = 3,
}

/// <summary>What an output is doing.</summary>
public enum OutputState
{
    /// <summary>The program is off air.</summary>
    Idle = 1,

    /// <summary>On the way to a granted publish.</summary>
    Connecting = 2,

    /// <summary>Publishing.</summary>
    Live = 3,

    /// <summary>Waiting before the next attempt.</summary>
    Retrying = 4,

    /// <summary>Given up.</summary>
    Failed = 5,

    /// <summary>Switched off by the user.</summary>
    Disabled = 6,
}

/// <summary>The honest answer to "does it arrive?".</summary>
public enum OutputVerdict
{
    /// <summary>Nothing is to be delivered.</summary>
    Idle = 1,

    /// <summary>The peer acknowledges what we send.</summary>
    Delivering = 2,

    /// <summary>Connected, but the peer takes nothing, or less than the program.</summary>
    Stalled = 3,

    /// <summary>The peer says no.</summary>
    Rejected = 4,

    /// <summary>There is no way to the peer.</summary>
    Unreachable = 5,
}

/// <summary>Everything visible about a channel at one moment. Immutable.</summary>
public sealed record ChannelSnapshot
{
    /// <summary>The channel's id.</summary>
    public required string Id { get; init; }

    /// <summary>What it is doing.</summary>
    public required ChannelState State { get; init; }

    /// <summary>Start of the broadcast; null off air.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Time on air.</summary>
    public TimeSpan Uptime { get; init; }

    /// <summary>The operator's selection: auto, fallback or a source id.</summary>
    public string Selected { get; init; } = "auto";

    /// <summary>Id of the source on the program; null: the fallback, or off air.</summary>
    public string? ActiveSource { get; init; }

    /// <summary>All sources of the channel in priority order.</summary>
    public ImmutableArray<SourceSnapshot> Sources { get; init; } = [];

    /// <summary>The program.</summary>
    public ProgramSnapshot Program { get; init; } = new();

    /// <summary>All destinations of the channel but the sink of a rehearsal, in the order in which they were added.</summary>
    public ImmutableArray<OutputSnapshot> Outputs { get; init; } = [];

    /// <summary>People watching here: RTMP players and HTTP-FLV viewers of program and sources.</summary>
    public int Viewers { get; init; }

    /// <summary>Something a user should know about the fallback, in words (for example an unreadable file, or progress of its preparation); null: all is well.</summary>
    public string? FallbackNote { get; init; }

    /// <summary>Time since a fault of our own in the channel's program, which went on; null: there was none since the server started.</summary>
    public TimeSpan? SinceFault { get; init; }
}

/// <summary>One source.</summary>
public sealed record SourceSnapshot
{
    /// <summary>Its id in the channel (main, backup).</summary>
    public required string Id { get; init; }

    /// <summary>What it is doing.</summary>
    public required SourceState State { get; init; }

    /// <summary>The encoder's name for itself, cleaned; empty when unknown.</summary>
    public string Encoder { get; init; } = "";

    /// <summary>The publisher's address; empty when absent.</summary>
    public string RemoteAddress { get; init; } = "";

    /// <summary>Connection id; null when absent.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>Since when it is connected; null when absent.</summary>
    public DateTimeOffset? ConnectedAt { get; init; }

    /// <summary>Video; null until its configuration has come.</summary>
    public VideoFormat? Video { get; init; }

    /// <summary>Audio; null until its configuration has come.</summary>
    public AudioFormat? Audio { get; init; }

    /// <summary>Measured frames per second.</summary>
    public double FramesPerSecond { get; init; }

    /// <summary>Measured video bitrate.</summary>
    public int VideoBitrateKbps { get; init; }

    /// <summary>Measured audio bitrate.</summary>
    public int AudioBitrateKbps { get; init; }

    /// <summary>Measured distance of keyframes; zero before two were seen.</summary>
    public double KeyframeIntervalSeconds { get; init; }

    /// <summary>True while it passes through a transcoder because its format is not the program's.</summary>
    public bool IsTranscoded { get; init; }

    /// <summary>Advice in words: what about this source breaks a rule.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}

/// <summary>The program of a channel.</summary>
public sealed record ProgramSnapshot
{
    /// <summary>Position on the program timeline.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>Measured bitrate, all tracks.</summary>
    public int BitrateKbps { get; init; }

    /// <summary>Measured frames per second.</summary>
    public double FramesPerSecond { get; init; }

    /// <summary>Changes of what feeds the program since it went on air.</summary>
    public int Switches { get; init; }

    /// <summary>Time on fallback since it went on air.</summary>
    public TimeSpan OnFallback { get; init; }

    /// <summary>Largest step between two video frames at a switch, ms.</summary>
    public double LargestVideoGapMs { get; init; }

    /// <summary>Largest step between two audio frames at a switch, ms.</summary>
    public double LargestAudioGapMs { get; init; }
}

/// <summary>One destination's running side.</summary>
public sealed record OutputSnapshot
{
    /// <summary>What the user configured.</summary>
    public required DestinationDefinition Destination { get; init; }

    /// <summary>What it is doing.</summary>
    public required OutputState State { get; init; }

    /// <summary>The honest answer.</summary>
    public required OutputVerdict Verdict { get; init; }

    /// <summary>Granted publishes since the broadcast began.</summary>
    public int Connects { get; init; }

    /// <summary>Attempts since the last granted publish.</summary>
    public int Attempts { get; init; }

    /// <summary>When the next attempt comes; null when none is planned.</summary>
    public DateTimeOffset? NextRetryAt { get; init; }

    /// <summary>The last thing that went wrong, in words.</summary>
    public string? LastError { get; init; }

    /// <summary>Time since the publish was granted.</summary>
    public TimeSpan Uptime { get; init; }

    /// <summary>Measured bitrate handed to the socket.</summary>
    public int BitrateKbps { get; init; }

    /// <summary>Measured video frames per second.</summary>
    public double FramesPerSecond { get; init; }

    /// <summary>Video frames sent since the broadcast began.</summary>
    public long FramesSent { get; init; }

    /// <summary>Video frames dropped because the peer was too slow.</summary>
    public long FramesDropped { get; init; }

    /// <summary>Bytes sent since the broadcast began.</summary>
    public long BytesSent { get; init; }

    /// <summary>Media waiting to be sent, in time.</summary>
    public TimeSpan Queue { get; init; }

    /// <summary>Bytes that the peer's TCP has not acknowledged; 0 when unknown.</summary>
    public long UnacknowledgedBytes { get; init; }

    /// <summary>TCP's smoothed round trip.</summary>
    public TimeSpan RoundTrip { get; init; }
}
