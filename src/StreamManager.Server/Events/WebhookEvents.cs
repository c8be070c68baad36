using System.Collections.Immutable;
using StreamManager.Server.Webhooks;

namespace StreamManager.Server.Events;

/// <summary>What becomes of webhooks, and who changed them.</summary>
internal static class WebhookEvents
{
    /// <summary>Type of an endpoint that was switched off.</summary>
    public const string Disabled = "webhook.disabled";

    /// <summary>Type of deliveries that were dropped.</summary>
    public const string Lost = "webhook.lost";

    /// <summary>Type of what the test route sends, to its endpoint alone.</summary>
    public const string Test = "webhook.test";

    private static readonly EventType DisabledType = new(Disabled, "webhookId", "host", "reason");
    private static readonly EventType LostType = new(Lost, "webhookId", "count");
    private static readonly EventType TestType = new(Test, "webhookId");
    private static readonly EventType CreatedType = OfChange("created");
    private static readonly EventType UpdatedType = OfChange("updated");
    private static readonly EventType DeletedType = OfChange("deleted");
    private static readonly EventType SecretRotatedType = OfChange("secretRotated");
    private static readonly EventType ReplayedType = OfChange("replayed");
    private static readonly EventType RedeliveredType = OfChange("redelivered");

    /// <summary>The family.</summary>
    public static ImmutableArray<EventType> All { get; } =
        [DisabledType, LostType, TestType, CreatedType, UpdatedType, DeletedType, SecretRotatedType, ReplayedType, RedeliveredType];

    /// <summary>An endpoint was switched off because it is gone or failed for a day.</summary>
    public static ServerEvent SwitchedOff(DateTimeOffset time, WebhookDefinition webhook, string reason) => DisabledType.At(time, webhook.ChannelId, null, webhook.Id, webhook.Host, reason);

    /// <summary>Deliveries were dropped because too many waited; <paramref name="webhookId"/> is null when that was before they came to an endpoint.</summary>
    public static ServerEvent Dropped(DateTimeOffset time, string? webhookId, long count) => LostType.At(time, null, null, webhookId, count);

    /// <summary>What a test sends.</summary>
    public static ServerEvent Trial(DateTimeOffset time, WebhookDefinition webhook) => TestType.At(time, webhook.ChannelId, null, webhook.Id);

    /// <summary>Somebody added a webhook.</summary>
    public static ServerEvent Created(DateTimeOffset time, string actor, WebhookDefinition webhook) => About(CreatedType, time, actor, webhook);

    /// <summary>Somebody changed it.</summary>
    public static ServerEvent Updated(DateTimeOffset time, string actor, WebhookDefinition webhook) => About(UpdatedType, time, actor, webhook);

    /// <summary>Somebody removed it.</summary>
    public static ServerEvent Deleted(DateTimeOffset time, string actor, WebhookDefinition webhook) => About(DeletedType, time, actor, webhook);

    /// <summary>Somebody made another secret for it.</summary>
    public static ServerEvent SecretRotated(DateTimeOffset time, string actor, WebhookDefinition webhook) => About(SecretRotatedType, time, actor, webhook);

    /// <summary>Somebody had it told once more what has happened since a time.</summary>
    public static ServerEvent Replayed(DateTimeOffset time, string actor, WebhookDefinition webhook) => About(ReplayedType, time, actor, webhook);

    /// <summary>Somebody had one delivery made once more.</summary>
    public static ServerEvent Redelivered(DateTimeOffset time, string actor, WebhookDefinition webhook) => About(RedeliveredType, time, actor, webhook);

    private static EventType OfChange(string what) => new($"audit.webhook.{what}", "webhookId", "host", "enabled");

    private static ServerEvent About(EventType type, DateTimeOffset time, string actor, WebhookDefinition webhook) =>
        type.At(time, webhook.ChannelId, actor, webhook.Id, webhook.Host, webhook.Enabled);
}
