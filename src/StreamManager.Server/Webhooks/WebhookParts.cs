using StreamManager.Server.Events;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Webhooks;

/// <summary>Everything about webhooks, put together. Disposed before the store.</summary>
internal sealed class WebhookParts : IAsyncDisposable
{
    private readonly OutboundHttp _http;
    private readonly WebhookDeliveryRecords _records;

    private WebhookParts(WebhookCatalog catalog, WebhookDispatcher dispatcher, WebhookDecider decider, WebhookHistory history, OutboundHttp http, WebhookDeliveryRecords records)
    {
        Catalog = catalog;
        Dispatcher = dispatcher;
        Decider = decider;
        History = history;
        _http = http;
        _records = records;
    }

    /// <summary>The endpoints.</summary>
    public WebhookCatalog Catalog { get; }

    /// <summary>Tells them.</summary>
    public WebhookDispatcher Dispatcher { get; }

    /// <summary>Asks them.</summary>
    public WebhookDecider Decider { get; }

    /// <summary>What can be replayed.</summary>
    public WebhookHistory History { get; }

    /// <summary>May they be on this machine and on private networks?</summary>
    public bool AllowsPrivateAddresses => _http.AllowsPrivateAddresses;

    /// <summary>Deliveries that the store does not know yet as they are.</summary>
    internal int Unwritten => _records.Waiting;

    /// <summary>Reads what is stored and goes on with it.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<WebhookParts> StartAsync(
        IStateStore store, IEventJournal journal, Vault vault, EventBus bus, OutboundHttpSettings settings, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var catalog = await WebhookCatalog.LoadAsync(new WebhookRecords(store, vault), loggers.CreateLogger<WebhookCatalog>(), cancellationToken);
        var http = new OutboundHttp(settings);
        var records = new WebhookDeliveryRecords(store, time, loggers.CreateLogger<WebhookDeliveryRecords>());
        try
        {
            var sender = new WebhookSender(http, time);
            var dispatcher = await WebhookDispatcher.StartAsync(catalog, records, sender, bus, time, loggers.CreateLogger<WebhookDispatcher>(), cancellationToken);
            return new WebhookParts(catalog, dispatcher, new WebhookDecider(catalog, sender, time, loggers.CreateLogger<WebhookDecider>()), new WebhookHistory(journal), http, records);
        }
        catch
        {
            await records.DisposeAsync();
            http.Dispose();
            catalog.Dispose();
            throw;
        }
    }

    /// <summary>The endpoints as the one who decides about connections. What holds without an answer is each endpoint's own setting.</summary>
    public async ValueTask<ConnectionVerdict> DecideAsync(ServerEvent wanted, CancellationToken cancellationToken) =>
        await Decider.DecideAsync(wanted, cancellationToken) is { IsAllowed: false } decision ? ConnectionVerdict.Denied(decision.Reason ?? "") : ConnectionVerdict.Allowed;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Dispatcher.DisposeAsync();
        await _records.DisposeAsync();
        _http.Dispose();
        Catalog.Dispose();
    }
}
