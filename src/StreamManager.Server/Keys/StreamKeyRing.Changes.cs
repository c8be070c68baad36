using System.Collections.Immutable;
using System.Net;
using System.Text;
using StreamManager.Server.Security;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Keys;

/// <summary>A wanted key.</summary>
internal sealed record NewStreamKey(
    string Name, IngestTarget Target, StreamKeyKind Kind, DateTimeOffset? ExpiresAt, ImmutableArray<string> AllowedAddresses, string? Alias);

/// <summary>What is to change of a key; null stays.</summary>
/// <param name="Name">For people.</param>
/// <param name="IsEndGiven"><paramref name="ExpiresAt"/> counts, null too: never.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="AllowedAddresses">Where it may be used from; empty: from everywhere.</param>
/// <param name="Alias">A name that works in its place; empty: none.</param>
/// <param name="IsKicking">Whoever is on air with it from an address where it may not be used any more is closed.</param>
internal sealed record StreamKeyEdit(string? Name, bool IsEndGiven, DateTimeOffset? ExpiresAt, ImmutableArray<string>? AllowedAddresses, string? Alias, bool IsKicking);

/// <summary>Outcome of a change.</summary>
internal abstract record KeyChange
{
    private KeyChange()
    {
    }

    /// <summary>There is a new key. Nobody can ask for <paramref name="Key"/> again, unless it is a channel's own.</summary>
    public sealed record Made(StreamKey Description, Secret Key) : KeyChange;

    /// <summary>It is gone, and whoever published with it is kicked.</summary>
    public sealed record Removed(StreamKey Description) : KeyChange;

    /// <summary>It is another now.</summary>
    /// <param name="Description">As it is now.</param>
    /// <param name="Changed">name, expiresAt, allowedAddresses, alias: what of it is not as before.</param>
    /// <param name="Kicked">Publishers that were closed.</param>
    public sealed record Edited(StreamKey Description, ImmutableArray<string> Changed, int Kicked) : KeyChange;

    /// <summary>Somebody else was quicker.</summary>
    public sealed record Stale : KeyChange;

    /// <summary>There is no key with this id.</summary>
    public sealed record NotFound : KeyChange;

    /// <summary>Another key has this alias.</summary>
    public sealed record AliasTaken : KeyChange;

    /// <summary>There are <see cref="StreamKeyRing.MostKeys"/> already.</summary>
    public sealed record TooMany : KeyChange;

    /// <summary>A source must have a key: it can be rotated, not removed.</summary>
    public sealed record IsChannelsOwn : KeyChange;

    /// <summary>It was rotated already.</summary>
    public sealed record IsReplaced : KeyChange;

    /// <summary>Somebody else changes it at the same time.</summary>
    public sealed record Contended : KeyChange;
}

/// <content>Making, rotating, revoking and listing.</content>
internal sealed partial class StreamKeyRing
{
    /// <summary>Most keys of a store: what can be listed in one answer of a few megabytes.</summary>
    public const int MostKeys = 10_000;

    /// <summary>Times that a change is tried again when the count of uses was written in between.</summary>
    private const int MostTries = 5;

    /// <summary>The number of keys is asked for so often; in between it is counted here.</summary>
    private static readonly TimeSpan CountLifetime = TimeSpan.FromMinutes(1);

    private int _count;
    private long _countedAt;

    /// <summary>All keys, oldest first, with uses that are not written down yet.</summary>
    public async Task<ImmutableArray<StreamKey>> ListAsync(CancellationToken cancellationToken)
    {
        var keys = await _keys.ListAsync(cancellationToken);
        Counted(keys.Length);
        return [.. keys.Select(WithUse).OrderBy(key => key.CreatedAt).ThenBy(key => key.Id, StringComparer.Ordinal)];
    }

    /// <summary>The key with an id; null: none.</summary>
    public async Task<StreamKey?> FindAsync(string id, CancellationToken cancellationToken) => await _ids.FindAsync(id, cancellationToken) is { } found ? WithUse(found) : null;

    /// <summary>Makes a key.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used; nothing has changed.</exception>
    public async Task<KeyChange> CreateAsync(NewStreamKey wanted, CancellationToken cancellationToken)
    {
        if (wanted.Alias is { } name && _own.FindFixed(KeyHash.Of(name)) is not null)
            return new KeyChange.AliasTaken();
        if (await IsFullAsync(cancellationToken))
            return new KeyChange.TooMany();

        var now = _time.GetUtcNow();
        var secret = StreamKey.NewKey();
        var hash = KeyHash.Of(secret.Value);
        var key = new StreamKey
        {
            Id = StreamKey.NewId(),
            Name = wanted.Name,
            ChannelId = wanted.Target.ChannelId,
            SourceId = wanted.Target.SourceId,
            Kind = wanted.Kind,
            Hint = Secret.Hint(secret.Value),
            CreatedAt = now,
            ExpiresAt = wanted.ExpiresAt,
            AllowedAddresses = wanted.AllowedAddresses,
            Alias = wanted.Alias,
        };
        var writes = ImmutableArray.Create<StateWrite>(_keys.Put(hash.ToString(), key, StateWrite.Absent, key.DocumentEnd));
        if (key.Alias is { } alias)
            writes = writes.Add(PutAlias(alias, hash, key, StateWrite.Absent));
        if (await _store.WriteAsync(writes, cancellationToken) is StateWriteResult.Conflict)
            return new KeyChange.AliasTaken();
        Interlocked.Increment(ref _count);
        _ids.Add(key.Id, hash);
        return new KeyChange.Made(key, secret);
    }

