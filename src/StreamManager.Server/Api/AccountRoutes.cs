using StreamManager.Server.Api.Description;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Api;

/// <summary>Login, logout, and what everybody may do about the own account.</summary>
internal sealed class AccountRoutes(AccountParts accounts)
{
    private static Problem NoSession { get; } = new(
        StatusCodes.Status409Conflict, "no_session", "This is for sessions; the request came with a token.", "Log in with name and password, and send the session's cookie.");

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/login", (Delegate)LogInAsync).Needs(Permissions.None)
            .Describes("logIn", "Begins a session: the cookie comes with the answer.", route => route.Takes<LoginRequest>("""{ "name": "anna", "password": "a long phrase here" }""")
                .Gives<MeDocument>().Refuses(401, "wrong_credentials").Refuses(429, "too_many_attempts"));
        routes.MapPost("/api/logout", (Delegate)LogOutAsync).Needs(Permissions.View)
            .Describes("logOut", "Ends the session.", route => route.GivesNothing().Refuses(409, "no_session"));
        routes.MapGet("/api/me", (Delegate)MeAsync).Needs(Permissions.View)
            .Describes("getMe", "Who asks, and what they may do.", route => route.Gives<MeDocument>());
        routes.MapPost("/api/me/password", (Delegate)ChangePasswordAsync).Needs(Permissions.View)
            .Describes("changePassword", "Changes one's own password, and ends all other sessions.", route => route
                .Takes<PasswordRequest>("""{ "currentPassword": "a long phrase here", "newPassword": "another long phrase" }""").Gives<MeDocument>()
                .Refuses(409, "no_session").Refuses(429, "too_many_attempts"));
        routes.MapGet("/api/sessions", (Delegate)ListSessionsAsync).Needs(Permissions.View)
            .Describes("listSessions", "One's own sessions.", route => route.Lists<SessionDocument>());
        routes.MapDelete("/api/sessions/{id}", EndSessionAsync).Needs(Permissions.View)
            .Describes("endSession", "Ends one of one's own sessions.", route => route.GivesNothing().Refuses(404, "session_not_found"));
    }

    /// <summary>From where a request comes.</summary>
    public static string AddressOf(HttpContext context) => Addresses.Text(context.Connection.RemoteIpAddress);

    /// <summary>What its sender calls itself.</summary>
    public static string ClientOf(HttpContext context) => RtmpServerHandler.Clean(context.Request.Headers.UserAgent.ToString());

    /// <summary>Answers with a new session: the cookie, and beside it what the page needs.</summary>
    public static IResult Welcome(HttpContext context, Versioned<UserRecord> user, NewSession session, int status = StatusCodes.Status200OK)
    {
        SessionCookie.Write(context, session);
        var me = new MeDocument(
            "user:" + user.Value.Name,
            Describe(user),
            PermissionNames.List(Roles.PermissionsOf(user.Value.Role)),
            SessionCookie.AntiforgeryToken(session.Secret.Value),
            StatusMapper.Utc(session.ExpiresAt));
        return Answers.Json(me, ApiJson.Readable.MeDocument, status);
    }

    private static MyUserDocument Describe(Versioned<UserRecord> user) => new(user.Id, user.Value.Name, Roles.Name(user.Value.Role));

    private async Task<IResult> LogInAsync(HttpContext context)
    {
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var name = fields.RequiredText("name", AccountFields.ClaimedName);
        var password = fields.RequiredText("password", AccountFields.Password);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        var result = await accounts.Desk.LogInAsync(name!, password!, AddressOf(context), ClientOf(context), context.RequestAborted);
        return result is LoginResult.Done done ? Welcome(context, done.User, done.Session) : AccountFields.Refusal(result, context);
    }

    private async Task<IResult> LogOutAsync(HttpContext context)
    {
        var caller = context.Caller();
        if (caller.SessionId is not { } session)
            return NoSession;
        await accounts.Sessions.EndAsync(session, caller.Actor, context.RequestAborted);
        SessionCookie.Delete(context);
        return TypedResults.NoContent();
    }

    private async Task<IResult> MeAsync(HttpContext context)
    {
        var caller = context.Caller();
        var user = await FindUserAsync(caller, context.RequestAborted);
        var cookie = caller.SessionId is null ? null : SessionCookie.Read(context.Request);
        var me = new MeDocument(
            caller.Actor,
            user is null ? null : Describe(user),
            PermissionNames.List(caller.Permissions),
            cookie is null ? null : SessionCookie.AntiforgeryToken(cookie),
            StatusMapper.Utc(caller.ExpiresAt));
        return Answers.Json(me, ApiJson.Readable.MeDocument);
    }

    private async Task<IResult> ChangePasswordAsync(HttpContext context)
    {
        var caller = context.Caller();
        if (caller.SessionId is null || await FindUserAsync(caller, context.RequestAborted) is not { } user)
            return NoSession;
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var old = fields.RequiredText("currentPassword", AccountFields.Password);
        var password = fields.RequiredText("newPassword", AccountFields.Password);
        AccountFields.CheckPassword(fields, "newPassword", password, user.Value.Name);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        var result = await accounts.Desk.ChangePasswordAsync(user, old!, password!, AddressOf(context), ClientOf(context), context.RequestAborted);
        switch (result)
        {
            case LoginResult.Done done:
                return Welcome(context, done.User, done.Session);
            case LoginResult.Wrong:
                fields.Fail("currentPassword", "is not the password");
                return Problem.Invalid(fields.Errors);
            default:
                return AccountFields.Refusal(result, context);
        }
    }

    private async Task<IResult> ListSessionsAsync(HttpContext context)
    {
        var caller = context.Caller();
        var user = await FindUserAsync(caller, context.RequestAborted);
        IReadOnlyCollection<Versioned<SessionRecord>> sessions = user is null ? [] : [.. await accounts.Sessions.ListAsync(user, context.RequestAborted)];
        return Page.Of(context, sessions, session => session.Value.Id, session => Describe(session, caller), ApiJson.Readable.IReadOnlyListSessionDocument);
    }

    private async Task<IResult> EndSessionAsync(string id, HttpContext context)
    {
        var caller = context.Caller();

        // A session may do what its user may: a token that was given less must not put its user out.
        var lacks = await FindUserAsync(caller, context.RequestAborted) is { } own ? Roles.PermissionsOf(own.Value.Role) & ~caller.Permissions : Permissions.None;
        if (lacks is not Permissions.None)
            return Problem.Forbidden(lacks);
        return caller.UserId is { } user && await accounts.Sessions.EndAsync(user, id, caller.Actor, context.RequestAborted)
            ? TypedResults.NoContent()
            : Problem.Missing("session");
    }

    private static SessionDocument Describe(Versioned<SessionRecord> session, Caller caller) => new(
        session.Value.Id,
        session.Id == caller.SessionId,
        StatusMapper.Utc(session.Value.CreatedAt)!.Value,
        StatusMapper.Utc(session.Value.UsedAt)!.Value,
        session.Value.Address,
        session.Value.Client);

    private async ValueTask<Versioned<UserRecord>?> FindUserAsync(Caller caller, CancellationToken cancellationToken) =>
        caller.UserId is { } id ? (await accounts.Directory.GetAsync(cancellationToken)).Find(id) : null;
}
