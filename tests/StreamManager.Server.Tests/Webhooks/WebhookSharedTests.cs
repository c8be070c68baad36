using System.Net;
using StreamManager.Server.Storage.Redis;
using StreamManager.TestKit;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Webhooks;

/// <summary>Two servers on one Redis: what is changed at one holds at the other.</summary>
public sealed class WebhookSharedTests
{
    [Fact]
    public async Task Change_AtOneServer_HoldsAtTheOtherWithoutARestart()
    {
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();
        await using var redis = await RedisServer.StartAsync();
        await using var first = await StartAsync(redis, folder);
        // The same key of the vault.
        Directory.CreateDirectory(Path.Combine(other.Path, "data"));
        foreach (var file in Directory.GetFiles(Path.Combine(folder.Path, "data"), "*key*"))
            File.Copy(file, Path.Combine(other.Path, "data", Path.GetFileName(file)));
        await using var second = await StartAsync(redis, other, takesOver: true);
        await using var receiver = await WebhookReceiver.StartAsync();

        var made = await first.PostAsync("/api/webhooks", $$"""{ "url": "{{receiver.Url}}", "events": ["webhook.test"] }""");
        Assert.True(made.Status is HttpStatusCode.Created, made.Text);
        var address = "/api/webhooks/" + made.Json.GetProperty("id").GetString();
        await Eventually.TrueAsync(async () => (await second.GetAsync(address)).Status is HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.OK, (await second.PostAsync(address + "/test")).Status);
        Assert.True(Assert.Single(receiver.Received).IsSignedWith(made.Json.GetProperty("secret").GetString()!));

        Assert.Equal(HttpStatusCode.OK, (await second.SendAsync(HttpMethod.Put, address, """{ "events": ["program.*"], "enabled": false }""")).Status);
        await first.WaitForAsync(address, webhook => !webhook.GetProperty("enabled").GetBoolean() && webhook.GetProperty("events")[0].GetString() == "program.*");

        // The change of one that changed something else meanwhile is not lost either.
        Assert.Equal(HttpStatusCode.OK, (await first.SendAsync(HttpMethod.Put, address, """{ "enabled": true }""")).Status);
        await second.WaitForAsync(address, webhook => webhook.GetProperty("enabled").GetBoolean() && webhook.GetProperty("events")[0].GetString() == "program.*");
        Assert.Equal(HttpStatusCode.NoContent, (await second.SendAsync(HttpMethod.Delete, address)).Status);
        await Eventually.TrueAsync(async () => (await first.GetAsync(address)).Status is HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Redis_ThatComesBackEmpty_OpensNoDoor()
    {
        using var folder = new TemporaryFolder();
        await using var redis = await RedisServer.StartAsync();
        await using var server = await StartAsync(redis, folder);
        var made = await server.PostAsync("/api/webhooks", """{ "url": "http://127.0.0.1:1/", "events": [], "decides": ["connection.prePlay"] }""");
        Assert.True(made.Status is HttpStatusCode.Created, made.Text);
        await redis.CommandAsync("FLUSHALL");
        await redis.StopAsync();
        await redis.RestartAsync();
        await Eventually.TrueAsync(() => Task.FromResult(server.Log.Contains("has no webhooks any more", StringComparison.Ordinal)), describe: () => server.Log[^2000..]);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/api/webhooks/" + made.Json.GetProperty("id").GetString())).Status);
    }

    private static Task<RunningServer> StartAsync(RedisServer redis, TemporaryFolder folder, bool takesOver = false)
    {
        Assert.Null(RedisUrl.TryParse($"redis://127.0.0.1:{redis.Port}", null, out var url));
        return RunningServer.StartAsync("webhook_allow_private_addresses: true\n", folder, options => options with { Redis = url, TakesOver = takesOver });
    }
}
