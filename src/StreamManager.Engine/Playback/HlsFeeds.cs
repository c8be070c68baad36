using Microsoft.Extensions.Logging;

namespace StreamManager.Engine.Playback;

/// <summary>
/// One viewer of a program by HLS, or of a source. Disposed when it is gone; the last one ends the making of segments. Thread-safe.
/// </summary>
public sealed class HlsViewing : IAsyncDisposable
{
    private readonly HlsFeed _feed;
    private readonly Func<HlsFeed, ValueTask> _leave;
    private int _isGone;

    internal HlsViewing(HlsFeed feed, Func<HlsFeed, ValueTask> leave)
    {
        _feed = feed;
        _leave = leave;
    }

    /// <summary>What can be fetched now.</summary>
    public HlsWindow Window => _feed.Window;

    /// <summary>Waits until there is something to play, or it is known that there is nothing.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ValueTask<HlsWindow> WaitForFirstAsync(CancellationToken cancellationToken) => _feed.WaitForFirstAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _isGone, 1) == 0 ? _leave(_feed) : default;
}

/// <summary>The HLS feeds of a channel that somebody watches: one for the program, one for each source. Thread-safe.</summary>
internal sealed class HlsFeeds(Func<string?, ValueTask<PlaybackQueue?>> open, Func<string?, double> keyframeSeconds, TimeProvider timeProvider, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, HlsFeed> _feeds = new(StringComparer.Ordinal);
    private int _viewers;

    /// <summary>Viewers of all of them.</summary>
    public int Viewers => Volatile.Read(ref _viewers);

    /// <summary>Another viewer of the program (null) or a source. One that has ended is not joined: what came after it is begun.</summary>
    public HlsViewing Join(string? sourceId)
    {
        lock (_gate)
        {
            var key = sourceId ?? "";
            if (!_feeds.TryGetValue(key, out var feed) || feed.Window.IsEnded)
                _feeds[key] = feed = new HlsFeed(() => open(sourceId), keyframeSeconds(sourceId), timeProvider, loggers.CreateLogger<HlsFeed>());
            feed.Viewers++;
            _viewers++;
            return new HlsViewing(feed, LeaveAsync);
        }
    }

    /// <summary>Ends all of them.</summary>
    public async ValueTask DisposeAsync()
    {
        HlsFeed[] feeds;
        lock (_gate)
            feeds = [.. _feeds.Values];
        foreach (var feed in feeds)
            await feed.DisposeAsync();
    }

    private ValueTask LeaveAsync(HlsFeed feed)
    {
        lock (_gate)
        {
            _viewers--;
            if (--feed.Viewers > 0)
                return default;
            foreach (var (key, other) in _feeds)
            {
                if (other == feed)
                    _feeds.Remove(key);
            }
        }
        return feed.DisposeAsync();
    }
}
