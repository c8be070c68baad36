using System.Diagnostics.Metrics;

namespace StreamManager.Server.Events;

/// <summary>Counters of bus and journal: the meter <c>StreamManager.Events</c>.</summary>
internal static class EventMetrics
{
    private static readonly Meter Meter = new("StreamManager.Events");

    /// <summary>Events by family.</summary>
    public static readonly Counter<long> Published = Meter.CreateCounter<long>("events_total", description: "Events, by family.");

    /// <summary>Events that a listener was too slow for.</summary>
    public static readonly Counter<long> Lost = Meter.CreateCounter<long>("events_lost_total", description: "Events that a listener lost because it did not keep up, by listener.");

    /// <summary>Strangers that were too many.</summary>
    public static readonly Counter<long> NotTold = Meter.CreateCounter<long>(
        "connections_not_told_total", description: "Connections that ended without an event: of peers without a good key, when too many came.");

    /// <summary>Events in the journal.</summary>
    public static readonly Counter<long> Journaled = Meter.CreateCounter<long>("event_journal_written_total", description: "Events written to the journal.");

    /// <summary>Events that the journal misses.</summary>
    public static readonly Counter<long> JournalLost = Meter.CreateCounter<long>(
        "event_journal_lost_total", description: "Events missing in the journal, because the store was away for longer than they could wait.");

    /// <summary>Events that wait for the store.</summary>
    public static readonly Gauge<long> JournalBuffered = Meter.CreateGauge<long>("event_journal_buffered", description: "Events that wait to be written to the journal.");

    /// <summary>Tag of a family: what stands before the first dot. A closed set, since types are.</summary>
    public static KeyValuePair<string, object?> Family(string type)
    {
        var dot = type.IndexOf('.', StringComparison.Ordinal);
        return new("family", dot < 0 ? type : type[..dot]);
    }

    /// <summary>Tag of a listener.</summary>
    public static KeyValuePair<string, object?> Listener(string name) => new("listener", name);
}
