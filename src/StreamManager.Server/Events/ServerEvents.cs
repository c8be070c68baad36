using System.Collections.Immutable;

namespace StreamManager.Server.Events;

/// <summary>What the server itself does.</summary>
internal static class ServerEvents
{
    private static readonly EventType StartedType = new("server.started", "version");
    private static readonly EventType StoppingType = new("server.stopping");
    private static readonly EventType JournalGapType = new("server.journalGap", "lost", "from", "until");

    /// <summary>The family.</summary>
    public static ImmutableArray<EventType> All { get; } = [StartedType, StoppingType, JournalGapType];

    /// <summary>Everything runs.</summary>
    public static ServerEvent Started(DateTimeOffset time, string version) => StartedType.At(time, null, null, version);

    /// <summary>A stop was asked for.</summary>
    public static ServerEvent Stopping(DateTimeOffset time) => StoppingType.At(time, null, null);

    /// <summary>So many events between these times are missing in the journal: the store was away for longer than events could wait.</summary>
    public static ServerEvent JournalGap(DateTimeOffset time, long lost, DateTimeOffset from, DateTimeOffset until) =>
        JournalGapType.At(time, null, null, lost, EventType.Word(from), EventType.Word(until));
}
