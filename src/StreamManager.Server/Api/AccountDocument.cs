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
/// <param name="Id">Its id.</param>
/// <param name="Name">For the login.</param>
/// <param name="Role">owner, operator or viewer.</param>
/// <param name="Enabled">May log in.</param>
/// <param name="CreatedAt">When the user was made.</param>
/// <param name="HasPassword">False: the user has not set one yet.</param>
/// <param name="LinkExpiresAt">End of the link by which the user can set a password; null: there is none, or it has ended.</param>
/// <param name="Link">The link, an address on this server. In the answer that made it, and nowhere else.</param>
internal sealed record UserDocument(
    string Id,
    string Name,
    string Role,
    bool Enabled,
    DateTime CreatedAt,
    bool HasPassword,
    DateTime? LinkExpiresAt,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] string? Link = null)
{
    /// <summary>Without the link.</summary>
    public override string ToString() => nameof(UserDocument);
}

/// <summary>What a user's link is for.</summary>
/// <param name="Name">Of the user.</param>
/// <param name="Role">Of the user.</param>
/// <param name="HasPassword">The password that is set takes the place of another.</param>
/// <param name="ExpiresAt">When the link ends.</param>
internal sealed record UserLinkDocument(string Name, string Role, bool HasPassword, DateTime ExpiresAt);
