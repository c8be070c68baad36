using System.Net.NetworkInformation;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Codecs.Processes;
using StreamManager.Server.Hosting;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Monitoring;

/// <summary>What a server needs of its machine to take publishers.</summary>
internal static class ReadinessChecks
{
    /// <summary>Below this the state cannot be relied on to be saved, and clips cannot be made.</summary>
    private const long LeastFreeBytes = 64L << 20;

    /// <summary>
    /// A fault of ours in a program, which went on, counts for so long: what caused it may come again with the next packets, and who asks once a minute must see it more than once.
    /// </summary>
    private static readonly TimeSpan FaultMemory = TimeSpan.FromMinutes(5);

    /// <summary>The operating system's list of sockets is long on a busy server, and an answer of a second ago is as good.</summary>
    private static readonly TimeSpan PortsPeriod = TimeSpan.FromSeconds(1);

    /// <summary>The state store. Its own reason may name an address, so it stays in the log.</summary>
    public static HealthCheck Store(IStateStore store) =>
        new("store", () => store.Health is { IsAvailable: false } away ? away.ForOutsiders ?? "the state store is away: what is on air goes on, changes are refused" : null)
        {
            FindNote = () => store.Health is { IsAvailable: true } good ? good.ForOutsiders : null,
        };

    /// <summary>Who puts the channels of a shared database on air.</summary>
    /// <param name="other">Another server that does; null: nobody else.</param>
    public static HealthCheck Lease(Func<LeaseHolder?> other) => new(
        "lease", () => other() is null ? null : "another server has taken the database over: what is on air here goes on, publishers belong there; the log says which");

    /// <summary>The disk below the data directory.</summary>
    public static HealthCheck Disk(string dataDirectory) => new("disk", () =>
    {
        try
        {
            var free = new DriveInfo(dataDirectory).AvailableFreeSpace;
            return free >= LeastFreeBytes ? null : $"only {free >> 20} MB are free where DATA_DIR is";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "DATA_DIR cannot be looked at";
        }
    });

    /// <summary>The program that makes clips and transcodes. Without it a program goes on, but its fallback is the last picture: another server serves a publisher better.</summary>
    public static HealthCheck Ffmpeg(string program) => new(
        "ffmpeg", () => ExecutablePath.Find(program) is null ? "there is no ffmpeg: fallbacks and transcodes cannot be made" : null);

    /// <summary>Faults of our own in the programs of the channels.</summary>
    public static HealthCheck Programs(Func<IEnumerable<ChannelSnapshot>> channels) => new("programs", () =>
    {
        var faults = channels()
            .Where(channel => channel.SinceFault < FaultMemory)
            .Select(channel => $"an internal fault in the program of channel {channel.Id} {channel.SinceFault!.Value.TotalSeconds:0} s ago; the log says more")
            .ToArray();
        return faults.Length == 0 ? null : string.Join("; ", faults);
    });

    /// <summary>The listening sockets, as the operating system sees them.</summary>
    /// <param name="bound">The ports as they were bound.</param>
    /// <param name="time">For how long an answer is good.</param>
    public static HealthCheck Ports(Func<BoundPorts> bound, TimeProvider time) => new HealthCheck("ports", () =>
    {
        var ports = bound();
        int[] wanted = [ports.Api, ports.WebSocket, ports.Metrics, ports.Health, ports.Rtmp, .. ports.Rtmps is { } rtmps ? [rtmps] : Array.Empty<int>()];
        try
        {
            var open = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(endPoint => endPoint.Port).ToHashSet();
            var closed = wanted.Where(port => !open.Contains(port)).ToArray();
            return closed.Length == 0 ? null : $"nobody listens on port {string.Join(", ", closed)} any more";
        }
        catch (NetworkInformationException)
        {
            // A system that does not tell. They were opened, and nothing but a stop closes them.
            return null;
        }
    }).AtMostOnceIn(PortsPeriod, time);
}
