using System.Collections.Frozen;
using System.Diagnostics;
using System.Globalization;
using StreamManager.Engine.Channels;
using StreamManager.Server.Api;
using StreamManager.Server.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security;

namespace StreamManager.Server.Monitoring;

/// <summary>Puts <c>/metrics</c> together: what is true now from snapshots, what has happened from the meters, and the process itself.</summary>
internal sealed class MetricsPage(ChannelDirectory channels, ConnectionRegistry connections, MeterCollector meters, ServerLifetime lifetime)
{
    /// <summary>Names that come from snapshots, so that their series exist before anything has happened.</summary>
    private static readonly FrozenSet<string> FromSnapshots = FrozenSet.ToFrozenSet(
        [
            "program_state", "program_switches_total", "program_fallback_seconds_total", "program_bytes_per_second", "program_viewers",
            "destination_state", "destination_bytes_total", "destination_frames_dropped_total", "destination_connects_total", "destination_queue_milliseconds",
            "rtmp_active_streams",
        ],
        StringComparer.Ordinal);

    /// <summary>Adds the route.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/metrics", () => TypedResults.Text(Write(), PrometheusText.ContentType)).Needs(Permissions.View);

    /// <summary>The page as it is now.</summary>
    public string Write()
    {
        var text = new PrometheusText();
        var snapshots = channels.All.Select(channel => channel.GetSnapshot()).ToArray();
        text.Single("rtmp_active_streams", PrometheusType.Gauge, "Publishers connected now.", connections.Publishers);
        WritePrograms(text, snapshots);
        WriteDestinations(text, snapshots);
        meters.Write(text, FromSnapshots);
        WriteRuntime(text);
        WriteProcess(text);
        return text.ToString();
    }

    private static void WritePrograms(PrometheusText text, ChannelSnapshot[] snapshots)
    {
        void All(string name, PrometheusType type, string help, Func<ChannelSnapshot, double> value)
        {
            text.Begin(name, type, help);
            foreach (var snapshot in snapshots)
                text.Sample(name, value(snapshot), ("channel", snapshot.Id));
        }

        All("program_state", PrometheusType.Gauge, "What a channel does: 1 stopped, 2 waiting, 3 live, 4 fallback.", s => (int)s.State);
        All("program_switches_total", PrometheusType.Counter, "Changes of what feeds the program in this broadcast.", s => s.Program.Switches);
        All("program_fallback_seconds_total", PrometheusType.Counter, "Time on fallback in this broadcast.", s => s.Program.OnFallback.TotalSeconds);
        All("program_bytes_per_second", PrometheusType.Gauge, "Bitrate of the program, in bytes.", s => s.Program.BitrateKbps * 125d);
        All("program_viewers", PrometheusType.Gauge, "RTMP players and HTTP-FLV viewers now.", s => s.Viewers);
    }

    private static void WriteDestinations(PrometheusText text, ChannelSnapshot[] snapshots)
    {
        void All(string name, PrometheusType type, string help, Func<OutputSnapshot, double> value)
        {
            text.Begin(name, type, help);
            foreach (var output in snapshots.SelectMany(snapshot => snapshot.Outputs))
                text.Sample(name, value(output), ("destination", output.Destination.Id));
        }

        All("destination_state", PrometheusType.Gauge, "What an output does: 1 idle, 2 connecting, 3 live, 4 retrying, 5 failed, 6 disabled.", o => (int)o.State);
        All("destination_bytes_total", PrometheusType.Counter, "Bytes sent in this broadcast.", o => o.BytesSent);
        All("destination_frames_dropped_total", PrometheusType.Counter, "Video frames dropped in this broadcast because the peer was too slow.", o => o.FramesDropped);
        All("destination_connects_total", PrometheusType.Counter, "Publishes that the peer granted in this broadcast.", o => o.Connects);
        All("destination_queue_milliseconds", PrometheusType.Gauge, "Media that waits to be sent.", o => o.Queue.TotalMilliseconds);
    }

    private static void WriteRuntime(PrometheusText text)
    {
        text.Begin("dotnet_gc_collections_total", PrometheusType.Counter, "Garbage collections by generation.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
            text.Sample("dotnet_gc_collections_total", GC.CollectionCount(generation), ("generation", generation.ToString(CultureInfo.InvariantCulture)));
        // The runtime takes the free bytes from the size without holding the heap still: the difference can be below zero for a moment.
        text.Single("dotnet_gc_heap_bytes", PrometheusType.Gauge, "Bytes in use on the managed heap.", Math.Max(GC.GetTotalMemory(forceFullCollection: false), 0));
        text.Single("dotnet_gc_allocated_bytes_total", PrometheusType.Counter, "Bytes allocated on the managed heap.", GC.GetTotalAllocatedBytes());
        text.Single("dotnet_gc_pause_seconds_total", PrometheusType.Counter, "Time that threads were held for collections.", GC.GetTotalPauseDuration().TotalSeconds);
        text.Single("dotnet_threadpool_threads", PrometheusType.Gauge, "Threads of the pool.", ThreadPool.ThreadCount);
        text.Single("dotnet_threadpool_pending_items", PrometheusType.Gauge, "Work items that wait for a thread.", ThreadPool.PendingWorkItemCount);
    }

    private void WriteProcess(PrometheusText text)
    {
        using var process = Process.GetCurrentProcess();
        text.Single("process_cpu_seconds_total", PrometheusType.Counter, "Processor time, user and system.", process.TotalProcessorTime.TotalSeconds);
        text.Single("process_resident_memory_bytes", PrometheusType.Gauge, "Memory in RAM.", process.WorkingSet64);
        text.Single("process_virtual_memory_bytes", PrometheusType.Gauge, "Memory mapped.", process.VirtualMemorySize64);
        text.Single("process_threads", PrometheusType.Gauge, "Threads of the process.", process.Threads.Count);
        if (Directory.Exists("/proc/self/fd"))
            text.Single("process_open_fds", PrometheusType.Gauge, "Open files and sockets.", Directory.EnumerateFileSystemEntries("/proc/self/fd").Count());
        text.Single("process_start_time_seconds", PrometheusType.Gauge, "Start of the server, seconds since 1970.", lifetime.StartedAtTime.ToUnixTimeMilliseconds() / 1000d);
        text.Begin("stream_manager_build_info", PrometheusType.Gauge, "The version, as a label.");
        text.Sample("stream_manager_build_info", 1, ("version", ProductVersion.Text));
    }
}
