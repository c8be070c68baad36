using System.Collections.Immutable;

namespace StreamManager.Server.Storage;

/// <summary>
/// What the server remembers: documents by kind and id, with compare-and-set versions, expiry, listing and change events. Two implementations: SQLite on this machine, Redis for several
/// machines. Nothing on air waits for it. Thread-safe.
/// </summary>
/// <remarks>
/// Every method but <see cref="Subscribe"/> throws <see cref="StoreUnavailableException"/> when the store cannot be reached or cannot write; then nothing that was asked for has been
/// acknowledged. What was acknowledged survives a kill of the server at any later instant.
/// </remarks>
internal interface IStateStore : IAsyncDisposable
{
    /// <summary>Name for people: SQLite or Redis.</summary>
    string Name { get; }

    /// <summary>Can it be used, as far as is known? Cheap: for health routes and pages.</summary>
    StoreHealth Health { get; }

    /// <summary>One document; null: there is none, or it has expired.</summary>
    ValueTask<StoredDocument?> GetAsync(string kind, string id, CancellationToken cancellationToken);

    /// <summary>All documents of a kind, in no order. What is written meanwhile may be in it or not; what was there all the time is in it once.</summary>
    ValueTask<ImmutableArray<StoredDocument>> ListAsync(string kind, CancellationToken cancellationToken);

    /// <summary>Makes all the changes or none. Others see all of them or none. At most <see cref="StateLimits.MostWrites"/>, to different documents.</summary>
    /// <exception cref="ArgumentException">A kind, id or body is outside <see cref="StateLimits"/>, or a document is there twice.</exception>
    ValueTask<StateWriteResult> WriteAsync(ImmutableArray<StateWrite> writes, CancellationToken cancellationToken);

    /// <summary>
    /// Calls <paramref name="handler"/> after changes, own ones too, one at a time and in the order of their versions for a document. It must return soon and not throw. Expiry by time
    /// is not told. Dispose the result to end it.
    /// </summary>
    IDisposable Subscribe(Action<StateChange> handler);
}

/// <summary>Whether a store can be used.</summary>
/// <param name="IsAvailable">It answered when it was last asked.</param>
/// <param name="Reason">Else why not and what to do, in words without secrets.</param>
internal sealed record StoreHealth(bool IsAvailable, string? Reason)
{
    /// <summary>In words that an outsider may read (no address, no path): why not; or, while it can be used, what has happened to it. Null: nothing more is to be said.</summary>
    public string? ForOutsiders { get; init; }

    /// <summary>All is well.</summary>
    public static StoreHealth Available { get; } = new(true, null);
}

/// <summary>Something changed in the store.</summary>
internal abstract record StateChange
{
    private StateChange()
    {
    }

    /// <summary>A document was written.</summary>
    public sealed record Written(string Kind, string Id, long Version) : StateChange;

    /// <summary>A document was removed.</summary>
    public sealed record Removed(string Kind, string Id, long Version) : StateChange;

    /// <summary>Changes may have been missed (the connection was away): whoever keeps a copy reads it again.</summary>
    public sealed record EverythingMayHaveChanged : StateChange;
}
