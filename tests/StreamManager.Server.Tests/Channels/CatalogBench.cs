using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Channels;
using StreamManager.Server.Configuration;
using StreamManager.Server.Events;
using StreamManager.Server.Keys;
using StreamManager.Server.Options;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;
using StreamManager.Server.Tests.Keys;

namespace StreamManager.Server.Tests.Channels;

/// <summary>Real channels and destinations over a store that a test can cut off.</summary>
internal sealed class CatalogBench : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DataDirectoryLock _lock;
    private Vault _vault = null!;
    private EngineServices _engine = null!;

    private CatalogBench()
    {
        _lock = DataDirectoryLock.Take(_folder.Path);
        Store = new CutOffStore(SqliteStateStore.Open(_lock, TimeProvider.System, NullLogger<SqliteStateStore>.Instance));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public CutOffStore Store { get; }

    public BroadcastRecords Broadcasts { get; private set; } = null!;

    public ChannelDirectory Directory { get; private set; } = null!;

    public ChannelCatalog Channels { get; private set; } = null!;

    public DestinationCatalog Destinations { get; private set; } = null!;

    /// <summary>Once there is a <see cref="TargetAsync"/>.</summary>
    public StreamKeyRing? Keys { get; private set; }

    /// <param name="broadcastTime">The clock of what is remembered of broadcasts; null: the system's.</param>
    public static async Task<CatalogBench> StartAsync(TimeProvider? broadcastTime = null)
    {
        var bench = new CatalogBench();
        bench._vault = await Vault.OpenAsync(bench.Store, null, bench._folder.Path, TimeProvider.System, Cancel);
        bench.Broadcasts = await BroadcastRecords.LoadAsync(bench.Store, broadcastTime ?? TimeProvider.System, NullLogger.Instance, Cancel);
        bench._engine = new EngineServices(TimeProvider.System, NullLoggerFactory.Instance, new EngineOptions { DataDirectory = bench._folder.Path }, bench.Broadcasts);
        bench.Directory = new ChannelDirectory(bench._engine, bench.Broadcasts);
        bench.Channels = await ChannelCatalog.LoadAsync([new ChannelOptions()], bench.Directory, new ChannelRecords(bench.Store), bench._folder.Path, TimeProvider.System, Cancel);
        bench.Destinations = await bench.LoadAsync();
        return bench;
    }

    /// <summary>The destinations as the next start would have them.</summary>
    public Task<DestinationCatalog> LoadAsync() =>
        DestinationCatalog.LoadAsync([new ChannelOptions()], Directory, new DestinationRecords(Store, _vault), TimeProvider.System, Cancel);

    /// <summary>What a reload changes.</summary>
    public async Task<ConfigurationTargets> TargetAsync()
    {
        Keys = await StreamKeyRing.OpenAsync(
            Store, _vault, Channels.KeyedChannels, aliasesOnPublicAddresses: false, new ConnectionRegistry(), new EventBus(), TimeProvider.System, NullLogger<StreamKeyRing>.Instance, Cancel);
        return new ConfigurationTargets(Directory, Channels, Destinations, Keys);
    }

    /// <summary>Adds one that is on.</summary>
    public async Task AddAsync(string channelId, string id) => Assert.True(await Destinations.AddAsync(
        channelId, new DestinationDefinition { Id = id, Name = id, Platform = "custom", Url = "rtmp://127.0.0.1:1/a", StreamKey = "k", Enabled = true }, Cancel));

    public async ValueTask DisposeAsync()
    {
        Store.IsAway = false;
        Store.WritesLeft = null;
        await Directory.DisposeAsync();
        Keys?.Dispose();
        Destinations.Dispose();
        Channels.Dispose();
        _engine.Dispose();
        await Broadcasts.DisposeAsync();
        _vault.Dispose();
        await Store.DisposeAsync();
        _lock.Dispose();
        _folder.Dispose();
    }
}
