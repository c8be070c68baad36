using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Rtmp.Client;
using StreamManager.Server.Security;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>Keys, channels and connections, through the real ports.</summary>
public sealed class RtmpHostingTests
{
    [Fact]
    public async Task Publish_WithEachKey_LeadsToItsSourceWhateverTheApp()
    {
        await using var server = await RunningServer.StartAsync("ingest_key: key-main\nbackup_ingest_key: key-backup\nchannels: [ { id: second, ingest_key: key-second } ]\n");
        await using var main = await GrantedAsync(server, "live", "key-main");
        await using var backup = await GrantedAsync(server, "any/app", "key-backup");
        await using var second = await GrantedAsync(server, "input", "key-second");
        var streams = (await server.GetAsync("/api/streams")).Json.EnumerateArray().ToArray();
        Assert.Equal(["main/backup", "main/main", "second/main"], streams.Select(stream => stream.GetProperty("streamPath").GetString()!).Order(StringComparer.Ordinal));
        Assert.All(streams, stream => Assert.Equal(("publisher", "rtmp", "127.0.0.1"), (
            stream.GetProperty("connectionType").GetString(), stream.GetProperty("protocol").GetString(), stream.GetProperty("remoteAddress").GetString())));
    }

    [Fact]
    public async Task Publish_WithAKeyOfTheStore_NamesTheKeyAtOnceAndShowsNothingElseOfIt()
    {
        await using var server = await RunningServer.StartAsync("backup_ingest_key: key-backup\n");
        var made = (await server.PostAsync("/api/keys", """{ "name": "Studio", "alias": "studio" }""")).Json;
        await using (await GrantedAsync(server, "live", made.GetProperty("key").GetString()!))
        {
            var answer = await server.GetAsync("/api/streams");
            Assert.Equal(made.GetProperty("id").GetString(), Assert.Single(answer.Json.EnumerateArray()).GetProperty("keyId").GetString());
            Assert.DoesNotContain(made.GetProperty("key").GetString()!, answer.Text, StringComparison.Ordinal);
        }

        // By its name it is the same key; a fixed one of the configuration has no id.
        await server.WaitForAsync("/api/status", status => status.GetProperty("source").GetProperty("state").GetString() == "absent");
        await using var named = await GrantedAsync(server, "live", "studio");
        await using var backup = await GrantedAsync(server, "live", "key-backup");
        var streams = (await server.GetAsync("/api/streams")).Json.EnumerateArray().ToDictionary(stream => stream.GetProperty("source").GetString()!, stream => stream.GetProperty("keyId").GetString());
        Assert.Equal((made.GetProperty("id").GetString(), null), (streams["main"], streams["backup"]));
    }

