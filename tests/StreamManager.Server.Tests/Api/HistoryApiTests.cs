using System.Net;
using System.Text.Json;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Api;

public sealed class HistoryApiTests
{
    [Fact]
    public async Task Curves_OfAllThatAChannelHas_AreMeasuredEachSecond_AndGoWithIt()
    {
        await using var server = await RunningServer.StartAsync();
        var id = (await server.PostAsync("/api/destinations", """{ "name": "A", "url": "rtmp://127.0.0.1:1/a", "streamKey": "k" }""")).Json.GetProperty("id").GetString()!;
        var history = default(JsonElement);
        await Eventually.TrueAsync(async () =>
        {
            history = (await server.GetAsync("/api/channels/main/history?seconds=60")).Json;
            return Curve("destination", id) is { } destination && Measured(destination) >= 2;
        });
        Assert.Equal("main", history.GetProperty("channel").GetString());
        var now = TimeProvider.System.GetUtcNow();
        Assert.InRange(history.GetProperty("from").GetDateTimeOffset(), now.AddMinutes(-10), now.AddSeconds(-50));
        foreach (var (kind, of) in ((string, string)[])[("program", "main"), ("source", "main"), ("source", "backup"), ("destination", id)])
        {
            var curve = Curve(kind, of)!.Value;
            foreach (var figures in (string[])["bitrateKbps", "fps", "queueMs"])
                Assert.Equal(60, curve.GetProperty(figures).GetArrayLength());
            Assert.True(Measured(curve) >= 1);
        }

        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, $"/api/destinations/{id}")).Status);
        await Eventually.TrueAsync(async () =>
        {
            history = (await server.GetAsync("/api/channels/main/history")).Json;
            return Curve("destination", id) is null;
        });
        Assert.Equal(600, Curve("program", "main")!.Value.GetProperty("fps").GetArrayLength());

        JsonElement? Curve(string kind, string of)
        {
            var found = history.GetProperty("curves").EnumerateArray().Where(curve => curve.GetProperty("kind").GetString() == kind && curve.GetProperty("id").GetString() == of).ToArray();
            return found is [var one] ? one : null;
        }

        static int Measured(JsonElement curve) => curve.GetProperty("bitrateKbps").EnumerateArray().Count(second => second.ValueKind is JsonValueKind.Number);
    }

    [Fact]
    public async Task Seconds_ThatAreNone_AreRefused()
    {
        await using var server = await RunningServer.StartAsync();
        foreach (var seconds in (string[])["0", "601", "-1", "1.5", "", "99999999999"])
        {
            var answer = await server.GetAsync($"/api/channels/main/history?seconds={seconds}");
            Assert.Equal((seconds, HttpStatusCode.BadRequest, "invalid_parameter"), (seconds, answer.Status, answer.Code));
        }

        Assert.Equal("channel_not_found", (await server.GetAsync("/api/channels/nobody/history")).Code);
    }
}
