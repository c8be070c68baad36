using System.Net;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Keys;
using StreamManager.Server.Options;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;

namespace StreamManager.Benchmarks;

/// <summary>Is this stream key good? Among 10,000 keys in SQLite: from memory, by asking the store, and the start of a server with them.</summary>
[MemoryDiagnoser]
public class KeyBenchmarks
{
    private const int Keys = 10_000;

    private static readonly IPAddress Address = IPAddress.Parse("203.0.113.7");

    private readonly string _folder = Directory.CreateTempSubdirectory("sm-bench-").FullName;
    private readonly EventBus _events = new();
    private DataDirectoryLock _lock = null!;
    private SqliteStateStore _store = null!;
    private Vault _vault = null!;
    private StreamKeyRing _ring = null!;
    private string _key = "";
    private string _signed = "";
    private SignedUrls _urls = null!;
    private DateTimeOffset _now;

    // The toolchain that runs in this process waits for nothing: set-up and benchmarks do so themselves.
    [GlobalSetup]
    public void SetUp() => SetUpAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void CleanUp() => CleanUpAsync().GetAwaiter().GetResult();

    [Benchmark]
    public bool FromMemory() => Validate(_key) is KeyVerdict.Granted;

    [Benchmark]
    public bool UnknownFromStore() => Validate(StreamKey.NewKey().Value) is KeyVerdict.Unknown;

    [Benchmark]
    public bool Signed() => _urls.Verify(_signed, SignedAction.Play, "main", Address, _now) is KeyVerdict.Granted;

    [Benchmark]
    public void Start() => OpenAsync().GetAwaiter().GetResult().Dispose();

    private KeyVerdict Validate(string key) => _ring.ValidateAsync(key, Address, isBanned: false, _now).AsTask().GetAwaiter().GetResult();

    private async Task SetUpAsync()
    {
        _lock = DataDirectoryLock.Take(_folder);
        _store = SqliteStateStore.Open(_lock, TimeProvider.System, NullLogger<SqliteStateStore>.Instance);
        _vault = await Vault.OpenAsync(_store, null, _folder, TimeProvider.System, CancellationToken.None);
        _ring = await OpenAsync();
        _now = TimeProvider.System.GetUtcNow();
        foreach (var batch in Enumerable.Range(0, Keys).Chunk(64))
            await Task.WhenAll(batch.Select(_ => MakeAsync()));
        _key = await MakeAsync();
        await _ring.ValidateAsync(_key, Address, isBanned: false, _now);
        _urls = await SignedUrls.OpenAsync(_store, _vault, TimeProvider.System, NullLogger<SignedUrls>.Instance, CancellationToken.None);
        _signed = _urls.Sign(new SignedGrant(SignedAction.Play, "main", null, _now.AddDays(1).ToUnixTimeSeconds(), null));
    }

    private async Task CleanUpAsync()
    {
        _urls.Dispose();
        _ring.Dispose();
        _vault.Dispose();
        await _store.DisposeAsync();
        _lock.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // Past the limit of the API, which counts the sources' own keys too.
    private async Task<string> MakeAsync()
    {
        var key = StreamKey.NewKey().Value;
        var description = new StreamKey { Id = StreamKey.NewId(), Name = "a key", ChannelId = "main", SourceId = "main", Hint = "", CreatedAt = _now };
        await new DocumentSet<StreamKey>(_store, StreamKey.DocumentKind, KeyJson.Default.StreamKey).PutAsync(KeyHash.Of(key).ToString(), description, null, CancellationToken.None);
        return key;
    }

    private Task<StreamKeyRing> OpenAsync() => StreamKeyRing.OpenAsync(
        _store, _vault, [new ChannelOptions()], aliasesOnPublicAddresses: false, new ConnectionRegistry(), _events, TimeProvider.System, NullLogger<StreamKeyRing>.Instance, CancellationToken.None);
}
