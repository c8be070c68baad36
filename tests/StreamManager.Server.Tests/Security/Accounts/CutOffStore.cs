using System.Collections.Immutable;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>A real store behind a line that can be cut. While it is cut no change is told either; when it comes back everything may have changed.</summary>
internal sealed class CutOffStore(IStateStore inner) : IStateStore
{
    private readonly Lock _lock = new();
    private ImmutableList<Action<StateChange>> _handlers = [];
    private IDisposable? _subscription;
    private volatile bool _isCut;
    private volatile bool _isSilent;
    private int _reads;

    public int Reads => Volatile.Read(ref _reads);

    public string Name => inner.Name;

    public StoreHealth Health => inner.Health;

    public void Cut() => _isCut = true;

    /// <summary>Every question stays unanswered until it is cancelled.</summary>
    public void Silence() => _isSilent = true;

    public void Restore()
    {
        _isCut = _isSilent = false;
        Tell(new StateChange.EverythingMayHaveChanged());
    }

    public async ValueTask<StoredDocument?> GetAsync(string kind, string id, CancellationToken cancellationToken)
    {
        await AnswerAsync(cancellationToken);
        return await inner.GetAsync(kind, id, cancellationToken);
    }

    public async ValueTask<ImmutableArray<StoredDocument>> ListAsync(string kind, CancellationToken cancellationToken)
    {
        await AnswerAsync(cancellationToken);
        return await inner.ListAsync(kind, cancellationToken);
    }

    public async ValueTask<StateWriteResult> WriteAsync(ImmutableArray<StateWrite> writes, CancellationToken cancellationToken)
    {
        await AnswerAsync(cancellationToken);
        return await inner.WriteAsync(writes, cancellationToken);
    }

    public IDisposable Subscribe(Action<StateChange> handler)
    {
        lock (_lock)
        {
            _handlers = _handlers.Add(handler);
            _subscription ??= inner.Subscribe(change =>
            {
                if (!_isCut && !_isSilent)
                    Tell(change);
            });
        }

        return new Subscription();
    }

    public ValueTask DisposeAsync()
    {
        _subscription?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Tell(StateChange change) => _handlers.ForEach(handler => handler(change));

    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        if (_isSilent)
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        if (_isCut)
            throw new StoreUnavailableException("The line is cut.");
    }

    private sealed class Subscription : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
