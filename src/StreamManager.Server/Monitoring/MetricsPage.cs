using System.Collections.Frozen;
using System.Diagnostics;
using System.Globalization;
using StreamManager.Server.Api;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security;

namespace StreamManager.Server.Monitoring;

/// <summary>Puts <c>/metrics</c> together: what is true now from snapshots, what has happened from the meters, and the process itself.</summary>
internal sealed class MetricsPage(ChannelDirectory channels, ConnectionRegistry connections, MeterCollector meters, ServerLifetime lifetime)
{
    /// <summary>What meters count and this page reads from elsewhere.</summary>
    private static readonly FrozenSet<string> FromElsewhere = FrozenSet.ToFrozenSet([.. StatusMetrics.Names, "rtmp_active_streams"], StringComparer.Ordinal);

    /// <summary>Adds the route.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/metrics", () => TypedResults.Text(Write(), PrometheusText.ContentType)).Needs(Permissions.View)
        .Describes("getMetrics", "Metrics for Prometheus, on METRICS_PORT; open to this machine.", route => route.GivesBytes("text/plain"));

    /// <summary>The page as it is now.</summary>
    public string Write()
    {
        var text = new PrometheusText();
        var snapshots = channels.All.Select(channel => channel.GetSnapshot()).ToArray();
        text.Single("rtmp_active_streams", PrometheusType.Gauge, "Publishers connected now.", connections.Publishers);
        foreach (var metric in StatusMetrics.All)
        {
            text.Begin(metric.Name, metric.Type, metric.Help);
            foreach (var sample in metric.Read(snapshots))
                text.Sample(metric.Name, sample.Value, (metric.Label, sample.LabelValue));
        }

        meters.Write(text, FromElsewhere);
        WriteRuntime(text);
        WriteProcess(text);
        return text.ToString();
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
