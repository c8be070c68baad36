namespace StreamManager.Engine.Codecs;

/// <summary>One picture for all who ask within a second: however many watch, one is made at a time. Thread-safe.</summary>
/// <param name="make">Makes one; null: there is nothing to make it of.</param>
/// <param name="time">The clock.</param>
internal sealed class RecentPicture(Func<CancellationToken, Task<Thumbnail?>> make, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How old a picture may be when it is given again: a page that shows what is on air asks about as often.</summary>
    internal static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private Task<Thumbnail?>? _making;
    private Thumbnail? _last;
    private long _madeAt;

    /// <summary>The picture; null: there is none, or the end has come.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits any more; for the others it goes on being made.</exception>
    public Task<Thumbnail?> GetAsync(CancellationToken cancellationToken)
    {
        Task<Thumbnail?> making;
        TaskCompletionSource<Thumbnail?>? begun = null;
        lock (_gate)
        {
            // A failure is kept, too: what cannot be decoded is not tried for each who asks.
            if (_last is not null && time.GetElapsedTime(_madeAt) < Freshness)
                return Task.FromResult<Thumbnail?>(_last);
            if (_ending.IsCancellationRequested)
                return Task.FromResult<Thumbnail?>(null);
            if (_making is null or { IsCompleted: true })
            {
                begun = new TaskCompletionSource<Thumbnail?>(TaskCreationOptions.RunContinuationsAsynchronously);
                _making = begun.Task;
            }

            making = _making;
        }

        if (begun is not null)
            _ = MakeAsync(begun);

        return making.WaitAsync(cancellationToken);
    }

    /// <summary>Stops what is being made, and waits for it.</summary>
    public async ValueTask DisposeAsync()
    {
        Task making;
        lock (_gate)
        {
            _last = null;
            making = _making ?? Task.CompletedTask;
        }

        await _ending.CancelAsync();
        await making.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task MakeAsync(TaskCompletionSource<Thumbnail?> begun)
    {
        try
        {
            var made = await make(_ending.Token);
            lock (_gate)
                (_last, _madeAt) = (made, time.GetTimestamp());
            begun.SetResult(made);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            begun.SetResult(null);
        }
        catch (Exception e)
        {
            // Of those who asked.
            begun.SetException(e);
        }
    }
}
