namespace StreamManager.Server.Security.Accounts;

/// <summary>Who sends a request, as the gate has found out. Immutable.</summary>
/// <param name="Actor">For the journal: <c>user:anna</c>, <c>token:ci</c>, <c>admin-token</c>.</param>
/// <param name="Permissions">What the caller may do.</param>
/// <param name="UserId">The user behind it; null: the administrator's token, or a token made with it.</param>
internal sealed record Caller(string Actor, Permissions Permissions, string? UserId)
{
    /// <summary>The session that it came by, as the store names it; null: it came by a token.</summary>
    public string? SessionId { get; init; }

    /// <summary>The id of the API token that it came by; null: by a session, or by <c>ADMIN_TOKEN</c>.</summary>
    public string? TokenId { get; init; }

    /// <summary>When what it came by expires; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The caller by <c>ADMIN_TOKEN</c>.</summary>
    public static Caller Administrator { get; } = new("admin-token", Permissions.Owner, null);
}

/// <summary>The caller of a request.</summary>
internal static class CallerExtensions
{
    /// <summary>Who sent the request. Only on routes that are not open to everybody.</summary>
    /// <exception cref="InvalidOperationException">Nobody was authenticated: the route is open.</exception>
    public static Caller Caller(this HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("An open route asks who its caller is.");
}
