using System.Buffers.Text;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Keys;

/// <summary>What a signed address allows.</summary>
internal enum SignedAction
{
    /// <summary>To publish to a source.</summary>
    [JsonStringEnumMemberName("publish")]
    Publish = 1,

    /// <summary>To watch a program or a source.</summary>
    [JsonStringEnumMemberName("play")]
    Play = 2,
}

/// <summary>What is signed: the middle of a token, as JSON.</summary>
/// <param name="Action">What it allows.</param>
/// <param name="Channel">On which channel.</param>
/// <param name="Source">To which source; null: the program.</param>
/// <param name="Expires">Until when one may begin; seconds since 1970.</param>
/// <param name="Addresses">From where, as <see cref="AddressRange"/>; null: from everywhere.</param>
internal sealed record SignedGrant(SignedAction Action, string Channel, string? Source, long Expires, ImmutableArray<string>? Addresses);

/// <summary>A key that addresses are signed with; body of kind <c>signing-key</c>.</summary>
internal sealed record SigningKeyRecord([property: JsonRequired] string SealedKey, [property: JsonRequired] DateTimeOffset CreatedAt, DateTimeOffset? ValidUntil = null);

/// <summary>
/// Addresses that carry their own permission (row A7): <c>sm1.KEYID.GRANT.MAC</c>, the grant in base64url, the MAC an HMAC-SHA256 over all that stands before it. Nothing is asked of the store to
/// check one. One signature cannot be taken back; all of them can, by <see cref="RotateAsync"/>. Thread-safe.
/// </summary>
internal sealed partial class SignedUrls : IDisposable
{
    /// <summary>Longest time that may be signed: nobody remembers longer whom an address was given to.</summary>
    public static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(30);

    /// <summary>What is signed when nobody says for how long.</summary>
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(1);

    /// <summary>Longest overlap of a rotation: then every address signed before has ended anyway.</summary>
    public static readonly TimeSpan LongestOverlap = LongestLifetime;

    private const string Version = "sm1";
    private const string DocumentKind = "signing-key";
    private const int KeyBytes = 32;

    /// <summary>Longest token that is read: one with the most ranges is below 1,200 characters, and a stream name with its query ends at 2,048.</summary>
    private const int LongestToken = 1_600;

    /// <summary>Most keys at once: so many rotations within one overlap. Beyond it the oldest ends.</summary>
    private const int MostKeys = 16;

    /// <summary>Times that a rotation is tried because another one came between.</summary>
    private const int MostTries = 5;

    private readonly IStateStore _store;
    private readonly DocumentSet<SigningKeyRecord> _records;
    private readonly Vault _vault;
    private readonly TimeProvider _time;
    private readonly IDisposable _subscription;
    private readonly ILogger<SignedUrls> _logger;

    // Newest first; replaced whole.
    private ImmutableArray<SigningKey> _keys = [];
    private volatile bool _mayHaveChanged;

    private SignedUrls(IStateStore store, Vault vault, TimeProvider time, ILogger<SignedUrls> logger)
    {
        _store = store;
        _records = new DocumentSet<SigningKeyRecord>(store, DocumentKind, KeyJson.Default.SigningKeyRecord);
        _vault = vault;
        _time = time;
        _logger = logger;
        _subscription = store.Subscribe(change =>
        {
            if (change is StateChange.EverythingMayHaveChanged or StateChange.Written { Kind: DocumentKind } or StateChange.Removed { Kind: DocumentKind })
                _mayHaveChanged = true;
        });
    }

    /// <summary>Reads the keys, and makes the first one.</summary>
    /// <exception cref="StartupException">A key cannot be opened.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<SignedUrls> OpenAsync(IStateStore store, Vault vault, TimeProvider time, ILogger<SignedUrls> logger, CancellationToken cancellationToken)
    {
        var signed = new SignedUrls(store, vault, time, logger);
        try
        {
            await signed.ReloadAsync(cancellationToken);
            if (!signed._keys.Any(key => key.ValidUntil is null))
                await signed.RotateAsync(LongestOverlap, cancellationToken);
            return signed;
        }
        catch
        {
            signed.Dispose();
            throw;
        }
    }

    /// <summary>Does it look like a token? Then nothing else is meant by it.</summary>
    public static bool IsToken(string text) => text.StartsWith(Version + ".", StringComparison.Ordinal);

    /// <summary>Signs a grant.</summary>
    public string Sign(SignedGrant grant)
    {
        var key = _keys.First(candidate => candidate.ValidUntil is null);
        var head = $"{Version}.{key.Id}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(grant, KeyJson.Default.SignedGrant))}";
        return $"{head}.{Base64Url.EncodeToString(key.Mac(head))}";
    }

