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
using StreamManager.Server.Storage.Sqlite;
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
    private readonly DataDirectoryLock _lock;
    private readonly List<string> _kicked = [];

    private KeyBench()
    {
        _lock = DataDirectoryLock.Take(_folder.Path);
        Store = new CutOffStore(SqliteStateStore.Open(_lock, Time, NullLogger<SqliteStateStore>.Instance));
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

    public ManualTimeProvider Time { get; } = new();

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

    public static async Task<KeyBench> StartAsync(bool aliasesOnPublicAddresses = false)
    {
        var bench = new KeyBench();
        bench.Vault = await Vault.OpenAsync(bench.Store, null, bench._folder.Path, bench.Time, TestContext.Current.CancellationToken);
        bench.Ring = await bench.OpenAsync(new ServerOptions { Channels = Channels, AliasesOnPublicAddresses = aliasesOnPublicAddresses });
        return bench;
    }

    /// <summary>Another ring over the same store: another server, or this one after a restart.</summary>
    public Task<StreamKeyRing> OpenAsync(ServerOptions? options = null) => StreamKeyRing.OpenAsync(
        Store,
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
        await Store.DisposeAsync();
        Vault.Dispose();
        Happened.Dispose();
        _lock.Dispose();
        _folder.Dispose();
    }
}
