using StreamManager.Server.Api.Description;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>API tokens: one's own, and everybody's for owners. Nobody gives away or takes away more than they have.</summary>
internal sealed class TokenRoutes(AccountParts accounts, TimeProvider time)
{
    private static Problem TooMany { get; } = new(
        StatusCodes.Status409Conflict, "too_many_tokens", $"A user cannot have more than {AccountLimits.MostTokensOfUser} tokens.", "Remove one that is not used.");

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/tokens", (Delegate)ListAsync).Needs(Permissions.View)
            .Describes("listTokens", "One's own API tokens, and everybody's for owners.", route => route.Lists<TokenDocument>());
        routes.MapPost("/api/tokens", (Delegate)MakeAsync).Needs(Permissions.View)
            .Describes("makeToken", "Makes an API token; the token itself is in this answer only.", route => route
                .Takes<NewTokenRequest>("""{ "name": "ci", "scopes": ["view"] }""").Gives<TokenDocument>(201).Creates().Refuses(409, "too_many_tokens"));
        routes.MapDelete("/api/tokens/{id}", RemoveAsync).Needs(Permissions.View)
            .Describes("removeToken", "Ends an API token.", route => route.GivesNothing().Refuses(404, "token_not_found"));
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        var tokens = await accounts.Tokens.ListAsync(context.Caller(), context.RequestAborted);
        return Page.Of(context, tokens, token => token.Value.Id, token => Describe(token.Value, accounts.Tokens.LastUse(token)), ApiJson.Readable.IReadOnlyListTokenDocument);
    }

    private async Task<IResult> MakeAsync(HttpContext context)
    {
        var caller = context.Caller();
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var name = fields.RequiredText("name", AccountFields.Name);
        var scopes = ReadScopes(fields, caller);
        var expiresAt = ReadExpiry(fields, caller);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        if (await accounts.Tokens.MakeAsync(caller, name!, scopes, expiresAt, context.RequestAborted) is not { } made)
            return TooMany;
        context.Response.Headers.Location = $"/api/tokens/{made.Record.Id}";
        return Answers.Json(Describe(made.Record, null) with { Token = made.Secret.Value }, ApiJson.Readable.TokenDocument, StatusCodes.Status201Created);
    }

    private async Task<IResult> RemoveAsync(string id, HttpContext context)
    {
        var caller = context.Caller();
        var tokens = await accounts.Tokens.ListAsync(caller, context.RequestAborted);
        if (tokens.FirstOrDefault(token => token.Value.Id == id) is not { } found)
            return Problem.Missing("token");

        // A session may end any token of its user, also one of better days; a token only one that may no more than itself.
        var lacks = found.Value.Scopes & ~caller.Permissions;
        if (caller.SessionId is null && lacks is not Permissions.None)
            return Problem.Forbidden(lacks);
        await accounts.Tokens.RemoveAsync(found, caller.Actor, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static Permissions ReadScopes(RequestFields fields, Caller caller)
    {
        var scopes = Permissions.None;
        foreach (var word in fields.Texts("scopes", AccountFields.Scope, most: 4) ?? [])
        {
            if (PermissionNames.TryParse(word, out var scope))
                scopes |= scope;
        }

        if (scopes is Permissions.None && fields.Errors.All(error => error.Field != "/scopes"))
            fields.Fail("scopes", $"is missing; needed is a list of {AccountFields.Scope.Allowed}");
        var lacks = scopes & ~caller.Permissions;
        if (lacks is not Permissions.None)
            fields.Fail("scopes", $"must not have what you may not do yourself ({PermissionNames.Name(lacks)})");
        return scopes;
    }

    private DateTimeOffset? ReadExpiry(RequestFields fields, Caller caller)
    {
        DateTimeOffset? expiresAt = fields.Text("expiresAt", AccountFields.Time) is { } text && AccountFields.TryTime(text, out var parsed) ? parsed : null;
        if (expiresAt <= time.GetUtcNow())
            fields.Fail("expiresAt", "must be in the future");

        // Else a token that ends could make itself endless.
        if (caller is { SessionId: null, ExpiresAt: { } end } && !(expiresAt <= end) && fields.Errors.All(error => error.Field != "/expiresAt"))
            fields.Fail("expiresAt", "must not be later than the end of the token that this request came with");
        return expiresAt;
    }

    private static TokenDocument Describe(TokenRecord token, DateTimeOffset? usedAt) => new(
        token.Id,
        token.Name,
        PermissionNames.List(token.Scopes),
        token.UserId,
        token.CreatedBy,
        StatusMapper.Utc(token.CreatedAt)!.Value,
        StatusMapper.Utc(token.ExpiresAt),
        StatusMapper.Utc(usedAt));
}
