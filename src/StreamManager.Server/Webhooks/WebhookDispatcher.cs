using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using StreamManager.Server.Events;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Webhooks;

/// <summary>Outcome of a replay.</summary>
/// <param name="Queued">Events that were queued.</param>
/// <param name="Skipped">Events that wait in the queue already.</param>
/// <param name="Next">Where the next replay has to begin, since there was more than one replay takes; null: that was all.</param>
internal sealed record WebhookReplay(int Queued, int Skipped, DateTimeOffset? Next);

/// <summary>Brings events to the endpoints that want them, each by a queue of its own. Owns the queues. Thread-safe.</summary>
internal sealed partial class WebhookDispatcher : IAsyncDisposable
{
    /// <summary>What is due is looked for so often: much finer than the schedule needs.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>Losses are told together, once in this time.</summary>
    private static readonly TimeSpan LostInterval = TimeSpan.FromMinutes(1);

    private readonly WebhookCatalog _catalog;
    private readonly WebhookDeliveryRecords _records;
    private readonly WebhookSender _sender;
    private readonly EventBus _bus;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, WebhookQueue> _queues = new(StringComparer.Ordinal);
    private readonly EventSubscription _subscription;
    private readonly Task _listening;
    private readonly ITimer _tick;
    private long _lostByBus;
    private long _lostToldAt;
    private int _isDisabling;

    private WebhookDispatcher(
        WebhookCatalog catalog, WebhookDeliveryRecords records, WebhookSender sender, EventBus bus, ImmutableArray<WebhookDelivery> known, TimeProvider time, ILogger logger)
    {
        _catalog = catalog;
        _records = records;
        _sender = sender;
        _bus = bus;
        _time = time;
        _logger = logger;
        _lostToldAt = time.GetTimestamp();
        foreach (var delivery in known)
        {
            if (catalog.Find(delivery.WebhookId) is null)
                records.Remove(delivery.Id);
            else
                QueueOf(delivery.WebhookId).Restore(delivery);
        }

        catalog.Changed = Apply;
        _subscription = bus.Subscribe("webhooks");
        _listening = Task.Run(ListenAsync);
        _tick = time.CreateTimer(_ => OnTick(), null, TimeSpan.Zero, Tick);
    }

