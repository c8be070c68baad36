using System.Globalization;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Webhooks;

namespace StreamManager.Server.Api;

/// <summary>Webhooks: list, add, change, remove, test, secrets, what was delivered, once more.</summary>
internal sealed class WebhookRoutes(WebhookParts webhooks, ChannelDirectory channels, EventBus bus, TimeProvider time)
{
    /// <summary>Deliveries of an answer, if nothing else is asked for.</summary>
    private const int DefaultPage = 100;

    private static Problem NoWebhook { get; } = Problem.Missing("webhook");

    private static Problem TooMany { get; } = new(
        StatusCodes.Status409Conflict, "too_many_webhooks", $"There cannot be more than {WebhookLimits.MostWebhooks} webhooks.");

    private static Problem IsDisabled { get; } = new(StatusCodes.Status409Conflict, "webhook_is_disabled", "This webhook is switched off; nothing is delivered to it.", "Switch it on first.");

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/webhooks", (HttpContext context) => Page.Of(
            context, [.. webhooks.Catalog.All.Where(webhook => Refusal(context, webhook) is null)], webhook => webhook.Id, webhook => Describe(webhook), ApiJson.Readable.IReadOnlyListWebhookDocument)).Needs(Permissions.Manage)
            .Describes("listWebhooks", "The webhooks; those of owners only to owners.", route => route.Lists<WebhookDocument>());
        routes.MapPost("/api/webhooks", (Delegate)AddAsync).Needs(Permissions.Manage)
            .Describes("addWebhook", "Adds a webhook; its secret is in this answer only.", route => route
                .Takes<NewWebhookRequest>("""{ "url": "https://hooks.example.com/stream", "events": ["program.*"], "enabled": false }""")
                .Gives<WebhookDocument>(201).Tags().Creates().Refuses(409, "too_many_webhooks"));
        routes.MapGet("/api/webhooks/{id}", Get).Needs(Permissions.Manage)
            .Describes("getWebhook", "A webhook.", route => route.Gives<WebhookDocument>().Tags().Refuses(404, "webhook_not_found"));
        routes.MapPut("/api/webhooks/{id}", ChangeAsync).Needs(Permissions.Manage)
            .Describes("changeWebhook", "Changes the fields that are given.", route => route.Takes<WebhookRequest>("""{ "enabled": false }""")
                .Gives<WebhookDocument>().Tags().Matches().Refuses(404, "webhook_not_found"));
        routes.MapDelete("/api/webhooks/{id}", RemoveAsync).Needs(Permissions.Manage)
            .Describes("removeWebhook", "Removes a webhook, and what waits for it.", route => route.GivesNothing().Matches().Refuses(404, "webhook_not_found"));
        routes.MapPost("/api/webhooks/{id}/test", TestAsync).Needs(Permissions.Manage)
            .Describes("testWebhook", "Sends a test event, and tells what came back.", route => route.Gives<WebhookTestDocument>().Refuses(404, "webhook_not_found"));
        routes.MapPost("/api/webhooks/{id}/rotate-secret", RotateAsync).Needs(Permissions.Manage)
            .Describes("rotateWebhookSecret", "Makes another secret; the old one signs too for a while.", route => route
                .Takes<WebhookSecretRequest>("""{ "overlapSeconds": 60 }""", isOptional: true).Gives<WebhookSecretDocument>().Refuses(404, "webhook_not_found"));
        routes.MapGet("/api/webhooks/{id}/deliveries", Deliveries).Needs(Permissions.Manage)
            .Describes("listDeliveries", "What was and will be sent, newest first.", route => route.Lists<WebhookDeliveryDocument>()
                .Asks("state", "pending, delivered or failed.").Refuses(404, "webhook_not_found"));
        routes.MapPost("/api/webhooks/{id}/deliveries/{deliveryId}/redeliver", Redeliver).Needs(Permissions.Manage)
            .Describes("redeliver", "Sends something once more.", route => route.Gives<WebhookDeliveryDocument>(202)
                .Refuses(404, "webhook_not_found", "delivery_not_found").Refuses(409, "webhook_is_disabled"));
        routes.MapPost("/api/webhooks/{id}/replay", ReplayAsync).Needs(Permissions.Manage)
            .Describes("replayWebhook", "Sends once more what has happened since a time.", route => route.Takes<WebhookReplayRequest>("""{ "since": "2030-01-31T12:00:00Z" }""")
                .Gives<WebhookReplayDocument>(202).Refuses(404, "webhook_not_found").Refuses(409, "webhook_is_disabled"));
    }

    private IResult Get(string id, HttpContext context) => webhooks.Catalog.Find(id) is { } webhook ? Refusal(context, webhook) ?? Answer(context, webhook) : NoWebhook;

    private async Task<IResult> AddAsync(HttpContext context)
    {
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var wanted = WebhookFields.Read(fields, isNew: true, webhooks.AllowsPrivateAddresses, channels);
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        var secret = WebhookSignature.NewSecret();
        var webhook = wanted.Over(new WebhookDefinition { Id = WebhookCatalog.NewId(), Url = "", CreatedAt = time.GetUtcNow(), Secrets = [new WebhookSecret(secret, null)] });
        if (Refusal(context, webhook) is { } refusal)
            return refusal;
        if (!await webhooks.Catalog.AddAsync(webhook, context.RequestAborted))
            return TooMany;
        Tell(context, WebhookEvents.Created, webhook);
        context.Response.Headers.Location = $"/api/webhooks/{webhook.Id}";
        return Answer(context, webhook, StatusCodes.Status201Created, secret);
    }

    private async Task<IResult> ChangeAsync(string id, HttpContext context)
    {
        if (webhooks.Catalog.Find(id) is not { } found)
            return NoWebhook;
        if (Refusal(context, found) is { } forbidden)
            return forbidden;
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var wanted = WebhookFields.Read(fields, isNew: false, webhooks.AllowsPrivateAddresses, channels);
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        Problem? refusal = null;
        var changed = await webhooks.Catalog.UpdateAsync(
            id,
            webhook =>
            {
                var next = wanted.Over(webhook);
                if (!EntityTag.IsCurrent(context.Request, TagOf(webhook)))
                    refusal = Problem.Stale;
                else if (next.Events.IsEmpty && next.Decides.IsEmpty)
                    refusal = Problem.Invalid([new FieldError("/events", "must not be empty, unless decides is not")]);
                else
                    refusal = Refusal(context, webhook) ?? Refusal(context, next);
                return refusal is null ? next : null;
            },
            context.RequestAborted);
        if (changed is null)
            return refusal ?? NoWebhook;
        Tell(context, WebhookEvents.Updated, changed);
        return Answer(context, changed);
    }

    private async Task<IResult> RemoveAsync(string id, HttpContext context)
    {
        if (webhooks.Catalog.Find(id) is not { } webhook)
            return NoWebhook;
        if (Refusal(context, webhook) is { } refusal)
            return refusal;
        if (!await webhooks.Catalog.RemoveAsync(id, current => EntityTag.IsCurrent(context.Request, TagOf(current)), context.RequestAborted))
            return webhooks.Catalog.Find(id) is null ? NoWebhook : Problem.Stale;
        Tell(context, WebhookEvents.Deleted, webhook);
        return TypedResults.NoContent();
    }

    private async Task<IResult> TestAsync(string id, HttpContext context)
    {
        if (webhooks.Catalog.Find(id) is not { } webhook)
            return NoWebhook;
        if (Refusal(context, webhook) is { } refusal)
            return refusal;
        var answer = await webhooks.Dispatcher.TestAsync(webhook, context.RequestAborted);
        var attempt = new WebhookAttempt(answer.At, (int)answer.Duration.TotalMilliseconds, answer.Status, answer.Error, answer.Shown(webhook));
        return Answers.Json(new WebhookTestDocument(answer.IsSuccess, Describe(attempt)!), ApiJson.Readable.WebhookTestDocument);
    }

    private async Task<IResult> RotateAsync(string id, HttpContext context)
    {
        if (webhooks.Catalog.Find(id) is not { } found)
            return NoWebhook;
        if (Refusal(context, found) is { } refusal)
            return refusal;
        var (fields, problem) = await RequestFields.ReadOptionalAsync(context.Request);
        if (fields is null)
            return problem!;
        var overlap = fields.Integer("overlapSeconds", 0, (int)WebhookLimits.LongestOverlap.TotalSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : WebhookLimits.DefaultOverlap;
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        var secret = WebhookSignature.NewSecret();
        var now = time.GetUtcNow();
        if (await webhooks.Catalog.UpdateAsync(id, webhook => webhook.Rotated(secret, now, now + overlap), context.RequestAborted) is not { } changed)
            return NoWebhook;
        Tell(context, WebhookEvents.SecretRotated, changed);
        return Answers.Json(new WebhookSecretDocument(secret, OldSecretsUntil(changed)), ApiJson.Readable.WebhookSecretDocument);
    }

    private IResult Deliveries(string id, HttpContext context)
    {
        if (webhooks.Catalog.Find(id) is not { } webhook)
            return NoWebhook;
        if (Refusal(context, webhook) is { } refusal)
            return refusal;
        var state = context.Request.Query.TryGetValue("state", out var text) ? text.ToString() : null;
        if (state is not (null or "pending" or "delivered" or "failed"))
            return Problem.InvalidParameters([new FieldError("state", "must be pending | delivered | failed")]);
        return Page.Of(
            context,
            [.. webhooks.Dispatcher.DeliveriesOf(id).Where(delivery => state is null || StatusMapper.Word(delivery.State) == state)],
            delivery => delivery.Id,
            Describe,
            ApiJson.Readable.IReadOnlyListWebhookDeliveryDocument,
            new PageOrder<WebhookDelivery>(delivery => Page.NewestFirst(delivery.CreatedAt, delivery.Id), DefaultPage));
    }

    private IResult Redeliver(string id, string deliveryId, HttpContext context)
    {
        if (webhooks.Catalog.Find(id) is not { } webhook)
            return NoWebhook;
        if (Refusal(context, webhook) is { } refusal)
            return refusal;
        if (!webhook.Enabled)
            return IsDisabled;
        if (webhooks.Dispatcher.Redeliver(id, deliveryId) is not { } delivery)
            return Problem.Missing("delivery");
        Tell(context, WebhookEvents.Redelivered, webhook);
        return Answers.Json(Describe(delivery), ApiJson.Readable.WebhookDeliveryDocument, StatusCodes.Status202Accepted);
    }

    private async Task<IResult> ReplayAsync(string id, HttpContext context)
    {
        if (webhooks.Catalog.Find(id) is not { } webhook)
            return NoWebhook;
        if (Refusal(context, webhook) is { } refusal)
            return refusal;
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var text = fields.RequiredText("since", AccountFields.Time);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        if (!webhook.Enabled)
            return IsDisabled;
        _ = AccountFields.TryTime(text!, out var since);
        var happened = await webhooks.History.ReadAsync(since, one => EventPattern.MayBeTold(one) && webhook.Wants(one), context.RequestAborted);
        var replay = webhooks.Dispatcher.Replay(webhook, happened);
        Tell(context, WebhookEvents.Replayed, webhook);
        var document = new WebhookReplayDocument(replay.Queued, replay.Skipped, replay.Next?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        return Answers.Json(document, ApiJson.Readable.WebhookReplayDocument, StatusCodes.Status202Accepted);
    }

    /// <summary>A webhook that tells what only owners may see belongs to owners: else somebody could send it elsewhere, or ask its receiver by an address that may hold a token.</summary>
    private static Problem? Refusal(HttpContext context, WebhookDefinition webhook) =>
        webhook.Events.Any(EventPattern.IsForOwners) && !context.Caller().Permissions.HasFlag(Permissions.Administer) ? Problem.Forbidden(Permissions.Administer) : null;

    private void Tell(HttpContext context, Func<DateTimeOffset, string, WebhookDefinition, ServerEvent> happened, WebhookDefinition webhook) =>
        bus.Publish(happened(time.GetUtcNow(), context.Caller().Actor, webhook));

    private IResult Answer(HttpContext context, WebhookDefinition webhook, int status = StatusCodes.Status200OK, string? secret = null)
    {
        context.Response.Headers.ETag = TagOf(webhook);
        return Answers.Json(Describe(webhook, secret), ApiJson.Readable.WebhookDocument, status);
    }

    private static string TagOf(WebhookDefinition webhook) => EntityTag.Of(
        new WebhookSettingsDocument(
            webhook.Url, webhook.Events, webhook.ChannelId, webhook.Enabled, webhook.Decides, (int)webhook.DecisionTimeout.TotalMilliseconds, StatusMapper.Word(webhook.OnDecisionFailure)),
        ApiJson.Readable.WebhookSettingsDocument);

    private WebhookDocument Describe(WebhookDefinition webhook, string? secret = null)
    {
        var status = webhooks.Dispatcher.StatusOf(webhook.Id);
        return new WebhookDocument(
            webhook.Id,
            webhook.Url,
            webhook.Events,
            webhook.ChannelId,
            webhook.Enabled,
            webhook.Decides,
            (int)webhook.DecisionTimeout.TotalMilliseconds,
            StatusMapper.Word(webhook.OnDecisionFailure),
            StatusMapper.Utc(webhook.CreatedAt)!.Value,
            StatusMapper.Utc(webhook.Disabling?.At),
            webhook.Disabling?.Reason,
            Secret.Hint(webhook.Secrets[0].Text),
            OldSecretsUntil(webhook),
            status.Pending,
            status.Lost,
            StatusMapper.Utc(status.LastSuccessAt),
            Describe(status.LastFailure),
            webhooks.Decider.LastOf(webhook.Id) is { } last
                ? new WebhookDecisionDocument(StatusMapper.Utc(last.At)!.Value, last.DurationMs, last.Type, last.IsAllowed, last.Reason, last.Error)
                : null,
            webhook.Url.StartsWith("http:", StringComparison.OrdinalIgnoreCase) ? ["The address is http: whoever is on the way can read what is told. Use https."] : [],
            secret);
    }

    private DateTime? OldSecretsUntil(WebhookDefinition webhook) => StatusMapper.Utc(webhook.Secrets.Max(old => old.ExpiresAt) is { } end && end > time.GetUtcNow() ? end : null);

    private static WebhookAttemptDocument? Describe(WebhookAttempt? attempt) =>
        attempt is null ? null : new WebhookAttemptDocument(StatusMapper.Utc(attempt.At)!.Value, attempt.DurationMs, attempt.Status, attempt.Error, attempt.Answer);

    private static WebhookDeliveryDocument Describe(WebhookDelivery delivery) => new(
        delivery.Id,
        delivery.EventId,
        delivery.Type,
        StatusMapper.Word(delivery.State),
        StatusMapper.Utc(delivery.CreatedAt)!.Value,
        StatusMapper.Utc(delivery.NextAttemptAt),
        delivery.EndedBy,
        [.. delivery.Attempts.Select(attempt => Describe(attempt)!)],
        delivery.Body);
}
