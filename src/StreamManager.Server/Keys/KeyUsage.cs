using StreamManager.Server.Storage;

namespace StreamManager.Server.Keys;

/// <summary>What happened with a key since it was last written down.</summary>
/// <param name="LastUsedAt">The last granted publish; null: there was none.</param>
/// <param name="Uses">Granted publishes.</param>
/// <param name="Failures">Refused ones.</param>
internal readonly record struct KeyUse(DateTimeOffset? LastUsedAt, long Uses, long Failures)
{
    /// <summary>This and then <paramref name="later"/>.</summary>
    public KeyUse Then(KeyUse later) => new(later.LastUsedAt ?? LastUsedAt, Uses + later.Uses, Failures + later.Failures);
}

/// <summary>
/// Counts the use of keys and writes it down later, so that no publish waits for a write. What cannot be written because the store is away waits, in a bounded table. Thread-safe.
/// </summary>
internal sealed class KeyUsage(DocumentSet<StreamKey> keys)
{
    /// <summary>Keys whose use may wait: more than there are connections by default. What is beyond is not counted. Below 1 MB.</summary>
    public const int MostWaiting = 8_192;

    /// <summary>Writes under way at once: enough for the store to put them together, few enough to leave room for others.</summary>
    private const int MostAtOnce = 64;

    private readonly Lock _lock = new();
    private Dictionary<KeyHash, KeyUse> _waiting = [];

    /// <summary>Uses that were not counted because too many waited.</summary>
    public long Lost { get; private set; }

    /// <summary>Keys whose use waits now.</summary>
    internal int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Counts.</summary>
    public void Add(KeyHash key, KeyUse use)
    {
        lock (_lock)
        {
            if (_waiting.TryGetValue(key, out var before))
                _waiting[key] = before.Then(use);
            else if (_waiting.Count < MostWaiting)
                _waiting[key] = use;
            else
                Lost += use.Uses + use.Failures;
        }
    }

    /// <summary>What is not written down yet.</summary>
    public KeyUse Of(KeyHash key)
    {
        lock (_lock)
            return _waiting.GetValueOrDefault(key);
    }

    /// <summary>Writes down what waits, or as much as the store takes; the rest goes on waiting. Calls do not overlap.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Dictionary<KeyHash, KeyUse> taken;
        lock (_lock)
        {
            if (_waiting.Count == 0)
                return;
            (taken, _waiting) = (_waiting, []);
        }

        foreach (var batch in taken.Chunk(MostAtOnce))
            await Task.WhenAll(batch.Select(entry => WriteAsync(entry.Key, entry.Value, cancellationToken)));
    }

    private async Task WriteAsync(KeyHash hash, KeyUse use, CancellationToken cancellationToken)
    {
        try
        {
            var id = hash.ToString();
            if (await keys.GetAsync(id, cancellationToken) is not { } found)
                return;
            var next = found.Value.With(use);
            if (await keys.PutAsync(id, next, found.Version, cancellationToken, found.ExpiresAt) is null)
                GoOnWaiting(hash, use);
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException)
        {
            GoOnWaiting(hash, use);
        }
        catch (DamagedDocumentException)
        {
            // Whoever validates or lists it says so; there is nothing to count it in.
        }
    }

    private void GoOnWaiting(KeyHash hash, KeyUse use)
    {
        lock (_lock)
        {
            if (_waiting.TryGetValue(hash, out var later))
                _waiting[hash] = use.Then(later);
            else if (_waiting.Count < MostWaiting)
                _waiting[hash] = use;
            else
                Lost += use.Uses + use.Failures;
        }
    }
}
