using System.Net;
using System.Text.Json;

namespace StreamManager.Server.Tests.Api;

public sealed class SimulcastApiTests
{
    private const string Yaml = """
        destinations:
          - { name: One, url: "rtmp://127.0.0.1:1/a", stream_key: k }
          - { name: Two, url: "rtmp://127.0.0.1:1/a", stream_key: k }
          - { name: Three, url: "rtmp://127.0.0.1:1/a", stream_key: k, enabled: false }
        """;

    [Fact]
    public async Task Broadcast_WithChosenDestinations_UsesThemOnlyAndForThisBroadcastOnly()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await RunningServer.StartAsync(Yaml, folder))
        {
            Assert.Equal(["one", "two"], Taking(await server.GetAsync("/api/simulcast/main/status")));
            var started = await server.PostAsync("/api/simulcast/main/start", """{ "inputSource": "backup", "destinations": ["two", "three"] }""");
            Assert.Equal(HttpStatusCode.OK, started.Status);
            Assert.Equal(["two", "three"], Taking(started));
            Assert.Equal(("chosen", "backup"), (started.Json.GetProperty("selection").GetString(), started.Json.GetProperty("inputSource").GetString()));
            await server.WaitForStateAsync("fallback");
            Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/api/simulcast/main/destinations", """{ "destinationId": "one" }""")).Status);
            Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, "/api/simulcast/main/destinations/two")).Status);
            Assert.Equal(["one", "three"], Taking(await server.GetAsync("/api/simulcast/main/status")));

            // The destinations' own switches are as they were.
            Assert.Equal([true, true, false], (await server.GetAsync("/api/destinations")).Json.EnumerateArray().Select(one => one.GetProperty("enabled").GetBoolean()));
            var health = (await server.GetAsync("/api/simulcast/main/health")).Json;
            Assert.Equal("failing", health.GetProperty("status").GetString());
            Assert.Contains("viewers see the fallback", health.GetProperty("issues")[0].GetString(), StringComparison.Ordinal);
            Assert.Equal(2, health.GetProperty("destinations").GetArrayLength());
            Assert.Equal(2, (await server.GetAsync("/api/simulcast/main/metrics")).Json.GetProperty("destinations").GetArrayLength());
        }

        // A server that ended on air goes on with the same destinations.
        await using (var server = await RunningServer.StartAsync(Yaml, folder))
        {
            Assert.Equal(["one", "three"], Taking(await server.GetAsync("/api/simulcast/main/status")));
            var stopped = await server.PostAsync("/api/simulcast/main/stop");
            Assert.Equal(("stopped", "all"), (stopped.Json.GetProperty("state").GetString(), stopped.Json.GetProperty("selection").GetString()));
            Assert.Equal(["one", "two"], Taking(stopped));
            Assert.Equal("idle", (await server.GetAsync("/api/simulcast/main/health")).Json.GetProperty("status").GetString());
        }
    }

    [Fact]
    public async Task Broadcast_WithoutABody_TakesWhatIsEnabled()
    {
        await using var server = await RunningServer.StartAsync(Yaml);
        Assert.Equal(["one", "two"], Taking(await server.PostAsync("/api/simulcast/main/start")));
        var none = await server.PostAsync("/api/simulcast/main/start", """{ "destinations": [] }""");
        Assert.Empty(Taking(none));
    }

    [Fact]
    public async Task Chosen_WhenTheBroadcastEndsInAnotherWay_AreForgotten()
    {
        await using var server = await RunningServer.StartAsync(Yaml);
        await server.PostAsync("/api/simulcast/main/start", """{ "destinations": ["one"] }""");
        await server.WaitForStateAsync("fallback");
        await server.PostAsync("/api/stop");
        await server.WaitForAsync("/api/simulcast/main/status", status => status.GetProperty("selection").GetString() == "all");
    }

    [Fact]
    public async Task Destination_SwitchedDuringABroadcastWithChosenOnes_CountsAtOnce()
    {
        await using var server = await RunningServer.StartAsync(Yaml);
        await server.PostAsync("/api/simulcast/main/start", """{ "destinations": ["one"] }""");
        await server.SendAsync(HttpMethod.Put, "/api/destinations/three", """{ "enabled": true }""");
        Assert.Equal(["one", "three"], Taking(await server.GetAsync("/api/simulcast/main/status")));
        await server.SendAsync(HttpMethod.Put, "/api/destinations/one", """{ "enabled": false }""");
        Assert.Equal(["three"], Taking(await server.GetAsync("/api/simulcast/main/status")));
    }

    [Theory]
    [InlineData("start", """{ "inputSource": "camera" }""", "/inputSource")]
    [InlineData("start", """{ "destinations": ["four"] }""", "/destinations")]
    [InlineData("start", """{ "destinations": "one" }""", "/destinations")]
    [InlineData("start", """{ "destinations": [1] }""", "/destinations")]
    [InlineData("start", """{ "destination": ["one"] }""", "/destination")]
    [InlineData("destinations", """{ }""", "/destinationId")]
    [InlineData("destinations", """{ "destinationId": "four" }""", "/destinationId")]
    public async Task Request_WithAWrongField_NamesItAndChangesNothing(string route, string body, string field)
    {
        await using var server = await RunningServer.StartAsync(Yaml);
        var answer = await server.PostAsync($"/api/simulcast/main/{route}", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal([field], answer.WrongFields);
        var status = await server.GetAsync("/api/simulcast/main/status");
        Assert.Equal(("waiting", "all"), (status.Json.GetProperty("state").GetString(), status.Json.GetProperty("selection").GetString()));
    }

    [Theory]
    [InlineData("POST", "start")]
    [InlineData("POST", "stop")]
    [InlineData("GET", "status")]
    [InlineData("GET", "health")]
    [InlineData("GET", "metrics")]
    [InlineData("POST", "destinations")]
    [InlineData("DELETE", "destinations/one")]
    public async Task Request_ForNoChannel_IsNotFound(string method, string route)
    {
        await using var server = await RunningServer.StartAsync();
        Assert.Equal("channel_not_found", (await server.SendAsync(new HttpMethod(method), $"/api/simulcast/nothing/{route}")).Code);
    }

    private static IEnumerable<string?> Taking(Answer answer) => answer.Json.GetProperty("destinations").EnumerateArray().Select((JsonElement one) => one.GetProperty("id").GetString());
}