    /// <summary>Does the token allow <paramref name="action"/> on the stream <paramref name="name"/> (<c>channel</c> or <c>channel/source</c>)? A publisher may leave the source out.</summary>
    public KeyVerdict Verify(string token, SignedAction action, string name, IPAddress? address, DateTimeOffset now)
    {
        if (token.Length > LongestToken || token.Any(c => !char.IsAscii(c)) || token.Split('.') is not [Version, var id, var payload, var signature])
            return KeyVerdict.Unknown.Instance;
        Span<byte> mac = stackalloc byte[SHA256.HashSizeInBytes];
        var key = _keys.FirstOrDefault(candidate => candidate.Id == id);
        if (key is null || key.ValidUntil <= now || !TryDecode(signature, mac) || !CryptographicOperations.FixedTimeEquals(key.Mac(token[..token.LastIndexOf('.')]), mac))
            return KeyVerdict.Unknown.Instance;

        // We signed it, so it can be read.
        var grant = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(payload), KeyJson.Default.SignedGrant)!;
        var isThisStream = name == (grant.Source is null ? grant.Channel : $"{grant.Channel}/{grant.Source}") || (action is SignedAction.Publish && name == grant.Channel);
        if (grant.Action != action || !isThisStream)
            return new KeyVerdict.WrongKind();
        if (now.ToUnixTimeSeconds() >= grant.Expires)
            return new KeyVerdict.Expired(KeyId: null);
        if (grant.Addresses is { } ranges && (address is null || !ranges.Any(text => AddressRange.TryParse(text, out var range, out _) && range.Contains(address))))
            return new KeyVerdict.AddressNotAllowed(KeyId: null);
        return new KeyVerdict.Granted(new IngestTarget(grant.Channel, grant.Source ?? ""));
    }

    /// <summary>Makes a new key; what was signed by earlier ones ends after <paramref name="overlap"/>; zero: at once.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used; nothing has changed.</exception>
    public async Task RotateAsync(TimeSpan overlap, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            var now = _time.GetUtcNow();
            var end = now + overlap;
            var id = RandomNumberGenerator.GetHexString(8, lowercase: true);
            var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));
            var records = (await _records.ListAsync(cancellationToken)).OrderByDescending(record => record.Value.CreatedAt).ToArray();
            var old = records.Select((record, index) => overlap <= TimeSpan.Zero || index >= MostKeys - 1
                ? _records.Remove(record.Id, record.Version)
                : PutUntil(record, record.Value.ValidUntil < end ? record.Value.ValidUntil.Value : end));

            // More than fit into one write cannot be: each rotation removes what is beyond. Of the versions that were read, so that what another rotation ended meanwhile does not come back.
            if (await _store.WriteAsync([_records.Put(id, new SigningKeyRecord(_vault.Seal(key, Owner(id)), now), StateWrite.Absent), .. old], cancellationToken) is not StateWriteResult.Done)
                continue;
            await ReloadAsync(cancellationToken);
            return;
        }

        throw new StoreUnavailableException("The keys that addresses are signed with change all the time; nothing was changed. Try again.");
    }

    /// <summary>Follows changes of other servers. Does not throw for a store that is away.</summary>
    public async Task UpkeepAsync(CancellationToken cancellationToken)
    {
        if (!_mayHaveChanged)
            return;
        _mayHaveChanged = false;
        try
        {
            await ReloadAsync(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            _mayHaveChanged = true;
        }
        catch (Exception e) when (e is StartupException or DamagedDocumentException)
        {
            LogDamaged(_logger, e.Message);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _subscription.Dispose();

    private async Task ReloadAsync(CancellationToken cancellationToken)
    {
        var keys = ImmutableArray.CreateBuilder<SigningKey>();
        foreach (var record in (await _records.ListAsync(cancellationToken)).OrderByDescending(record => record.Value.CreatedAt))
        {
            var key = _vault.TryOpen(record.Value.SealedKey, Owner(record.Id))
                ?? throw new StartupException($"The stored key {record.Id} that addresses are signed with is damaged. Put a backup of the state back.");
            keys.Add(new SigningKey(record.Id, Convert.FromBase64String(key), record.Value.ValidUntil));
        }

        ImmutableInterlocked.InterlockedExchange(ref _keys, keys.ToImmutable());
    }

    private StateWrite PutUntil(Versioned<SigningKeyRecord> record, DateTimeOffset end) => _records.Put(record.Id, record.Value with { ValidUntil = end }, record.Version, expiresAt: end);

    private static string Owner(string id) => $"signing-key/{id}";

    private static bool TryDecode(string text, Span<byte> mac) =>
        Base64Url.DecodeFromChars(text, mac, out var consumed, out var written) is System.Buffers.OperationStatus.Done && consumed == text.Length && written == mac.Length;

    [LoggerMessage(1, LogLevel.Error, "{Message}")]
    private static partial void LogDamaged(ILogger logger, string message);

    private sealed record SigningKey(string Id, byte[] Key, DateTimeOffset? ValidUntil)
    {
        public byte[] Mac(string text) => HMACSHA256.HashData(Key, Encoding.ASCII.GetBytes(text));
    }
}
