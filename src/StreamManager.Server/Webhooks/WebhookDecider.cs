using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using StreamManager.Server.Events;

namespace StreamManager.Server.Webhooks;

/// <summary>What endpoints say about something that is about to happen.</summary>
/// <param name="IsAllowed">Go on.</param>
/// <param name="Reason">When not: why, fit to be shown and logged.</param>
internal sealed record WebhookDecision(bool IsAllowed, string? Reason)
{
    /// <summary>Nobody objects.</summary>
    public static WebhookDecision Allowed { get; } = new(true, null);
}

/// <summary>The last decision of an endpoint, for the API.</summary>
/// <param name="At">When it was asked.</param>
/// <param name="DurationMs">Milliseconds that it took.</param>
/// <param name="Type">What was asked about.</param>
/// <param name="IsAllowed">What held.</param>
/// <param name="Reason">What the endpoint said, when it refused.</param>
/// <param name="Error">Why the endpoint gave no decision; null: it did.</param>
internal sealed record WebhookDecisionRecord(DateTimeOffset At, int DurationMs, string Type, bool IsAllowed, string? Reason, string? Error);

/// <summary>
/// Asks endpoints whether something may happen: the request is signed like any other, and the answer is <c>200</c> with <c>{ "allow": true }</c> or <c>{ "allow": false, "reason": "…" }</c>.
/// Anything else, and an answer after the deadline, is no decision: then the endpoint's <c>onDecisionFailure</c> holds. All endpoints are asked at once; one that refuses is enough.
/// Thread-safe.
/// </summary>
internal sealed partial class WebhookDecider(WebhookCatalog catalog, WebhookSender sender, TimeProvider time, ILogger<WebhookDecider> logger)
{
    /// <summary>The event types that can be decided: those of row "pre" of a connection.</summary>
    public static ImmutableArray<string> Types { get; } = ["connection.preConnect", "connection.prePublish", "connection.prePlay"];

    /// <summary>Longest reason that is passed on.</summary>
    private const int LongestReason = 200;

    /// <summary>Deepest nesting of an answer that is read.</summary>
    private const int DeepestNesting = 8;

    private readonly ConcurrentDictionary<string, Desk> _desks = new(StringComparer.Ordinal);

    /// <summary>The last decision of an endpoint since the start of the server; null: none.</summary>
    public WebhookDecisionRecord? LastOf(string webhookId) => _desks.GetValueOrDefault(webhookId)?.Last;

    /// <summary>May it happen? Without an endpoint that decides about it: yes, at once.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.</exception>
    public async ValueTask<WebhookDecision> DecideAsync(ServerEvent happened, CancellationToken cancellationToken)
    {
        var deciders = catalog.All.FindAll(webhook => webhook.DecidesOn(happened));
        if (deciders.IsEmpty)
            return WebhookDecision.Allowed;
        var body = WebhookMessage.Write(happened);

        // An endpoint that was removed meanwhile keeps no place.
        foreach (var gone in _desks.Keys.Where(id => catalog.Find(id) is null))
            _desks.TryRemove(gone, out _);
        var decisions = await Task.WhenAll(deciders.Select(webhook => AskAsync(webhook, happened, body, cancellationToken)));
        return Array.Find(decisions, decision => !decision.IsAllowed) ?? WebhookDecision.Allowed;
    }

