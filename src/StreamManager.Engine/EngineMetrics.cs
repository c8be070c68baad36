using System.Diagnostics.Metrics;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;

namespace StreamManager.Engine;

/// <summary>The engine's counters: the meter <c>StreamManager.Engine</c>.</summary>
internal static class EngineMetrics
{
    private static readonly Meter Meter = new("StreamManager.Engine");

    /// <summary>Media messages that were left out, by reason.</summary>
    public static readonly Counter<long> IgnoredMessages = Meter.CreateCounter<long>("source_messages_ignored_total", description: "Media messages left out, by reason.");

    /// <summary>Changes of what feeds a program.</summary>
    public static readonly Counter<long> Switches = Meter.CreateCounter<long>("program_switches_total", description: "Changes of what feeds a program.");

    /// <summary>Steps between frames at a switch, by track.</summary>
    public static readonly Histogram<double> Gap = Meter.CreateHistogram<double>(
        "program_gap_milliseconds", unit: "ms", description: "Step from the last frame before a switch to the first one after, by track.");

    /// <summary>Time from a packet's arrival to its hand-over to the sockets, without the wanted coalescing time.</summary>
    public static readonly Histogram<double> HandOver = Meter.CreateHistogram<double>(
        "program_handover_milliseconds", unit: "ms", description: "Time from a packet's arrival to its hand-over to the sockets, coalescing apart.");

    /// <summary>Granted publishes of outputs.</summary>
    public static readonly Counter<long> DestinationConnects = Meter.CreateCounter<long>("destination_connects_total", description: "Publishes that destinations granted.");

    /// <summary>Faults of our own in program loops: should stay zero for ever.</summary>
    public static readonly Counter<long> Faults = Meter.CreateCounter<long>("program_faults_total", description: "Faults in program loops that were survived.");

    /// <summary>Tag of a message that broke its format.</summary>
    public static KeyValuePair<string, object?> Broken { get; } = new("reason", "broken");

    /// <summary>Tag of a frame in another codec than its source has announced.</summary>
    public static KeyValuePair<string, object?> OtherCodec { get; } = new("reason", "other_codec");

    /// <summary>Tag of a reason.</summary>
    public static KeyValuePair<string, object?> Reason(TagIgnoreReason reason) => new("reason", reason.ToString());

    /// <summary>Tag of a track: <c>video</c> or <c>audio</c>.</summary>
    public static KeyValuePair<string, object?> Track(MediaKind kind) => new("track", kind is MediaKind.Video ? "video" : "audio");

    /// <summary>Tag of a channel.</summary>
    public static KeyValuePair<string, object?> Channel(string channel) => new("channel", channel);
}
