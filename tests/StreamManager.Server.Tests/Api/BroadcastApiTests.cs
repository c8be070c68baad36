using System.Net;
using System.Text.Json;

namespace StreamManager.Server.Tests.Api;

/// <summary>The reports of broadcasts, of a whole server.</summary>
public sealed class BroadcastApiTests
{
    private const string Yaml = """
        destinations:
          - { name: Nobody, url: "rtmp://127.0.0.1:1/a", stream_key: k }
        """;

    [Fact]
    public async Task Report_FollowsABroadcastOverARestart_AndStaysWhenItIsOver()
    {
        using var folder = new TemporaryFolder();
        string id;
        await using (var server = await RunningServer.StartAsync(Yaml, folder))
        {
            Assert.Empty((await server.GetAsync("/api/broadcasts")).Json.EnumerateArray());
            await server.PostAsync("/api/start");
            await server.WaitForStateAsync("fallback");
            var list = await server.WaitForAsync("/api/broadcasts", answer => answer.GetArrayLength() == 1);
            id = list[0].GetProperty("id").GetString()!;
            Assert.Equal(JsonValueKind.Null, list[0].GetProperty("endedAt").ValueKind);
            var report = await server.WaitForAsync($"/api/broadcasts/{id}", answer => answer.GetProperty("destinations").GetArrayLength() == 1 && Error(answer) is not null);
            Assert.Equal("nobody", report.GetProperty("destinations")[0].GetProperty("id").GetString());
            Assert.Equal("fallback", report.GetProperty("segments")[0].GetProperty("shows").GetString());

            var refused = await server.SendAsync(HttpMethod.Delete, $"/api/broadcasts/{id}");
            Assert.Equal((HttpStatusCode.Conflict, "broadcast_on_air"), (refused.Status, refused.Code));
        }

        await using (var server = await RunningServer.StartAsync(Yaml, folder))
        {
            await server.WaitForStateAsync("fallback");
            var resumed = await server.WaitForAsync($"/api/broadcasts/{id}", answer => answer.GetProperty("endedAt").ValueKind is JsonValueKind.Null);
            Assert.Equal(["fallback", "down", "fallback"], resumed.GetProperty("segments").EnumerateArray().Select(segment => segment.GetProperty("shows").GetString()));
            await server.PostAsync("/api/stop");
            var ended = await server.WaitForAsync($"/api/broadcasts/{id}", answer => answer.GetProperty("endedAt").ValueKind is not JsonValueKind.Null);
            Assert.Equal("operator", ended.GetProperty("endReason").GetString());
            Assert.Single((await server.GetAsync("/api/broadcasts")).Json.EnumerateArray());
        }

        await using (var server = await RunningServer.StartAsync(Yaml, folder))
        {
            Assert.Equal("operator", (await server.GetAsync($"/api/broadcasts/{id}")).Json.GetProperty("endReason").GetString());
            Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, $"/api/broadcasts/{id}")).Status);
            Assert.Equal((HttpStatusCode.NotFound, "broadcast_not_found"), (await server.GetAsync($"/api/broadcasts/{id}") is var gone ? (gone.Status, gone.Code) : default));
            await server.WaitForAsync("/api/events?type=audit.broadcast.deleted", answer => answer.GetProperty("events").GetArrayLength() == 1);
        }
    }

    private static string? Error(JsonElement report) => report.GetProperty("destinations")[0].GetProperty("lastError").GetString();
}
