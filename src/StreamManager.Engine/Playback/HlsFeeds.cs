using Microsoft.Extensions.Logging;

namespace StreamManager.Engine.Playback;

/// <summary>
/// One viewer of a program by HLS, or of a source. Disposed when it is gone; the last one ends the making of segments. Thread-safe.
/// </summary>
public sealed class HlsViewing : IAsyncDisposable
{
    private const int Waiting = 1;
    private const int Watching = 2;
    private const int Gone = 3;

    private readonly HlsFeed _feed;
    private readonly HlsFeeds _feeds;
    private int _state = Waiting;

    internal HlsViewing(HlsFeed feed, HlsFeeds feeds)
    {
        _feed = feed;
        _feeds = feeds;
    }

    /// <summary>What can be fetched now.</summary>
    public HlsWindow Window => _feed.Window;

    /// <summary>Waits until a player can begin, or it is known that there is nothing.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ValueTask<HlsWindow> WaitUntilReadyAsync(CancellationToken cancellationToken) => _feed.WaitUntilReadyAsync(cancellationToken);

    /// <summary>It is watched, and counts from now on; before, somebody has only asked what there is.</summary>
    public void Begin()
    {
        if (Interlocked.CompareExchange(ref _state, Watching, Waiting) == Waiting)
            _feeds.Count(1);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        var before = Interlocked.Exchange(ref _state, Gone);
        if (before == Watching)
            _feeds.Count(-1);
        return before == Gone ? default : _feeds.LeaveAsync(_feed);
    }
}

/// <summary>The HLS feeds of a channel that somebody watches: one for the program, one for each source. Thread-safe.</summary>
internal sealed class HlsFeeds(Func<string?, ValueTask<PlaybackQueue?>> open, Func<string?, double> keyframeSeconds, TimeProvider timeProvider, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, HlsFeed> _feeds = new(StringComparer.Ordinal);
    private int _viewers;

    /// <summary>Viewers of all of them who watch.</summary>
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
            return new HlsViewing(feed, this);
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

    /// <summary>More, or fewer, watch.</summary>
    internal void Count(int change) => Interlocked.Add(ref _viewers, change);

    /// <summary>A viewer is gone.</summary>
    internal ValueTask LeaveAsync(HlsFeed feed)
    {
        lock (_gate)
        {
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
