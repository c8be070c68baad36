using System.Collections.Concurrent;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>
/// Keeps when sessions or tokens were last used and writes it later: a request does not wait for it, and a store that is away gets it when it is back. Thread-safe.
/// </summary>
/// <param name="documents">Where they are.</param>
/// <param name="use">The record with its last use, and when it expires then.</param>
internal sealed class UseRecorder<T>(DocumentSet<T> documents, Func<T, DateTimeOffset, (T Value, DateTimeOffset? ExpiresAt)> use)
    where T : notnull
{
    /// <summary>Records that may wait to be written; beyond it a use is not kept. As many as <see cref="CredentialCache{T}"/> holds.</summary>
    public const int MostWaiting = CredentialCache<SessionRecord>.MostEntries;

    /// <summary>Written at once: they share the store's commit.</summary>
    private const int AtOnce = 16;

    private readonly ConcurrentDictionary<string, DateTimeOffset> _waiting = new(StringComparer.Ordinal);

    /// <summary>Notes a use.</summary>
    public void Record(string id, DateTimeOffset now)
    {
        if (_waiting.ContainsKey(id) || _waiting.Count < MostWaiting)
            _waiting[id] = now;
    }

    /// <summary>The last use that is not written yet; null: none.</summary>
    public DateTimeOffset? LastUse(string id) => _waiting.TryGetValue(id, out var time) ? time : null;

    /// <summary>Writes what waits. What another has changed meanwhile waits for the next time.</summary>
    /// <exception cref="StoreUnavailableException">The store is away; what is not written waits on.</exception>
    public Task FlushAsync(CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(_waiting.ToArray(), options, async (waiting, limit) =>
        {
            if (await FindAsync(waiting.Key, limit) is { } document)
            {
                var (value, expiresAt) = use(document.Value, waiting.Value);
                if (await documents.PutAsync(waiting.Key, value, document.Version, limit, expiresAt) is null)
                    return;
            }

            // Only if it was not used again meanwhile.
            _waiting.TryRemove(waiting);
        });
    }

    /// <summary>What cannot be read has no last use either, and must not keep the others from theirs.</summary>
    private async Task<Versioned<T>?> FindAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await documents.GetAsync(id, cancellationToken);
        }
        catch (DamagedDocumentException)
        {
            return null;
        }
    }
}
