using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json.Serialization;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Keys;

/// <summary>A key that the server made for a source: sealed, so that people can be told again what to paste into OBS. Body of kind <c>ingest-key</c>, id <c>channel/source</c>.</summary>
internal sealed record OwnKeyRecord([property: JsonRequired] string SealedKey);

/// <summary>A fixed key of the configuration.</summary>
/// <param name="Hash">Its hash, compared in constant time.</param>
/// <param name="Target">Where it leads.</param>
/// <param name="IsName">It is so short that it can be guessed: the rules for aliases hold for it.</param>
internal sealed record FixedKey(KeyHash Hash, IngestTarget Target, bool IsName);

/// <summary>
/// The one key that every source has of itself: the fixed one of the configuration, or else one that the server made at its first start and keeps sealed. It does not expire, since it sits
/// in encoders that nobody looks at between two shows. Thread-safe.
/// </summary>
internal sealed class OwnKeys(IStateStore store, Vault vault, TimeProvider time)
{
    /// <summary>Kind of the documents.</summary>
    public const string DocumentKind = "ingest-key";

    /// <summary>Times that the keys are read again because another server made some at the same moment.</summary>
    private const int MostTries = 5;

    private readonly DocumentSet<OwnKeyRecord> _records = new(store, DocumentKind, KeyJson.Default.OwnKeyRecord);
    private readonly DocumentSet<StreamKey> _keys = new(store, StreamKey.DocumentKind, KeyJson.Default.StreamKey);

    // Replaced whole.
    private ImmutableDictionary<IngestTarget, Secret> _made = ImmutableDictionary<IngestTarget, Secret>.Empty;
    private FrozenDictionary<KeyHash, FixedKey> _fixed = FrozenDictionary<KeyHash, FixedKey>.Empty;
    private FrozenDictionary<IngestTarget, Secret> _fixedByTarget = FrozenDictionary<IngestTarget, Secret>.Empty;
    private FrozenSet<IngestTarget> _wanted = FrozenSet<IngestTarget>.Empty;

    /// <summary>The keys that the server made and that count.</summary>
    public IEnumerable<(IngestTarget Target, Secret Key)> Made => Volatile.Read(ref _made).Where(entry => IsWanted(entry.Key)).Select(entry => (entry.Key, entry.Value));

    /// <summary>The key of a source; null: there is no such source.</summary>
    public Secret? KeyOf(IngestTarget target) => Volatile.Read(ref _fixedByTarget).GetValueOrDefault(target) ?? Volatile.Read(ref _made).GetValueOrDefault(target);

    /// <summary>Has the source a fixed key? Then the one that the server made before does not count.</summary>
    public bool IsFixed(IngestTarget target) => Volatile.Read(ref _fixedByTarget).ContainsKey(target);

    /// <summary>Must the source have a made key? It is there, and has no fixed one.</summary>
    public bool IsWanted(IngestTarget target) => Volatile.Read(ref _wanted).Contains(target);

    /// <summary>The fixed key with a hash; null: none.</summary>
    public FixedKey? FindFixed(in KeyHash hash) => Volatile.Read(ref _fixed).TryGetValue(hash, out var found) && KeyHash.FixedTimeEquals(found.Hash, hash) ? found : null;

