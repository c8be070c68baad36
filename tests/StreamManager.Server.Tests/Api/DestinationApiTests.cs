using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Channels;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Realtime;

namespace StreamManager.Server.Tests.Api;

public sealed class DestinationApiTests
{
    private const string Good = """{ "name": "Mine", "platform": "youtube", "url": "rtmp://user:s3cret-password@127.0.0.1:1/app?x=s3cret", "streamKey": "s3cret-key-abcd", "enabled": false }""";

    [Fact]
    public async Task Added_ReadBack_ShowsAllButItsSecrets()
    {
        await using var server = await RunningServer.StartAsync();
        var added = await server.PostAsync("/api/destinations", Good);
        Assert.Equal(HttpStatusCode.Created, added.Status);
        var id = added.Json.GetProperty("id").GetString()!;
        Assert.Equal($"/api/destinations/{id}", added.Location);
        var read = (await server.GetAsync($"/api/destinations/{id}")).Json;
        Assert.Equal("Mine", read.GetProperty("name").GetString());
        Assert.Equal("youtube", read.GetProperty("platform").GetString());
        Assert.Equal("rtmp://127.0.0.1:1/app", read.GetProperty("url").GetString());
        Assert.Equal("…abcd", read.GetProperty("streamKeyHint").GetString());
        Assert.Equal("main", read.GetProperty("channelId").GetString());
        Assert.False(read.GetProperty("enabled").GetBoolean());
        Assert.False(read.TryGetProperty("streamKey", out _));
        var status = (await server.GetAsync("/api/status")).Json.GetProperty("destinations");
        Assert.Equal(id, Assert.Single(status.EnumerateArray()).GetProperty("id").GetString());
    }

