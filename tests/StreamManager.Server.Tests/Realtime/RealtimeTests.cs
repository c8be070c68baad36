using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using StreamManager.Server.Realtime;

namespace StreamManager.Server.Tests.Realtime;

/// <summary>The WebSocket of a whole server over real sockets: who gets in, what is told, what is done, and what bad clients get.</summary>
public sealed class RealtimeTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    /// <summary>What a client sends, how it is closed, and what it is told before.</summary>
    public static TheoryData<string, string, int, string?> BadFrames => new()
    {
        { "bytes", "binary", 1003, "not_text" },
        { "", "text", 1007, "malformed_json" },
        { "nonsense s3cret", "text", 1007, "malformed_json" },
        { "{ \"id\": 1, \"type\": \"status\"", "text", 1007, "malformed_json" },
        { "{ \"type\": \"status\", \"type\": \"stop\" }", "text", 1007, "malformed_json" },
        { "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", "text", 1007, "malformed_json" },
        { "{ \"type\": \"\\ud800\" }", "text", 1007, "malformed_json" },
        { "large", "large", 1009, "too_large" },
    };

    [Fact]
    public async Task Client_WithAToken_GetsTheStatusThenEventsChangesAndMetrics_OnBothPorts()
    {
        var ports = _server.Server.BoundPorts;
        foreach (var (port, path) in new[] { (ports.Api, "/ws"), (ports.WebSocket, "/"), (ports.WebSocket, "/ws") })
        {
            using var peer = await RealtimePeer.ConnectAsync(_server, port: port, path: path);
            var first = (await peer.ReceiveAsync())!.Value;
            Assert.Equal(("status", "main"), (first.GetProperty("type").GetString(), first.GetProperty("channel").GetString()));
            Assert.Equal(port == ports.Api ? "waiting" : "stopped", first.GetProperty("data").GetProperty("state").GetString());
            Assert.Equal($"rtmp://127.0.0.1:{ports.Rtmp}/live", first.GetProperty("data").GetProperty("ingest").GetProperty("url").GetString());
            Assert.Equal(TimeSpan.Zero, first.GetProperty("time").GetDateTimeOffset().Offset);

            var metrics = await peer.ReceiveAsync("metrics");
            Assert.Equal("main", metrics.GetProperty("data").GetProperty("channels")[0].GetProperty("channel").GetString());
            Assert.Equal(1, metrics.GetProperty("data").GetProperty("clients").GetInt32());

            Assert.Equal("result", (await peer.CallAsync("start")).Type);
            var onAir = await peer.ReceiveAsync(frame => frame.GetProperty("type").GetString() == "event" && frame.GetProperty("data").GetProperty("type").GetString() == "program.onAir");
            Assert.Equal("main", onAir.GetProperty("channel").GetString());
            await peer.ReceiveAsync(frame => frame.GetProperty("type").GetString() == "status" && frame.GetProperty("data").GetProperty("state").GetString() == "fallback");
            Assert.Equal("stopped", (await peer.CallAsync("stop")).Data.GetProperty("state").GetString());
            await peer.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Client_WithoutAHeader_SaysWhoItIsInItsFirstFrame()
    {
        using var peer = await RealtimePeer.ConnectAsync(_server, token: null);
        await peer.SendAsync($$"""{ "id": 7, "type": "auth", "data": { "token": "{{RunningServer.Token}}" } }""");
        var answer = (await peer.ReceiveAsync())!.Value;
        Assert.Equal(("result", 7), (answer.GetProperty("type").GetString(), answer.GetProperty("id").GetInt32()));
        Assert.Equal("status", (await peer.ReceiveAsync())!.Value.GetProperty("type").GetString());
        Assert.Equal("already_authenticated", (await peer.CallAsync("auth")).Data.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("""{ "type": "auth", "data": { "token": "wrong" } }""", "unauthorized")]
    [InlineData("""{ "type": "auth", "data": { "token": 5 } }""", "unauthorized")]
    [InlineData("""{ "type": "auth" }""", "unauthorized")]
    [InlineData("""{ "type": "status" }""", "unauthorized")]
    [InlineData("""{ "type": "stop", "data": [] }""", "unauthorized")]
    [InlineData("""{ "token": "x" }""", "invalid_request")]
    public async Task Client_WhoseFirstFrameIsNoToken_IsToldAndClosed(string frame, string code)
    {
        using var peer = await RealtimePeer.ConnectAsync(_server, token: null);
        await peer.SendAsync(frame);
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, code), await peer.ReadToCloseAsync());
    }

    [Fact]
    public async Task Client_ThatSaysNothing_IsClosedAndHasHeardNothing()
    {
        using var peer = await RealtimePeer.ConnectAsync(_server, token: null);
        Assert.Null(await peer.ReceiveAsync());
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, peer.Socket.CloseStatus);
    }

    [Fact]
    public async Task Request_ThatIsNoWebSocketOrHasAWrongToken_IsAnsweredByHttp()
    {
        var plain = await _server.GetAsync("/ws");
        Assert.Equal((HttpStatusCode.UpgradeRequired, "upgrade_required"), (plain.Status, plain.Code));
        foreach (var token in new[] { "wrong", RunningServer.Token + "x" })
        {
            using var socket = new ClientWebSocket();
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
            socket.Options.CollectHttpResponseDetails = true;
            await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://127.0.0.1:{_server.Server.BoundPorts.WebSocket}/"), TestContext.Current.CancellationToken));
            Assert.Equal(HttpStatusCode.Unauthorized, socket.HttpStatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await _server.SendAsync(HttpMethod.Get, "/api/status", port: _server.Server.BoundPorts.WebSocket)).Status);
    }

    [Theory]
    [MemberData(nameof(BadFrames))]
    public async Task Frame_ThatIsBad_ClosesWithItsCode_AndHarmsNobodyElse(string content, string kind, int status, string? code)
    {
        using var bystander = await RealtimePeer.ConnectAsync(_server);
        using var peer = await RealtimePeer.ConnectAsync(_server);
        await peer.SendAsync(
            kind switch
            {
                "large" => Encoding.UTF8.GetBytes("{ \"type\": \"" + new string('x', RealtimeLimits.MostMessageBytes) + "\" }"),
                _ => Encoding.UTF8.GetBytes(content),
            },
            kind == "binary" ? WebSocketMessageType.Binary : WebSocketMessageType.Text);
        Assert.Equal(((WebSocketCloseStatus?)status, code), await peer.ReadToCloseAsync());
        Assert.Equal("result", (await bystander.CallAsync("status")).Type);
        Assert.DoesNotContain("s3cret", _server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Frame_ThatIsNoUtf8_EndsTheConnection_AndHarmsNobodyElse()
    {
        using var bystander = await RealtimePeer.ConnectAsync(_server);
        using var peer = await RealtimePeer.ConnectAsync(_server);
        await peer.SendAsync([0x22, 0xE4, 0x22]);
        try
        {
            Assert.Equal(WebSocketCloseStatus.InvalidPayloadData, (await peer.ReadToCloseAsync()).Status);
        }
        catch (WebSocketException)
        {
            // The close and the end of the connection follow each other so closely that the second may be seen first.
        }

        Assert.Equal("result", (await bystander.CallAsync("status")).Type);
    }

    [Theory]
    [InlineData("""{ "id": 1, "type": "nothing.like.that" }""", "unknown_command")]
    [InlineData("""{ "id": 1 }""", "invalid_request")]
    [InlineData("""{ "id": 1, "type": 5 }""", "invalid_request")]
    [InlineData("""{ "id": 1, "type": "status", "more": true }""", "invalid_request")]
    [InlineData("""{ "id": { }, "type": "status" }""", "invalid_request")]
    [InlineData("""[]""", "invalid_request")]
    [InlineData("""{ "id": 1, "type": "status", "data": [] }""", "invalid_request")]
    [InlineData("""{ "id": 1, "type": "status", "data": { "nothing": 1 } }""", "invalid_request")]
    [InlineData("""{ "id": 1, "type": "status", "data": { "channel": "other" } }""", "channel_not_found")]
    [InlineData("""{ "id": 1, "type": "source.select", "data": { "select": "nobody" } }""", "invalid_request")]
    [InlineData("""{ "id": 1, "type": "source.select", "data": { } }""", "invalid_request")]
    [InlineData("""{ "id": 1, "type": "destination.delete", "data": { "id": "../x" } }""", "destination_not_found")]
    [InlineData("""{ "id": 1, "type": "destination.enable", "data": { "id": "x" } }""", "destination_not_found")]
    [InlineData("""{ "id": 1, "type": "destination.update", "data": { "id": "x", "name": "y" } }""", "destination_not_found")]
    [InlineData("""{ "id": 1, "type": "destination.create", "data": { "name": "y", "url": "http://x" } }""", "invalid_request")]
    [InlineData("""{ "id": 1, "type": "stream.kick", "data": { "clientId": "rtmp-9" } }""", "stream_not_found")]
    public async Task Command_ThatIsWrong_IsAnsweredAndTheClientStays(string frame, string code)
    {
        using var peer = await RealtimePeer.ConnectAsync(_server);
        await peer.SendAsync(frame);
        Assert.Equal(code, (await peer.ReceiveAsync("error")).GetProperty("data").GetProperty("code").GetString());
        Assert.Equal("result", (await peer.CallAsync("status")).Type);
    }

    [Fact]
    public async Task Destination_IsMadeChangedSwitchedAndRemoved_AsByRest()
    {
        using var peer = await RealtimePeer.ConnectAsync(_server);
        var (type, made) = await peer.CallAsync("destination.create", """{ "name": "A", "url": "rtmp://127.0.0.1:1/app", "streamKey": "s3cret-key", "enabled": false }""");
        Assert.Equal("result", type);
        var id = made.GetProperty("id").GetString();
        Assert.Equal("…-key", made.GetProperty("streamKeyHint").GetString());
        Assert.Equal("B", (await peer.CallAsync("destination.update", $$"""{ "id": "{{id}}", "name": "B" }""")).Data.GetProperty("name").GetString());
        Assert.True((await peer.CallAsync("destination.enable", $$"""{ "id": "{{id}}" }""")).Data.GetProperty("enabled").GetBoolean());
        Assert.False((await peer.CallAsync("destination.disable", $$"""{ "id": "{{id}}" }""")).Data.GetProperty("enabled").GetBoolean());
        Assert.Equal("B", (await _server.GetAsync($"/api/destinations/{id}")).Json.GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, (await peer.CallAsync("destination.delete", $$"""{ "id": "{{id}}" }""")).Data.ValueKind);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.GetAsync($"/api/destinations/{id}")).Status);
        var told = await _server.WaitForAsync("/api/events?type=audit.destination&since=2020-01-01T00:00:00Z", answer => answer.GetProperty("events").GetArrayLength() == 5);
        Assert.Equal(
            ["created", "updated", "updated", "updated", "deleted"],
            told.GetProperty("events").EnumerateArray().Select(happened => happened.GetProperty("type").GetString()!["audit.destination.".Length..]));
        Assert.All(told.GetProperty("events").EnumerateArray(), happened => Assert.Equal("admin-token", happened.GetProperty("actor").GetString()));
    }

    [Fact]
    public async Task Permissions_HoldForCommandsAndForAuditEvents_AndARevokedTokenEndsThem()
    {
        var made = (await _server.PostAsync("/api/tokens", """{ "name": "watcher", "scopes": ["view"] }""")).Json;
        using var watcher = await RealtimePeer.ConnectAsync(_server, made.GetProperty("token").GetString());
        using var owner = await RealtimePeer.ConnectAsync(_server);
        foreach (var command in new[] { "start", "stop", "source.select", "destination.create", "destination.update", "destination.delete", "destination.enable", "destination.disable", "stream.kick" })
            Assert.Equal("forbidden", (await watcher.CallAsync(command)).Data.GetProperty("code").GetString());

        await owner.CallAsync("start");
        await owner.ReceiveAsync(frame => IsEvent(frame, "audit.channel.started"));
        while (true)
        {
            var frame = (await watcher.ReceiveAsync())!.Value;
            Assert.False(frame.GetProperty("type").GetString() == "event" && frame.GetProperty("data").GetProperty("type").GetString()!.StartsWith("audit.", StringComparison.Ordinal));
            if (IsEvent(frame, "program.onAir"))
                break;
        }

        Assert.Equal(HttpStatusCode.NoContent, (await _server.SendAsync(HttpMethod.Delete, $"/api/tokens/{made.GetProperty("id").GetString()}")).Status);
        await watcher.SendAsync("""{ "id": 1, "type": "status" }""");
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "unauthorized"), await watcher.ReadToCloseAsync());
    }

    [Fact]
    public async Task Commands_TooMany_CloseTheClient()
    {
        using var peer = await RealtimePeer.ConnectAsync(_server);
        for (var i = 0; i < RealtimeLimits.MostSavedCommands * 3; i++)
        {
            try
            {
                await peer.SendAsync("""{ "type": "nothing" }""");
            }
            catch (WebSocketException)
            {
                break;
            }
        }

        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "too_many_commands"), await peer.ReadToCloseAsync());
    }

    [Fact]
    public async Task Shutdown_IsToldToClients()
    {
        var server = await RunningServer.StartAsync();
        using var peer = await RealtimePeer.ConnectAsync(server);
        var closed = peer.ReadToCloseAsync();
        await server.DisposeAsync();
        Assert.Equal((WebSocketCloseStatus.EndpointUnavailable, null), await closed);
    }

    [Fact]
    public async Task Page_OfAnotherOrigin_CannotUseTheCookie()
    {
        var setup = await _server.SendAsync(
            HttpMethod.Post, "/api/setup", $$"""{ "token": "{{_server.Server.SetupToken!.Value}}", "name": "anna", "password": "correct horse battery" }""", token: null);
        Assert.True(setup.Status is HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.NoContent, setup.Text);
        var cookies = new CookieContainer();
        using var handler = new HttpClientHandler { CookieContainer = cookies };
        using var browser = new HttpClient(handler) { BaseAddress = _server.Client.BaseAddress };
        using var login = new StringContent("""{ "name": "anna", "password": "correct horse battery" }""", Encoding.UTF8, "application/json");
        Assert.True((await browser.PostAsync(new Uri("/api/login", UriKind.Relative), login, TestContext.Current.CancellationToken)).IsSuccessStatusCode);

        var own = $"http://127.0.0.1:{_server.Server.BoundPorts.Api}";
        using (var peer = await RealtimePeer.ConnectAsync(_server, token: null, change: options => { options.Cookies = cookies; options.SetRequestHeader("Origin", own); }))
        {
            Assert.Equal("status", (await peer.ReceiveAsync())!.Value.GetProperty("type").GetString());
            Assert.Equal("result", (await peer.CallAsync("start")).Type);
        }

        foreach (var origin in new[] { "http://evil.example", "null", own + "0" })
        {
            await Assert.ThrowsAsync<WebSocketException>(() =>
                RealtimePeer.ConnectAsync(_server, token: null, change: options => { options.Cookies = cookies; options.SetRequestHeader("Origin", origin); }));
        }
    }

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private static bool IsEvent(JsonElement frame, string type) =>
        frame.GetProperty("type").GetString() == "event" && frame.GetProperty("data").GetProperty("type").GetString() == type;
}