    private async Task<WebhookDecision> AskAsync(WebhookDefinition webhook, ServerEvent happened, byte[] body, CancellationToken cancellationToken)
    {
        var desk = _desks.GetOrAdd(webhook.Id, _ => new Desk());
        var at = time.GetUtcNow();
        var start = time.GetTimestamp();
        var (decision, error) = await AskInTimeAsync(desk, webhook, happened, body, cancellationToken);
        var outcome = (decision, webhook.OnDecisionFailure) switch
        {
            ({ IsAllowed: true }, _) => "allowed",
            ({ IsAllowed: false }, _) => "denied",
            (null, DecisionFallback.Allow) => "failed_open",
            _ => "failed_closed",
        };
        WebhookMetrics.Decisions.Add(1, WebhookMetrics.Outcome(outcome));
        WebhookMetrics.DecisionTime.Record(time.GetElapsedTime(start).TotalMilliseconds);
        decision ??= webhook.OnDecisionFailure is DecisionFallback.Allow ? WebhookDecision.Allowed : new WebhookDecision(false, "Whoever decides about this could not be reached.");
        if (error is not null)
            LogNoDecision(logger, webhook.Id, happened.Type, error, decision.IsAllowed ? "let in" : "refused");
        desk.Last = new WebhookDecisionRecord(at, (int)time.GetElapsedTime(start).TotalMilliseconds, happened.Type, decision.IsAllowed, decision.Reason, error);
        return decision;
    }

    private async Task<(WebhookDecision? Decision, string? Error)> AskInTimeAsync(
        Desk desk, WebhookDefinition webhook, ServerEvent happened, byte[] body, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        using var deadline = new CancellationTokenSource(webhook.DecisionTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await desk.Places.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, "Too many decisions wait for this endpoint.");
        }

        try
        {
            var left = webhook.DecisionTimeout - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                return (null, "No answer in time.");
            var answer = await sender.SendAsync(webhook, happened.Id, body, left, cancellationToken);
            if (!answer.IsSuccess)
                return (null, answer.Error);
            return Read(answer, webhook) is { } decision ? (decision, null) : (null, "The answer is not { \"allow\": true } or { \"allow\": false, \"reason\": \"…\" }.");
        }
        finally
        {
            desk.Places.Release();
        }
    }

    /// <summary>The decision in an answer; null: it is none.</summary>
    private static WebhookDecision? Read(WebhookAnswer answer, WebhookDefinition webhook)
    {
        if (answer.Status != StatusCodes.Status200OK || !answer.IsWholeBody)
            return null;
        try
        {
            using var document = JsonDocument.Parse(answer.Body, new JsonDocumentOptions { MaxDepth = DeepestNesting, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind is not JsonValueKind.Object || !document.RootElement.TryGetProperty("allow", out var allow))
                return null;
            return allow.ValueKind switch
            {
                JsonValueKind.True => WebhookDecision.Allowed,
                JsonValueKind.False => new WebhookDecision(false, ReasonIn(document.RootElement, webhook)),
                _ => null,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string ReasonIn(JsonElement answer, WebhookDefinition webhook)
    {
        var text = answer.TryGetProperty("reason", out var reason) && reason.ValueKind is JsonValueKind.String ? NotShown().Replace(webhook.Masked(reason.GetString()!), " ").Trim() : "";
        return text.Length switch
        {
            0 => "Refused.",
            > LongestReason => text[..LongestReason],
            _ => text,
        };
    }

    // The reason goes to a peer and into the log: printable ASCII and letters, no control or format signs, no halves of characters.
    [GeneratedRegex(@"[^\p{L}\p{N}\p{P}\p{Zs}+=<>$]", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex NotShown();

    [LoggerMessage(1, LogLevel.Warning, "Webhook {Webhook} gave no decision on {Type} ({Error}); {Outcome}.")]
    private static partial void LogNoDecision(ILogger logger, string webhook, string type, string? error, string outcome);

    /// <summary>Where one endpoint's decisions are asked for. Its semaphore needs no disposal: nobody asks for its wait handle.</summary>
    private sealed class Desk
    {
        private WebhookDecisionRecord? _last;

        public SemaphoreSlim Places { get; } = new(WebhookLimits.MostDecisionsAtOnce, WebhookLimits.MostDecisionsAtOnce);

        public WebhookDecisionRecord? Last
        {
            get => Volatile.Read(ref _last);
            set => Volatile.Write(ref _last, value);
        }
    }
}
