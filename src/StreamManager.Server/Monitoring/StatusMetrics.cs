using System.Collections.Frozen;
using System.Collections.Immutable;
using StreamManager.Engine.Channels;

namespace StreamManager.Server.Monitoring;

/// <summary>One value of a <see cref="StatusMetric"/>.</summary>
/// <param name="Value">The value.</param>
/// <param name="LabelValue">Id of the channel or destination: configured by the owner, never by a peer.</param>
internal readonly record struct StatusSample(double Value, string LabelValue);

/// <summary>A metric whose values are read from snapshots, so that its series exist before anything has happened.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Counter or gauge. A counter begins anew with every broadcast.</param>
/// <param name="Help">What it says, with its unit.</param>
/// <param name="Label">Name of its one label.</param>
/// <param name="Read">Its values now.</param>
internal sealed record StatusMetric(string Name, PrometheusType Type, string Help, string Label, Func<IReadOnlyList<ChannelSnapshot>, IEnumerable<StatusSample>> Read);

/// <summary>Every metric that comes from the channels' snapshots, for <c>/metrics</c> and OTLP alike.</summary>
internal static class StatusMetrics
{
    /// <summary>All of them, in the order of the page.</summary>
    public static ImmutableArray<StatusMetric> All { get; } =
    [
        OfChannel("program_state", PrometheusType.Gauge, "What a channel does: 1 stopped, 2 waiting, 3 live, 4 fallback.", s => (int)s.State),
        OfChannel("program_switches_total", PrometheusType.Counter, "Changes of what feeds the program in this broadcast.", s => s.Program.Switches),
        OfChannel("program_fallback_seconds_total", PrometheusType.Counter, "Time on fallback in this broadcast.", s => s.Program.OnFallback.TotalSeconds),
        OfChannel("program_bytes_per_second", PrometheusType.Gauge, "Bitrate of the program, in bytes.", s => s.Program.BitrateKbps * 125d),
        OfChannel("program_viewers", PrometheusType.Gauge, "RTMP players and HTTP-FLV viewers now.", s => s.Viewers),
        OfChannel("source_keyframe_interval_seconds", PrometheusType.Gauge, "Distance of the keyframes of the source on the program; 0: none, or not known yet.", s => OnProgram(s)?.KeyframeIntervalSeconds ?? 0),
        OfChannel("source_state", PrometheusType.Gauge, "The best of a channel's sources: 1 absent, 2 connected, 3 stalled.", s => (int)BestSource(s)),
        OfChannel("encoder_fps", PrometheusType.Gauge, "Video frames per second of the program: in passthrough those of the publisher's encoder, else those of the fallback.", s => s.Program.FramesPerSecond),
        OfChannel("encoder_bitrate", PrometheusType.Gauge, "Bits per second of the program, all tracks: in passthrough what the publisher's encoder makes.", s => s.Program.BitrateKbps * 1000d),
        OfChannel("encoder_queue_size", PrometheusType.Gauge, "Video frames of the program that wait to be sent to the destination that is furthest behind.", s => Math.Round(Behind(s).TotalSeconds * s.Program.FramesPerSecond)),
        OfChannel("encoder_dropped_frames", PrometheusType.Gauge, "Video frames of this broadcast that were dropped because destinations were too slow, all destinations together.", s => s.Outputs.Sum(o => o.FramesDropped)),
        OfChannel("encoder_rtmp_latency", PrometheusType.Gauge, "Seconds from the program to the slowest live destination: media waiting here and TCP's round trip.", s => Live(s).Select(o => (o.Queue + o.RoundTrip).TotalSeconds).DefaultIfEmpty().Max()),
        OfDestination("destination_state", PrometheusType.Gauge, "What an output does: 1 idle, 2 connecting, 3 live, 4 retrying, 5 failed, 6 disabled.", o => (int)o.State),
        OfDestination("destination_bytes_total", PrometheusType.Counter, "Bytes sent in this broadcast.", o => o.BytesSent),
        OfDestination("destination_frames_dropped_total", PrometheusType.Counter, "Video frames dropped in this broadcast because the peer was too slow.", o => o.FramesDropped),
        OfDestination("destination_connects_total", PrometheusType.Counter, "Publishes that the peer granted in this broadcast.", o => o.Connects),
        OfDestination("destination_queue_milliseconds", PrometheusType.Gauge, "Media that waits to be sent.", o => o.Queue.TotalMilliseconds),
        OfDestination("destination_round_trip_milliseconds", PrometheusType.Gauge, "TCP's smoothed round trip; 0: not connected, or not known.", o => o.RoundTrip.TotalMilliseconds),
    ];

    /// <summary>Their names: meters count some of them, too, and a name must not come twice.</summary>
    public static FrozenSet<string> Names { get; } = FrozenSet.ToFrozenSet(All.Select(metric => metric.Name), StringComparer.Ordinal);

    private static StatusMetric OfChannel(string name, PrometheusType type, string help, Func<ChannelSnapshot, double> value) =>
        new(name, type, help, "channel", snapshots => snapshots.Select(snapshot => new StatusSample(value(snapshot), snapshot.Id)));

    private static StatusMetric OfDestination(string name, PrometheusType type, string help, Func<OutputSnapshot, double> value) =>
        new(name, type, help, "destination", snapshots => snapshots.SelectMany(snapshot => snapshot.Outputs).Select(output => new StatusSample(value(output), output.Destination.Id)));

    private static IEnumerable<OutputSnapshot> Live(ChannelSnapshot snapshot) => snapshot.Outputs.Where(output => output.State is OutputState.Live);

    private static TimeSpan Behind(ChannelSnapshot snapshot) => Live(snapshot).Select(output => output.Queue).DefaultIfEmpty().Max();

    private static SourceSnapshot? OnProgram(ChannelSnapshot snapshot) => snapshot.Sources.FirstOrDefault(source => source.Id == snapshot.ActiveSource);

    private static SourceState BestSource(ChannelSnapshot snapshot) =>
        snapshot.Sources.Any(source => source.State is SourceState.Connected) ? SourceState.Connected
        : snapshot.Sources.Any(source => source.State is SourceState.Stalled) ? SourceState.Stalled
        : SourceState.Absent;
}