    /// <summary>
    /// Makes a new key in place of one. The old one works until <paramref name="overlap"/> is over; zero: nobody can begin with it any more. Who is on air with it stays, unless
    /// <paramref name="kick"/>: then it is removed like a revoked one.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used; nothing has changed.</exception>
    public async Task<KeyChange> RotateAsync(string id, TimeSpan overlap, bool kick, CancellationToken cancellationToken)
    {
        // Kicked, the old one makes room; else it is kept for a while after its end, and rotating again and again would fill the store.
        if (!kick && await IsFullAsync(cancellationToken))
            return new KeyChange.TooMany();
        for (var tries = 0; tries < MostTries; tries++)
        {
            if (await _ids.FindAsync(id, cancellationToken) is not { } found)
                return new KeyChange.NotFound();
            var old = found.Value;
            if (old.ReplacedBy is not null)
                return new KeyChange.IsReplaced();

            var now = _time.GetUtcNow();
            var secret = StreamKey.NewKey();
            var hash = KeyHash.Of(secret.Value);
            var next = old with
            {
                Id = StreamKey.NewId(),
                Hint = Secret.Hint(secret.Value),
                CreatedAt = now,

                // As long as the old one was made for.
                ExpiresAt = now + (old.ExpiresAt - old.CreatedAt),
                RotatedFrom = old.Id,
                LastUsedAt = null,
                UseCount = 0,
                FailedAttempts = 0,
            };
            var ended = old with { ValidUntil = now + overlap, ReplacedBy = next.Id, Alias = null, IsChannelsOwn = false };
            var writes = ImmutableArray.Create(
                _keys.Put(hash.ToString(), next, StateWrite.Absent, next.DocumentEnd),
                kick ? _keys.Remove(found.Id, found.Version) : _keys.Put(found.Id, ended, found.Version, ended.DocumentEnd));
            if (next.Alias is { } alias)
                writes = writes.Add(PutAlias(alias, hash, next, expectedVersion: null));
            if (next.IsChannelsOwn)
                writes = writes.Add(_own.Put(next.Target, secret));
            if (await _store.WriteAsync(writes, cancellationToken) is not StateWriteResult.Done)
                continue;
            if (!kick)
                Interlocked.Increment(ref _count);
            if (next.IsChannelsOwn)
                _own.Replaced(next.Target, secret);
            _ids.Add(next.Id, hash);
            return new KeyChange.Made(next, secret);
        }

        return new KeyChange.Contended();
    }

    /// <summary>
    /// Changes a key. It holds for every publish that begins from now on; who is on air stays, unless the change kicks.
    /// </summary>
    /// <param name="id">Which one.</param>
    /// <param name="edit">What changes. A development key's end and addresses, and the name and the end of a channel's own, are not changed by anybody: whoever reads requests refuses that.</param>
    /// <param name="isCurrent">Is it still as its editor saw it?</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be used; nothing has changed.</exception>
    public async Task<KeyChange> EditAsync(string id, StreamKeyEdit edit, Func<StreamKey, bool> isCurrent, CancellationToken cancellationToken)
    {
        if (edit.Alias is { Length: > 0 } wanted && _own.FindFixed(KeyHash.Of(wanted)) is not null)
            return new KeyChange.AliasTaken();
        for (var tries = 0; tries < MostTries; tries++)
        {
            if (await _ids.FindAsync(id, cancellationToken) is not { } found || KeyHash.Parse(found.Id) is not { } hash)
                return new KeyChange.NotFound();
            var old = found.Value;
            if (!isCurrent(old))
                return new KeyChange.Stale();
            if (old.ReplacedBy is not null)
                return new KeyChange.IsReplaced();

            var next = old with
            {
                Name = edit.Name ?? old.Name,
                ExpiresAt = edit.IsEndGiven ? edit.ExpiresAt : old.ExpiresAt,
                AllowedAddresses = edit.AllowedAddresses ?? old.AllowedAddresses,
                Alias = edit.Alias is { } alias ? (alias.Length > 0 ? alias : null) : old.Alias,
            };
            var result = await _store.WriteAsync(Writes(found, hash, next), cancellationToken);
            if (result is StateWriteResult.Conflict { Kind: StreamAlias.DocumentKind })
                return new KeyChange.AliasTaken();
            if (result is not StateWriteResult.Done done)
                continue;

            // The next publish meets the key as it is now, whenever this ring is told of the change; also when the store is away by then.
            Written(hash, done.Version);
            if (old.Alias is { } before)
                _names.Remove(before);
            await TryAsync(async () => await FetchAsync(hash, CancellationToken.None), () => { });
            return new KeyChange.Edited(WithUse(found with { Value = next }), Differences(old, next), edit.IsKicking ? KickFromElsewhere(hash, next) : 0);
        }

        return new KeyChange.Contended();
    }

