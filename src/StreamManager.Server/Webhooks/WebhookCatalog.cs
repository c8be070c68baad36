using System.Collections.Immutable;
using System.Security.Cryptography;

namespace StreamManager.Server.Webhooks;

/// <summary>All endpoints. A change is saved first and then holds, one change at a time; readers see the list as it was after a whole change. Thread-safe.</summary>
internal sealed class WebhookCatalog : IDisposable
{
    private readonly WebhookRecords _records;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private ImmutableList<WebhookDefinition> _webhooks;

    private WebhookCatalog(WebhookRecords records, ImmutableList<WebhookDefinition> webhooks)
    {
        _records = records;
        _webhooks = webhooks;
    }

    /// <summary>Told the id of an endpoint that was added, changed or removed, after the change holds and one at a time. Returns soon and does not throw. The dispatcher sets it.</summary>
    public Action<string>? Changed { get; set; }

    /// <summary>Reads what is stored.</summary>
    /// <exception cref="Storage.StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<WebhookCatalog> LoadAsync(WebhookRecords records, CancellationToken cancellationToken) => new(records, await records.LoadAsync(cancellationToken));

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
            await _records.SaveAsync(webhook, cancellationToken);
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
            await _records.SaveAsync(next, cancellationToken);
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
    public void Dispose() => _gate.Dispose();
}