    /// <summary>Takes the fixed keys, reads the made ones, and makes those that are missing.</summary>
    /// <exception cref="StartupException">A kept key cannot be opened.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public async Task LoadAsync(IReadOnlyCollection<ChannelOptions> channels, CancellationToken cancellationToken)
    {
        var sources = channels.SelectMany(channel => channel.Definition.Sources.Select((source, index) =>
            (Target: new IngestTarget(channel.Definition.Id, source), Key: index switch { 0 => channel.IngestKey, 1 => channel.BackupIngestKey, _ => null }))).ToArray();
        var fixedKeys = sources.Where(source => source.Key is not null).ToArray();
        Volatile.Write(ref _fixedByTarget, fixedKeys.ToFrozenDictionary(source => source.Target, source => source.Key!));

        // Of two sources with the same fixed key the first has it.
        Volatile.Write(ref _fixed, fixedKeys
            .Select(source => new FixedKey(KeyHash.Of(source.Key!.Value), source.Target, source.Key.Value.Length < StreamAlias.ShortestSecret))
            .DistinctBy(key => key.Hash)
            .ToFrozenDictionary(key => key.Hash));

        var wanted = sources.Where(source => source.Key is null).Select(source => source.Target).ToArray();
        Volatile.Write(ref _wanted, wanted.ToFrozenSet());
        for (var tries = 0; tries < MostTries; tries++)
        {
            await ReloadAsync(cancellationToken);
            var missing = wanted.Where(target => !_made.ContainsKey(target)).ToArray();
            if (missing.Length == 0)
                return;

            // Two documents each. A conflict: another server did it first, and its keys count.
            foreach (var batch in missing.Chunk(StateLimits.MostWrites / 2))
                await store.WriteAsync([.. batch.SelectMany(Make)], cancellationToken);
        }

        throw new StartupException("The stream keys of the channels cannot be made: another server changes them all the time. Do two servers with different channels use one store?");
    }

    /// <summary>Reads the made keys again.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        var made = ImmutableDictionary.CreateBuilder<IngestTarget, Secret>();
        foreach (var record in await _records.ListAsync(cancellationToken))
        {
            var slash = record.Id.IndexOf('/', StringComparison.Ordinal);
            var key = vault.TryOpen(record.Value.SealedKey, Owner(record.Id));
            if (slash < 0 || key is null)
                throw new StartupException($"The stored stream key of {record.Id} is damaged. Put a backup of the state back.");
            made[new IngestTarget(record.Id[..slash], record.Id[(slash + 1)..])] = new Secret(key);
        }

        Volatile.Write(ref _made, made.ToImmutable());
    }

    /// <summary>The write that makes <paramref name="key"/> the source's own in place of the one before; for <see cref="IStateStore.WriteAsync"/>, together with the key's.</summary>
    public StateWrite Put(IngestTarget target, Secret key, long? expectedVersion = null)
    {
        var id = RecordId(target);
        return _records.Put(id, new OwnKeyRecord(vault.Seal(key.Value, Owner(id))), expectedVersion);
    }

    /// <summary>The write that forgets it.</summary>
    public StateWrite Remove(IngestTarget target) => _records.Remove(RecordId(target));

    /// <summary>The source's own key is another one now.</summary>
    public void Replaced(IngestTarget target, Secret key) => ImmutableInterlocked.AddOrUpdate(ref _made, target, key, (_, _) => key);

    /// <summary>Is it the source's own key, made here?</summary>
    public bool IsMade(IngestTarget target, KeyHash hash) => Volatile.Read(ref _made).TryGetValue(target, out var key) && KeyHash.Of(key.Value) == hash;

    /// <summary>What is kept about a made key.</summary>
    public StreamKey Describe(IngestTarget target, Secret key) => new()
    {
        Id = StreamKey.NewId(),
        Name = $"{target.ChannelId}/{target.SourceId}",
        ChannelId = target.ChannelId,
        SourceId = target.SourceId,
        Hint = Secret.Hint(key.Value),
        CreatedAt = time.GetUtcNow(),
        IsChannelsOwn = true,
    };

    private StateWrite[] Make(IngestTarget target)
    {
        var key = StreamKey.NewKey();
        return [Put(target, key, StateWrite.Absent), _keys.Put(KeyHash.Of(key.Value).ToString(), Describe(target, key), StateWrite.Absent)];
    }

    private static string RecordId(IngestTarget target) => $"{target.ChannelId}/{target.SourceId}";

    private static string Owner(string id) => $"ingest/{id}";
}
