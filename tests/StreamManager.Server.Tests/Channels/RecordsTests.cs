using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Channels;

public sealed class RecordsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Day = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();
    private ServerState _state = null!;

    private AnchoredStore Store => _state.Store;
    private Vault _vault = null!;

    private DestinationRecords Destinations => new(Store, _vault);

    public async ValueTask InitializeAsync()
    {
        _state = await TestStore.OpenAsync(_folder);
        _vault = await Vault.OpenAsync(Store, null, _folder.Path, TimeProvider.System, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        _vault.Dispose();
        await _state.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Destinations_AfterReopen_AreThereInTheirOrder()
    {
        var first = new SavedDestination("main", Destination("d_9", "key-1") with
        {
            Enabled = false,
            PlaybackUrl = "https://twitch.example/you",
            Settings = new OutputSettings { RetryLimit = 7, QueueLimit = TimeSpan.FromSeconds(2) },
        }, Day);
        var second = new SavedDestination("other", Destination("d_1", ""), Day.AddDays(1));
        await Destinations.SaveAsync(second);
        await Destinations.SaveAsync(first);
        await Destinations.SaveAsync(new DestinationOverride("twitch", false, null));
        await Destinations.SaveAsync(new DestinationOverride("twitch", null, "key-3"));
        await ReopenAsync();
        Assert.Equal([first, second], await Destinations.LoadAsync(CancellationToken.None));
        Assert.Equal([new DestinationOverride("twitch", null, "key-3")], await Destinations.LoadOverridesAsync(CancellationToken.None));

        await Destinations.SaveAsync(first with { Definition = first.Definition with { StreamKey = "key-4" } });
        await Destinations.RemoveAsync("d_1");
        Assert.Equal(["key-4"], (await Destinations.LoadAsync(CancellationToken.None)).Select(saved => saved.Definition.StreamKey));
    }

    [Fact]
    public async Task Destinations_FromBeforeTheyHadAPlaybackUrl_AreRead()
    {
        var saved = new SavedDestination("main", Destination("d_1", "key"), Day);
        await Destinations.SaveAsync(saved);
        var body = Encoding.UTF8.GetString((await Store.GetAsync("destination", "d_1", CancellationToken.None))!.Body.Span);
        var old = body.Replace(",\"playbackUrl\":\"\"", "", StringComparison.Ordinal);
        Assert.NotEqual(body, old);
        await Store.WriteAsync([new StateWrite.Put("destination", "d_1", Encoding.UTF8.GetBytes(old))], CancellationToken.None);
        Assert.Equal([saved], await Destinations.LoadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Files_OnDisk_HoldNoSecretAndAreForTheOwnerOnly()
    {
        await Destinations.SaveAsync(new SavedDestination("main", Destination("d_1", "s3cret-key") with { Url = "rtmp://user:s3cret-password@h/app" }, Day));
        await Destinations.SaveAsync(new DestinationOverride("twitch", null, "s3cret-override"));
        foreach (var file in Directory.GetFiles(_folder.Path).Where(file => Path.GetFileName(file) != "lock"))
        {
            Assert.DoesNotContain("s3cret", Encoding.Latin1.GetString(await ReadSharedAsync(file)), StringComparison.Ordinal);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.Path));
    }

    [Fact]
    public async Task Destinations_WithADamagedSeal_NameTheRecord()
    {
        await Destinations.SaveAsync(new SavedDestination("main", Destination("d_1", "a-key"), Day));
        var body = Encoding.UTF8.GetString((await Store.GetAsync("destination", "d_1", CancellationToken.None))!.Body.Span);
        var at = body.IndexOf("sealedStreamKey", StringComparison.Ordinal) + 40;
        body = body[..at] + (body[at] == 'A' ? 'B' : 'A') + body[(at + 1)..];
        await Store.WriteAsync([new StateWrite.Put("destination", "d_1", Encoding.UTF8.GetBytes(body))], CancellationToken.None);
        var refusal = await Assert.ThrowsAsync<StartupException>(() => Destinations.LoadAsync(CancellationToken.None));
        Assert.Contains("destination/d_1/key", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{ \"name\": 1 }")]
    [InlineData("not JSON")]
    public async Task Destinations_ThatAreNotOurs_AreRefusedByName(string body)
    {
        await Store.WriteAsync([new StateWrite.Put("destination", "d_1", Encoding.UTF8.GetBytes(body))], CancellationToken.None);
        var refusal = await Assert.ThrowsAsync<DamagedDocumentException>(() => Destinations.LoadAsync(CancellationToken.None));
        Assert.Contains("destination d_1", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Channels_AfterReopen_AreThereInTheirOrder()
    {
        var channel = new SavedChannel("b", new ChannelSettings { Start = StartMode.Always, Fallback = FallbackKind.Image, FallbackMedia = "x.png", EndAfterSeconds = 5 }, Day);
        var later = new SavedChannel("a", new ChannelSettings(), Day.AddDays(1));
        var configured = new SavedChannel("main", new ChannelSettings { OnStall = LossPolicy.End }, null);
        foreach (var saved in new[] { later, channel, configured })
            await new ChannelRecords(Store).SaveAsync(saved);
        await ReopenAsync();
        Assert.Equal([configured, channel, later], await new ChannelRecords(Store).LoadAsync(CancellationToken.None));
        await Store.WriteAsync([new ChannelRecords(Store).Remove("b")], CancellationToken.None);
        Assert.Equal([configured, later], await new ChannelRecords(Store).LoadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Broadcast_AfterReopen_IsThere()
    {
        var record = new BroadcastRecord { OnAir = true, StartedAt = Day, Format = new StoredFormat(1280, 720, 30, 1, 100, 31, 66, 1, "1190") };
        await using (var records = await BroadcastRecords.LoadAsync(Store, TimeProvider.System, NullLogger.Instance, CancellationToken.None))
        {
            Assert.Null(records.Load("main"));
            await records.SaveAsync("main", record with { OnAir = false });
            await records.SaveAsync("main", record);
        }

        await ReopenAsync();
        await using var again = await BroadcastRecords.LoadAsync(Store, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        Assert.Equal(record, again.Load("main"));
    }

    private static async Task<byte[]> ReadSharedAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes);
        return bytes;
    }

    private static DestinationDefinition Destination(string id, string key) => new() { Id = id, Name = "Name of " + id, Url = "rtmp://h/app", StreamKey = key };

    private async Task ReopenAsync()
    {
        await _state.DisposeAsync();
        _state = await TestStore.OpenAsync(_folder);
    }
}
