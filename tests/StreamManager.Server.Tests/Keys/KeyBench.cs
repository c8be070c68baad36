using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Keys;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Keys;

/// <summary>A ring of keys over a real store, with a clock that a test moves.</summary>
internal sealed class KeyBench : IAsyncDisposable
{
    /// <summary>A fixed key that is long enough to be a secret.</summary>
    public const string FixedKey = "a-fixed-key-of-24-letters";

    /// <summary>A fixed key that is a name.</summary>
    public const string FixedName = "obs";

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _kicked = [];

    private KeyBench(OpenStores stores, ManualTimeProvider time)
    {
        Stores = stores;
        Time = time;
        Store = new CutOffStore(stores.First);
        Events = new EventBus();
        Happened = Events.Subscribe("bench");
    }

    public static IPAddress Public { get; } = IPAddress.Parse("203.0.113.7");

    public static IPAddress Loopback { get; } = IPAddress.Loopback;

    /// <summary>Channel <c>main</c> has made keys; <c>second</c> has a fixed one and a fixed name.</summary>
    public static ImmutableArray<ChannelOptions> Channels { get; } =
    [
        new ChannelOptions(),
        new ChannelOptions { Definition = new() { Id = "second" }, IngestKey = new Secret(FixedKey), BackupIngestKey = new Secret(FixedName) },
    ];

    public ManualTimeProvider Time { get; }

    public OpenStores Stores { get; }

    public CutOffStore Store { get; }

    public Vault Vault { get; private set; } = null!;

    public EventBus Events { get; }

    public EventSubscription Happened { get; }

    public ConnectionRegistry Connections { get; } = new();

    /// <summary>Ids of connections that were kicked.</summary>
    public IReadOnlyList<string> Kicked
    {
        get
        {
            lock (_kicked)
                return [.. _kicked];
        }
    }

    public StreamKeyRing Ring { get; private set; } = null!;

    public static async Task<KeyBench> StartAsync(StoreSource source, bool aliasesOnPublicAddresses = false)
    {
        var time = new ManualTimeProvider(StoreSource.Start);
        var bench = new KeyBench(await source.OpenEmptyAsync(time), time);
        bench.Vault = await Vault.OpenAsync(bench.Store, null, bench._folder.Path, bench.Time, TestContext.Current.CancellationToken);
        bench.Ring = await bench.OpenAsync(new ServerOptions { Channels = Channels, AliasesOnPublicAddresses = aliasesOnPublicAddresses });
        return bench;
    }

    /// <summary>Another ring over the same store and its line: this server after a restart, or another one.</summary>
    public Task<StreamKeyRing> OpenAsync(ServerOptions? options = null) => OpenAsync(Store, options);

    /// <summary>The ring of another server, which hears of changes when it does.</summary>
    public async Task<StreamKeyRing> OpenElsewhereAsync(ServerOptions? options = null) => await OpenAsync(await Stores.OpenAgainAsync(), options);

    private Task<StreamKeyRing> OpenAsync(IStateStore store, ServerOptions? options) => StreamKeyRing.OpenAsync(
        store,
        Vault,
        options?.Channels ?? Channels,
        options?.AliasesOnPublicAddresses ?? false,
        Connections,
        Events,
        Time,
        NullLogger<StreamKeyRing>.Instance,
        TestContext.Current.CancellationToken);

    public async Task<KeyVerdict> ValidateAsync(string candidate, IPAddress? address = null) => await Ring.ValidateAsync(candidate, address ?? Public, isBanned: false, Time.GetUtcNow());

    /// <summary>A key for <c>main</c> that ends in 30 days.</summary>
    public async Task<KeyChange.Made> MakeAsync(string? alias = null, DateTimeOffset? expiresAt = null, params string[] ranges) => Assert.IsType<KeyChange.Made>(
        await Ring.CreateAsync(new NewStreamKey("a key", new("main", "main"), StreamKeyKind.Regular, expiresAt ?? Time.GetUtcNow().AddDays(30), [.. ranges], alias), TestContext.Current.CancellationToken));

    /// <summary>Somebody publishes with a key.</summary>
    public void Publish(string id, Secret key) => Connections.Add(new StreamConnection(id, StreamRole.Publisher, "rtmp", "main", "main", "203.0.113.7", "", Time.GetUtcNow(), _ =>
    {
        lock (_kicked)
            _kicked.Add(id);
    })
    { Key = KeyHash.Of(key.Value) });

    public async ValueTask DisposeAsync()
    {
        Ring.Dispose();
        await Stores.DisposeAsync();
        Vault.Dispose();
        Happened.Dispose();
        _folder.Dispose();
    }
}
