using StreamManager.Engine.Channels;
using StreamManager.Server.Hosting;

namespace StreamManager.Server.Monitoring;

/// <summary>One thing that was looked at.</summary>
internal sealed record HealthCheckDocument(string Name, bool Ok, string? Reason);

/// <summary>The answer of the health routes.</summary>
internal sealed record HealthDocument(string Status, string Version, long UptimeSeconds, IReadOnlyList<HealthCheckDocument> Checks);

/// <summary>Is the server alive, and is it ready for publishers? A destination's trouble is not the server's: see the status for those.</summary>
internal sealed class HealthChecks(ServerLifetime lifetime, string dataDirectory, Func<IEnumerable<ChannelSnapshot>> channels, TimeProvider time)
{
    /// <summary>Below this the state cannot be relied on to be saved, and clips cannot be made.</summary>
    private const long LeastFreeBytes = 64L << 20;

    /// <summary>
    /// A fault of ours in a program, which went on, counts for so long: what caused it may come again with the next packets, and who asks once a minute must see it more than once.
    /// </summary>
    private static readonly TimeSpan FaultMemory = TimeSpan.FromMinutes(5);

    /// <summary>True answers that the process serves requests at all.</summary>
    public HealthDocument Live() => Describe([]);

    /// <summary>Every reason for which new publishers should go elsewhere.</summary>
    public HealthDocument Ready() => Describe(
    [
        new HealthCheckDocument("started", lifetime.IsReady, lifetime.IsReady ? null : lifetime.IsStopping ? "the server is stopping" : "the server is starting"),
        CheckDisk(),
        CheckPrograms(),
    ]);

    private HealthDocument Describe(IReadOnlyList<HealthCheckDocument> checks) => new(
        checks.All(check => check.Ok) ? "healthy" : "unhealthy",
        ProductVersion.Text,
        (long)time.GetElapsedTime(lifetime.StartedAt).TotalSeconds,
        checks);

    private HealthCheckDocument CheckPrograms()
    {
        var faults = channels()
            .Where(channel => channel.SinceFault < FaultMemory)
            .Select(channel => $"an internal fault in the program of channel {channel.Id} {channel.SinceFault!.Value.TotalSeconds:0} s ago; the log says more")
            .ToArray();
        return new HealthCheckDocument("programs", faults.Length == 0, faults.Length == 0 ? null : string.Join("; ", faults));
    }

    private HealthCheckDocument CheckDisk()
    {
        try
        {
            var free = new DriveInfo(dataDirectory).AvailableFreeSpace;
            return free >= LeastFreeBytes
                ? new HealthCheckDocument("disk", true, null)
                : new HealthCheckDocument("disk", false, $"only {free >> 20} MB are free where DATA_DIR is");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new HealthCheckDocument("disk", false, "DATA_DIR cannot be looked at");
        }
    }
}
