using StreamManager.Server.Api.Description;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Api;

/// <summary>Users, for owners.</summary>
internal sealed class UserRoutes(AccountParts accounts)
{
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
        var password = fields.RequiredText("password", AccountFields.Password);
        var enabled = fields.Boolean("enabled");
        AccountFields.CheckPassword(fields, "password", password, name);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        var result = await accounts.Users.AddAsync(name!, Roles.Parse(role!)!.Value, password!, enabled ?? true, context.Caller().Actor, context.RequestAborted);
        if (result.User is not { } user)
            return AccountFields.Refusal(result.Refusal, context);
        context.Response.Headers.Location = $"/api/users/{user.Id}";
        return Answer(context, user, StatusCodes.Status201Created);
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

    private async Task<IResult> RemoveAsync(string id, HttpContext context)
    {
        var result = await accounts.Users.RemoveAsync(id, context.Caller().Actor, context.RequestAborted, user => IsCurrent(context, user));
        return result.User is null ? AccountFields.Refusal(result.Refusal, context) : TypedResults.NoContent();
    }

    private static bool IsCurrent(HttpContext context, Versioned<UserRecord> user) => EntityTag.IsCurrent(context.Request, EntityTag.Of(user.Version));

    private static IResult Answer(HttpContext context, Versioned<UserRecord> user, int status = StatusCodes.Status200OK)
    {
        context.Response.Headers.ETag = EntityTag.Of(user.Version);
        return Answers.Json(Describe(user), ApiJson.Readable.UserDocument, status);
    }

    private static UserDocument Describe(Versioned<UserRecord> user) => new(
        user.Id, user.Value.Name, Roles.Name(user.Value.Role), user.Value.IsEnabled, StatusMapper.Utc(user.Value.CreatedAt)!.Value);
}