    /// <summary>The key with its name: where the end moves, that of the name's document moves along.</summary>
    private ImmutableArray<StateWrite> Writes(Versioned<StreamKey> found, KeyHash hash, StreamKey next)
    {
        var writes = ImmutableArray.Create<StateWrite>(_keys.Put(found.Id, next, found.Version, next.DocumentEnd));
        if (next.Alias is { } alias)
            writes = writes.Add(PutAlias(alias, hash, next, alias == found.Value.Alias ? null : StateWrite.Absent));
        if (found.Value.Alias is { } before && before != next.Alias)
            writes = writes.Add(new StateWrite.Remove(StreamAlias.DocumentKind, before));
        return writes;
    }

    private static ImmutableArray<string> Differences(StreamKey old, StreamKey next)
    {
        (string Name, bool IsChanged)[] fields =
        [
            ("name", old.Name != next.Name),
            ("expiresAt", old.ExpiresAt != next.ExpiresAt),
            ("allowedAddresses", !old.AllowedAddresses.SequenceEqual(next.AllowedAddresses)),
            ("alias", old.Alias != next.Alias),
        ];
        return [.. fields.Where(field => field.IsChanged).Select(field => field.Name)];
    }

    private int KickFromElsewhere(KeyHash hash, StreamKey key)
    {
        var ranges = Ranges(hash.ToString(), key);
        var elsewhere = _connections.All.Where(connection => connection.Key == hash && !IsAllowed(ranges, IPAddress.TryParse(connection.RemoteAddress, out var address) ? address : null)).ToArray();
        foreach (var connection in elsewhere)
            connection.Kick("its key may not be used from its address any more");
        return elsewhere.Length;
    }

    /// <summary>Removes a key. Who publishes with it is kicked, here and on other servers of the same store.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used; nothing has changed.</exception>
    public async Task<KeyChange> RevokeAsync(string id, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            if (await _ids.FindAsync(id, cancellationToken) is not { } found)
                return new KeyChange.NotFound();
            var key = found.Value;

            // One may go when a fixed key of the configuration has taken its place, or when its channel is gone.
            if (key.IsChannelsOwn && _own.IsWanted(key.Target))
                return new KeyChange.IsChannelsOwn();
            var writes = ImmutableArray.Create<StateWrite>(_keys.Remove(found.Id, found.Version));
            if (key.Alias is { } alias)
                writes = writes.Add(new StateWrite.Remove(StreamAlias.DocumentKind, alias));
            if (key.IsChannelsOwn)
                writes = writes.Add(_own.Remove(key.Target));
            if (await _store.WriteAsync(writes, cancellationToken) is not StateWriteResult.Done)
                continue;
            Interlocked.Decrement(ref _count);
            return new KeyChange.Removed(key);
        }

        return new KeyChange.Contended();
    }

    /// <summary>The key itself, where it is kept: that of a source's own, made here. Null: it is not.</summary>
    public async Task<(StreamKey Description, Secret Key)?> RevealAsync(string id, CancellationToken cancellationToken)
    {
        if (await _ids.FindAsync(id, cancellationToken) is not { Value: { IsChannelsOwn: true } key } found || KeyHash.Parse(found.Id) is not { } hash || !_own.IsMade(key.Target, hash))
            return null;
        return _own.IsFixed(key.Target) ? null : (key, _own.KeyOf(key.Target)!);
    }

    private StreamKey WithUse(Versioned<StreamKey> entry) => KeyHash.Parse(entry.Id) is { } hash ? entry.Value.With(_usage.Of(hash)) : entry.Value;

    private static StateWrite.Put PutAlias(string alias, KeyHash hash, StreamKey key, long? expectedVersion) =>
        new StateWrite.Put(StreamAlias.DocumentKind, alias, Encoding.UTF8.GetBytes(hash.ToString()), expectedVersion, key.DocumentEnd);

    private async ValueTask<bool> IsFullAsync(CancellationToken cancellationToken)
    {
        if (_countedAt == 0 || _time.GetElapsedTime(_countedAt) >= CountLifetime)
            Counted((await _keys.ListAsync(cancellationToken)).Length);
        return Volatile.Read(ref _count) >= MostKeys;
    }

    private void Counted(int count)
    {
        Volatile.Write(ref _count, count);
        _countedAt = _time.GetTimestamp();
    }
}
