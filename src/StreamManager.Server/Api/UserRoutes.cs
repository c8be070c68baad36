using StreamManager.Server.Api.Description;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Api;

/// <summary>Users, for owners.</summary>
internal sealed class UserRoutes(AccountParts accounts, TimeProvider time)
{
    /// <summary>The page of a user's link; its token stands behind the #, which browsers send to nobody.</summary>
    public const string LinkPage = "/join#";

    private static Problem OwnLink { get; } = new(
        StatusCodes.Status409Conflict, "own_account", "Nobody makes a link for the own account.", "Change your password with POST /api/me/password, or ask another owner.");

    private static Problem NoUser { get; } = Problem.Missing("user");

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/users", (Delegate)ListAsync).Needs(Permissions.Administer)
            .Describes("listUsers", "The users, oldest first.", route => route.Lists<UserDocument>());
        routes.MapPost("/api/users", (Delegate)AddAsync).Needs(Permissions.Administer)
            .Describes("addUser", "Adds a user.", route => route.Takes<NewUserRequest>("""{ "name": "berta", "role": "viewer", "password": "a long phrase here" }""")
                .Gives<UserDocument>(201).Tags().Creates().Refuses(409, "name_taken", "too_many_users"));
        routes.MapGet("/api/users/{id}", GetAsync).Needs(Permissions.Administer)
            .Describes("getUser", "A user.", route => route.Gives<UserDocument>().Tags().Refuses(404, "user_not_found"));
        routes.MapPut("/api/users/{id}", ChangeAsync).Needs(Permissions.Administer)
            .Describes("changeUser", "Changes the fields that are given; a new password, role or switch ends the user's sessions.", route => route
                .Takes<UserRequest>("""{ "enabled": true }""").Gives<UserDocument>().Tags().Matches().Refuses(404, "user_not_found").Refuses(409, "name_taken", "last_owner"));
        routes.MapPost("/api/users/{id}/link", MakeLinkAsync).Needs(Permissions.Administer)
            .Describes("makeUserLink", "Makes a link by which the user sets a password, in place of the one before; it is in this answer only.", route => route
                .Gives<UserDocument>().Tags().Refuses(404, "user_not_found").Refuses(409, "own_account"));
        routes.MapDelete("/api/users/{id}", RemoveAsync).Needs(Permissions.Administer)
            .Describes("removeUser", "Removes a user, with all tokens and sessions.", route => route.GivesNothing().Matches().Refuses(404, "user_not_found").Refuses(409, "last_owner"));
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        var users = await accounts.Directory.GetAsync(context.RequestAborted);
        return Page.Of(context, [.. users.All.OrderBy(user => user.Value.CreatedAt)], user => user.Id, Describe, ApiJson.Readable.IReadOnlyListUserDocument);
    }

    private async Task<IResult> GetAsync(string id, HttpContext context) =>
        (await accounts.Directory.GetAsync(context.RequestAborted)).Find(id) is { } user ? Answer(context, user) : NoUser;

    private async Task<IResult> AddAsync(HttpContext context)
    {
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var name = fields.RequiredText("name", AccountFields.Name);
        var role = fields.RequiredText("role", AccountFields.Role);
        var byLink = fields.Boolean("link") ?? false;
        var password = byLink ? fields.Text("password", AccountFields.Password) : fields.RequiredText("password", AccountFields.Password);
        var enabled = fields.Boolean("enabled");
        AccountFields.CheckPassword(fields, "password", password, name);
        if (byLink && password is not null)
            fields.Fail("password", "cannot stand beside link: the user sets it");
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        var (wantedRole, isEnabled, actor) = (Roles.Parse(role!)!.Value, enabled ?? true, context.Caller().Actor);
        var result = byLink
            ? await accounts.Users.InviteAsync(name!, wantedRole, isEnabled, actor, context.RequestAborted)
            : await accounts.Users.AddAsync(name!, wantedRole, password!, isEnabled, actor, context.RequestAborted);
        if (result.User is not { } user)
            return AccountFields.Refusal(result.Refusal, context);
        context.Response.Headers.Location = $"/api/users/{user.Id}";
        return Answer(context, user, StatusCodes.Status201Created, result.LinkToken);
    }

    private async Task<IResult> ChangeAsync(string id, HttpContext context)
    {
        var caller = context.Caller();
        if ((await accounts.Directory.GetAsync(context.RequestAborted)).Find(id) is not { } known)
            return NoUser;
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var name = fields.Text("name", AccountFields.Name);
        var role = fields.Text("role", AccountFields.Role);
        var password = fields.Text("password", AccountFields.Password);
        var enabled = fields.Boolean("enabled");
        AccountFields.CheckPassword(fields, "password", password, name ?? known.Value.Name);

        // Who finds a session open must not be able to take the account over.
        if (password is not null && id == caller.UserId)
            fields.Fail("password", "is changed by POST /api/me/password, with the current one");
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        var change = new UserChange(name, role is null ? null : Roles.Parse(role), password, enabled);
        var result = await accounts.Users.ChangeAsync(id, change, caller.Actor, context.RequestAborted, user => IsCurrent(context, user));
        return result.User is { } user ? Answer(context, user) : AccountFields.Refusal(result.Refusal, context);
    }

    private async Task<IResult> MakeLinkAsync(string id, HttpContext context)
    {
        // Who finds a session open must not be able to take the account over.
        if (id == context.Caller().UserId)
            return OwnLink;
        var result = await accounts.Users.MakeUserLinkAsync(id, context.Caller().Actor, context.RequestAborted);
        return result.User is { } user ? Answer(context, user, link: result.LinkToken) : AccountFields.Refusal(result.Refusal, context);
    }

    private async Task<IResult> RemoveAsync(string id, HttpContext context)
    {
        var result = await accounts.Users.RemoveAsync(id, context.Caller().Actor, context.RequestAborted, user => IsCurrent(context, user));
        return result.User is null ? AccountFields.Refusal(result.Refusal, context) : TypedResults.NoContent();
    }

    private static bool IsCurrent(HttpContext context, Versioned<UserRecord> user) => EntityTag.IsCurrent(context.Request, EntityTag.Of(user.Version));

    private IResult Answer(HttpContext context, Versioned<UserRecord> user, int status = StatusCodes.Status200OK, Secret? link = null)
    {
        context.Response.Headers.ETag = EntityTag.Of(user.Version);
        return Answers.Json(Describe(user) with { Link = link is null ? null : LinkPage + link.Value }, ApiJson.Readable.UserDocument, status);
    }

    private UserDocument Describe(Versioned<UserRecord> user) => new(
        user.Id,
        user.Value.Name,
        Roles.Name(user.Value.Role),
        user.Value.IsEnabled,
        StatusMapper.Utc(user.Value.CreatedAt)!.Value,
        user.Value.HasPassword,
        user.Value.Link is { } link && link.ExpiresAt > time.GetUtcNow() ? StatusMapper.Utc(link.ExpiresAt) : null);
}
