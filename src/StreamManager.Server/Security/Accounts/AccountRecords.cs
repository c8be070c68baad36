using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace StreamManager.Server.Security.Accounts;

/// <summary>A user, as stored under its id. Immutable.</summary>
/// <param name="Name">As the owner wrote it.</param>
/// <param name="Role">What the user is.</param>
/// <param name="PasswordHash">See <see cref="PasswordHashing"/>.</param>
/// <param name="Stamp">Random, new when password, role or the switch change: sessions with another one are over.</param>
/// <param name="IsEnabled">False: may not come in.</param>
/// <param name="CreatedAt">When the user was made.</param>
/// <param name="KnownAddresses">Addresses from which a login has succeeded, the newest last: whoever guesses elsewhere cannot lock them out.</param>
/// <param name="HasPassword">False: nobody has set one yet, and <paramref name="PasswordHash"/> is one that no password has.</param>
/// <param name="Link">By which the user sets a password; null: there is none.</param>
internal sealed record UserRecord(
    string Name,
    Role Role,
    string PasswordHash,
    string Stamp,
    bool IsEnabled,
    DateTimeOffset CreatedAt,
    ImmutableArray<string> KnownAddresses,
    bool HasPassword = true,
    UserLink? Link = null)
{
    /// <summary>An owner who can come in.</summary>
    [JsonIgnore]
    public bool IsOwnerWithKey => this is { Role: Role.Owner, IsEnabled: true, HasPassword: true };
}

/// <summary>A link by which a user sets a password, once. It is kept after its end, so that who comes late is told so.</summary>
/// <param name="Digest">SHA-256 of its token, hexadecimal.</param>
/// <param name="ExpiresAt">When it ends.</param>
internal sealed record UserLink(string Digest, DateTimeOffset ExpiresAt);

/// <summary>A login, as stored under the digest of the cookie. Immutable.</summary>
/// <param name="Id">For lists and for ending it; says nothing about the cookie.</param>
/// <param name="UserId">Whose.</param>
/// <param name="Stamp">The user's, when it was made.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="UsedAt">Last use, to <see cref="AccountLimits.SessionUseStep"/>.</param>
/// <param name="Address">From where the login came.</param>
/// <param name="Client">What the browser calls itself.</param>
internal sealed record SessionRecord(string Id, string UserId, string Stamp, DateTimeOffset CreatedAt, DateTimeOffset UsedAt, string Address, string Client);

/// <summary>An API token, as stored under its digest. Immutable.</summary>
/// <param name="Id">For lists and for removing it; says nothing about the token.</param>
/// <param name="Name">As its maker wrote it.</param>
/// <param name="Scopes">What it may do, as far as its user still may.</param>
/// <param name="UserId">Whose; null: made with the administrator's token.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="CreatedBy">The actor who made it.</param>
/// <param name="ExpiresAt">When it goes; null: never.</param>
/// <param name="UsedAt">Last use, to <see cref="AccountLimits.TokenUseStep"/>; null: never used.</param>
internal sealed record TokenRecord(
    string Id, string Name, Permissions Scopes, string? UserId, DateTimeOffset CreatedAt, string CreatedBy, DateTimeOffset? ExpiresAt, DateTimeOffset? UsedAt);

/// <summary>
/// How far the set-up is. Every change of the users writes this document too, with the version it has read: two changes at once that are each allowed but not together (the last two
/// owners demote one another) cannot both be made.
/// </summary>
/// <param name="IsDone">There is or was an owner: the set-up link never works again.</param>
/// <param name="LinkDigest">SHA-256 of the link's token, hexadecimal; null: no link.</param>
internal sealed record SetupRecord(bool IsDone, string? LinkDigest);

/// <summary>How the records are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(UserRecord))]
[JsonSerializable(typeof(SessionRecord))]
[JsonSerializable(typeof(TokenRecord))]
[JsonSerializable(typeof(SetupRecord))]
internal sealed partial class AccountJson : JsonSerializerContext;
