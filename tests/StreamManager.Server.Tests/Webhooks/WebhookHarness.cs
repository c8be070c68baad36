using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Events;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Security.Accounts;
using StreamManager.Server.Tests.Storage;
using StreamManager.Server.Webhooks;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Webhooks;

/// <summary>Webhooks over a real store, with a clock that the test moves.</summary>
internal sealed class WebhookHarness : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private ServerState _state = null!;
    private Vault _vault = null!;

    public ManualTimeProvider Clock { get; } = new();

    public EventBus Bus { get; private set; } = null!;

    public EventSubscription Heard { get; private set; } = null!;

    public CutOffStore Store { get; private set; } = null!;

    public WebhookParts Parts { get; private set; } = null!;

    public IEventJournal Journal => _state.Journal;

    public static async Task<WebhookHarness> StartAsync(OutboundHttpSettings? settings = null)
    {
        var harness = new WebhookHarness();
        await harness.OpenAsync(settings);
        return harness;
    }

    /// <summary>As a server that is stopped and started again.</summary>
    public async Task RestartAsync(OutboundHttpSettings? settings = null)
    {
        await CloseAsync();
        await OpenAsync(settings);
    }

    public async Task<WebhookDefinition> AddAsync(string url, params string[] events) => await AddAsync(new WebhookDefinition
    {
        Id = WebhookCatalog.NewId(),
        Url = url,
        Events = [.. events],
        CreatedAt = Clock.GetUtcNow(),
        Secrets = [new WebhookSecret(WebhookSignature.NewSecret(), null)],
    });

    public async Task<WebhookDefinition> AddAsync(WebhookDefinition webhook)
    {
        Assert.True(await Parts.Catalog.AddAsync(webhook, CancellationToken.None));
        return webhook;
    }

    public ServerEvent Publish(string type = "program.onAir", string? channelId = "main", JsonObject? data = null)
    {
        var happened = new ServerEvent($"evt_{Guid.NewGuid():N}", type, Clock.GetUtcNow(), channelId, null, data ?? new JsonObject { ["reason"] = "start" });
        Bus.Publish(happened);
        return happened;
    }

    public ImmutableArray<WebhookDelivery> DeliveriesOf(WebhookDefinition webhook) => Parts.Dispatcher.DeliveriesOf(webhook.Id);

    /// <summary>Waits until the only delivery is as wanted.</summary>
    public async Task<WebhookDelivery> WaitForAsync(WebhookDefinition webhook, Func<WebhookDelivery, bool> wanted)
    {
        WebhookDelivery? found = null;
        await Eventually.TrueAsync(
            () =>
            {
                found = DeliveriesOf(webhook).FirstOrDefault();
                return found is not null && wanted(found);
            },
            describe: () => $"{found} is {found?.State} after {found?.Attempts.Length} attempts, next {found?.NextAttemptAt}, last {found?.Attempts.LastOrDefault()}");
        return found!;
    }

    /// <summary>Moves the clock to a time; not at all when that has passed.</summary>
    public void AdvanceTo(DateTimeOffset time)
    {
        if (time > Clock.GetUtcNow())
            Clock.Advance(time - Clock.GetUtcNow());
    }

    /// <summary>The next event of a type that somebody who listens to the bus hears.</summary>
    public async Task<ServerEvent> HearAsync(string type)
    {
        ServerEvent? found = null;
        await Eventually.TrueAsync(() =>
        {
            while (found is null && Heard.Reader.TryRead(out var happened))
                found = happened.Type == type ? happened : null;
            return found is not null;
        });
        return found!;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    private async Task OpenAsync(OutboundHttpSettings? settings)
    {
        Bus = new EventBus();
        Heard = Bus.Subscribe("test");
        _state = await TestStore.OpenAsync(_folder);
        _vault = await Vault.OpenAsync(_state.Store, null, _folder.Path, Clock, CancellationToken.None);
        Store = new CutOffStore(_state.Store);
        Parts = await WebhookParts.StartAsync(
            Store, _state.Journal, _vault, Bus, settings ?? new OutboundHttpSettings { AllowPrivateAddresses = true }, Clock, NullLoggerFactory.Instance, CancellationToken.None);
    }

    private async Task CloseAsync()
    {
        await Parts.DisposeAsync();
        Heard.Dispose();
        _vault.Dispose();
        await _state.DisposeAsync();
    }
}