    /// <summary>Goes on where the last run of the server ended, and listens to the bus from now on.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<WebhookDispatcher> StartAsync(
        WebhookCatalog catalog, WebhookDeliveryRecords records, WebhookSender sender, EventBus bus, TimeProvider time, ILogger<WebhookDispatcher> logger, CancellationToken cancellationToken) =>
        new(catalog, records, sender, bus, await records.LoadAsync(cancellationToken), time, logger);

    /// <summary>How an endpoint's queue stands.</summary>
    public WebhookQueueStatus StatusOf(string webhookId) => QueueOf(webhookId).Status;

    /// <summary>The deliveries of an endpoint, newest first.</summary>
    public ImmutableArray<WebhookDelivery> DeliveriesOf(string webhookId) => QueueOf(webhookId).Deliveries;

    /// <summary>Each endpoint with the changes of its deliveries so far (<see cref="WebhookQueue.Changes"/>).</summary>
    public ImmutableArray<KeyValuePair<string, long>> Changes => [.. _queues.Select(queue => KeyValuePair.Create(queue.Key, queue.Value.Changes))];

    /// <summary>Queues a delivery once more, from the beginning of the schedule and with the same event id. Null: there is none with this id.</summary>
    public WebhookDelivery? Redeliver(string webhookId, string deliveryId)
    {
        var queue = QueueOf(webhookId);
        if (queue.Deliveries.FirstOrDefault(delivery => delivery.Id == deliveryId) is not { } known)
            return null;
        var again = known.Again(_time.GetUtcNow());
        queue.Enqueue(again);
        return again;
    }

    /// <summary>Sends a test event now, once, whether the endpoint is enabled or not.</summary>
    public Task<WebhookAnswer> TestAsync(WebhookDefinition webhook, CancellationToken cancellationToken)
    {
        var happened = WebhookEvents.Trial(_time.GetUtcNow(), webhook);
        return _sender.SendAsync(webhook, happened.Id, WebhookMessage.Write(happened), WebhookLimits.AttemptTimeout, cancellationToken);
    }

    /// <summary>Queues events of the past, oldest first, with their old ids. Those that the endpoint does not want are left out.</summary>
    public WebhookReplay Replay(WebhookDefinition webhook, IEnumerable<ServerEvent> happened)
    {
        var queue = QueueOf(webhook.Id);
        var queued = 0;
        var skipped = 0;
        foreach (var one in happened.Where(one => EventPattern.MayBeTold(one) && webhook.Wants(one)))
        {
            if (queued == WebhookLimits.MostReplayed)
                return new WebhookReplay(queued, skipped, one.Time);
            if (queue.IsPending(one.Id))
            {
                skipped++;
                continue;
            }

            queue.Enqueue(WebhookDelivery.New(webhook.Id, one, Text(WebhookMessage.Write(one)), _time.GetUtcNow()));
            queued++;
        }

        return new WebhookReplay(queued, skipped, null);
    }

    /// <summary>Stops. What is under way counts as not tried, and goes on at the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        _catalog.Changed = null;
        await _tick.DisposeAsync();
        _subscription.Dispose();
        await _listening;
        foreach (var queue in _queues.Values)
            await queue.DisposeAsync();
    }

    private async Task ListenAsync()
    {
        await foreach (var happened in _subscription.Reader.ReadAllAsync())
        {
            try
            {
                Dispatch(happened);
            }
            catch (Exception e)
            {
                // One event that cannot be told is no reason to tell none any more.
                LogFault(_logger, happened.Id, e);
            }
        }
    }

    private void Dispatch(ServerEvent happened)
    {
        if (!EventPattern.MayBeTold(happened))
            return;
        string? body = null;
        foreach (var webhook in _catalog.All)
        {
            if (!webhook.Enabled || !webhook.Wants(happened))
                continue;
            body ??= Text(WebhookMessage.Write(happened));
            QueueOf(webhook.Id).Enqueue(WebhookDelivery.New(webhook.Id, happened, body, _time.GetUtcNow()));
        }
    }

    private WebhookQueue QueueOf(string webhookId) =>
        _queues.GetOrAdd(webhookId, id => new WebhookQueue(id, () => _catalog.Find(id), _sender, _records, _time, _logger));

    /// <summary>An endpoint was changed.</summary>
    private void Apply(string webhookId)
    {
        switch (_catalog.Find(webhookId))
        {
            case null:
                if (_queues.TryRemove(webhookId, out var removed))
                    _ = removed.ForgetAsync();
                break;
            case { Enabled: false } webhook:
                QueueOf(webhookId).GiveUp(webhook.Disabling is { } why ? $"The webhook was switched off: {why.Reason}" : "The webhook was switched off.");
                break;
            default:
                QueueOf(webhookId).Resume();
                break;
        }
    }

    private void OnTick()
    {
        WebhookMetrics.Pending.Record(_queues.Values.Sum(queue => queue.Status.Pending));
        WebhookMetrics.Disabled.Record(_catalog.All.Count(webhook => webhook is { Enabled: false, Disabling: not null }));
        foreach (var queue in _queues.Values)
            queue.StartDue();
        if (_queues.Values.Any(queue => queue.DisableReason is not null) && Interlocked.Exchange(ref _isDisabling, 1) == 0)
            _ = DisableAsync();
        if (_time.GetElapsedTime(_lostToldAt) < LostInterval)
            return;
        _lostToldAt = _time.GetTimestamp();
        TellLost();
    }

    /// <summary>Switches off what has to be. While the store is away it is tried again on the tick; nothing is sent meanwhile.</summary>
    private async Task DisableAsync()
    {
        try
        {
            foreach (var (id, queue) in _queues)
            {
                if (queue.DisableReason is not { } reason)
                    continue;
                var at = _time.GetUtcNow();
                var disabled = await _catalog.UpdateAsync(
                    id, webhook => webhook.Enabled && queue.DisableReason is not null ? webhook with { Enabled = false, Disabling = new WebhookDisabling(at, reason) } : null, CancellationToken.None);
                if (disabled is null)
                    continue;
                LogDisabled(_logger, id, disabled.Host, reason);
                _bus.Publish(WebhookEvents.SwitchedOff(_time.GetUtcNow(), disabled, reason));
            }
        }
        catch (StoreUnavailableException)
        {
            // Again on the next tick.
        }
        catch (ObjectDisposedException)
        {
            // The server stopped meanwhile; the next start finds the endpoint as it was.
        }
        finally
        {
            Volatile.Write(ref _isDisabling, 0);
        }
    }

    private void TellLost()
    {
        foreach (var (id, queue) in _queues)
        {
            if (queue.TakeLost() is > 0 and var count)
                Tell(id, count);
        }

        var lostByBus = _subscription.Lost - _lostByBus;
        _lostByBus += lostByBus;
        if (lostByBus > 0)
            Tell(null, lostByBus);
    }

    private void Tell(string? webhookId, long count)
    {
        LogLost(_logger, count, webhookId ?? "all webhooks");
        _bus.Publish(WebhookEvents.Dropped(_time.GetUtcNow(), webhookId, count));
    }

    private static string Text(byte[] body) => Encoding.UTF8.GetString(body);

    [LoggerMessage(1, LogLevel.Warning, "Webhook {Webhook} at {Host} was switched off: {Reason}")]
    private static partial void LogDisabled(ILogger logger, string webhook, string host, string reason);

    [LoggerMessage(2, LogLevel.Warning, "{Count} deliveries to {Webhook} were dropped: too many waited. POST /api/webhooks/ID/replay brings them again.")]
    private static partial void LogLost(ILogger logger, long count, string webhook);

    [LoggerMessage(3, LogLevel.Error, "Event {Event} could not be told to webhooks.")]
    private static partial void LogFault(ILogger logger, string @event, Exception exception);
}
