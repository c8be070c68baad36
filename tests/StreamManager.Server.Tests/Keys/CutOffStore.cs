using System.Collections.Immutable;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Keys;

/// <summary>A real store behind a line that a test can cut, with a count of what was asked.</summary>
internal sealed class CutOffStore(IStateStore inner) : IStateStore
{
    private readonly List<Action<StateChange>> _handlers = [];
    private int _asked;

    /// <summary>The line is cut.</summary>
    public bool IsAway { get; set; }

    /// <summary>Nobody is told of changes, as when somebody else writes to a Redis by hand.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Lists since it was last set to zero.</summary>
    public int Listed { get; set; }

    /// <summary>Called after a document was read and before the reader has it.</summary>
    public Func<Task>? AfterGet { get; set; }

    /// <summary>Called after documents were listed and before the reader has them.</summary>
    public Func<Task>? AfterList { get; set; }

    /// <summary>The line is cut after so many more changes.</summary>
    public int? WritesLeft { get; set; }

    /// <summary>Questions since it was last set to zero.</summary>
    public int Asked
    {
        get => Volatile.Read(ref _asked);
        set => Volatile.Write(ref _asked, value);
    }

    public string Name => inner.Name;

    public StoreHealth Health => IsAway ? new StoreHealth(false, "cut off") : inner.Health;

    public async ValueTask<StoredDocument?> GetAsync(string kind, string id, CancellationToken cancellationToken)
    {
        Ask();
        var document = await inner.GetAsync(kind, id, cancellationToken);
        if (AfterGet is { } after)
        {
            AfterGet = null;
            await after();
        }

        return document;
    }

    public async ValueTask<ImmutableArray<StoredDocument>> ListAsync(string kind, CancellationToken cancellationToken)
    {
        Ask();
        Listed++;
        var documents = await inner.ListAsync(kind, cancellationToken);
        if (AfterList is { } after)
        {
            AfterList = null;
            await after();
        }

        return documents;
    }

    /// <summary>Waited for before changes are made.</summary>
    public Func<ImmutableArray<StateWrite>, Task>? BeforeWrite { get; set; }

    public async ValueTask<StateWriteResult> WriteAsync(ImmutableArray<StateWrite> writes, CancellationToken cancellationToken)
    {
        Ask();
        if (BeforeWrite is { } before)
            await before(writes);
        if (WritesLeft is { } left)
        {
            IsAway = left == 0;
            Ask();
            WritesLeft = left - 1;
        }

        return await inner.WriteAsync(writes, cancellationToken);
    }

    public IDisposable Subscribe(Action<StateChange> handler)
    {
        _handlers.Add(handler);
        return inner.Subscribe(change =>
        {
            if (!IsSilent)
                handler(change);
        });
    }

    /// <summary>The line was away, and changes may have been missed.</summary>
    public void TellOfAGap()
    {
        foreach (var handler in _handlers)
            handler(new StateChange.EverythingMayHaveChanged());
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void Ask()
    {
        Interlocked.Increment(ref _asked);
        if (IsAway)
            throw new StoreUnavailableException("The store is cut off by a test.");
    }
}
