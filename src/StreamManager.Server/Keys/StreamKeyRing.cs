using System.Collections.Immutable;
using System.Net;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Keys;

/// <summary>
/// Every stream key: looks them up, makes, rotates and revokes them. Only what was asked for lately is in memory; a key that is there works while the store is away, one that is not is
/// refused with that reason. Thread-safe.
/// </summary>
internal sealed partial class StreamKeyRing : IDisposable
{
    /// <summary>Keys in memory: as many as there may be connections by default. About 2 MB.</summary>
    private const int MostKnown = 4_096;

    /// <summary>Wrong keys and names in memory, for <see cref="UnknownLifetime"/>: an encoder that goes on trying asks the store once in that time.</summary>
    private const int MostUnknown = 4_096, MostNames = 1_024;

    /// <summary>Questions to the store at once: a Redis far away answers them together.</summary>
    private const int MostAtOnce = 64;

    /// <summary>How long a wrong key is believed to be wrong. One that is made meanwhile works at once; this is for changes that are told late.</summary>
    private static readonly TimeSpan UnknownLifetime = TimeSpan.FromSeconds(10);

    /// <summary>A refusal of the same key is told so often: an encoder tries again every few seconds, all night.</summary>
    private static readonly TimeSpan RefusalInterval = TimeSpan.FromMinutes(1);

    private readonly IStateStore _store;
    private readonly DocumentSet<StreamKey> _keys;
    private readonly OwnKeys _own;
    private readonly ConnectionRegistry _connections;
    private readonly EventBus _events;
    private readonly TimeProvider _time;
    private readonly ILogger<StreamKeyRing> _logger;
    private readonly bool _aliasesOnPublicAddresses;
    private readonly KeyUsage _usage;
    private readonly KeyIds _ids;
    private readonly IDisposable _subscription;

    private readonly BoundedCache<KeyHash, Known> _known = new(MostKnown);
    private readonly BoundedCache<KeyHash, DateTimeOffset> _unknown = new(MostUnknown);
    private readonly BoundedCache<string, NameEntry> _names = new(MostNames);
    private readonly BoundedCache<KeyHash, bool> _revoked = new(MostKnown);
    private readonly BoundedCache<KeyHash, DateTimeOffset> _refusalsTold = new(MostUnknown);

    // Counts changes: what was read before one is not kept after it.
    private long _generation;

    // Counts gaps in what we were told: what was read before one is asked for again.
    private int _epoch;
    private volatile bool _ownMayHaveChanged;

    // Channels whose own keys were not all made or read.
    private volatile IReadOnlyCollection<ChannelOptions>? _unfinished;
    private readonly SemaphoreSlim _configuring = new(1, 1);
    private volatile bool _anyMayBeRevoked;

    private StreamKeyRing(
        IStateStore store, OwnKeys own, bool aliasesOnPublicAddresses, ConnectionRegistry connections, EventBus events, TimeProvider time, ILogger<StreamKeyRing> logger)
    {
        _store = store;
        _keys = new DocumentSet<StreamKey>(store, StreamKey.DocumentKind, KeyJson.Default.StreamKey);
        _own = own;
        _aliasesOnPublicAddresses = aliasesOnPublicAddresses;
        _connections = connections;
        _events = events;
        _time = time;
        _logger = logger;
        _usage = new KeyUsage(_keys);
        _ids = new KeyIds(_keys, time);
        _subscription = store.Subscribe(OnChange);
    }

