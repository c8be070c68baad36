using StreamManager.Server.Api.Description;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>The first owner, by the link that the server prints at its start.</summary>
internal sealed class SetupRoutes(AccountParts accounts)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/setup", (Delegate)GetAsync).Needs(Permissions.None)
            .Describes("getSetup", "Is the first owner missing?", route => route.Gives<SetupDocument>());
        routes.MapPost("/api/setup", (Delegate)SetUpAsync).Needs(Permissions.None)
            .Describes("setUp", "Makes the first owner by the printed link, and logs in.", route => route
                .Takes<SetupRequest>("""{ "token": "TOKEN-OF-THE-LINK", "name": "anna", "password": "a long phrase here" }""").Gives<MeDocument>(201)
                .Refuses(403, "wrong_setup_token").Refuses(409, "name_taken").Refuses(410, "setup_done"));
    }

    private async Task<IResult> GetAsync(HttpContext context) =>
        Answers.Json(new SetupDocument(await accounts.Users.IsSetupNeededAsync(context.RequestAborted)), ApiJson.Readable.SetupDocument);

    private async Task<IResult> SetUpAsync(HttpContext context)
    {
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var token = fields.RequiredText("token", AccountFields.ClaimedSecret);
        var name = fields.RequiredText("name", AccountFields.Name);
        var password = fields.RequiredText("password", AccountFields.Password);
        AccountFields.CheckPassword(fields, "password", password, name);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        var result = await accounts.Users.SetUpAsync(token!, name!, password!, context.RequestAborted);
        if (result.User is not { } user)
        {
            if (result.Refusal is UserRefusal.WrongLink)
                await accounts.Authenticator.DelayAsync(context);
            return AccountFields.Refusal(result.Refusal, context);
        }

        var session = await accounts.Sessions.MakeAsync(user, AccountRoutes.AddressOf(context), AccountRoutes.ClientOf(context), context.RequestAborted);
        context.Response.Headers.Location = $"/api/users/{user.Id}";
        return AccountRoutes.Welcome(context, user, session, StatusCodes.Status201Created);
    }
}