    [Fact]
    public async Task Publish_WithAWrongKey_IsRefusedAndCountedAndTheKeyIsNotLogged()
    {
        await using var server = await RunningServer.StartAsync("ingest_key: key-main\n");
        var failure = await RefusedAsync(server, "live", "s3cret-guess");
        Assert.Equal((RtmpConnectStage.Publish, RtmpFailureKind.Rejected), (failure.Stage, failure.Kind));
        Assert.Contains("key is not known", failure.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-guess", server.Log, StringComparison.Ordinal);
        var page = await server.SendAsync(HttpMethod.Get, "/metrics", port: server.Server.BoundPorts.Metrics);
        Assert.Contains("rtmp_publish_attempts_total{status=\"refused\"}", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-guess", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_ToABusySource_IsRefusedAndTheFirstStays()
    {
        await using var server = await RunningServer.StartAsync("ingest_key: key-main\n");
        await using var first = await GrantedAsync(server, "live", "key-main");
        Assert.Contains("already", (await RefusedAsync(server, "live", "key-main")).Detail, StringComparison.Ordinal);

        // With a key that nobody uses: it is the source that is taken.
        var unused = (await server.PostAsync("/api/keys", """{ "name": "Studio" }""")).Json.GetProperty("key").GetString()!;
        var reason = (await RefusedAsync(server, "live", unused)).Detail;
        Assert.Contains("source main/main", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("key", reason, StringComparison.Ordinal);
        Assert.False(first.Completion.IsCompleted);
    }

    [Fact]
    public async Task Kick_OfAPublisher_ClosesItAndFreesTheSource()
    {
        await using var server = await RunningServer.StartAsync("ingest_key: key-main\n");
        await using var first = await GrantedAsync(server, "live", "key-main");
        var id = Assert.Single((await server.GetAsync("/api/streams")).Json.EnumerateArray()).GetProperty("clientId").GetString();
        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, $"/api/streams/{id}")).Status);
        await first.Completion.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await server.WaitForAsync("/api/streams", streams => streams.GetArrayLength() == 0);
        await server.WaitForAsync("/api/status", status => status.GetProperty("source").GetProperty("state").GetString() == "absent");
        await using var again = await GrantedAsync(server, "live", "key-main");
    }

    [Fact]
    public async Task Rtmps_WithACertificate_TakesPublishers()
    {
        using var directory = new TemporaryDirectory();
        using var authority = new TestCertificateAuthority();
        var (certificate, key) = authority.IssueServer("localhost").WriteTo(directory, "server");
        await using var server = await RunningServer.StartAsync("ingest_key: key-main\n", change: options => options with { RtmpsPort = 0, TlsCertificateFile = certificate, TlsKeyFile = key });
        await using var publish = await GrantedAsync(server, "live", "key-main", authority.Certificate);
        Assert.Equal("rtmps", Assert.Single((await server.GetAsync("/api/streams")).Json.EnumerateArray()).GetProperty("protocol").GetString());
    }

    [Fact]
    public async Task Connections_BeyondTheLimit_AreClosedAndNobodyElseNotices()
    {
        await using var server = await RunningServer.StartAsync("ingest_key: key-main\nrtmp_max_connections: 1\n");
        await using var first = await GrantedAsync(server, "live", "key-main");
        await RefusedAsync(server, "live", "key-main");
        Assert.Contains("too many connections", server.Log, StringComparison.Ordinal);
        Assert.False(first.Completion.IsCompleted);
    }

    [Fact]
    public async Task Keys_ThatTheServerMade_StayTheSameAndWork()
    {
        using var folder = new TemporaryFolder();
        Secret key;
        await using (var server = await RunningServer.StartAsync(folder: folder))
        {
            Assert.True(server.Server.IsFirstStart);
            key = server.Server.Keys.KeyOf("main", "main")!;
            Assert.Equal(43, key.Value.Length);
            Assert.NotEqual(key, server.Server.Keys.KeyOf("main", "backup"));
        }

        await using var again = await RunningServer.StartAsync(folder: folder);
        Assert.False(again.Server.IsFirstStart);
        Assert.Equal(key, again.Server.Keys.KeyOf("main", "main"));
        await using var publish = await GrantedAsync(again, "live", key.Value);
    }

    private static async Task<IRtmpPublishConnection> GrantedAsync(RunningServer server, string app, string key, X509Certificate2? authority = null)
    {
        var result = await ConnectAsync(server, app, key, authority);
        return Assert.IsType<RtmpPublishResult.Connected>(result).Connection;
    }

    private static async Task<RtmpFailure> RefusedAsync(RunningServer server, string app, string key) =>
        Assert.IsType<RtmpPublishResult.Failed>(await ConnectAsync(server, app, key, null)).Failure;

    private static Task<RtmpPublishResult> ConnectAsync(RunningServer server, string app, string key, X509Certificate2? authority)
    {
        var ports = server.Server.BoundPorts;
        var address = authority is null ? $"rtmp://127.0.0.1:{ports.Rtmp}/{app}" : $"rtmps://localhost:{ports.Rtmps}/{app}";
        Assert.True(RtmpDestinationUrl.TryParse(address, key, out var destination, out _));
        var options = new RtmpPublishOptions { Destination = destination, ExtraTrustedRoots = authority is null ? null : [authority] };
        return RtmpPublisher.ConnectAsync(options, TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
    }
}