    /// <summary>Opens the ring: makes the keys of sources that have none, and reads those of all sources.</summary>
    /// <exception cref="Hosting.StartupException">A kept key cannot be opened.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<StreamKeyRing> OpenAsync(
        IStateStore store,
        Vault vault,
        IReadOnlyCollection<ChannelOptions> channels,
        bool aliasesOnPublicAddresses,
        ConnectionRegistry connections,
        EventBus events,
        TimeProvider time,
        ILogger<StreamKeyRing> logger,
        CancellationToken cancellationToken)
    {
        var own = new OwnKeys(store, vault, time);
        var ring = new StreamKeyRing(store, own, aliasesOnPublicAddresses, connections, events, time, logger);
        try
        {
            await ring.ConfigureAsync(channels, cancellationToken);
            return ring;
        }
        catch
        {
            ring.Dispose();
            throw;
        }
    }

    /// <summary>
    /// These are the channels now: takes their fixed keys, makes those that are missing, and reads what belongs to them. What the store did not take is tried again by <see cref="UpkeepAsync"/>.
    /// </summary>
    /// <exception cref="Hosting.StartupException">A kept key cannot be opened.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public async Task ConfigureAsync(IReadOnlyCollection<ChannelOptions> channels, CancellationToken cancellationToken)
    {
        await _configuring.WaitAsync(cancellationToken);
        try
        {
            _unfinished = channels;
            await FinishAsync(cancellationToken);
        }
        finally
        {
            _configuring.Release();
        }
    }

    /// <summary>What is counted and waits to be written down.</summary>
    internal KeyUsage Usage => _usage;

    /// <summary>The key that a source has of itself; null: there is no such source.</summary>
    public Secret? KeyOf(string channelId, string sourceId) => _own.KeyOf(new IngestTarget(channelId, sourceId));

    /// <summary>
    /// May <paramref name="candidate"/> publish from <paramref name="address"/> (null: unknown)? From memory where it is known there, else by asking the store once (for a name, twice).
    /// <paramref name="isBanned"/>: names are not looked at.
    /// </summary>
    public ValueTask<KeyVerdict> ValidateAsync(string candidate, IPAddress? address, bool isBanned, DateTimeOffset now)
    {
        if (candidate.Length is 0 or > KeyHash.LongestKey)
            return new(KeyVerdict.Unknown.Instance);
        var hash = KeyHash.Of(candidate);
        var ofConfiguration = _own.FindFixed(hash);
        if (ofConfiguration is { IsName: false })
            return new(new KeyVerdict.Granted(ofConfiguration.Target));
        if (StreamAlias.IsMadeKey(candidate))
            return ValidateKeyAsync(hash, address, now);

        // From here on it is a name, or nothing. What is answered before the look-up must not depend on whether there is one.
        if (isBanned)
            return new(new KeyVerdict.Banned());
        if (!_aliasesOnPublicAddresses && !NearbyAddresses.Contains(address))
            return new(candidate.Length < StreamAlias.ShortestSecret || StreamAlias.IsAlias(candidate) ? new KeyVerdict.AliasNotAllowedHere() : KeyVerdict.Unknown.Instance);
        if (ofConfiguration is not null)
            return new(new KeyVerdict.Granted(ofConfiguration.Target));
        return StreamAlias.IsAlias(candidate) ? ValidateNameAsync(candidate, address, now) : new(KeyVerdict.Unknown.Instance);
    }

    /// <summary>A publish with this key was granted.</summary>
    public void RecordUse(KeyHash hash, DateTimeOffset now) => _usage.Add(hash, new KeyUse(now, 1, 0));

    /// <summary>Was the key revoked lately? For whoever was let in while that happened.</summary>
    public bool WasRevoked(KeyHash hash) => _revoked.TryGet(hash, out _);

    /// <summary>What is done now and then: writes down use, follows changes of other servers. Calls do not overlap. Does not throw for a store that is away.</summary>
    public async Task UpkeepAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_ownMayHaveChanged)
            {
                _ownMayHaveChanged = false;
                await TryAsync(() => _own.ReloadAsync(cancellationToken), () => _ownMayHaveChanged = true);
            }

            await TryAsync(() => CatchUpAsync(cancellationToken), () => { });
            if (_anyMayBeRevoked)
            {
                _anyMayBeRevoked = false;
                await TryAsync(() => KickRevokedAsync(cancellationToken), () => _anyMayBeRevoked = true);
            }
        }
        catch (Exception e) when (e is Hosting.StartupException or DamagedDocumentException)
        {
            LogDamaged(_logger, e.Message);
        }

        await _usage.FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _subscription.Dispose();
        _ids.Dispose();
        _configuring.Dispose();
    }

    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        if (_unfinished is null)
            return;
        await _configuring.WaitAsync(cancellationToken);
        try
        {
            await FinishAsync(cancellationToken);
        }
        finally
        {
            _configuring.Release();
        }
    }

    // One at a time, so that an older list of channels does not come after a newer one.
    private async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (_unfinished is not { } channels)
            return;
        await _own.LoadAsync(channels, cancellationToken);
        foreach (var batch in _own.Made.Take(MostKnown).Chunk(MostAtOnce))
            await Task.WhenAll(batch.Select(own => ReadOwnAsync(own.Target, own.Key, cancellationToken)));
        _unfinished = null;
    }

    /// <summary>Reads a source's own key, and puts back what is known about it where it is lost: the key itself sits in an encoder.</summary>
    private async Task ReadOwnAsync(IngestTarget target, Secret key, CancellationToken cancellationToken)
    {
        var hash = KeyHash.Of(key.Value);
        if (await FetchAsync(hash, cancellationToken) is null)
            await _keys.PutAsync(hash.ToString(), _own.Describe(target, key), StateWrite.Absent, cancellationToken);
    }

    private ValueTask<KeyVerdict> ValidateKeyAsync(KeyHash hash, IPAddress? address, DateTimeOffset now)
    {
        if (_known.TryGet(hash, out var known) && known.Epoch == Volatile.Read(ref _epoch))
            return new(Judge(known, hash, address, now));
        if (_unknown.TryGet(hash, out var since) && now - since < UnknownLifetime)
            return new(KeyVerdict.Unknown.Instance);
        return AskAsync(hash, known, address, now);
    }

    private async ValueTask<KeyVerdict> AskAsync(KeyHash hash, Known? before, IPAddress? address, DateTimeOffset now)
    {
        try
        {
            var known = await FetchAsync(hash, CancellationToken.None);
            return known is null ? KeyVerdict.Unknown.Instance : Judge(known, hash, address, now);
        }
        catch (StoreUnavailableException e)
        {
            // What was read before the gap is the best there is, and no reason to refuse an encoder that was good a minute ago.
            return before is not null ? Judge(before, hash, address, now) : new KeyVerdict.StoreAway(e.Message);
        }
        catch (DamagedDocumentException e)
        {
            LogDamaged(_logger, e.Message);
            return new KeyVerdict.StoreAway(e.Message);
        }
    }

    private async ValueTask<KeyVerdict> ValidateNameAsync(string name, IPAddress? address, DateTimeOffset now)
    {
        var epoch = Volatile.Read(ref _epoch);
        if (!_names.TryGet(name, out var entry) || entry.Epoch != epoch || (entry.Hash is null && now - entry.ReadAt >= UnknownLifetime))
        {
            try
            {
                var generation = Interlocked.Read(ref _generation);
                var document = await _store.GetAsync(StreamAlias.DocumentKind, name, CancellationToken.None);
                entry = new NameEntry(document is null ? null : KeyHash.Parse(System.Text.Encoding.UTF8.GetString(document.Body.Span)), now, epoch);
                if (generation == Interlocked.Read(ref _generation))
                    _names.Set(name, entry);
            }
            catch (StoreUnavailableException e)
            {
                if (entry?.Hash is null)
                    return new KeyVerdict.StoreAway(e.Message);
            }
        }

        return entry!.Hash is { } hash ? await ValidateKeyAsync(hash, address, now) : KeyVerdict.Unknown.Instance;
    }

    /// <summary>Asks the store, and keeps the answer unless something has changed meanwhile.</summary>
    private async ValueTask<Known?> FetchAsync(KeyHash hash, CancellationToken cancellationToken)
    {
        var generation = Interlocked.Read(ref _generation);
        var epoch = Volatile.Read(ref _epoch);
        var found = await _keys.GetAsync(hash.ToString(), cancellationToken);
        var known = found is null ? null : new Known(hash, found.Value, Ranges(found.Id, found.Value), found.Version, epoch);
        if (generation != Interlocked.Read(ref _generation))
            return known;
        if (known is null)
        {
            _known.Remove(hash);
            _unknown.Set(hash, _time.GetUtcNow());
        }
        else
        {
            _known.Set(hash, known);
        }

        // A change may have come between the check and the keeping; then it has not seen what it should have removed.
        if (generation != Interlocked.Read(ref _generation))
        {
            _known.Remove(hash);
            _unknown.Remove(hash);
        }

        return known;
    }

    private KeyVerdict Judge(Known known, KeyHash hash, IPAddress? address, DateTimeOffset now)
    {
        var key = known.Key;
        if (!KeyHash.FixedTimeEquals(known.Hash, hash) || (key.IsChannelsOwn && _own.IsFixed(key.Target)))
            return KeyVerdict.Unknown.Instance;
        if (key.End <= now)
            return Refuse(known, new KeyVerdict.Expired(key.Id), "expired", address, now);
        if (!IsAllowed(known.Ranges, address))
            return Refuse(known, new KeyVerdict.AddressNotAllowed(key.Id), "addressNotAllowed", address, now);
        return known.Granted;
    }

    private KeyVerdict Refuse(Known known, KeyVerdict verdict, string reason, IPAddress? address, DateTimeOffset now)
    {
        _usage.Add(known.Hash, new KeyUse(null, 0, 1));
        if (_refusalsTold.TryGet(known.Hash, out var told) && now - told < RefusalInterval)
            return verdict;
        _refusalsTold.Set(known.Hash, now);
        _events.Publish(KeyEvents.Refused(now, known.Key, reason, Addresses.Text(address)));
        return verdict;
    }

    private void OnChange(StateChange change)
    {
        switch (change)
        {
            case StateChange.Written { Kind: StreamKey.DocumentKind } written when KeyHash.Parse(written.Id) is { } hash:
                _ids.Changed(hash);
                Written(hash, written.Version);
                break;
            case StateChange.Removed { Kind: StreamKey.DocumentKind } removed when KeyHash.Parse(removed.Id) is { } hash:
                Interlocked.Increment(ref _generation);
                _revoked.Set(hash, true);
                _known.Remove(hash);
                _ids.Removed(hash);
                _connections.KickKey(hash, "its key was revoked");
                break;
            case StateChange.Written { Kind: StreamAlias.DocumentKind } written:
                Interlocked.Increment(ref _generation);
                _names.Remove(written.Id);
                break;
            case StateChange.Removed { Kind: StreamAlias.DocumentKind } removed:
                Interlocked.Increment(ref _generation);
                _names.Remove(removed.Id);
                break;
            case StateChange.Written { Kind: OwnKeys.DocumentKind } or StateChange.Removed { Kind: OwnKeys.DocumentKind }:
                _ownMayHaveChanged = true;
                break;
            case StateChange.EverythingMayHaveChanged:
                Interlocked.Increment(ref _generation);
                Interlocked.Increment(ref _epoch);
                _unknown.Clear();
                _ids.MayHaveMissed();
                _ownMayHaveChanged = true;
                _anyMayBeRevoked = true;
                break;
        }
    }

    private void Written(KeyHash hash, long version)
    {
        Interlocked.Increment(ref _generation);
        _unknown.Remove(hash);

        // Asked for again at the next use; kept for a store that is away by then.
        if (_known.TryGet(hash, out var known) && known.Version < version)
            _known.Set(hash, known with { Epoch = Known.Outdated });
    }

    /// <summary>After a gap: whoever publishes with a key that is not there any more.</summary>
    private async Task KickRevokedAsync(CancellationToken cancellationToken)
    {
        foreach (var hash in _connections.KeysInUse)
        {
            if (await FetchAsync(hash, cancellationToken) is null)
            {
                _revoked.Set(hash, true);
                _connections.KickKey(hash, "its key was revoked");
            }
        }
    }

    private static async Task TryAsync(Func<Task> work, Action again)
    {
        try
        {
            await work();
        }
        catch (StoreUnavailableException)
        {
            again();
        }
    }

    /// <summary>Ranges that cannot be read must not become "from everywhere".</summary>
    private static ImmutableArray<AddressRange> Ranges(string documentId, StreamKey key)
    {
        if (key.AllowedAddresses.IsDefault)
            throw new DamagedDocumentException(StreamKey.DocumentKind, documentId);
        return [.. key.AllowedAddresses.Select(text =>
            AddressRange.TryParse(text, out var range, out _) ? range : throw new DamagedDocumentException(StreamKey.DocumentKind, documentId))];
    }

    private static bool IsAllowed(ImmutableArray<AddressRange> ranges, IPAddress? address) =>
        ranges.Length == 0 || (address is not null && ranges.Any(range => range.Contains(address)));

    [LoggerMessage(1, LogLevel.Error, "{Message}")]
    private static partial void LogDamaged(ILogger logger, string message);

    /// <summary>A key as it was read.</summary>
    private sealed record Known(KeyHash Hash, StreamKey Key, ImmutableArray<AddressRange> Ranges, long Version, int Epoch)
    {
        /// <summary>An epoch that never is.</summary>
        public const int Outdated = -1;

        /// <summary>Made once: the answer to most questions.</summary>
        public KeyVerdict.Granted Granted { get; } = new(Key.Target, Key.Id, Hash);
    }

    /// <summary>A name as it was read; no hash: there is no such name.</summary>
    private sealed record NameEntry(KeyHash? Hash, DateTimeOffset ReadAt, int Epoch);
}
