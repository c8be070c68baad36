using System.Text.Json.Serialization;

namespace StreamManager.Server.Api;

/// <summary>What can be set about a webhook; its ETag is made of it.</summary>
internal sealed record WebhookSettingsDocument(
    string Url, IReadOnlyList<string> Events, string? ChannelId, bool Enabled, IReadOnlyList<string> Decides, int DecisionTimeoutMs, string OnDecisionFailure);

/// <summary>A webhook.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Url">Where to.</param>
/// <param name="Events">Types of events, or beginnings of them with a star.</param>
/// <param name="ChannelId">Only what is about this channel; null: everything.</param>
/// <param name="Enabled">False: nothing is sent.</param>
/// <param name="Decides">Types of events that it decides.</param>
/// <param name="DecisionTimeoutMs">Milliseconds for a decision.</param>
/// <param name="OnDecisionFailure">allow or deny: what holds without a decision.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="DisabledAt">When the server switched it off; null: it did not.</param>
/// <param name="DisabledReason">Why.</param>
/// <param name="SecretHint">The end of the secret.</param>
/// <param name="OldSecretsUntil">Until when older secrets sign too; null: there are none.</param>
/// <param name="Pending">Deliveries that wait.</param>
/// <param name="Lost">Deliveries that were dropped since the start of the server, because too many waited.</param>
/// <param name="LastSuccessAt">When the receiver last took something.</param>
/// <param name="LastFailure">The last attempt that failed.</param>
/// <param name="LastDecision">The last decision since the start of the server.</param>
/// <param name="Warnings">What is not wrong, but not good.</param>
/// <param name="Secret">The secret, once: in the answer to adding it.</param>
internal sealed record WebhookDocument(
    string Id,
    string Url,
    IReadOnlyList<string> Events,
    string? ChannelId,
    bool Enabled,
    IReadOnlyList<string> Decides,
    int DecisionTimeoutMs,
    string OnDecisionFailure,
    DateTime CreatedAt,
    DateTime? DisabledAt,
    string? DisabledReason,
    string SecretHint,
    DateTime? OldSecretsUntil,
    int Pending,
    long Lost,
    DateTime? LastSuccessAt,
    WebhookAttemptDocument? LastFailure,
    WebhookDecisionDocument? LastDecision,
    IReadOnlyList<string> Warnings,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret);

/// <summary>One attempt to deliver.</summary>
/// <param name="At">When.</param>
/// <param name="DurationMs">Milliseconds.</param>
/// <param name="Status">HTTP status; null: no answer.</param>
/// <param name="Error">Why it failed; null: it did not.</param>
/// <param name="Response">The beginning of the answer.</param>
internal sealed record WebhookAttemptDocument(DateTime At, int DurationMs, int? Status, string? Error, string? Response);

/// <summary>One decision.</summary>
/// <param name="At">When it was asked for.</param>
/// <param name="DurationMs">Milliseconds.</param>
/// <param name="Type">What about.</param>
/// <param name="Allowed">What held.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Error">Why there was no decision; null: there was.</param>
internal sealed record WebhookDecisionDocument(DateTime At, int DurationMs, string Type, bool Allowed, string? Reason, string? Error);

/// <summary>One event on its way to one webhook.</summary>
/// <param name="Id">Its id.</param>
/// <param name="EventId">The event: <c>webhook-id</c>.</param>
/// <param name="Type">Its type.</param>
/// <param name="State">pending, delivered or failed.</param>
/// <param name="CreatedAt">When it was queued.</param>
/// <param name="NextAttemptAt">When it is tried next.</param>
/// <param name="EndedBy">Why it was given up, where that was not the last attempt's doing.</param>
/// <param name="Attempts">What was tried.</param>
/// <param name="Body">What is sent.</param>
internal sealed record WebhookDeliveryDocument(
    string Id, string EventId, string Type, string State, DateTime CreatedAt, DateTime? NextAttemptAt, string? EndedBy, IReadOnlyList<WebhookAttemptDocument> Attempts, string Body);

/// <summary>A new secret.</summary>
/// <param name="Secret">The secret; it is not shown again.</param>
/// <param name="OldSecretsUntil">Until when older secrets sign too; null: they do not.</param>
internal sealed record WebhookSecretDocument(string Secret, DateTime? OldSecretsUntil)
{
    /// <summary>Without the secret.</summary>
    public override string ToString() => nameof(WebhookSecretDocument);
}

/// <summary>What came of a test.</summary>
/// <param name="Ok">The receiver took it.</param>
/// <param name="Attempt">The attempt.</param>
internal sealed record WebhookTestDocument(bool Ok, WebhookAttemptDocument Attempt);

/// <summary>What a replay queued.</summary>
/// <param name="Queued">Events that were queued.</param>
/// <param name="Skipped">Events that wait in the queue already.</param>
/// <param name="Next">Send this as <c>since</c> for the rest; null: that was all.</param>
internal sealed record WebhookReplayDocument(int Queued, int Skipped, string? Next);
