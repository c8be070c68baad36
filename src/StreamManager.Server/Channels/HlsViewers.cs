using System.Collections.Concurrent;
using System.Security.Cryptography;
using StreamManager.Engine.Playback;
using StreamManager.Server.Events;
using StreamManager.Server.Hosting;

namespace StreamManager.Server.Channels;

/// <summary>Somebody who watches by HLS.</summary>
/// <param name="Id">In the address of everything that is fetched: who knows it may.</param>
/// <param name="Connection">As everybody sees it.</param>
/// <param name="Viewing">What is watched.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Reliability", "CA1001", Justification = "Without a timer there is nothing to dispose of, and downloads look at its token after the end.")]
internal sealed record HlsViewer(string Id, StreamConnection Connection, HlsViewing Viewing)
{
    /// <summary>Segments that it may be fetching at once: as many as a browser opens connections to a server by HTTP/1.1. Players fetch one, or two.</summary>
    internal const int MostDownloads = 6;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _gone = new();
    private long _askedAt;
    private int _downloads;
    private bool _isWatching;

    /// <summary>Timestamp of the last sign of life.</summary>
    public long AskedAt
    {
        get => Volatile.Read(ref _askedAt);
        set => Volatile.Write(ref _askedAt, value);
    }

    /// <summary>Cancelled when it is gone: closed by an operator, or silent, or what it watched has ended.</summary>
    public CancellationToken Gone => _gone.Token;

    /// <summary>It begins to fetch a segment, until <see cref="EndDownload"/>. False: it fetches <see cref="MostDownloads"/> already.</summary>
    public bool TryBeginDownload()
    {
        if (Interlocked.Increment(ref _downloads) <= MostDownloads)
            return true;
        EndDownload();
        return false;
    }

    /// <summary>It has the segment, or has given up.</summary>
    public void EndDownload() => Interlocked.Decrement(ref _downloads);

    /// <summary>Timestamp of when it was noticed that no segment follows; null: not so far. Whoever looks after the viewers writes it.</summary>
    public long? EndedAt { get; set; }

    /// <summary>It has asked for the media playlist.</summary>
    public bool IsWatching => Volatile.Read(ref _isWatching);

    /// <summary>It watches from now on; nothing happens when it does, or is gone.</summary>
    public void Begin(ConnectionWatch watch, ConnectionRegistry connections)
    {
        if (IsWatching)
            return;
        lock (_gate)
        {
            if (_isWatching || Gone.IsCancellationRequested)
                return;
            Volatile.Write(ref _isWatching, true);
            watch.StreamBegan(Connection.Id);
            connections.Add(Connection);
            Viewing.Begin();
        }
    }

    /// <summary>It is gone.</summary>
    public void End(ConnectionWatch watch, ConnectionRegistry connections)
    {
        lock (_gate)
        {
            // At once; what waits for it goes on elsewhere, since it waits for its network and must not run here.
            _ = _gone.CancelAsync();
            connections.Remove(Connection.Id);
            watch.Disconnected(Connection.Id);
        }
    }
}

/// <summary>
/// Everybody who watches by HLS. A viewer is many requests and no connection, so it is gone when it has asked for nothing for a while. Thread-safe. Owns the viewings; ended by <see cref="DisposeAsync"/>.
/// </summary>
internal sealed partial class HlsViewers : IAsyncDisposable
{
    /// <summary>A player asks for the playlist once in a target duration, at most 6 s: this forgives three of them, and a reload of the page is not a second viewer for long.</summary>
    internal static readonly TimeSpan SilenceTimeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Who has asked for the first playlist goes on to the next at once, or not at all: Chromium fetches the first one several times, and an address that is only looked at is not watched.
    /// </summary>
    internal static readonly TimeSpan UnusedTimeout = TimeSpan.FromSeconds(6);

    /// <summary>
    /// What has ended stays for so long, whoever asks for it: players fetch the rest at once, and stay 18 s behind at most. Without an end every viewer would keep the segments, up to 96 MiB, of each source that came and went.
    /// </summary>
    internal static readonly TimeSpan EndedTimeout = TimeSpan.FromSeconds(30);

