using System.Collections.Immutable;
using System.Text.Json.Nodes;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Events;

/// <summary>Who changed users, sessions and tokens, and who tried to log in.</summary>
internal static class AccountEvents
{
    private static readonly EventType SetupCompletedType = OfUser("audit.setup.completed");
    private static readonly EventType UserCreatedType = OfUser("audit.user.created");
    private static readonly EventType UserChangedType = OfUser("audit.user.changed", "changed");
    private static readonly EventType UserRemovedType = OfUser("audit.user.removed");
    private static readonly EventType LinkMadeType = OfUser("audit.user.linkMade", "expiresAt");
    private static readonly EventType LinkUsedType = OfUser("audit.user.linkUsed", "address");
    private static readonly EventType SessionCreatedType = new("audit.session.created", "userId", "sessionId", "address");
    private static readonly EventType SessionEndedType = new("audit.session.ended", "userId", "sessionId");
    private static readonly EventType TokenCreatedType = OfToken("created");
    private static readonly EventType TokenRemovedType = OfToken("removed");
    private static readonly EventType LoginFailedType = new("audit.login.failed", "userId", "name", "address");

    /// <summary>The family.</summary>
    public static ImmutableArray<EventType> All { get; } =
        [SetupCompletedType, UserCreatedType, UserChangedType, UserRemovedType, LinkMadeType, LinkUsedType, SessionCreatedType, SessionEndedType, TokenCreatedType, TokenRemovedType, LoginFailedType];

    /// <summary>The first owner is there.</summary>
    public static ServerEvent SetupCompleted(DateTimeOffset time, string actor, string userId, UserRecord user) => About(SetupCompletedType, time, actor, userId, user);

    /// <summary>Somebody made a user.</summary>
    public static ServerEvent UserCreated(DateTimeOffset time, string actor, string userId, UserRecord user) => About(UserCreatedType, time, actor, userId, user);

    /// <summary>Somebody changed one; <paramref name="changed"/>: name, role, password, enabled.</summary>
    public static ServerEvent UserChanged(DateTimeOffset time, string actor, string userId, UserRecord user, IEnumerable<string> changed) =>
        UserChangedType.At(time, null, actor, userId, user.Name, Roles.Name(user.Role), user.IsEnabled, Texts(changed));

    /// <summary>Somebody removed one.</summary>
    public static ServerEvent UserRemoved(DateTimeOffset time, string actor, string userId, UserRecord user) => About(UserRemovedType, time, actor, userId, user);

    /// <summary>Somebody made a link by which a user sets a password. (One that comes with a new user is told by <see cref="UserCreated"/> alone.)</summary>
    public static ServerEvent LinkMade(DateTimeOffset time, string actor, string userId, UserRecord user, DateTimeOffset expiresAt) =>
        LinkMadeType.At(time, null, actor, userId, user.Name, Roles.Name(user.Role), user.IsEnabled, EventType.Word(expiresAt));

    /// <summary>A user has set a password by a link.</summary>
    public static ServerEvent LinkUsed(DateTimeOffset time, string userId, UserRecord user, string address) =>
        LinkUsedType.At(time, null, "user:" + user.Name, userId, user.Name, Roles.Name(user.Role), user.IsEnabled, address);

    /// <summary>Somebody logged in.</summary>
    public static ServerEvent SessionCreated(DateTimeOffset time, string actor, string userId, string sessionId, string address) =>
        SessionCreatedType.At(time, null, actor, userId, sessionId, address);

    /// <summary>A session was ended by somebody.</summary>
    public static ServerEvent SessionEnded(DateTimeOffset time, string actor, string userId, string sessionId) => SessionEndedType.At(time, null, actor, userId, sessionId);

    /// <summary>Somebody made a token.</summary>
    public static ServerEvent TokenCreated(DateTimeOffset time, string actor, TokenRecord token) => About(TokenCreatedType, time, actor, token);

    /// <summary>Somebody removed one.</summary>
    public static ServerEvent TokenRemoved(DateTimeOffset time, string actor, TokenRecord token) => About(TokenRemovedType, time, actor, token);

    /// <summary>A wrong password for a user that there is.</summary>
    public static ServerEvent LoginFailed(DateTimeOffset time, string userId, string name, string address) => LoginFailedType.At(time, null, null, userId, name, address);

    private static EventType OfUser(string name, params ReadOnlySpan<string> more) => new(name, ["userId", "name", "role", "enabled", .. more]);

    private static EventType OfToken(string what) => new($"audit.token.{what}", "tokenId", "name", "userId", "scopes");

    private static ServerEvent About(EventType type, DateTimeOffset time, string actor, string userId, UserRecord user) =>
        type.At(time, null, actor, userId, user.Name, Roles.Name(user.Role), user.IsEnabled);

    private static ServerEvent About(EventType type, DateTimeOffset time, string actor, TokenRecord token) =>
        type.At(time, null, actor, token.Id, token.Name, token.UserId, Texts(PermissionNames.List(token.Scopes)));

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(text => JsonValue.Create(text))];
}
