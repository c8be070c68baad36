using System.Collections.Concurrent;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>
/// A bounded copy of the sessions or tokens that are in use, by digest, so that a request costs no read of the store. What the store says has changed is read again before it is used;
/// what it has not mentioned for a while is read again beside the request. While the store is away the copy goes on being used, and what is not in it is not known. Thread-safe.
/// </summary>
internal sealed class CredentialCache<T> : IDisposable
    where T : notnull
{
    /// <summary>Entries. More than all sessions and tokens of <see cref="AccountLimits.MostUsers"/> users at work; some 4 MB.</summary>
    public const int MostEntries = 10_000;

    /// <summary>Changes are counted in so many groups of ids: one change makes a few others be read again, and no more.</summary>
    private const int Groups = 256;

    private readonly DocumentSet<T> _documents;
    private readonly TimeProvider _time;
    private readonly IDisposable _subscription;
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    // Written under the lock, read without it. An entry is as new as its group's count.
    private readonly Lock _lock = new();
    private readonly int[] _changes = new int[Groups];

    /// <summary>An empty copy of the documents in <paramref name="documents"/>.</summary>
    public CredentialCache(IStateStore store, DocumentSet<T> documents, TimeProvider time)
    {
        _documents = documents;
        _time = time;
        _subscription = store.Subscribe(OnChange);
    }

    /// <summary>Entries now.</summary>
    internal int Count => _entries.Count;

    /// <summary>One record; null: there is none. Usually done at once.</summary>
    /// <exception cref="StoreUnavailableException">It is not in the copy, and the store is away.</exception>
    public ValueTask<Versioned<T>?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(id, out var entry) || entry.Changes != Volatile.Read(ref _changes[GroupOf(id)]))
            return new ValueTask<Versioned<T>?>(ReadAsync(id, entry?.Document, cancellationToken));
        if (_time.GetElapsedTime(Volatile.Read(ref entry.CheckedAt)) >= entry.FreshFor)
            _ = CheckAsync(id, entry);
        return new ValueTask<Versioned<T>?>(entry.Document);
    }

    /// <summary>The record was removed: from now on it is not there, without waiting for the store to tell.</summary>
    public void Forget(string id)
    {
        lock (_lock)
        {
            _changes[GroupOf(id)]++;
            _entries.TryRemove(id, out _);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _subscription.Dispose();

    private static int GroupOf(string id) => (int)((uint)StringComparer.Ordinal.GetHashCode(id) % Groups);

    private async Task<Versioned<T>?> ReadAsync(string id, Versioned<T>? old, CancellationToken cancellationToken)
    {
        var changes = Volatile.Read(ref _changes[GroupOf(id)]);
        try
        {
            var document = await StoreReads.WithinAsync(limit => _documents.GetAsync(id, limit), _time, cancellationToken);
            Keep(id, document, changes, StoreReads.FreshTime);
            return document;
        }
        catch (StoreUnavailableException) when (old is not null)
        {
            Keep(id, old, changes, StoreReads.RetryTime);
            return old;
        }
    }

    /// <summary>Reads an entry again beside the request; one at a time, since the time is set first. A store that is away leaves it as it is.</summary>
    private async Task CheckAsync(string id, Entry entry)
    {
        var seen = Volatile.Read(ref entry.CheckedAt);
        if (Interlocked.CompareExchange(ref entry.CheckedAt, _time.GetTimestamp(), seen) != seen)
            return;
        try
        {
            await ReadAsync(id, entry.Document, CancellationToken.None);
        }
        catch (DamagedDocumentException)
        {
            // The next request reads it itself, and says so.
            Forget(id);
        }
        catch (ObjectDisposedException)
        {
            // The server ends.
        }
    }

    private void Keep(string id, Versioned<T>? document, int changes, TimeSpan freshFor)
    {
        lock (_lock)
        {
            // It changed again while it was read: what was read may be old.
            if (changes != _changes[GroupOf(id)])
                return;
            if (document is null)
            {
                _entries.TryRemove(id, out _);
                return;
            }

            if (_entries.Count >= MostEntries && !_entries.ContainsKey(id) && _entries.FirstOrDefault().Key is { } other)
                _entries.TryRemove(other, out _);
            _entries[id] = new Entry(document, changes, _time.GetTimestamp(), freshFor);
        }
    }

    private void OnChange(StateChange change)
    {
        switch (change)
        {
            case StateChange.Removed removed when removed.Kind == _documents.Kind:
                Forget(removed.Id);
                break;
            case StateChange.Written written when written.Kind == _documents.Kind:
                lock (_lock)
                    _changes[GroupOf(written.Id)]++;
                break;
            case StateChange.EverythingMayHaveChanged:
                lock (_lock)
                {
                    for (var i = 0; i < Groups; i++)
                        _changes[i]++;
                }

                break;
        }
    }

    private sealed class Entry(Versioned<T> document, int changes, long checkedAt, TimeSpan freshFor)
    {
        public readonly Versioned<T> Document = document;
        public readonly int Changes = changes;
        public readonly TimeSpan FreshFor = freshFor;
        public long CheckedAt = checkedAt;
    }
}