    /// <summary>How much later than that it may be noticed.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(2);

    /// <summary>128 bits: not to be guessed.</summary>
    private const int IdBytes = 16;

    private readonly ConcurrentDictionary<string, HlsViewer> _viewers = new(StringComparer.Ordinal);
    private readonly ConnectionRegistry _connections;
    private readonly ConnectionWatch _watch;
    private readonly ConnectionLimiter _limiter;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _checking;

    /// <summary>Begins to look after them.</summary>
    /// <param name="connections">Where they are entered.</param>
    /// <param name="watch">Told when they are gone.</param>
    /// <param name="limiter">Bounds them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">For faults of ours.</param>
    public HlsViewers(ConnectionRegistry connections, ConnectionWatch watch, ConnectionLimiter limiter, TimeProvider time, ILogger<HlsViewers> logger)
    {
        (_connections, _watch, _limiter, _time, _logger) = (connections, watch, limiter, time, logger);
        _checking = CheckAsync();
    }

    /// <summary>Takes a place for somebody who comes; to be given back by <see cref="Leave"/> unless <see cref="Add"/> takes it over. False: there is none.</summary>
    public bool TryEnter(string address) => _limiter.TryEnter(address);

    /// <summary>Gives the place back.</summary>
    public void Leave(string address) => _limiter.Leave(address);

    /// <summary>Somebody may watch from now on, and does with the first <see cref="Watch"/>. Place and viewing are this object's.</summary>
    /// <param name="connection">Who; its kick ends the viewing.</param>
    /// <param name="viewing">What.</param>
    /// <returns>What is good for this viewing alone.</returns>
    public string Add(StreamConnection connection, HlsViewing viewing)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));
        var viewer = new HlsViewer(id, connection with { Kick = why => _ = EndAsync(id).AsTask() }, viewing) { AskedAt = _time.GetTimestamp() };
        _viewers[id] = viewer;
        return id;
    }

    /// <summary>Who has this id and watches this channel, asks for its media playlist. Null: nobody, or not any more.</summary>
    public HlsViewer? Watch(string? id, string channelId)
    {
        var viewer = Find(id, channelId);
        viewer?.Begin(_watch, _connections);
        return viewer;
    }

    /// <summary>Who has this id and watches this channel; that it asks is a sign of life. Null: nobody, or not any more.</summary>
    public HlsViewer? Find(string? id, string channelId)
    {
        if (id is null || !_viewers.TryGetValue(id, out var viewer) || viewer.Connection.ChannelId != channelId)
            return null;
        Touch(viewer);
        return viewer;
    }

    /// <summary>It is there.</summary>
    public void Touch(HlsViewer viewer) => viewer.AskedAt = _time.GetTimestamp();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _checking;
        foreach (var id in _viewers.Keys)
            await EndAsync(id);
        _stop.Dispose();
    }

    private async ValueTask EndAsync(string id)
    {
        if (!_viewers.TryRemove(id, out var viewer))
            return;
        viewer.End(_watch, _connections);
        _limiter.Leave(viewer.Connection.RemoteAddress);
        await viewer.Viewing.DisposeAsync();
    }

    private async Task CheckAsync()
    {
        using var timer = new PeriodicTimer(CheckInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                foreach (var (id, viewer) in _viewers)
                {
                    try
                    {
                        if (IsOver(viewer))
                            await EndAsync(id);
                    }
                    catch (Exception e)
                    {
                        // A fault of ours with one: the others are looked after all the same.
                        LogFault(_logger, viewer.Connection.Id, e);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private bool IsOver(HlsViewer viewer)
    {
        if (viewer.Viewing.Window.IsEnded)
            viewer.EndedAt ??= _time.GetTimestamp();
        return _time.GetElapsedTime(viewer.AskedAt) > (viewer.IsWatching ? SilenceTimeout : UnusedTimeout)
            || (viewer.EndedAt is { } endedAt && _time.GetElapsedTime(endedAt) >= EndedTimeout);
    }

    [LoggerMessage(1, LogLevel.Error, "An internal fault at the end of the viewer {Viewer}.")]
    private static partial void LogFault(ILogger logger, string viewer, Exception exception);
}
