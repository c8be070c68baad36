using Microsoft.AspNetCore.Http.Features;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Events;
using StreamManager.Server.Keys;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>Stream keys: list, make, change, rotate, revoke, show a channel's own again; signed addresses. Every change is told as <c>audit.key.*</c>.</summary>
internal sealed class KeyRoutes(ApiServices services, StreamAccess access, EventBus events)
{
    /// <summary>An encoder's key is changed between two shows; an hour is enough to walk over to it, and short enough that a leaked key is gone today.</summary>
    private static readonly TimeSpan DefaultOverlap = TimeSpan.FromHours(1);

    /// <summary>Longer is not a rotation but a second key.</summary>
    private static readonly TimeSpan LongestOverlap = TimeSpan.FromDays(7);

    private static Problem NoKey { get; } = Problem.Missing("key");

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/keys", (Delegate)ListAsync).Needs(Permissions.View)
            .Describes("listKeys", "The stream keys, without the keys themselves.", route => route.Lists<KeyDocument>());
        routes.MapGet("/api/keys/{id}", GetAsync).Needs(Permissions.View)
            .Describes("getKey", "A stream key, without the key itself.", route => route.Gives<KeyDocument>().Tags().Refuses(404, "key_not_found"));
        routes.MapPost("/api/keys", (Delegate)CreateAsync).Needs(Permissions.Manage)
            .Describes("makeKey", "Makes a stream key; the key itself is in this answer only.", route => route.Takes<NewKeyRequest>("""{ "name": "studio" }""")
                .Gives<KeyDocument>(201).Creates().Refuses(409, "alias_taken", "too_many_keys"));
        routes.MapPut("/api/keys/{id}", ChangeAsync).Needs(Permissions.Manage)
            .Describes("changeKey", "Changes the fields that are given; they hold for every publish that begins from now on.", route => route.Takes<KeyRequest>("""{ "alias": "studio" }""")
                .Gives<KeyDocument>().Tags().Matches().Refuses(404, "key_not_found").Refuses(409, "alias_taken", "key_is_replaced", "conflict"));
        routes.MapDelete("/api/keys/{id}", RevokeAsync).Needs(Permissions.Manage)
            .Describes("revokeKey", "Ends a stream key at once.", route => route.GivesNothing().Refuses(404, "key_not_found").Refuses(409, "key_is_the_channels_own", "conflict"));
        routes.MapPost("/api/keys/{id}/rotate", RotateAsync).Needs(Permissions.Manage)
            .Describes("rotateKey", "Makes a key in place of another, which works for a while longer.", route => route.Takes<KeyRotationRequest>("""{ "overlapSeconds": 60 }""", isOptional: true)
                .Gives<KeyDocument>(201).Creates().Refuses(404, "key_not_found").Refuses(409, "key_is_replaced", "conflict"));
        routes.MapPost("/api/keys/{id}/reveal", RevealAsync).Needs(Permissions.Administer)
            .Describes("revealKey", "Shows a channel's own key again.", route => route.Gives<KeyDocument>().Refuses(404, "key_not_found").Refuses(409, "key_not_kept"));
        routes.MapPost("/api/keys/sign", (Delegate)SignAsync).Needs(Permissions.Manage)
            .Describes("signAddress", "Signs an address that carries its own permission to publish or play.", route => route.Takes<SignRequest>("""{ "action": "play" }""").Gives<SignedUrlDocument>());
        routes.MapPost("/api/keys/sign/rotate", (Delegate)RotateSignaturesAsync).Needs(Permissions.Manage)
            .Describes("rotateSignatures", "Ends every signed address, now or after an overlap.", route => route
                .Takes<SignatureRotationRequest>("""{ "overlapSeconds": 60 }""", isOptional: true).GivesNothing());
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        var keys = await access.Keys.ListAsync(context.RequestAborted);
        return Page.Of(context, keys, key => key.Id, key => KeyDocument.From(key, services.Time.GetUtcNow()), ApiJson.Readable.IReadOnlyListKeyDocument);
    }

    private async Task<IResult> GetAsync(string id, HttpContext context) =>
        await access.Keys.FindAsync(id, context.RequestAborted) is { } key
            ? Answers.Json(KeyDocument.From(key, services.Time.GetUtcNow()), ApiJson.Readable.KeyDocument, tag: TagOf(key))
            : NoKey;

    private async Task<IResult> CreateAsync(HttpContext context)
    {
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        if (KeyFields.ReadNew(fields, services.Channels, services.Time.GetUtcNow()) is not { } wanted)
            return Problem.Invalid(fields.Errors);
        return Answer(context, KeyEvents.Created, await access.Keys.CreateAsync(wanted, context.RequestAborted));
    }

    private async Task<IResult> ChangeAsync(string id, HttpContext context)
    {
        if (await access.Keys.FindAsync(id, context.RequestAborted) is not { } known)
            return NoKey;
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        if (KeyFields.ReadEdit(fields, known, services.Time.GetUtcNow()) is not { } edit)
            return Problem.Invalid(fields.Errors);
        var change = await access.Keys.EditAsync(id, edit, key => EntityTag.IsCurrent(context.Request, TagOf(key)), context.RequestAborted);
        if (change is not KeyChange.Edited edited)
            return Refusal(change);
        events.Publish(KeyEvents.Changed(services.Time.GetUtcNow(), context.Caller().Actor, edited.Description, edited.Changed, edited.Kicked));
        return Answers.Json(KeyDocument.From(edited.Description, services.Time.GetUtcNow()), ApiJson.Readable.KeyDocument, tag: TagOf(edited.Description));
    }

    private async Task<IResult> RotateAsync(string id, HttpContext context)
    {
        var (overlap, kick) = (DefaultOverlap, false);
        if (HasBody(context))
        {
            var (fields, problem) = await RequestFields.ReadAsync(context.Request);
            if (fields is null)
                return problem!;
            overlap = KeyFields.ReadOverlap(fields, DefaultOverlap, LongestOverlap);
            kick = fields.Boolean("kick") ?? false;
            if (kick && fields.Has("overlapSeconds") && overlap > TimeSpan.Zero)
                fields.Fail("overlapSeconds", "must be 0 or absent beside kick: who is kicked cannot come back with the old key");
            fields.RefuseUnknown();
            if (fields.Errors.Count > 0)
                return Problem.Invalid(fields.Errors);
        }

        return Answer(context, KeyEvents.Rotated, await access.Keys.RotateAsync(id, overlap, kick, context.RequestAborted));
    }

    private async Task<IResult> RevokeAsync(string id, HttpContext context) => Answer(context, KeyEvents.Revoked, await access.Keys.RevokeAsync(id, context.RequestAborted));

    private async Task<IResult> RevealAsync(string id, HttpContext context)
    {
        if (await access.Keys.RevealAsync(id, context.RequestAborted) is { } found)
        {
            Tell(context, KeyEvents.Revealed, found.Description);
            return Answers.Json(KeyDocument.From(found.Description, services.Time.GetUtcNow(), found.Key), ApiJson.Readable.KeyDocument);
        }

        return await access.Keys.FindAsync(id, context.RequestAborted) is null
            ? NoKey
            : new Problem(StatusCodes.Status409Conflict, "key_not_kept", "Of this key only a hash is kept.", "Rotate it to get another one.");
    }

    private async Task<IResult> SignAsync(HttpContext context)
    {
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        if (KeyFields.ReadGrant(fields, services.Channels, services.Time.GetUtcNow()) is not { } grant)
            return Problem.Invalid(fields.Errors);

        var token = access.Signed.Sign(grant);
        var name = grant.Action is SignedAction.Publish || grant.Source is null ? grant.Channel : $"{grant.Channel}/{grant.Source}";
        var source = grant.Source is null ? "" : $"source={grant.Source}&";
        var server = services.IngestUrl(context.Request.Host.Host);
        var expires = DateTimeOffset.FromUnixTimeSeconds(grant.Expires);
        events.Publish(KeyEvents.Signed(services.Time.GetUtcNow(), context.Caller().Actor, grant));
        var document = new SignedUrlDocument(
            token,
            StatusMapper.Word(grant.Action),
            grant.Channel,
            grant.Source,
            StatusMapper.Utc(expires)!.Value,
            server,
            $"{name}?token={token}",
            $"{server}/{name}?token={token}",
            grant.Action is SignedAction.Play ? $"/preview/{grant.Channel}.flv?{source}token={token}" : null,
            grant.Action is SignedAction.Play ? $"/hls/{grant.Channel}/index.m3u8?{source}token={token}" : null);
        return Answers.Json(document, ApiJson.Readable.SignedUrlDocument);
    }

    private async Task<IResult> RotateSignaturesAsync(HttpContext context)
    {
        var overlap = TimeSpan.Zero;
        if (HasBody(context))
        {
            var (fields, problem) = await RequestFields.ReadAsync(context.Request);
            if (fields is null)
                return problem!;
            overlap = KeyFields.ReadOverlap(fields, TimeSpan.Zero, SignedUrls.LongestOverlap);
            fields.RefuseUnknown();
            if (fields.Errors.Count > 0)
                return Problem.Invalid(fields.Errors);
        }

        await access.Signed.RotateAsync(overlap, context.RequestAborted);
        events.Publish(KeyEvents.SignaturesRotated(services.Time.GetUtcNow(), context.Caller().Actor, overlap));
        return TypedResults.NoContent();
    }

    private IResult Answer(HttpContext context, Func<DateTimeOffset, string, StreamKey, ServerEvent> happened, KeyChange change)
    {
        switch (change)
        {
            case KeyChange.Made made:
                Tell(context, happened, made.Description);
                context.Response.Headers.Location = $"/api/keys/{made.Description.Id}";
                return Answers.Json(KeyDocument.From(made.Description, services.Time.GetUtcNow(), made.Key), ApiJson.Readable.KeyDocument, StatusCodes.Status201Created);
            case KeyChange.Removed removed:
                Tell(context, happened, removed.Description);
                return TypedResults.NoContent();
            default:
                return Refusal(change);
        }
    }

    private static Problem Refusal(KeyChange change) => change switch
    {
        KeyChange.NotFound => NoKey,
        KeyChange.Stale => Problem.Stale,
        KeyChange.AliasTaken => new Problem(StatusCodes.Status409Conflict, "alias_taken", "Another key has this alias.", Errors: [new FieldError("/alias", "is taken")]),
        KeyChange.TooMany => new Problem(
            StatusCodes.Status409Conflict, "too_many_keys", $"There cannot be more than {StreamKeyRing.MostKeys} keys.", "Revoke some, or rotate with kick; those that have ended go by themselves."),
        KeyChange.IsChannelsOwn => new Problem(StatusCodes.Status409Conflict, "key_is_the_channels_own", "Every source has a key of its own.", "Rotate it instead."),
        KeyChange.IsReplaced => new Problem(StatusCodes.Status409Conflict, "key_is_replaced", "This key was rotated already.", "The key that took its place can be changed and rotated."),
        KeyChange.Contended => new Problem(StatusCodes.Status409Conflict, "conflict", "Somebody else changes this key at the same time.", "Try again."),
        _ => throw new InvalidOperationException("A change of a key has an outcome that nobody knows."),
    };

    /// <summary>Of what can be edited, and of whether it can: that somebody used the key is nobody's change.</summary>
    private static string TagOf(StreamKey key) =>
        EntityTag.Of(new KeyTagDocument(key.Name, StatusMapper.Utc(key.ExpiresAt), key.AllowedAddresses, key.Alias, key.ReplacedBy), ApiJson.Readable.KeyTagDocument);

    private void Tell(HttpContext context, Func<DateTimeOffset, string, StreamKey, ServerEvent> happened, StreamKey key) =>
        events.Publish(happened(services.Time.GetUtcNow(), context.Caller().Actor, key));

    private static bool HasBody(HttpContext context) => context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is not false;
}
