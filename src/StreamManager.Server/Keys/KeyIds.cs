using System.Collections.Immutable;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Keys;

/// <summary>
/// Which stored key an id stands for. Keys lie in the store by their hash (row A3's layout), routes name them by their id; this is the way from the one to the other, in memory only: it is
/// made of the documents themselves and never believed without a look at the one that it names, so that nothing has to be kept in step with them. Thread-safe.
/// </summary>
internal sealed class KeyIds(DocumentSet<StreamKey> keys, TimeProvider time) : IDisposable
{
    /// <summary>Changed documents that are read one by one before all are listed again: some of these cost less than a list of ten thousand.</summary>
    internal const int MostChanged = 256;

    /// <summary>Ids in memory, some 250 bytes each: more than there may be keys, since those that end by themselves are found out only when all are listed.</summary>
    private const int MostIds = 2 * StreamKeyRing.MostKeys;

    /// <summary>
    /// An id that is not here is believed to be none for so long after all were listed. What this server and others write is told; this is for documents that somebody put into a Redis by hand.
    /// </summary>
    private static readonly TimeSpan CompleteFor = TimeSpan.FromSeconds(10);

    // Whoever lists; the others wait for what it finds.
    private readonly SemaphoreSlim _listing = new(1);

    // Below: under the lock.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, KeyHash> _hashes = new(StringComparer.Ordinal);
    private readonly Dictionary<KeyHash, string> _ids = [];
    private readonly HashSet<KeyHash> _changed = [];
    private long? _listedAt;

    // Counts the reasons to list again, so that one which comes while all are listed is not forgotten.
    private int _gaps;

    /// <summary>The key with an id as it is in the store now; null: none. One question where the id is known.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    /// <exception cref="DamagedDocumentException">A document cannot be read.</exception>
    public async ValueTask<Versioned<StreamKey>?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (await ReadAsync(id, cancellationToken) is { } known)
            return known;
        await CatchUpAsync(cancellationToken);
        return await ReadAsync(id, cancellationToken);
    }

    /// <summary>This server has made a key.</summary>
    public void Add(string id, KeyHash hash)
    {
        lock (_lock)
            Keep(id, hash);
    }

    /// <summary>Somebody has written a document.</summary>
    public void Changed(KeyHash hash)
    {
        lock (_lock)
        {
            // A document keeps its id, whatever else changes in it.
            if (_ids.ContainsKey(hash) || _changed.Contains(hash))
                return;
            if (_changed.Count < MostChanged)
                _changed.Add(hash);
            else
                ListAgain();
        }
    }

    /// <summary>Somebody has removed one.</summary>
    public void Removed(KeyHash hash)
    {
        lock (_lock)
            Forget(hash);
    }

    /// <summary>Changes may have been missed.</summary>
    public void MayHaveMissed()
    {
        lock (_lock)
            ListAgain();
    }

    /// <inheritdoc/>
    public void Dispose() => _listing.Dispose();

    private async ValueTask<Versioned<StreamKey>?> ReadAsync(string id, CancellationToken cancellationToken)
    {
        KeyHash hash;
        lock (_lock)
        {
            if (!_hashes.TryGetValue(id, out hash))
                return null;
        }

        if (await keys.GetAsync(hash.ToString(), cancellationToken) is { } found && found.Value.Id == id)
            return found;
        Removed(hash);
        return null;
    }

    /// <summary>Makes the ids complete: reads what has changed, or all of it.</summary>
    private async ValueTask CatchUpAsync(CancellationToken cancellationToken)
    {
        await _listing.WaitAsync(cancellationToken);
        try
        {
            ImmutableArray<KeyHash> changed;
            bool isComplete;
            int gaps;
            lock (_lock)
            {
                // What changes from here on counts anew.
                (gaps, changed, isComplete) = (_gaps, [.. _changed], _listedAt is { } at && time.GetElapsedTime(at) < CompleteFor);
                _changed.Clear();
            }

            if (!isComplete)
            {
                Take(await keys.ListAsync(cancellationToken), gaps);
                return;
            }

            foreach (var hash in changed)
            {
                if (await keys.GetAsync(hash.ToString(), cancellationToken) is { } found)
                    Add(found.Value.Id, hash);
            }
        }
        catch
        {
            MayHaveMissed();
            throw;
        }
        finally
        {
            _listing.Release();
        }
    }

    private void Take(ImmutableArray<Versioned<StreamKey>> all, int gaps)
    {
        lock (_lock)
        {
            // Those that are gone are found out when they are read.
            if (_hashes.Count + all.Length > MostIds)
            {
                _hashes.Clear();
                _ids.Clear();
            }

            foreach (var entry in all)
            {
                if (KeyHash.Parse(entry.Id) is { } hash)
                    Keep(entry.Value.Id, hash);
            }

            _listedAt = gaps == _gaps ? time.GetTimestamp() : null;
        }
    }

    private void Keep(string id, KeyHash hash)
    {
        if (_hashes.Count >= MostIds)
            ListAgain();
        else if (_hashes.TryAdd(id, hash))
            _ids[hash] = id;
        _changed.Remove(hash);
    }

    private void Forget(KeyHash hash)
    {
        _changed.Remove(hash);
        if (_ids.Remove(hash, out var id))
            _hashes.Remove(id);
    }

    private void ListAgain()
    {
        _gaps++;
        _listedAt = null;
        _changed.Clear();
    }
}
