using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using StreamManager.Server.Events;

namespace StreamManager.Server.Webhooks;

/// <summary>How a delivery stands.</summary>
internal enum DeliveryState
{
    /// <summary>It waits for its first or next attempt.</summary>
    Pending = 1,

    /// <summary>The receiver took it.</summary>
    Delivered = 2,

    /// <summary>It is not tried any more.</summary>
    Failed = 3,
}

/// <summary>One attempt, as the log shows it.</summary>
/// <param name="At">When.</param>
/// <param name="DurationMs">Milliseconds until it was over.</param>
/// <param name="Status">HTTP status; null: no answer.</param>
/// <param name="Error">Why it failed; null: it did not.</param>
/// <param name="Answer">The beginning of the answer, see <see cref="WebhookAnswer.Shown"/>.</param>
internal sealed record WebhookAttempt(DateTimeOffset At, int DurationMs, int? Status, string? Error, string? Answer);

/// <summary>One event on its way to one endpoint. Immutable.</summary>
/// <param name="Id">Unique.</param>
/// <param name="WebhookId">The endpoint.</param>
/// <param name="EventId">The event: <c>webhook-id</c>, the same in every attempt.</param>
/// <param name="Type">Its type.</param>
/// <param name="Body">The message, the same in every attempt.</param>
/// <param name="CreatedAt">When it was queued.</param>
/// <param name="State">How it stands.</param>
/// <param name="NextAttemptAt">When it is tried next; null: not any more.</param>
/// <param name="Attempts">What was tried; the first one's time is where the schedule begins.</param>
/// <param name="EndedBy">Why it was given up, where that was not the last attempt's doing.</param>
internal sealed record WebhookDelivery(
    string Id,
    string WebhookId,
    string EventId,
    string Type,
    string Body,
    DateTimeOffset CreatedAt,
    DeliveryState State,
    DateTimeOffset? NextAttemptAt,
    ImmutableArray<WebhookAttempt> Attempts,
    string? EndedBy)
{
    /// <summary>Bytes of the body.</summary>
    [JsonIgnore]
    public int Size { get; } = Encoding.UTF8.GetByteCount(Body);

    /// <summary>When the store and the log forget it.</summary>
    [JsonIgnore]
    public DateTimeOffset ExpiresAt => CreatedAt + WebhookLimits.DeliveryLifetime;

    /// <summary>A delivery to be tried at once.</summary>
    public static WebhookDelivery New(string webhookId, ServerEvent happened, string body, DateTimeOffset now) =>
        new(NewId(), webhookId, happened.Id, happened.Type, body, now, DeliveryState.Pending, now, [], null);

    /// <summary>The same event to the same endpoint once more, from the beginning.</summary>
    public WebhookDelivery Again(DateTimeOffset now) => this with { Id = NewId(), CreatedAt = now, State = DeliveryState.Pending, NextAttemptAt = now, Attempts = [], EndedBy = null };

    /// <summary>After an attempt.</summary>
    /// <param name="attempt">What came of it.</param>
    /// <param name="retryAfter">What the receiver asked for.</param>
    /// <param name="random">0 to 1, for the jitter.</param>
    public WebhookDelivery After(WebhookAttempt attempt, DateTimeOffset? retryAfter, double random)
    {
        var attempts = Attempts.Add(attempt);
        var next = attempt.Error is null ? null : WebhookSchedule.Next(attempts[0].At, attempt.At, attempts.Length, retryAfter, random);
        var state = attempt.Error is null ? DeliveryState.Delivered : next is null ? DeliveryState.Failed : DeliveryState.Pending;
        return this with { Attempts = attempts, NextAttemptAt = next, State = state };
    }

    /// <summary>Given up for another reason.</summary>
    public WebhookDelivery Ended(string reason) => this with { State = DeliveryState.Failed, NextAttemptAt = null, EndedBy = reason };

    /// <inheritdoc/>
    public override string ToString() => $"delivery {Id} of {EventId} to {WebhookId}";

    private static string NewId() => "dlv_" + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 20);
}
