using StreamManager.Server.Api.Description;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>What a user's link is for: to set a password, once. Open, since who has it cannot log in yet; the token comes in the body, so that no log of addresses has it.</summary>
internal sealed class UserLinkRoutes(AccountParts accounts)
{
    private static Problem WrongLink { get; } = new(
        StatusCodes.Status403Forbidden, "wrong_link", "This link does not work.", "It is not whole, it was used already, or a newer one was made. Ask an owner for a new one.");

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/user-link", (Delegate)LookAsync).Needs(Permissions.None)
            .Describes("lookAtUserLink", "Says whose link it is; it can still be used after that.", route => route.Takes<UserLinkRequest>("""{ "token": "TOKEN-OF-THE-LINK" }""")
                .Gives<UserLinkDocument>().Refuses(403, "wrong_link").Refuses(410, "link_expired"));
        routes.MapPost("/api/user-link/password", (Delegate)UseAsync).Needs(Permissions.None)
            .Describes("useUserLink", "Sets the user's password by a link, ends all sessions of the user, and logs in.", route => route
                .Takes<UserLinkPasswordRequest>("""{ "token": "TOKEN-OF-THE-LINK", "password": "a long phrase here" }""").Gives<MeDocument>().Refuses(403, "wrong_link").Refuses(410, "link_expired"));
    }

    private async Task<IResult> LookAsync(HttpContext context)
    {
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var token = fields.RequiredText("token", AccountFields.ClaimedSecret);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        var result = await accounts.Users.FindByLinkAsync(token!, context.RequestAborted);
        if (result.User is not { Value: { Link: { } link } user })
            return await RefuseAsync(result.Refusal, context);
        var document = new UserLinkDocument(user.Name, Roles.Name(user.Role), user.HasPassword, StatusMapper.Utc(link.ExpiresAt)!.Value);
        return Answers.Json(document, ApiJson.Readable.UserLinkDocument);
    }

    private async Task<IResult> UseAsync(HttpContext context)
    {
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var token = fields.RequiredText("token", AccountFields.ClaimedSecret);
        var password = fields.RequiredText("password", AccountFields.Password);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        // Whose it is decides what the password may be; who has no link learns nothing of it.
        var found = await accounts.Users.FindByLinkAsync(token!, context.RequestAborted);
        if (found.User is not { } invited)
            return await RefuseAsync(found.Refusal, context);
        AccountFields.CheckPassword(fields, "password", password, invited.Value.Name);
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        var address = AccountRoutes.AddressOf(context);
        var result = await accounts.Users.UseLinkAsync(token!, password!, address, context.RequestAborted);
        if (result.User is not { } user)
            return await RefuseAsync(result.Refusal, context);
        return AccountRoutes.Welcome(context, user, await accounts.Sessions.MakeAsync(user, address, AccountRoutes.ClientOf(context), context.RequestAborted));
    }

    private async Task<IResult> RefuseAsync(UserRefusal refusal, HttpContext context)
    {
        if (refusal is not UserRefusal.WrongLink)
            return AccountFields.Refusal(refusal, context);
        await accounts.Authenticator.DelayAsync(context);
        return WrongLink;
    }
}
