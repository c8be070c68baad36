using System.Collections.Immutable;
using StreamManager.Engine;

namespace StreamManager.Server.Events;

/// <summary>What programs do, and what plays when no source is good.</summary>
internal static class ProgramEvents
{
    private static readonly EventType OnAirType = new("program.onAir", "startedAt");
    private static readonly EventType EndedType = new("program.ended", "reason", "onAirSeconds", "switches", "fallbackSeconds", "largestVideoGapMs", "largestAudioGapMs");
    private static readonly EventType SwitchedType = new("program.switched", "from", "to", "reason");
    private static readonly EventType FormatChangedType = new("program.formatChanged", "width", "height", "videoCodec");
    private static readonly EventType FallbackPreparedType = new("program.fallbackPrepared", "content", "fromCache");
    private static readonly EventType FallbackFailedType = new("program.fallbackFailed", "content", "reason");

    /// <summary>The family.</summary>
    public static ImmutableArray<EventType> All { get; } = [OnAirType, EndedType, SwitchedType, FormatChangedType, FallbackPreparedType, FallbackFailedType];

    /// <summary>A broadcast began, or goes on after a restart of the server.</summary>
    public static ServerEvent OnAir(DateTimeOffset time, string channelId, EngineEvent.ProgramOnAir happened) =>
        OnAirType.At(time, channelId, null, EventType.Word(happened.StartedAt));

    /// <summary>A broadcast is over.</summary>
    public static ServerEvent Ended(DateTimeOffset time, string channelId, EngineEvent.ProgramEnded happened) =>
        EndedType.At(
            time,
            channelId,
            null,
            EventType.Word(happened.Reason),
            EventType.Seconds(happened.OnAir),
            happened.Figures.Switches,
            EventType.Seconds(happened.Figures.OnFallback),
            Math.Round(happened.Figures.LargestVideoGapMs, 1),
            Math.Round(happened.Figures.LargestAudioGapMs, 1));

    /// <summary>Is it the end of a broadcast that does not go on at the next start of the server?</summary>
    public static bool IsEndForGood(ServerEvent happened) =>
        happened.Type == EndedType.Name && (string?)happened.Data["reason"] != EventType.Word(BroadcastEnd.Shutdown);

    /// <summary>The program shows something else.</summary>
    public static ServerEvent Switched(DateTimeOffset time, string channelId, EngineEvent.ProgramSwitched happened) =>
        SwitchedType.At(time, channelId, null, happened.From ?? Fallback, happened.To ?? Fallback, EventType.Word(happened.Reason));

    /// <summary>The program goes on in another format.</summary>
    public static ServerEvent FormatChanged(DateTimeOffset time, string channelId, EngineEvent.ProgramFormatChanged happened) =>
        FormatChangedType.At(time, channelId, null, happened.Width, happened.Height, happened.VideoCodec);

    /// <summary>A fallback is ready.</summary>
    public static ServerEvent FallbackPrepared(DateTimeOffset time, string channelId, EngineEvent.FallbackPrepared happened) =>
        FallbackPreparedType.At(time, channelId, null, happened.Content, happened.FromCache);

    /// <summary>A fallback could not be made.</summary>
    public static ServerEvent FallbackFailed(DateTimeOffset time, string channelId, EngineEvent.FallbackFailed happened) =>
        FallbackFailedType.At(time, channelId, null, happened.Content, happened.Reason);

    /// <summary>How the fallback is called where sources have their ids.</summary>
    private const string Fallback = "fallback";
}
