using System.Collections.Immutable;
using System.Text.Json;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Webhooks;

/// <summary>
/// Writes deliveries to the store behind those who make them: nobody waits for it. What changes while the store is away waits, the newest state of each delivery, and is written when the
/// store is back. Thread-safe.
/// </summary>
internal sealed partial class WebhookDeliveryRecords : IAsyncDisposable
{
    private const string Kind = "webhook-delivery";

    /// <summary>
    /// Deliveries that wait to be written or removed: twice what all endpoints can hold. Beyond it removals are left out: what is not removed expires by itself.
    /// </summary>
    internal const int MostWaiting = 2 * WebhookLimits.MostWebhooks * (WebhookLimits.MostPending + WebhookLimits.MostFinished);

    /// <summary>Between two tries to write to a store that is away.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>The end of the server waits no longer for the store.</summary>
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(2);

    private readonly IStateStore _store;
    private readonly DocumentSet<WebhookDelivery> _documents;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;

    // Null: to be removed. Under the lock.
    private readonly Dictionary<string, WebhookDelivery?> _waiting = new(StringComparer.Ordinal);

    // Those that the store may have. What it never had need not be removed from it: a flood for an endpoint that is dead costs no writes. Under the lock.
    private readonly HashSet<string> _stored = new(StringComparer.Ordinal);
    private bool _isAway;

    /// <summary>Begins to write what comes.</summary>
    public WebhookDeliveryRecords(IStateStore store, TimeProvider time, ILogger<WebhookDeliveryRecords> logger)
    {
        _store = store;
        _documents = new DocumentSet<WebhookDelivery>(store, Kind, WebhookJson.Default.WebhookDelivery);
        _time = time;
        _logger = logger;
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>What is stored, oldest first. A delivery that cannot be read is left out: it is not worth a server that does not start.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public async Task<ImmutableArray<WebhookDelivery>> LoadAsync(CancellationToken cancellationToken)
    {
        var deliveries = new List<WebhookDelivery>();
        var damaged = 0;
        var documents = await _store.ListAsync(Kind, cancellationToken);
        lock (_lock)
            _stored.UnionWith(documents.Select(document => document.Id));
        foreach (var document in documents)
        {
            try
            {
                if (JsonSerializer.Deserialize(document.Body.Span, WebhookJson.Default.WebhookDelivery) is { } delivery && delivery.Id == document.Id)
                    deliveries.Add(delivery);
                else
                    damaged++;
            }
            catch (JsonException)
            {
                damaged++;
            }
        }

        if (damaged > 0)
            LogDamaged(_logger, damaged);
        return [.. deliveries.OrderBy(delivery => delivery.CreatedAt).ThenBy(delivery => delivery.Id, StringComparer.Ordinal)];
    }

    /// <summary>Deliveries that wait to be written or removed.</summary>
    internal int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Keeps this state of a delivery, soon.</summary>
    public void Save(WebhookDelivery delivery) => Note(delivery.Id, delivery);

    /// <summary>Forgets a delivery, soon.</summary>
    public void Remove(string id) => Note(id, null);

    /// <summary>Tries a last time to write what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _writing;
        using var limit = new CancellationTokenSource(LongestFarewell, _time);
        try
        {
            while (await WriteSomeAsync(limit.Token))
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or StoreUnavailableException)
        {
            LogAway(_logger, e.Message);
        }

        _stop.Dispose();
        _signal.Dispose();
    }

    private void Note(string id, WebhookDelivery? delivery)
    {
        lock (_lock)
        {
            if (delivery is not null || (_stored.Contains(id) && _waiting.Count < MostWaiting))
            {
                _waiting[id] = delivery;
            }
            else
            {
                _waiting.Remove(id);
                _stored.Remove(id);
            }

            if (_signal.CurrentCount == 0)
                _signal.Release();
        }
    }

    private async Task WriteAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _signal.WaitAsync(_stop.Token);
                while (await WriteSomeAsync(_stop.Token))
                {
                }

                if (_isAway)
                    LogBack(_logger);
                _isAway = false;
            }
            catch (StoreUnavailableException e)
            {
                if (!_isAway)
                    LogAway(_logger, e.Message);
                _isAway = true;
                await Task.Delay(RetryInterval, _time, _stop.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                Signal();
            }
            catch (OperationCanceledException)
            {
                // The end; what is left is written by the disposal.
            }
        }
    }

    /// <summary>Writes one piece. False: there was nothing to write.</summary>
    private async Task<bool> WriteSomeAsync(CancellationToken cancellationToken)
    {
        KeyValuePair<string, WebhookDelivery?>[] piece;
        lock (_lock)
        {
            piece = [.. _waiting.Take(StateLimits.MostWrites)];
            _stored.UnionWith(piece.Where(entry => entry.Value is not null).Select(entry => entry.Key));
        }

        if (piece.Length == 0)
            return false;
        await _store.WriteAsync([.. piece.Select(entry => entry.Value is { } delivery ? _documents.Put(entry.Key, delivery, expiresAt: delivery.ExpiresAt) : _documents.Remove(entry.Key))], cancellationToken);
        lock (_lock)
        {
            foreach (var (id, written) in piece)
            {
                if (written is null)
                    _stored.Remove(id);

                // Only this very state: a newer one may have come meanwhile.
                if (_waiting.TryGetValue(id, out var waiting) && ReferenceEquals(waiting, written))
                    _waiting.Remove(id);
            }
        }

        return true;
    }

    private void Signal()
    {
        lock (_lock)
        {
            if (_signal.CurrentCount == 0)
                _signal.Release();
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "What is delivered to webhooks cannot be remembered at the moment ({Reason}); it is delivered all the same, and written later.")]
    private static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Information, "What is delivered to webhooks is remembered again.")]
    private static partial void LogBack(ILogger logger);

    [LoggerMessage(3, LogLevel.Warning, "{Count} deliveries to webhooks in the state cannot be read; they are left out.")]
    private static partial void LogDamaged(ILogger logger, int count);
}
