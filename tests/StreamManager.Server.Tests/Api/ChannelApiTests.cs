using System.Net;
using System.Text.Json;

namespace StreamManager.Server.Tests.Api;

public sealed class ChannelApiTests
{
    [Fact]
    public async Task Channel_RemovedAndMadeAgain_BeginsAfresh()
    {
        await using var server = await RunningServer.StartAsync();
        await MakeAsync();
        var old = await AddDestinationAsync();
        await server.PostAsync("/api/simulcast/second/destinations", $$"""{ "destinationId": "{{old}}" }""");
        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, "/api/channels/second")).Status);

        // Its own key is not wanted any more, and may go.
        var key = (await server.GetAsync("/api/keys")).Json.EnumerateArray().First(key => key.GetProperty("channelId").GetString() == "second").GetProperty("id").GetString();
        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, $"/api/keys/{key}")).Status);

        await MakeAsync();
        await AddDestinationAsync();
        var status = (await server.GetAsync("/api/simulcast/second/status")).Json;
        Assert.Equal(("all", 1), (status.GetProperty("selection").GetString(), status.GetProperty("destinations").GetArrayLength()));

        async Task MakeAsync() => Assert.Equal(HttpStatusCode.Created, (await server.PostAsync("/api/channels", """{ "id": "second" }""")).Status);

        async Task<string> AddDestinationAsync() =>
            (await server.PostAsync("/api/destinations", """{ "name": "A", "url": "rtmp://127.0.0.1:1/a", "streamKey": "k", "channelId": "second" }""")).Json.GetProperty("id").GetString()!;
    }

    [Fact]
    public async Task Channel_MadeChangedAndRemoved_IsSoAfterARestartToo()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await RunningServer.StartAsync(folder: folder))
        {
            var made = await server.PostAsync("/api/channels", """{ "id": "second", "settings": { "start": "manual", "endAfterSeconds": 0, "width": 1280, "height": 720 } }""");
            Assert.Equal(HttpStatusCode.Created, made.Status);
            Assert.Equal("/api/channels/second", made.Location);
            Assert.Equal("api", made.Json.GetProperty("origin").GetString());
            Assert.Equal(1280, Settings(made).GetProperty("width").GetInt32());
            Assert.Equal("stopped", (await server.GetAsync("/api/channels/second/status")).Json.GetProperty("state").GetString());
            Assert.Equal(["main", "second"], await IdsAsync(server));
            Assert.Equal("channel_exists", (await server.PostAsync("/api/channels", """{ "id": "second" }""")).Code);
            Assert.Equal("channel_exists", (await server.PostAsync("/api/channels", """{ "id": "main" }""")).Code);
            var changed = await server.SendAsync(HttpMethod.Put, "/api/channels/second", """{ "settings": { "returnAfterSeconds": 7, "onCrash": "end" } }""");
            Assert.Equal(HttpStatusCode.OK, changed.Status);
            Assert.Equal((7, "end", 1280), (Settings(changed).GetProperty("returnAfterSeconds").GetDouble(), Settings(changed).GetProperty("onCrash").GetString(), Settings(changed).GetProperty("width").GetInt32()));
            var added = await server.PostAsync("/api/destinations", """{ "name": "A", "url": "rtmp://127.0.0.1:1/a", "streamKey": "k", "channelId": "second", "enabled": false }""");
            Assert.Equal(HttpStatusCode.Created, added.Status);
        }

        await using (var server = await RunningServer.StartAsync(folder: folder))
        {
            Assert.Equal(["main", "second"], await IdsAsync(server));
            Assert.Equal(7, Settings(await server.GetAsync("/api/channels/second")).GetProperty("returnAfterSeconds").GetDouble());
            Assert.Single((await server.GetAsync("/api/channels/second/status")).Json.GetProperty("destinations").EnumerateArray());
            Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, "/api/channels/second")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync("/api/channels/second/status")).Status);
            Assert.Empty((await server.GetAsync("/api/destinations")).Json.EnumerateArray());
        }

        await using (var server = await RunningServer.StartAsync(folder: folder))
            Assert.Equal(["main"], await IdsAsync(server));
    }

    [Fact]
    public async Task Main_ChangedThroughTheApi_LiesOverTheConfigurationUntilItIsReset()
    {
        using var folder = new TemporaryFolder();
        const string yaml = "end_after: 600\nfps: 25\n";
        await using (var server = await RunningServer.StartAsync(yaml, folder))
        {
            await server.SendAsync(HttpMethod.Put, "/api/channels/main", """{ "settings": { "endAfterSeconds": 60 } }""");
            Assert.Equal("channel_is_configured", (await server.SendAsync(HttpMethod.Delete, "/api/channels/main")).Code);
        }

        await using (var server = await RunningServer.StartAsync("end_after: 900\nfps: 50\n", folder))
        {
            var settings = Settings(await server.GetAsync("/api/channels/main"));
            Assert.Equal((60, 50), (settings.GetProperty("endAfterSeconds").GetDouble(), settings.GetProperty("fps").GetInt32()));
            var reset = Settings(await server.SendAsync(HttpMethod.Delete, "/api/channels/main/settings"));
            Assert.Equal(900, reset.GetProperty("endAfterSeconds").GetDouble());
        }
    }

    [Fact]
    public async Task Change_WithAnOldTag_IsRefusedAndChangesNothing()
    {
        await using var server = await RunningServer.StartAsync();
        var tag = await TagAsync(server);
        Assert.Equal(HttpStatusCode.OK, await PutAsync(server, tag, """{ "settings": { "fps": 25 } }"""));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await PutAsync(server, tag, """{ "settings": { "fps": 50 } }"""));
        Assert.Equal(25, Settings(await server.GetAsync("/api/channels/main")).GetProperty("fps").GetInt32());
        Assert.Equal(HttpStatusCode.OK, await PutAsync(server, "*", """{ "settings": { "fps": 50 } }"""));
        Assert.Equal(HttpStatusCode.OK, await PutAsync(server, "\"x\", " + await TagAsync(server), """{ "settings": { "fps": 60 } }"""));
    }

    public static TheoryData<string, string[]> WrongBodies => new()
    {
        { "{}", ["/id"] },
        { """{ "id": "Main" }""", ["/id"] },
        { """{ "id": "../etc" }""", ["/id"] },
        { """{ "id": 1, "settings": [], "more": 1 }""", ["/id", "/more", "/settings"] },
        {
            """{ "id": "a", "settings": { "start": "soon", "fallbackType": "pdf", "rtmpTimeoutSeconds": 0, "checkIntervalSeconds": 61, "returnAfterSeconds": "2", "endAfterSeconds": -1, "onCrash": "stop", "onStall": 1, "onCleanEnd": "", "onFormatChange": "x", "width": 17, "height": 0, "fps": 121, "videoBitrateKbps": 1.5, "audioBitrateKbps": 8, "colour": "red" } }""",
            [
                "/settings/audioBitrateKbps", "/settings/checkIntervalSeconds", "/settings/colour", "/settings/endAfterSeconds", "/settings/fallbackType", "/settings/fps", "/settings/height",
                "/settings/onCleanEnd", "/settings/onCrash", "/settings/onFormatChange", "/settings/onStall", "/settings/returnAfterSeconds", "/settings/rtmpTimeoutSeconds", "/settings/start",
                "/settings/videoBitrateKbps", "/settings/width",
            ]
        },
        { """{ "id": "a", "settings": { "fallbackType": "image" } }""", ["/settings/fallbackMedia"] },
        { """{ "id": "a", "settings": { "fallbackType": "image", "fallbackMedia": "../../etc/passwd" } }""", ["/settings/fallbackMedia"] },
        { """{ "id": "a", "settings": { "fallbackMedia": "a.png" } }""", ["/settings/fallbackMedia"] },
    };

    [Theory]
    [MemberData(nameof(WrongBodies))]
    public async Task Made_WithWrongFields_NamesEachAndMakesNothing(string body, string[] fields)
    {
        await using var server = await RunningServer.StartAsync();
        var answer = await server.PostAsync("/api/channels", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(fields, answer.WrongFields.Order(StringComparer.Ordinal));
        Assert.Equal(["main"], await IdsAsync(server));
    }

    private static JsonElement Settings(Answer answer) => answer.Json.GetProperty("settings");

    private static async Task<IEnumerable<string?>> IdsAsync(RunningServer server) =>
        (await server.GetAsync("/api/channels")).Json.EnumerateArray().Select(channel => channel.GetProperty("id").GetString());

    private static async Task<string> TagAsync(RunningServer server)
    {
        using var request = Request(HttpMethod.Get);
        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.Headers.ETag!.ToString();
    }

    private static async Task<HttpStatusCode> PutAsync(RunningServer server, string tag, string body)
    {
        using var request = Request(HttpMethod.Put);
        request.Headers.TryAddWithoutValidation("If-Match", tag);
        request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private static HttpRequestMessage Request(HttpMethod method)
    {
        var request = new HttpRequestMessage(method, "/api/channels/main");
        request.Headers.Authorization = new("Bearer", RunningServer.Token);
        return request;
    }
}
