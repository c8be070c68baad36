using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using StreamManager.Engine.Programs;

namespace StreamManager.Engine.Playback;

/// <summary>
/// A program, or a source, as HLS: one reader of its packets that makes the segments which all its viewers fetch. Runs from its first viewer to its last, or to the end of the stream. What it can lose is its
/// own queue; the stream never waits for it.
/// </summary>
internal sealed partial class HlsFeed : IAsyncDisposable
{
    private const int RunIdBytes = 8;

    private readonly Func<ValueTask<PlaybackQueue?>> _open;
    private readonly HlsSegmenter _segmenter;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<HlsSegment> _completed = [];
    private readonly Task _running;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HlsWindow _window;

    /// <summary>Begins.</summary>
    /// <param name="open">Subscribes to the stream; null: there is none. Asked again when the stream goes on in another form.</param>
    /// <param name="keyframeSeconds">Distance of the source's keyframes, where that is known; else 0.</param>
    /// <param name="timeProvider">Wall time.</param>
    /// <param name="logger">For faults of our own.</param>
    public HlsFeed(Func<ValueTask<PlaybackQueue?>> open, double keyframeSeconds, TimeProvider timeProvider, ILogger logger)
    {
        _open = open;
        _segmenter = new HlsSegmenter(keyframeSeconds);
        _timeProvider = timeProvider;
        _logger = logger;
        _window = new HlsWindow { Run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RunIdBytes)) };
        _running = Task.Run(RunAsync);
    }

    /// <summary>What can be fetched now.</summary>
    public HlsWindow Window => Volatile.Read(ref _window);

    /// <summary>Viewers; <see cref="HlsFeeds"/> counts them.</summary>
    public int Viewers { get; set; }

    /// <summary>Waits until a player can begin, or it is known that there is nothing.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask<HlsWindow> WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // Before the look, so that what happens after it is not missed.
            var changed = Volatile.Read(ref _changed).Task;
            var window = Window;
            if (window.IsReady)
                return window;
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Ends it. The window stays readable.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    private async Task RunAsync()
    {
        string? problem = null;
        try
        {
            while (problem is null && await _open() is { } queue)
            {
                try
                {
                    problem = await ReadAsync(queue);
                }
                finally
                {
                    queue.Leave();
                }
            }

            _segmenter.Finish(_completed);
        }
        catch (OperationCanceledException)
        {
            // Nobody watches any more.
        }
        catch (Exception exception)
        {
            LogFault(_logger, exception);
            problem = "The server made a mistake; its log says more.";
        }
        Publish(Completed() with { IsEnded = true, Problem = problem });
    }

    // Until the queue ends; the result is why it cannot go on.
    private async Task<string?> ReadAsync(PlaybackQueue queue)
    {
        while (await queue.WaitToReadAsync(_stop.Token))
        {
            while (queue.TryRead(out var next, out var packets))
            {
                if (next is not null && _segmenter.Begin(next, _completed) is { } problem)
                    return problem;
                Take(packets.Span);
            }
        }
        return null;
    }

    private void Take(ReadOnlySpan<ProgramPacket> packets)
    {
        if (packets.IsEmpty)
            return;
        var now = _timeProvider.GetUtcNow();
        foreach (var packet in packets)
            _segmenter.Add(packet, packets[^1].DecodeTime, now, _completed);
        if (_completed.Count > 0)
            Publish(Completed());
    }

    private HlsWindow Completed()
    {
        var window = _window;
        foreach (var segment in _completed)
            window = window.With(segment, _segmenter.TargetSeconds);
        _completed.Clear();
        return window;
    }

    private void Publish(HlsWindow window)
    {
        Volatile.Write(ref _window, window);
        var changed = Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        changed.SetResult();
    }

    [LoggerMessage(1, LogLevel.Error, "An internal fault ended the HLS of a program; nothing else is affected.")]
    private static partial void LogFault(ILogger logger, Exception exception);
}
