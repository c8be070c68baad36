namespace StreamManager.Server.Api;

/// <summary>Whether the server still waits for its first owner.</summary>
internal sealed record SetupDocument(bool IsNeeded);

/// <summary>Who asks, and what they may do.</summary>
/// <param name="Actor">As the journal names the caller.</param>
/// <param name="User">The user; null: the administrator's token, or one made with it.</param>
/// <param name="Permissions">view, operate, manage, administer.</param>
/// <param name="CsrfToken">For the header of requests that change something; null: no session.</param>
/// <param name="ExpiresAt">When session or token end; null: never.</param>
internal sealed record MeDocument(string Actor, MyUserDocument? User, IReadOnlyList<string> Permissions, string? CsrfToken, DateTime? ExpiresAt);

/// <summary>The user who asks.</summary>
internal sealed record MyUserDocument(string Id, string Name, string Role);

/// <summary>One login.</summary>
internal sealed record SessionDocument(string Id, bool IsCurrent, DateTime CreatedAt, DateTime UsedAt, string Address, string Client);

/// <summary>An API token. The token itself is in the answer to its making only.</summary>
internal sealed record TokenDocument(
    string Id,
    string Name,
    IReadOnlyList<string> Scopes,
    string? UserId,
    string CreatedBy,
    DateTime CreatedAt,
    DateTime? ExpiresAt,
    DateTime? UsedAt,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] string? Token = null)
{
    /// <summary>Without the token.</summary>
    public override string ToString() => nameof(TokenDocument);
}

/// <summary>A user, without the password.</summary>
internal sealed record UserDocument(string Id, string Name, string Role, bool Enabled, DateTime CreatedAt);
