using System.Net;
using System.Text.Json;

namespace StreamManager.Server.Tests.Api;

public sealed class StatusApiTests
{
    /// <summary>The fields that clients rely on, as the contract writes them.</summary>
    private const string Contract = """
        { "channel": "", "state": "", "startedAt": null, "uptimeSeconds": 0, "ingest": { "url": "", "keyHint": "" },
          "source": { "state": "", "selected": "", "encoder": "", "remoteAddress": "", "video": null, "audio": null, "warnings": [] },
          "program": { "mode": "", "timeMs": 0, "bitrateKbps": 0, "fps": 0, "switches": 0, "secondsOnFallback": 0, "largestVideoGapMs": 0, "largestAudioGapMs": 0 },
          "destinations": [ { "id": "", "name": "", "platform": "", "url": "", "enabled": true, "state": "", "verdict": "", "connects": 0, "attempts": 0, "nextRetryAt": null,
            "lastError": null, "uptimeSeconds": 0, "bitrateKbps": 0, "fps": 0, "framesSent": 0, "framesDropped": 0, "bytesSent": 0, "queueMs": 0, "unackedBytes": 0, "roundTripMs": 0 } ],
          "viewers": 0 }
        """;

    [Fact]
    public async Task Requests_WhileTheServerEnds_AreToldSo_AndChangeNothing()
    {
        await using var server = await RunningServer.StartAsync();
        server.Server.Lifetime.MarkStopping();
        foreach (var (method, path, body) in new[] { (HttpMethod.Get, "/api/status", null), (HttpMethod.Post, "/api/start", null), (HttpMethod.Post, "/api/channels", """{ "id": "late" }""") })
        {
            var answer = await server.SendAsync(method, path, body);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "server_stopping"), (answer.Status, answer.Code));
        }

        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/metrics", port: server.Server.BoundPorts.Metrics)).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/health/live", port: server.Server.BoundPorts.Health)).Status);
    }

    [Fact]
    public async Task Status_OffAir_HasEveryFieldOfTheContract()
    {
        await using var server = await RunningServer.StartAsync("ingest_key: obs-studio-key\ndestinations: [ { name: A, url: \"rtmp://127.0.0.1:1/app/k\", enabled: false } ]\n");
        var status = (await server.GetAsync("/api/status")).Json;
        AssertHas(JsonDocument.Parse(Contract).RootElement, status, "");
        Assert.Equal("main", status.GetProperty("channel").GetString());
        Assert.Equal("waiting", status.GetProperty("state").GetString());
        Assert.Equal("absent", status.GetProperty("source").GetProperty("state").GetString());
        Assert.Equal("auto", status.GetProperty("source").GetProperty("selected").GetString());
        Assert.Equal("…-key", status.GetProperty("ingest").GetProperty("keyHint").GetString());
        Assert.Equal($"rtmp://127.0.0.1:{server.Server.BoundPorts.Rtmp}/live", status.GetProperty("ingest").GetProperty("url").GetString());
        var destination = status.GetProperty("destinations")[0];
        Assert.Equal(("a", "disabled", "idle"), (destination.GetProperty("id").GetString(), destination.GetProperty("state").GetString(), destination.GetProperty("verdict").GetString()));
    }

    [Fact]
    public async Task StartAndStop_Repeated_AreIdempotent()
    {
        await using var server = await RunningServer.StartAsync();
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(System.Net.HttpStatusCode.OK, (await server.PostAsync("/api/start")).Status);
            await server.WaitForStateAsync("fallback");
        }

        for (var i = 0; i < 2; i++)
            Assert.Equal("stopped", (await server.PostAsync("/api/stop")).Json.GetProperty("state").GetString());
    }

    [Fact]
    public async Task Stopped_ByAnOperator_StaysOffAirOverARestart()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await RunningServer.StartAsync(folder: folder))
        {
            await server.PostAsync("/api/start");
            await server.WaitForStateAsync("fallback");
            await server.PostAsync("/api/stop");
            await server.WaitForStateAsync("stopped");
        }

        await using var again = await RunningServer.StartAsync(folder: folder);
        Assert.NotEqual("fallback", (await again.GetAsync("/api/status")).Json.GetProperty("state").GetString());
    }

    [Fact]
    public async Task Channel_NotMain_HasTheSameRoutesAndItsOwnState()
    {
        await using var server = await RunningServer.StartAsync("channels: [ { id: second, start: manual, ingest_key: second-key } ]\n");
        var list = (await server.GetAsync("/api/channels")).Json.EnumerateArray().ToArray();
        Assert.Equal(["main", "second"], list.Select(one => one.GetProperty("id").GetString()));
        Assert.Equal("manual", list[1].GetProperty("start").GetString());
        Assert.Equal("second", (await server.PostAsync("/api/channels/second/start")).Json.GetProperty("channel").GetString());
        await server.WaitForStateAsync("fallback", "/api/channels/second/status");
        Assert.Equal("waiting", (await server.GetAsync("/api/status")).Json.GetProperty("state").GetString());
        Assert.Equal("second", (await server.GetAsync("/api/channels/second/status")).Json.GetProperty("channel").GetString());
    }

    [Fact]
    public async Task Source_Selected_ShowsInTheStatus()
    {
        await using var server = await RunningServer.StartAsync();
        foreach (var word in new[] { "fallback", "backup", "auto" })
        {
            var status = await server.PostAsync("/api/channels/main/source", $$"""{ "select": "{{word}}" }""");
            Assert.Equal(word, status.Json.GetProperty("source").GetProperty("selected").GetString());
        }

        var wrong = await server.PostAsync("/api/channels/main/source", """{ "select": "nobody" }""");
        Assert.Equal("invalid_request", wrong.Code);
        Assert.Equal(["/select"], wrong.WrongFields);
    }

    private static void AssertHas(JsonElement wanted, JsonElement actual, string path)
    {
        foreach (var property in wanted.EnumerateObject())
        {
            Assert.True(actual.TryGetProperty(property.Name, out var value), $"{path}/{property.Name} is missing");
            if (property.Value.ValueKind is JsonValueKind.Object)
                AssertHas(property.Value, value, $"{path}/{property.Name}");
            else if (property.Value.ValueKind is JsonValueKind.Array && property.Value.GetArrayLength() > 0)
                AssertHas(property.Value[0], value[0], $"{path}/{property.Name}[0]");
            else if (property.Value.ValueKind is not JsonValueKind.Null)
                Assert.True(value.ValueKind == property.Value.ValueKind || value.ValueKind is JsonValueKind.False, $"{path}/{property.Name} is a {value.ValueKind}");
        }
    }
}
