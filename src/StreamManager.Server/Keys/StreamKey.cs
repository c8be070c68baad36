using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using StreamManager.Server.Security;

namespace StreamManager.Server.Keys;

/// <summary>Where a stream key leads.</summary>
internal sealed record IngestTarget(string ChannelId, string SourceId);

/// <summary>What a key is for.</summary>
internal enum StreamKeyKind
{
    /// <summary>For an encoder that stays.</summary>
    [JsonStringEnumMemberName("regular")]
    Regular = 1,

    /// <summary>For trying things: 24 hours, from every address.</summary>
    [JsonStringEnumMemberName("development")]
    Development = 2,
}

/// <summary>What is known about a stream key: the body of a document of kind <c>stream:key</c>, whose id is the key's <see cref="KeyHash"/>. The key itself is nowhere in it.</summary>
internal sealed record StreamKey
{
    /// <summary>Kind of the documents.</summary>
    public const string DocumentKind = "stream:key";

    /// <summary>Characters of a made key: 32 random bytes in base64url.</summary>
    public const int Length = 43;

    /// <summary>Most address ranges of one key: a studio, its branches and their second lines.</summary>
    public const int MostRanges = 16;

    /// <summary>How long a key works that nobody gave an end (row A3).</summary>
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromDays(30);

    /// <summary>How long a development key works (row A3).</summary>
    public static readonly TimeSpan DevelopmentLifetime = TimeSpan.FromHours(24);

    /// <summary>A key that has ended is kept for so long, so that an encoder with it is told "expired" and not "unknown", and its use can be read. Then the store drops it.</summary>
    public static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(30);

    private const int Bytes = 32;

    /// <summary>For routes and logs; not secret.</summary>
    public required string Id { get; init; }

    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>The channel it publishes to.</summary>
    public required string ChannelId { get; init; }

    /// <summary>The source of that channel.</summary>
    public required string SourceId { get; init; }

    /// <summary>What it is for.</summary>
    public StreamKeyKind Kind { get; init; } = StreamKeyKind.Regular;

    /// <summary>Its last four characters with an ellipsis before them.</summary>
    public required string Hint { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Where it may be used from, as <see cref="AddressRange"/>; empty: from everywhere.</summary>
    public ImmutableArray<string> AllowedAddresses { get; init; } = [];

    /// <summary>A name that works in its place; null: none.</summary>
    public string? Alias { get; init; }

    /// <summary>The server made it for the source at its first start. Such a key can be shown again and cannot be removed, only rotated.</summary>
    public bool IsChannelsOwn { get; init; }

    /// <summary>Id of the key that this one took the place of.</summary>
    public string? RotatedFrom { get; init; }

    /// <summary>Id of the key that took its place.</summary>
    public string? ReplacedBy { get; init; }

    /// <summary>End of the overlap after a rotation; null: it was not rotated.</summary>
    public DateTimeOffset? ValidUntil { get; init; }

    /// <summary>The last granted publish.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Granted publishes.</summary>
    public long UseCount { get; init; }

    /// <summary>Publishes that were refused although this is the key: too late, from elsewhere.</summary>
    public long FailedAttempts { get; init; }

    /// <summary>Where it leads.</summary>
    [JsonIgnore]
    public IngestTarget Target => new(ChannelId, SourceId);

    /// <summary>The earlier of its two ends.</summary>
    [JsonIgnore]
    public DateTimeOffset? End => ExpiresAt is { } expiry && ValidUntil is { } overlap ? (expiry < overlap ? expiry : overlap) : ExpiresAt ?? ValidUntil;

    /// <summary>When the store may drop its document.</summary>
    [JsonIgnore]
    public DateTimeOffset? DocumentEnd => End + KeptAfterEnd;

    /// <summary>A new key: <see cref="Length"/> characters.</summary>
    public static Secret NewKey() => new(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes)));

    /// <summary>A new id.</summary>
    public static string NewId() => "k_" + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 16);

    /// <summary>The same key after it was used.</summary>
    public StreamKey With(KeyUse use) => this with
    {
        LastUsedAt = use.LastUsedAt > LastUsedAt || LastUsedAt is null ? use.LastUsedAt ?? LastUsedAt : LastUsedAt,
        UseCount = UseCount + use.Uses,
        FailedAttempts = FailedAttempts + use.Failures,
    };
}

/// <summary>Names that stand for a key (row A4): kind <c>stream:alias</c>, id the name, body the key's hash.</summary>
internal static class StreamAlias
{
    /// <summary>Kind of the documents.</summary>
    public const string DocumentKind = "stream:alias";

    /// <summary>Shorter than a key, so that the two cannot be taken for each other.</summary>
    public const int Longest = 32;

    /// <summary>A fixed key of the configuration with fewer characters is a name: it can be guessed (row A4 holds for it). 16 random ones cannot.</summary>
    public const int ShortestSecret = 16;

    /// <summary>The grammar of aliases.</summary>
    public const string Allowed = "1 to 32 of a-z 0-9 . _ -, beginning with a letter or digit";

    /// <summary>Is it in the grammar?</summary>
    public static bool IsAlias(string text) =>
        text.Length is > 0 and <= Longest && (char.IsAsciiLetterLower(text[0]) || char.IsAsciiDigit(text[0])) && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '-');

    /// <summary>Could the server have made this key?</summary>
    public static bool IsMadeKey(string text) => text.Length == StreamKey.Length && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}

/// <summary>How keys lie in the store. What must be there is marked in each record, since a signed address leaves out what it does not say.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StreamKey))]
[JsonSerializable(typeof(OwnKeyRecord))]
[JsonSerializable(typeof(SigningKeyRecord))]
[JsonSerializable(typeof(SignedGrant))]
internal sealed partial class KeyJson : JsonSerializerContext;
