using System.Diagnostics.Metrics;

namespace StreamManager.Server.Webhooks;

/// <summary>Counters of webhooks: the meter <c>StreamManager.Webhooks</c>. Tags are closed sets of words: no address, no id.</summary>
internal static class WebhookMetrics
{
    private static readonly Meter Meter = new("StreamManager.Webhooks");

    /// <summary>Deliveries that are over.</summary>
    public static readonly Counter<long> Deliveries = Meter.CreateCounter<long>(
        "webhook_deliveries_total", description: "Webhook deliveries that are over, by outcome: delivered, failed (after the whole schedule, or given up), lost (too many waited).");

    /// <summary>Requests of deliveries.</summary>
    public static readonly Counter<long> Attempts = Meter.CreateCounter<long>(
        "webhook_attempts_total", description: "Requests made to deliver, by outcome: taken, refused (an answer other than 2xx), unreachable (no answer).");

    /// <summary>Deliveries that wait.</summary>
    public static readonly Gauge<long> Pending = Meter.CreateGauge<long>("webhook_pending", description: "Webhook deliveries that wait for an attempt.");

    /// <summary>Endpoints that the server switched off.</summary>
    public static readonly Gauge<long> Disabled = Meter.CreateGauge<long>("webhook_disabled", description: "Webhooks that the server switched off because they are gone or failed for a day.");

    /// <summary>Decisions.</summary>
    public static readonly Counter<long> Decisions = Meter.CreateCounter<long>(
        "webhook_decisions_total", description: "Decisions of webhooks, by outcome: allowed, denied; failed_open and failed_closed when there was none in time.");

    /// <summary>How long they took.</summary>
    public static readonly Histogram<double> DecisionTime = Meter.CreateHistogram<double>(
        "webhook_decision_milliseconds", description: "Time from asking a webhook for a decision to having one, or giving up.");

    /// <summary>Tag of an outcome.</summary>
    public static KeyValuePair<string, object?> Outcome(string word) => new("outcome", word);
}
