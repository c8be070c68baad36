using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Webhooks;

/// <summary>
/// All endpoints. A change is saved first and then holds, one change at a time; readers see the list as it was after a whole change. What another server changes in the same store is read
/// when the store tells it. Thread-safe.
/// </summary>
internal sealed partial class WebhookCatalog : IDisposable
{
    /// <summary>From one attempt to read a store that is away to the next.</summary>
    private static readonly TimeSpan RetryDistance = TimeSpan.FromSeconds(1);

    private readonly WebhookRecords _records;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly IDisposable _subscription;

    // Versions in the store of what is in the list; inside the gate.
    private readonly Dictionary<string, long> _versions = new(StringComparer.Ordinal);
    private ImmutableList<WebhookDefinition> _webhooks;
    private int _unread;
    private bool _isUnread;

    // Ids that somebody removed from the store, since the last reading that took them out.
    private readonly ConcurrentDictionary<string, bool> _removed = new(StringComparer.Ordinal);

    private WebhookCatalog(WebhookRecords records, ImmutableArray<Versioned<WebhookDefinition>> webhooks, ILogger logger)
    {
        _records = records;
        _logger = logger;
        _webhooks = [.. webhooks.Select(webhook => webhook.Value)];
        foreach (var webhook in webhooks)
            _versions[webhook.Id] = webhook.Version;
        _subscription = records.Subscribe(OnChange);
    }

    /// <summary>Told the id of an endpoint that was added, changed or removed, after the change holds and one at a time. Returns soon and does not throw. The dispatcher sets it.</summary>
    public Action<string>? Changed { get; set; }

    /// <summary>Reads what is stored.</summary>
    /// <exception cref="Storage.StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<WebhookCatalog> LoadAsync(WebhookRecords records, ILogger<WebhookCatalog> logger, CancellationToken cancellationToken) =>
        new(records, await records.LoadAsync(cancellationToken), logger);

    /// <summary>All of them, oldest first.</summary>
    public ImmutableList<WebhookDefinition> All => Volatile.Read(ref _webhooks);

    /// <summary>The endpoint with an id; null: none.</summary>
    public WebhookDefinition? Find(string id) => All.Find(webhook => webhook.Id == id);

    /// <summary>An id for a new endpoint.</summary>
    public static string NewId() => "wh_" + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 16);

    /// <summary>Adds an endpoint. False: there are too many.</summary>
    /// <exception cref="Storage.StoreUnavailableException">It could not be saved; nothing has changed here.</exception>
    public async Task<bool> AddAsync(WebhookDefinition webhook, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_webhooks.Count >= WebhookLimits.MostWebhooks)
                return false;
            _versions[webhook.Id] = await _records.SaveAsync(webhook, cancellationToken);
            Volatile.Write(ref _webhooks, _webhooks.Add(webhook));
            Changed?.Invoke(webhook.Id);
            return true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Changes an endpoint to what <paramref name="change"/> makes of it (null: nothing). The result is the changed one; null: there is none, or no change was wanted.</summary>
    /// <exception cref="Storage.StoreUnavailableException">It could not be saved; nothing has changed here.</exception>
    public async Task<WebhookDefinition?> UpdateAsync(string id, Func<WebhookDefinition, WebhookDefinition?> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (Find(id) is not { } webhook || change(webhook) is not { } next)
                return null;
            _versions[id] = await _records.SaveAsync(next, cancellationToken);
            Volatile.Write(ref _webhooks, _webhooks.Replace(webhook, next));
            Changed?.Invoke(id);
            return next;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Removes an endpoint if <paramref name="isWanted"/> still says so. False: there is none, or it does not.</summary>
    /// <exception cref="Storage.StoreUnavailableException">It could not be removed; nothing has changed here.</exception>
    public async Task<bool> RemoveAsync(string id, Func<WebhookDefinition, bool> isWanted, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (Find(id) is not { } webhook || !isWanted(webhook))
                return false;
            await _records.RemoveAsync(id, cancellationToken);
            _versions.Remove(id);
            Volatile.Write(ref _webhooks, _webhooks.Remove(webhook));
            Changed?.Invoke(id);
            return true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _subscription.Dispose();
        _stopping.Cancel();
    }

    // On the store's thread: it must not wait.
    private void OnChange(string? removed)
    {
        if (removed is not null)
            _removed[removed] = true;
        // One reader; what comes while it reads makes it read again.
        if (Interlocked.Increment(ref _unread) == 1)
            _ = Task.Run(ReadAsync);
    }

    private async Task ReadAsync()
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref _unread);
            try
            {
                if (await TryReadAsync())
                    continue;

                // What is known holds until it can be read. A store may tell that it is back before it answers, and tells it once.
                Interlocked.Increment(ref _unread);
                await Task.Delay(RetryDistance, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
        while (Interlocked.Add(ref _unread, -seen) > 0);
    }

    // False: the store is away. Whatever else goes wrong goes wrong again, until something changes.
    private async Task<bool> TryReadAsync()
    {
        try
        {
            await ReadOnceAsync(_stopping.Token);
            _isUnread = false;
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Once, however long it is away.
            if (!_isUnread)
                LogNotRead(_logger, e.Message);
            _isUnread = true;
            return e is not StoreUnavailableException;
        }
    }

    private async Task ReadOnceAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var stored = await _records.LoadAsync(cancellationToken);
            if (stored.IsEmpty && _webhooks.Exists(webhook => !_removed.ContainsKey(webhook.Id)))
            {
                // A store that lost everything is no wish of anybody, and a webhook may be the guard at the door.
                LogEmptied(_logger, _webhooks.Count);
                return;
            }

            var changed = stored.Where(webhook => _versions.GetValueOrDefault(webhook.Id) != webhook.Version).Select(webhook => webhook.Id).ToArray();
            var removed = _versions.Keys.Except(stored.Select(webhook => webhook.Id), StringComparer.Ordinal).ToArray();
            if (changed.Length + removed.Length == 0)
                return;
            foreach (var id in removed)
                _versions.Remove(id);
            foreach (var webhook in stored)
                _versions[webhook.Id] = webhook.Version;
            Volatile.Write(ref _webhooks, [.. stored.Select(webhook => webhook.Value)]);
            foreach (var id in _removed.Keys.Where(id => Find(id) is null))
                _removed.TryRemove(id, out _);
            foreach (var id in changed.Concat(removed))
                Changed?.Invoke(id);
        }
        finally
        {
            _gate.Release();
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "What another server may have changed about webhooks could not be read: {Reason}")]
    private static partial void LogNotRead(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Warning, "The store has no webhooks any more, and nobody removed them; the {Count} that were there go on until this server ends.")]
    private static partial void LogEmptied(ILogger logger, int count);
}
