using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace StreamManager.Server.Storage;

/// <summary>A record with the version that it has in the store.</summary>
internal sealed record Versioned<T>(string Id, T Value, long Version, DateTimeOffset? ExpiresAt);

/// <summary>The documents of one kind as records: JSON out and in. No state of its own. Throws like <see cref="IStateStore"/>.</summary>
/// <param name="store">Where they are.</param>
/// <param name="kind">Their kind.</param>
/// <param name="type">How they are written. A property that a later version added must have a default.</param>
internal sealed class DocumentSet<T>(IStateStore store, string kind, JsonTypeInfo<T> type)
    where T : notnull
{
    /// <summary>The kind.</summary>
    public string Kind => kind;

    /// <summary>One record; null: there is none.</summary>
    /// <exception cref="DamagedDocumentException">It is there and cannot be read.</exception>
    public async ValueTask<Versioned<T>?> GetAsync(string id, CancellationToken cancellationToken) =>
        await store.GetAsync(kind, id, cancellationToken) is { } document ? Read(document) : null;

    /// <summary>All of them, ordered by id.</summary>
    /// <exception cref="DamagedDocumentException">One cannot be read.</exception>
    public async ValueTask<ImmutableArray<Versioned<T>>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await store.ListAsync(kind, cancellationToken)).Select(Read).OrderBy(entry => entry.Id, StringComparer.Ordinal)];

    /// <summary>Those that can be read, and those that cannot, each ordered by id. For whoever can do without the damaged ones.</summary>
    public async ValueTask<(ImmutableArray<Versioned<T>> Readable, ImmutableArray<StoredDocument> Damaged)> ListReadableAsync(CancellationToken cancellationToken)
    {
        var readable = ImmutableArray.CreateBuilder<Versioned<T>>();
        var damaged = ImmutableArray.CreateBuilder<StoredDocument>();
        foreach (var document in (await store.ListAsync(kind, cancellationToken)).OrderBy(document => document.Id, StringComparer.Ordinal))
        {
            if (TryRead(document) is { } record)
                readable.Add(record);
            else
                damaged.Add(document);
        }

        return (readable.ToImmutable(), damaged.ToImmutable());
    }

    /// <summary>Writes one record. Null: there is another version than expected, and nothing was written.</summary>
    public async ValueTask<long?> PutAsync(string id, T value, long? expectedVersion, CancellationToken cancellationToken, DateTimeOffset? expiresAt = null) =>
        await store.WriteAsync([Put(id, value, expectedVersion, expiresAt)], cancellationToken) is StateWriteResult.Done done ? done.Version : null;

    /// <summary>Removes one record. False: there is another version than expected.</summary>
    public async ValueTask<bool> RemoveAsync(string id, long? expectedVersion, CancellationToken cancellationToken) =>
        await store.WriteAsync([Remove(id, expectedVersion)], cancellationToken) is StateWriteResult.Done;

    /// <summary>A write for <see cref="IStateStore.WriteAsync"/>, together with others.</summary>
    public StateWrite Put(string id, T value, long? expectedVersion = null, DateTimeOffset? expiresAt = null) =>
        new StateWrite.Put(kind, id, JsonSerializer.SerializeToUtf8Bytes(value, type), expectedVersion, expiresAt);

    /// <summary>A removal for <see cref="IStateStore.WriteAsync"/>, together with others.</summary>
    public StateWrite Remove(string id, long? expectedVersion = null) => new StateWrite.Remove(kind, id, expectedVersion);

    private Versioned<T> Read(StoredDocument document) => TryRead(document) ?? throw new DamagedDocumentException(kind, document.Id);

    private Versioned<T>? TryRead(StoredDocument document)
    {
        try
        {
            return JsonSerializer.Deserialize(document.Body.Span, type) is { } value ? new Versioned<T>(document.Id, value, document.Version, document.ExpiresAt) : null;
        }
        catch (JsonException)
        {
            // The exception's own text may repeat what it found.
            return null;
        }
    }
}

/// <summary>A document in the store is not what this program wrote: damaged, or of a later version.</summary>
internal sealed class DamagedDocumentException(string kind, string id)
    : Exception($"The stored {kind} {id} cannot be read: it is damaged, or a later version of the server wrote it. Put a backup of the state back, or start that version.")
{
    /// <summary>Kind of the document.</summary>
    public string Kind => kind;

    /// <summary>Its id.</summary>
    public string Id => id;
}
