using System.Text.Json.Serialization;
using StreamManager.Server.Keys;
using StreamManager.Server.Security;

namespace StreamManager.Server.Api;

/// <summary>A stream key as it is shown. <c>Key</c> is there in the answers that made it (or show a channel's own), and nowhere else.</summary>
internal sealed record KeyDocument(
    string Id,
    string Name,
    string ChannelId,
    string SourceId,
    string Kind,
    string Origin,
    string State,
    string KeyHint,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Key,
    string? Alias,
    DateTime CreatedAt,
    DateTime? ExpiresAt,
    IReadOnlyList<string> AllowedAddresses,
    DateTime? LastUsedAt,
    long UseCount,
    long FailedAttempts,
    string? RotatedFrom,
    string? ReplacedBy,
    DateTime? ValidUntil)
{
    /// <summary>Without the key.</summary>
    public override string ToString() => nameof(KeyDocument);

    /// <summary>A key, with itself or without.</summary>
    public static KeyDocument From(StreamKey key, DateTimeOffset now, Secret? itself = null) => new(
        key.Id,
        key.Name,
        key.ChannelId,
        key.SourceId,
        StatusMapper.Word(key.Kind),
        key.IsChannelsOwn ? "channel" : "api",
        key.End <= now ? "expired" : key.ReplacedBy is null ? "active" : "replaced",
        key.Hint,
        itself?.Value,
        key.Alias,
        StatusMapper.Utc(key.CreatedAt)!.Value,
        StatusMapper.Utc(key.ExpiresAt),
        key.AllowedAddresses,
        StatusMapper.Utc(key.LastUsedAt),
        key.UseCount,
        key.FailedAttempts,
        key.RotatedFrom,
        key.ReplacedBy,
        StatusMapper.Utc(key.ValidUntil));
}

/// <summary>What of a key is in its ETag.</summary>
internal sealed record KeyTagDocument(string Name, DateTime? ExpiresAt, IReadOnlyList<string> AllowedAddresses, string? Alias, string? ReplacedBy);

/// <summary>A signed address.</summary>
/// <param name="Token">For <c>?token=</c>.</param>
/// <param name="Action">publish or play.</param>
/// <param name="ChannelId">On which channel.</param>
/// <param name="SourceId">To which source; null: the program.</param>
/// <param name="ExpiresAt">Until when one may begin.</param>
/// <param name="Server">What goes into OBS as server.</param>
/// <param name="StreamKey">What goes there as stream key, and after the server's address for a player.</param>
/// <param name="Url">Both together.</param>
/// <param name="PreviewPath">The same by HTTP-FLV; null for publishing.</param>
/// <param name="HlsPath">The same by HLS; null for publishing.</param>
internal sealed record SignedUrlDocument(
    string Token, string Action, string ChannelId, string? SourceId, DateTime ExpiresAt, string Server, string StreamKey, string Url, string? PreviewPath, string? HlsPath)
{
    /// <summary>Without what is signed.</summary>
    public override string ToString() => nameof(SignedUrlDocument);
}
