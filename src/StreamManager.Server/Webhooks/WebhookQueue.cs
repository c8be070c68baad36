using System.Collections.Immutable;
using System.Text;

namespace StreamManager.Server.Webhooks;

/// <summary>How an endpoint's queue stands, for the API.</summary>
/// <param name="Pending">Deliveries that wait.</param>
/// <param name="Lost">Deliveries that were dropped because too many waited, since the start of the server.</param>
/// <param name="LastSuccessAt">When the receiver last took something.</param>
/// <param name="LastFailure">The last attempt that failed.</param>
internal sealed record WebhookQueueStatus(int Pending, long Lost, DateTimeOffset? LastSuccessAt, WebhookAttempt? LastFailure);

/// <summary>
/// The deliveries of one endpoint: what waits, what is under way, what is over. Nothing runs here between events: a delivery starts when it is queued, when another ends, or on the
/// tick. Thread-safe.
/// </summary>
/// <param name="webhookId">The endpoint.</param>
/// <param name="definition">The endpoint as it is now; null: removed.</param>
/// <param name="sender">Sends.</param>
/// <param name="records">Gets every change.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of our own faults.</param>
internal sealed partial class WebhookQueue(string webhookId, Func<WebhookDefinition?> definition, WebhookSender sender, WebhookDeliveryRecords records, TimeProvider time, ILogger logger)
    : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();

    // All below: under the lock. Oldest first.
    private readonly OrderedDictionary<string, WebhookDelivery> _pending = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _underWay = new(StringComparer.Ordinal);
    private readonly LinkedList<WebhookDelivery> _finished = new();
    private long _pendingBytes;
    private long _finishedBytes;
    private long _changes;
    private long _lost;
    private long _lostTold;
    private DateTimeOffset _pausedUntil;
    private DateTimeOffset? _lastSuccess;
    private WebhookAttempt? _lastFailure;
    private string? _disableReason;
    private bool _isStopped;

    /// <summary>Why the endpoint should be switched off; null: it should not. Nothing is sent until that has been done, or it has been switched on again.</summary>
    public string? DisableReason
    {
        get
        {
            lock (_lock)
                return _disableReason;
        }
    }

    /// <summary>How it stands.</summary>
    public WebhookQueueStatus Status
    {
        get
        {
            lock (_lock)
                return new WebhookQueueStatus(_pending.Count, _lost, _lastSuccess, _lastFailure);
        }
    }

    /// <summary>Changes of its deliveries since the server was started: whoever remembers the number knows whether to look again.</summary>
    public long Changes
    {
        get
        {
            lock (_lock)
                return _changes;
        }
    }

    /// <summary>Every delivery that is known, newest first.</summary>
    public ImmutableArray<WebhookDelivery> Deliveries
    {
        get
        {
            lock (_lock)
                return [.. _pending.Values.Concat(_finished).Where(delivery => delivery.ExpiresAt > time.GetUtcNow()).OrderByDescending(delivery => delivery.CreatedAt)];
        }
    }

    /// <summary>Takes in what was stored, before anything else is done.</summary>
    public void Restore(WebhookDelivery delivery)
    {
        lock (_lock)
        {
            if (delivery.State is DeliveryState.Pending)
                AddPending(delivery);
            else
                AddFinished(delivery);
            foreach (var attempt in delivery.Attempts)
                Count(attempt);
        }
    }

    /// <summary>Queues a delivery; when too many wait, the oldest is dropped and counted.</summary>
    public void Enqueue(WebhookDelivery delivery)
    {
        lock (_lock)
        {
            if (_isStopped)
                return;
            AddPending(delivery);
            Save(delivery);
        }

        StartDue();
    }

    /// <summary>Is this event waiting already?</summary>
    public bool IsPending(string eventId)
    {
        lock (_lock)
            return _pending.Values.Any(delivery => delivery.EventId == eventId);
    }

    /// <summary>Starts whatever is due and may be under way at the same time.</summary>
    public void StartDue()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_isStopped || _disableReason is not null || now < _pausedUntil || definition() is not { Enabled: true })
                return;
            foreach (var delivery in _pending.Values)
            {
                if (_underWay.Count >= WebhookLimits.MostAtOnce)
                    return;
                if (delivery.NextAttemptAt <= now && !_underWay.ContainsKey(delivery.Id))
                    _underWay[delivery.Id] = Task.Run(() => AttemptAsync(delivery));
            }
        }
    }

    /// <summary>The endpoint was changed: what was found out about it before does not count any more.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            _disableReason = null;
            _pausedUntil = default;
        }

        StartDue();
    }

    /// <summary>The endpoint is off: what waits is given up. It stays in the log, to be redelivered.</summary>
    public void GiveUp(string reason)
    {
        lock (_lock)
        {
            _disableReason = null;
            foreach (var delivery in _pending.Values.ToArray())
                Finish(delivery.Ended(reason));
        }
    }

    /// <summary>How many were lost since the last call.</summary>
    public long TakeLost()
    {
        lock (_lock)
        {
            var lost = _lost - _lostTold;
            _lostTold = _lost;
            return lost;
        }
    }

    /// <summary>The endpoint was removed: its deliveries are forgotten.</summary>
    public async Task ForgetAsync()
    {
        await DisposeAsync();
        foreach (var delivery in Deliveries)
            records.Remove(delivery.Id);
    }

    /// <summary>Stops what is under way; it counts as not tried.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_lock)
        {
            if (_isStopped)
                return;
            _isStopped = true;
            running = [.. _underWay.Values];
        }

        await _stop.CancelAsync();
        await Task.WhenAll(running);
        _stop.Dispose();
    }

    private async Task AttemptAsync(WebhookDelivery delivery)
    {
        WebhookAnswer? answer = null;
        var webhook = definition();
        try
        {
            if (webhook is not null)
                answer = await sender.SendAsync(webhook, delivery.EventId, Encoding.UTF8.GetBytes(delivery.Body), WebhookLimits.AttemptTimeout, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The server stops, or the endpoint was removed.
        }
        catch (Exception e)
        {
            // Our own fault. It must neither end the queue nor be tried each second.
            LogFault(logger, webhookId, e);
            answer = new WebhookAnswer(time.GetUtcNow(), TimeSpan.Zero, null, "The server made a mistake; its log says more.", null, default, IsWholeBody: false);
        }
        finally
        {
            lock (_lock)
            {
                _underWay.Remove(delivery.Id);
                if (answer is not null)
                    Settle(delivery, webhook!, answer);
            }
        }

        StartDue();
    }

    private void Settle(WebhookDelivery delivery, WebhookDefinition webhook, WebhookAnswer answer)
    {
        var attempt = new WebhookAttempt(answer.At, (int)answer.Duration.TotalMilliseconds, answer.Status, answer.Error, answer.Shown(webhook));
        Count(attempt);
        WebhookMetrics.Attempts.Add(1, WebhookMetrics.Outcome(answer.IsSuccess ? "taken" : answer.Status is null ? "unreachable" : "refused"));
        if (answer.RetryAfter is not null && WebhookSchedule.Bound(answer.RetryAfter, time.GetUtcNow()) is { } until && until > _pausedUntil)
            _pausedUntil = until;

        // It was dropped or given up meanwhile, and is known no more.
        if (!_pending.ContainsKey(delivery.Id))
            return;
#pragma warning disable CA5394 // Jitter, no secret.
        var next = delivery.After(attempt, answer.RetryAfter, Random.Shared.NextDouble());
#pragma warning restore CA5394
        if (answer.IsGone)
        {
            _disableReason = "The receiver answered 410 Gone.";
            Finish(next with { State = DeliveryState.Failed, NextAttemptAt = null });
        }
        else if (next.State is DeliveryState.Pending)
        {
            _pending[delivery.Id] = next;
            Save(next);
        }
        else
        {
            // One message that the receiver does not like is no reason, as long as it takes others.
            if (next.State is DeliveryState.Failed && !(_lastSuccess >= next.Attempts[0].At))
                _disableReason = $"Nothing could be delivered for a day. Last: {attempt.Error}";
            Finish(next);
        }
    }

    private void Count(WebhookAttempt attempt)
    {
        if (attempt.Error is null)
            _lastSuccess = _lastSuccess > attempt.At ? _lastSuccess : attempt.At;
        else if (_lastFailure is null || attempt.At >= _lastFailure.At)
            _lastFailure = attempt;
    }

    private void AddPending(WebhookDelivery delivery)
    {
        _pending[delivery.Id] = delivery;
        _pendingBytes += delivery.Size;
        while (_pending.Count > WebhookLimits.MostPending || _pendingBytes > WebhookLimits.MostPendingBytes)
        {
            var oldest = _pending.GetAt(0).Value;
            TakePending(oldest);
            records.Remove(oldest.Id);
            WebhookMetrics.Deliveries.Add(1, WebhookMetrics.Outcome("lost"));
            _lost++;
        }
    }

    private void TakePending(WebhookDelivery delivery)
    {
        if (_pending.Remove(delivery.Id))
            _pendingBytes -= delivery.Size;
    }

    private void Finish(WebhookDelivery delivery)
    {
        WebhookMetrics.Deliveries.Add(1, WebhookMetrics.Outcome(delivery.State is DeliveryState.Delivered ? "delivered" : "failed"));
        TakePending(delivery);
        AddFinished(delivery);
        Save(delivery);
    }

    private void Save(WebhookDelivery delivery)
    {
        _changes++;
        records.Save(delivery);
    }

    private void AddFinished(WebhookDelivery delivery)
    {
        _finished.AddLast(delivery);
        _finishedBytes += delivery.Size;
        var now = time.GetUtcNow();
        while (_finished.First is { } oldest && (_finished.Count > WebhookLimits.MostFinished || _finishedBytes > WebhookLimits.MostFinishedBytes || oldest.Value.ExpiresAt <= now))
        {
            _finished.RemoveFirst();
            _finishedBytes -= oldest.Value.Size;
            records.Remove(oldest.Value.Id);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "A delivery to webhook {Webhook} failed by a fault of the server.")]
    private static partial void LogFault(ILogger logger, string webhook, Exception exception);
}
