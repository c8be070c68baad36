using System.Net;
using StreamManager.Server.Hosting;
using StreamManager.Server.Storage.Redis;
using StreamManager.TestKit;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>The whole server on a real Redis.</summary>
public sealed class RedisServerTests
{
    [Fact]
    public async Task Server_WhoseRedisGoesAway_StaysOnAirRefusesChangesAndRemembersLater()
    {
        using var folder = new TemporaryFolder();
        await using var redis = await RedisServer.StartAsync();
        await using (var server = await StartAsync(redis, folder))
        {
            Assert.Equal(HttpStatusCode.Created, (await server.PostAsync("/api/destinations", Destination("First"))).Status);
            await redis.StopAsync();
            await server.PostAsync("/api/start");
            await server.WaitForStateAsync("fallback");
            var refused = await server.PostAsync("/api/destinations", Destination("Second"));
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "store_unavailable"), (refused.Status, refused.Code));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.SendAsync(HttpMethod.Get, "/health/ready", port: server.Server.BoundPorts.Health)).Status);
            Assert.Equal("fallback", (await server.GetAsync("/api/status")).Json.GetProperty("state").GetString());

            await redis.RestartAsync();
            await Eventually.TrueAsync(async () => (await server.PostAsync("/api/destinations", Destination("Third"))).Status == HttpStatusCode.Created);
            Assert.Equal(["First", "Third"], (await server.GetAsync("/api/destinations")).Json.EnumerateArray().Select(one => one.GetProperty("name").GetString()));
            Assert.Equal("fallback", (await server.GetAsync("/api/status")).Json.GetProperty("state").GetString());
        }

        // Ended without a stop: what went on air while the store was away was written when it was back, so the next start goes on.
        await using (var server = await StartAsync(redis, folder))
        {
            await server.WaitForStateAsync("fallback");
            Assert.Equal(2, (await server.GetAsync("/api/destinations")).Json.GetArrayLength());
        }
    }

    [Fact]
    public async Task Start_WithAWrongPassword_SaysSoWithoutIt()
    {
        await using var redis = await RedisServer.StartAsync(new RedisServerSettings { Password = "right-password" });
        Assert.Null(RedisUrl.TryParse($"redis://127.0.0.1:{redis.Port}", "s3cret-wrong", out var url));
        var refusal = await Assert.ThrowsAsync<StartupException>(() => RunningServer.StartAsync(change: options => options with { Redis = url }));
        Assert.Contains("password", refusal.Message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("s3cret", refusal.ToString(), StringComparison.Ordinal);
    }

    private static string Destination(string name) => $$"""{ "name": "{{name}}", "url": "rtmp://127.0.0.1:1/a", "streamKey": "k", "enabled": false }""";

    private static Task<RunningServer> StartAsync(RedisServer redis, TemporaryFolder folder)
    {
        Assert.Null(RedisUrl.TryParse($"redis://127.0.0.1:{redis.Port}", null, out var url));
        return RunningServer.StartAsync(folder: folder, change: options => options with { Redis = url });
    }
}