    [Fact]
    public async Task PlaybackUrl_IsShownEverywhere_AndCleared()
    {
        using var folder = new TemporaryFolder();
        string id;
        await using (var server = await RunningServer.StartAsync(folder: folder))
        {
            var added = await server.PostAsync("/api/destinations", """{ "name": "A", "url": "rtmp://127.0.0.1:1/a", "streamKey": "k", "enabled": false, "playbackUrl": "https://twitch.example/you?lang=en#chat" }""");
            Assert.Equal("https://twitch.example/you?lang=en#chat", added.Json.GetProperty("playbackUrl").GetString());
            id = added.Json.GetProperty("id").GetString()!;
            using var peer = await RealtimePeer.ConnectAsync(server, RunningServer.Token);
            var told = await peer.CallAsync("destination.update", $$"""{ "id": "{{id}}", "playbackUrl": "http://192.0.2.1:8080/watch" }""");
            Assert.Equal(("result", "http://192.0.2.1:8080/watch"), (told.Type, told.Data.GetProperty("playbackUrl").GetString()));
            Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"/api/destinations/{id}", """{ "name": "B" }""")).Status);
        }

        await using (var server = await RunningServer.StartAsync(folder: folder))
        {
            Assert.Equal(["http://192.0.2.1:8080/watch"], await ShownAsync(server));
            var cleared = await server.SendAsync(HttpMethod.Put, $"/api/destinations/{id}", """{ "playbackUrl": "" }""");
            Assert.Equal((HttpStatusCode.OK, ""), (cleared.Status, cleared.Json.GetProperty("playbackUrl").GetString()));
            Assert.Equal([""], await ShownAsync(server));
        }

        // The same in the list, alone and in the status.
        async Task<IEnumerable<string?>> ShownAsync(RunningServer server) => new[]
        {
            (await server.GetAsync("/api/destinations")).Json.EnumerateArray().Single(),
            (await server.GetAsync($"/api/destinations/{id}")).Json,
            (await server.GetAsync("/api/status")).Json.GetProperty("destinations").EnumerateArray().Single(),
        }.Select(shown => shown.GetProperty("playbackUrl").GetString()).Distinct();
    }

    [Theory]
    [InlineData("twitch.tv/you")]
    [InlineData("//twitch.tv/you")]
    [InlineData("https:twitch.tv/you")]
    [InlineData("https:///you")]
    [InlineData("https://")]
    [InlineData("javascript:alert(1)")]
    [InlineData("javascript://twitch.tv/%0aalert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("ftp://twitch.tv/you")]
    [InlineData("rtmp://twitch.tv/you")]
    [InlineData(" https://twitch.tv/you")]
    [InlineData("https://twitch.tv/my page")]
    [InlineData("https://twitch.tv/my\u0007page")]
    [InlineData("https://anna@twitch.tv/")]
    [InlineData("https://anna:s3cret@twitch.tv/")]
    [InlineData("https://@twitch.tv/")]
    [InlineData("https://twitch.tv\\@example.net/")]
    [InlineData("https://twitch.tv:port/")]
    public void PlaybackUrl_ThatIsNoAddressForABrowser_IsRefusedAndNotRepeated(string url)
    {
        Assert.False(DestinationRules.PlaybackUrl.Parse(url, out _));
        Assert.DoesNotContain("s3cret", DestinationRules.PlaybackUrl.Shown(url), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://twitch.tv/you")]
    [InlineData("HTTP://[::1]:8080")]
    [InlineData("https://www.youtube.com/watch?v=a&t=1#@name")]
    [InlineData("https://www.youtube.com/@name/live")]
    [InlineData("https://münchen.example/straße")]
    public void PlaybackUrl_OfAPage_IsTakenAsItIs(string url)
    {
        Assert.True(DestinationRules.PlaybackUrl.Parse(url, out var taken));
        Assert.Equal(url, taken);
    }

    [Fact]
    public void PlaybackUrl_HasALength()
    {
        const string start = "https://h/";
        Assert.True(DestinationRules.PlaybackUrl.Parse(start + new string('a', DestinationRules.PlaybackUrlLength - start.Length), out _));
        Assert.False(DestinationRules.PlaybackUrl.Parse(start + new string('a', DestinationRules.PlaybackUrlLength - start.Length + 1), out _));
    }

    [Theory]
    [InlineData("""{ "enabled": true }""", true)]
    [InlineData("""{ "enabled": false }""", true)]
    [InlineData("""{ "streamKey": "another-key" }""", false)]
    [InlineData("""{ "enabled": true, "streamKey": "another-key" }""", false)]
    [InlineData("""{ "enabled": true, "url": "rtmp://127.0.0.1:1/other" }""", false)]
    [InlineData("""{ "name": "Other" }""", false)]
    [InlineData("""{ "enabled": true, "playbackUrl": "https://twitch.example/you" }""", false)]
    [InlineData("""{ "settings": { "queueLimitMs": 600 } }""", false)]
    [InlineData("""{ "nothingLikeThat": 1 }""", false)]
    public async Task Change_OfTheSwitchAlone_IsOperating_AndAnyOtherIsManaging(string body, bool isOperating)
    {
        await using var server = await RunningServer.StartAsync();
        var id = (await server.PostAsync("/api/destinations", Good)).Json.GetProperty("id").GetString()!;
        var before = (await server.GetAsync($"/api/destinations/{id}")).Text;
        var manager = await TokenAsync(Permissions.Manage);
        foreach (var (permissions, mayChange) in new[] { (Permissions.View, false), (Permissions.View | Permissions.Administer, false), (Permissions.Operate, isOperating) })
        {
            var token = await TokenAsync(permissions);
            using var peer = await RealtimePeer.ConnectAsync(server, await TokenAsync(permissions | Permissions.View));
            var answer = await server.SendAsync(HttpMethod.Put, $"/api/destinations/{id}", body, token);
            var told = await peer.CallAsync("destination.update", $$"""{ "id": "{{id}}", {{body.Trim()[1..]}}""");
            Assert.Equal(mayChange ? (HttpStatusCode.OK, "result") : (HttpStatusCode.Forbidden, "error"), (answer.Status, told.Type));
            if (mayChange)
                continue;
            Assert.Contains(permissions is Permissions.Operate ? "permission manage" : "permission operate or manage", answer.Text, StringComparison.Ordinal);
            Assert.Equal(before, (await server.GetAsync($"/api/destinations/{id}")).Text);
        }

        // Who may set up may switch too.
        Assert.NotEqual(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Put, $"/api/destinations/{id}", body, manager)).Status);

        async Task<string> TokenAsync(Permissions permissions) =>
            (await server.Server.Accounts.Tokens.MakeAsync(Caller.Administrator, "t", permissions, null, TestContext.Current.CancellationToken))!.Secret.Value;
    }

    [Fact]
    public async Task Changed_AndRemoved_SurvivesARestart()
    {
        using var folder = new TemporaryFolder();
        string kept;
        await using (var server = await RunningServer.StartAsync(Twitch, folder))
        {
            kept = (await server.PostAsync("/api/destinations", Good)).Json.GetProperty("id").GetString()!;
            var gone = (await server.PostAsync("/api/destinations", Good)).Json.GetProperty("id").GetString()!;
            Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, $"/api/destinations/{gone}")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Delete, $"/api/destinations/{gone}")).Status);
            Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"/api/destinations/{kept}", """{ "name": "New", "streamKey": "another-wxyz", "settings": { "retryLimit": 3 } }""")).Status);
            Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, "/api/destinations/twitch", """{ "enabled": false, "streamKey": "changed-1234" }""")).Status);
        }

        await using (var server = await RunningServer.StartAsync(Twitch, folder))
        {
            var all = (await server.GetAsync("/api/destinations")).Json.EnumerateArray().ToArray();
            Assert.Equal(["twitch", kept], all.Select(one => one.GetProperty("id").GetString()));
            Assert.Equal("…1234", all[0].GetProperty("streamKeyHint").GetString());
            Assert.False(all[0].GetProperty("enabled").GetBoolean());
            Assert.Equal("New", all[1].GetProperty("name").GetString());
            Assert.Equal("…wxyz", all[1].GetProperty("streamKeyHint").GetString());
            Assert.Equal("rtmp://127.0.0.1:1/app", all[1].GetProperty("url").GetString());
            Assert.Equal(3, all[1].GetProperty("settings").GetProperty("retryLimit").GetInt32());
            Assert.Equal(30, all[1].GetProperty("settings").GetProperty("retryMaximumSeconds").GetDouble());

            // Switched on again as configured: the key that was changed stays changed.
            Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, "/api/destinations/twitch", """{ "enabled": true }""")).Status);
        }

        await using (var server = await RunningServer.StartAsync(Twitch + "destinations: [ { name: Second, url: \"rtmp://127.0.0.1:1/a/k\" } ]\n", folder))
        {
            var all = (await server.GetAsync("/api/destinations")).Json.EnumerateArray().ToArray();
            Assert.Equal(["twitch", "second", kept], all.Select(one => one.GetProperty("id").GetString()));
            Assert.Equal("…1234", all[0].GetProperty("streamKeyHint").GetString());
        }
    }

    [Fact]
    public async Task Changed_WithTheAddressAsShown_KeepsUserAndPassword()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RunningServer.StartAsync(folder: folder);
        var added = (await server.PostAsync("/api/destinations", Good)).Json;
        var id = added.GetProperty("id").GetString()!;
        var body = $$"""{ "name": "Again", "url": "{{added.GetProperty("url").GetString()}}", "enabled": false }""";
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"/api/destinations/{id}", body)).Status);
        await server.DisposeAsync();
        var options = new ServerOptions { DataDirectory = folder.File("data") };
        await using var state = await ServerState.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        using var vault = await Vault.OpenAsync(state.Store, null, options.DataDirectory, TimeProvider.System, CancellationToken.None);
        var saved = Assert.Single(await new DestinationRecords(state.Store, vault).LoadAsync(CancellationToken.None));
        Assert.Contains("user:s3cret-password@", saved.Definition.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tested_ByTooMany_IsRefusedUntilOneIsDone()
    {
        // Accepts and says nothing: a test of it takes as long as the client waits.
        using var silent = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var server = await RunningServer.StartAsync();
        var added = (await server.PostAsync("/api/destinations", $$"""{ "name": "A", "url": "rtmp://127.0.0.1:{{((IPEndPoint)silent.LocalEndpoint).Port}}/a", "streamKey": "k", "enabled": false }""")).Json;
        var path = $"/api/destinations/{added.GetProperty("id").GetString()}/test-connection";
        var tests = Enumerable.Range(0, StreamManager.Server.Api.ConnectionTester.MostAtOnce + 1).Select(_ => server.PostAsync(path)).ToArray();
        var refused = await await Task.WhenAny(tests);
        Assert.Equal((HttpStatusCode.TooManyRequests, "too_many_tests"), (refused.Status, refused.Code));
        silent.Stop();
        var all = await Task.WhenAll(tests);
        Assert.Equal(StreamManager.Server.Api.ConnectionTester.MostAtOnce, all.Count(answer => answer.Status == HttpStatusCode.OK));
    }

    public static TheoryData<string, string[]> WrongBodies => new()
    {
        { "{}", ["/name", "/url"] },
        { """{ "name": 1, "url": true, "platform": [], "streamKey": {}, "enabled": "yes", "channelId": 5, "settings": 7 }""", ["/channelId", "/enabled", "/name", "/platform", "/settings", "/streamKey", "/url"] },
        { """{ "name": "", "url": "http://h/a", "platform": "vimeo", "streamKey": "a b" }""", ["/name", "/platform", "/streamKey", "/url"] },
        { """{ "name": "A", "url": "rtmp://h/a", "streamKey": "k", "channelId": "nothing" }""", ["/channelId"] },
        { """{ "name": "A", "url": "rtmp://h/a" }""", ["/streamKey"] },
        { """{ "name": "A", "url": "rtmp://h/a", "streamKey": "k", "playbackUrl": "javascript:alert(1)" }""", ["/playbackUrl"] },
        { """{ "name": "A", "url": "rtmp://h/a", "streamKey": "k", "playbackUrl": false }""", ["/playbackUrl"] },
        { """{ "name": "A", "url": "rtmp://h/a", "streamKey": "k", "settings": { "retryLimit": 1.5, "queueLimitMs": 1, "stallAfterSeconds": "5", "trustedAuthority": "x", "tries": 1 } }""",
            ["/settings/queueLimitMs", "/settings/retryLimit", "/settings/stallAfterSeconds", "/settings/tries", "/settings/trustedAuthority"] },
        { """{ "name": "A", "url": "rtmp://h/a", "streamKey": "k", "settings": { "retryInitialSeconds": 60 } }""", ["/settings/retryMaximumSeconds"] },
        { """{ "name": "A", "url": "rtmp://h/a", "stream_key": "k" }""", ["/stream_key"] },
    };

    [Theory]
    [MemberData(nameof(WrongBodies))]
    public async Task Added_WithWrongFields_NamesEach(string body, string[] fields)
    {
        await using var server = await RunningServer.StartAsync();
        var answer = await server.PostAsync("/api/destinations", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(fields, answer.WrongFields.Order(StringComparer.Ordinal));
        Assert.Empty((await server.GetAsync("/api/destinations")).Json.EnumerateArray());
    }

    [Theory]
    [InlineData("""{ "name": "Other" }""", "/name")]
    [InlineData("""{ "platform": "custom" }""", "/platform")]
    [InlineData("""{ "url": "rtmp://127.0.0.1:2/app" }""", "/url")]
    [InlineData("""{ "playbackUrl": "https://twitch.example/you" }""", "/playbackUrl")]
    [InlineData("""{ "settings": { "retryLimit": 9 } }""", "/settings")]
    [InlineData("""{ "channelId": "second" }""", "/channelId")]
    [InlineData("""{ "streamKey": "" }""", "/streamKey")]
    public async Task Configured_ChangedInWhatIsFixed_IsRefused(string body, string field)
    {
        await using var server = await RunningServer.StartAsync(Twitch + "channels: [ { id: second } ]\n");
        var answer = await server.SendAsync(HttpMethod.Put, "/api/destinations/twitch", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal([field], answer.WrongFields);
    }

    [Fact]
    public async Task Configured_SentBackAsItWasRead_IsTaken()
    {
        await using var server = await RunningServer.StartAsync(Twitch);
        var answer = await server.SendAsync(HttpMethod.Put, "/api/destinations/twitch", """{ "name": "Twitch", "platform": "twitch", "url": "rtmp://127.0.0.1:1/app", "channelId": "main", "enabled": false }""");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("disabled", answer.Json.GetProperty("state").GetString());
    }

    [Fact]
    public async Task TestConnection_NobodyThere_SaysSo()
    {
        await using var server = await RunningServer.StartAsync(Twitch);
        var answer = (await server.PostAsync("/api/destinations/twitch/test-connection")).Json;
        Assert.False(answer.GetProperty("ok").GetBoolean());
        Assert.Equal("connect", answer.GetProperty("stage").GetString());
        Assert.NotEmpty(answer.GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task Secrets_InAnswersAndLogs_AreNowhere()
    {
        await using var server = await RunningServer.StartAsync(Twitch + "ingest_key: s3cret-ingest\nstart: always\n");
        var answers = new List<Answer> { await server.PostAsync("/api/destinations", Good.Replace("false", "true", StringComparison.Ordinal)) };
        var id = answers[0].Json.GetProperty("id").GetString();
        answers.Add(await server.PostAsync("/api/destinations", """{ "name": "B", "url": "rtmp://127.0.0.1:1/app/s3cret-in-path" }"""));
        answers.Add(await server.PostAsync("/api/destinations", """{ "name": "B", "url": "ftp://s3cret/x", "streamKey": "s3cret with space" }"""));
        answers.Add(await server.PostAsync("/api/destinations", """{ "name": "B", "url": "rtmp://127.0.0.1:1/a", "streamKey": "k", "playbackUrl": "https://anna:s3cret@twitch.tv/" }"""));
        foreach (var path in new[] { $"/api/destinations/{id}", "/api/destinations", "/api/status", "/api/channels", "/api/channels/main", "/api/streams" })
            answers.Add(await server.GetAsync(path));
        answers.Add(await server.PostAsync($"/api/destinations/{id}/test-connection"));
        answers.Add(await server.SendAsync(HttpMethod.Get, "/metrics", port: server.Server.BoundPorts.Metrics));
        foreach (var answer in answers)
            Assert.DoesNotContain("s3cret", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", server.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(RunningServer.Token, server.Log, StringComparison.Ordinal);
    }

    private const string Twitch = "twitch_rtmp_url: rtmp://127.0.0.1:1/app\ntwitch_stream_key: live_s3cret\n";
}
