using StreamManager.Rtmp.Server;

namespace StreamManager.Engine;

/// <summary>Hears what happens in the engine. One for all channels; implemented by the server, which writes it down and passes it on.</summary>
public interface IEngineEvents
{
    /// <summary>Something happened on a channel. Called from programs' loops and outputs' tasks, also under their locks: returns at once, calls nothing of the engine, throws nothing.</summary>
    void Happened(string channelId, EngineEvent happened);
}

/// <summary>Something that happened on a channel. No text in it is a secret.</summary>
public abstract record EngineEvent
{
    private EngineEvent()
    {
    }

    /// <summary>A broadcast is on air since <paramref name="StartedAt"/>, which is earlier than now when it goes on after a restart of the server.</summary>
    public sealed record ProgramOnAir(DateTimeOffset StartedAt) : EngineEvent;

    /// <summary>A broadcast is over, after <paramref name="OnAir"/>; <paramref name="Figures"/> are the program's last ones (since the server started, where that was later than the broadcast).</summary>
    public sealed record ProgramEnded(BroadcastEnd Reason, TimeSpan OnAir, ProgramFigures Figures) : EngineEvent;

    /// <summary>The program shows something else; null stands for the fallback.</summary>
    public sealed record ProgramSwitched(string? From, string? To, SwitchReason Reason) : EngineEvent;

    /// <summary>The program goes on in another format, and its outputs begin anew.</summary>
    public sealed record ProgramFormatChanged(int Width, int Height, string VideoCodec) : EngineEvent;

    /// <summary>A publisher is a source from now on.</summary>
    public sealed record SourceConnected(string SourceId, string ConnectionId, string RemoteAddress, string Encoder) : EngineEvent;

    /// <summary>It is none any more.</summary>
    public sealed record SourceLost(string SourceId, RtmpPublishEnd How) : EngineEvent;

    /// <summary>It is connected and sends nothing that could be shown.</summary>
    public sealed record SourceStalled(string SourceId) : EngineEvent;

    /// <summary>It sends again after it had stalled.</summary>
    public sealed record SourceReturned(string SourceId) : EngineEvent;

    /// <summary>The first attempt to reach a destination since the broadcast began, the user changed it, or a connection was lost that had been good.</summary>
    public sealed record DestinationConnecting(string DestinationId, string Name) : EngineEvent;

    /// <summary>A destination granted the publish; the <paramref name="Connects"/>th time in this broadcast.</summary>
    public sealed record DestinationLive(string DestinationId, string Name, int Connects) : EngineEvent;

    /// <summary>An attempt failed or a connection was lost, and there will be another. The same reason again is told once a minute.</summary>
    public sealed record DestinationRetrying(string DestinationId, string Name, string Reason, int Attempt, DateTimeOffset NextAttemptAt) : EngineEvent;

    /// <summary>It was given up after <paramref name="Attempts"/> attempts (<c>retryLimit</c>).</summary>
    public sealed record DestinationFailed(string DestinationId, string Name, string Reason, int Attempts) : EngineEvent;

    /// <summary>It takes less than the program, or nothing.</summary>
    public sealed record DestinationStalled(string DestinationId, string Name, string Reason) : EngineEvent;

    /// <summary>It takes the program again.</summary>
    public sealed record DestinationRecovered(string DestinationId, string Name) : EngineEvent;

    /// <summary>The user switched it off, and nothing is sent any more.</summary>
    public sealed record DestinationDisabled(string DestinationId, string Name) : EngineEvent;

    /// <summary>A fallback is ready: <c>picture</c>, <c>video</c> or <c>slate</c>.</summary>
    public sealed record FallbackPrepared(string Content, bool FromCache) : EngineEvent;

    /// <summary>A fallback could not be made; <paramref name="Reason"/> says in words why and what plays instead.</summary>
    public sealed record FallbackFailed(string Content, string Reason) : EngineEvent;
}

/// <summary>What a program came to.</summary>
/// <param name="Switches">Changes of what feeds it.</param>
/// <param name="OnFallback">Time on fallback.</param>
/// <param name="LargestVideoGapMs">Largest step between two video frames at a switch, ms.</param>
/// <param name="LargestAudioGapMs">Largest step between two audio frames at a switch, ms.</param>
public readonly record struct ProgramFigures(int Switches, TimeSpan OnFallback, double LargestVideoGapMs, double LargestAudioGapMs);

/// <summary>Why the program turned to something else.</summary>
public enum SwitchReason
{
    /// <summary>The program went on air.</summary>
    Start = 1,

    /// <summary>The source's connection broke.</summary>
    Crash = 2,

    /// <summary>The source stayed connected and fell silent.</summary>
    Stall = 3,

    /// <summary>The encoder ended its publish in order.</summary>
    CleanEnd = 4,

    /// <summary>A source has been good for long enough.</summary>
    Return = 5,

    /// <summary>An operator said so.</summary>
    Operator = 6,

    /// <summary>The source changed its format.</summary>
    FormatChange = 7,
}

/// <summary>Why a broadcast ended.</summary>
public enum BroadcastEnd
{
    /// <summary>An operator said so.</summary>
    Operator = 1,

    /// <summary>The time limit on fallback.</summary>
    FallbackLimit = 2,

    /// <summary>The policy for a lost source is to end.</summary>
    SourceLost = 3,

    /// <summary>The channel is being taken down.</summary>
    Shutdown = 4,
}
