using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Rtmp.Server;

/// <summary>
/// What all server sessions share: handler, limits, counters, the table of guessed keys and one tick that checks every session's times. Listens to nothing itself: whoever accepts
/// connections hands each to <see cref="RunSessionAsync"/>. Thread-safe.
/// </summary>
public sealed class RtmpServer : IDisposable
{
    /// <summary>How often the times of all sessions are checked, and so how late a limit may be noticed.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, RtmpServerSession> _sessions = new(StringComparer.Ordinal);
    private readonly ITimer _tick;
    private volatile bool _isStopped;

    /// <summary>Creates a server and starts its tick.</summary>
    /// <param name="handler">Decides about publish and play.</param>
    /// <param name="options">What is said to peers.</param>
    /// <param name="limits">Bounds of a session.</param>
    /// <param name="wireLimits">Bounds of a session's chunk stream.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Peers' faults go there at Debug; our own at Error.</param>
    /// <param name="meters">Makes the meter "StreamManager.Rtmp"; null: a meter of its own.</param>
    public RtmpServer(
        IRtmpServerHandler handler, RtmpServerOptions options, RtmpServerLimits limits, RtmpWireLimits wireLimits, TimeProvider time, ILogger<RtmpServer> logger, IMeterFactory? meters = null)
    {
        Handler = handler;
        Options = options;
        Limits = limits;
        WireLimits = wireLimits;
        StrangersWireLimits = wireLimits.ForStrangers();
        Time = time;
        Logger = logger;
        Metrics = new RtmpServerMetrics(meters);
        Refusals = new RefusalThrottle(time);
        _tick = time.CreateTimer(static state => ((RtmpServer)state!).Tick(), this, TickInterval, TickInterval);
    }

    /// <summary>Sessions that run now.</summary>
    public int SessionCount => _sessions.Count;

    internal IRtmpServerHandler Handler { get; }

    internal RtmpServerOptions Options { get; }

    internal RtmpServerLimits Limits { get; }

    internal RtmpWireLimits WireLimits { get; }

    /// <summary>Half-received bytes of publishers.</summary>
    internal PartialBytesBudget PartialBytes { get; } = new();

    /// <summary>Bounds of connections without a granted publish.</summary>
    internal RtmpWireLimits StrangersWireLimits { get; }

    /// <summary>Half-received bytes of those.</summary>
    internal PartialBytesBudget StrangersPartialBytes { get; } = new(PartialBytesBudget.StrangersMaxBytes);

    internal TimeProvider Time { get; }

    internal ILogger Logger { get; }

    internal RtmpServerMetrics Metrics { get; }

    internal RefusalThrottle Refusals { get; }

    /// <summary>
    /// Serves one connection until it ends, whatever the reason, and completes both sides of <paramref name="transport"/>. Does not throw for anything that the peer does. The connection's
    /// "closed" token is not wanted: bytes that came before the close (a farewell) are still read.
    /// </summary>
    /// <param name="transport">The bytes.</param>
    /// <param name="connectionId">Unique in this process.</param>
    /// <param name="remoteAddress">The peer's address without port; empty when unknown.</param>
    /// <param name="abort">Closes the connection below the pipe at once; called when the peer does not read, since the pipe's own end would wait for it.</param>
    public async Task<RtmpEndReason> RunSessionAsync(IDuplexPipe transport, string connectionId, string remoteAddress, Action? abort = null)
    {
        using var session = new RtmpServerSession(this, transport, connectionId, remoteAddress, abort);
        if (!_sessions.TryAdd(connectionId, session))
            throw new ArgumentException("A session with this id runs already.", nameof(connectionId));
        try
        {
            if (_isStopped)
                session.End(RtmpEndReason.Shutdown);
            return await session.RunAsync();
        }
        finally
        {
            _sessions.TryRemove(connectionId, out _);
        }
    }

    /// <summary>Ends all sessions; those that come later end at once. Returns without waiting: the tasks of <see cref="RunSessionAsync"/> complete when they are done.</summary>
    public void Stop()
    {
        _isStopped = true;
        foreach (var session in _sessions.Values)
            session.End(RtmpEndReason.Shutdown);
    }

    /// <summary>Stops, and frees tick and meter. Sessions still under way end by themselves.</summary>
    public void Dispose()
    {
        Stop();
        _tick.Dispose();
        Metrics.Dispose();
    }

    private void Tick()
    {
        var now = Time.GetTimestamp();
        foreach (var (_, session) in _sessions)
            session.OnTick(now);
    }
}
