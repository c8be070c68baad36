using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Events;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Redis;
using StreamManager.TestKit;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>The whole server on a real Redis.</summary>
public sealed class RedisServerTests
{
    private const string Password = "correct horse battery";

    private const int Unwritten = 700;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
            for (var i = 0; i < Unwritten; i++)
                server.Server.Events.Publish(new ServerEvent(ServerEvent.NewId(), "source.test", TimeProvider.System.GetUtcNow(), "main", null, new JsonObject { ["number"] = i }));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.GetAsync("/api/events")).Status);

            await redis.RestartAsync();
            await Eventually.TrueAsync(async () => (await server.PostAsync("/api/destinations", Destination("Third"))).Status == HttpStatusCode.Created);
            Assert.Equal(["First", "Third"], (await server.GetAsync("/api/destinations")).Json.EnumerateArray().Select(one => one.GetProperty("name").GetString()));
            Assert.Equal("fallback", (await server.GetAsync("/api/status")).Json.GetProperty("state").GetString());

            // What happened while it was away is in the journal, in its order, between what came before and after.
            await server.WaitForAsync("/api/events?type=source.test&limit=1000", page => page.TryGetProperty("events", out var events) && events.GetArrayLength() == Unwritten);
            var all = (await server.GetAsync("/api/events?limit=1000")).Json.GetProperty("events").EnumerateArray().Reverse().ToList();
            Assert.Equal(Enumerable.Range(0, Unwritten), all.Where(one => Type(one) == "source.test").Select(one => one.GetProperty("data").GetProperty("number").GetInt32()));
            Assert.Equal(["program.onAir"], all.Select(Type).Where(type => type is "program.onAir" or "program.ended"));
            Assert.DoesNotContain(all, one => Type(one) == "server.journalGap");
            Assert.True(all.FindIndex(one => Type(one) == "server.started") < all.FindIndex(one => Type(one) == "program.onAir"));
        }

        // Ended without a stop: what went on air while the store was away was written when it was back, so the next start goes on.
        await using (var server = await StartAsync(redis, folder))
        {
            await server.WaitForStateAsync("fallback");
            Assert.Equal(2, (await server.GetAsync("/api/destinations")).Json.GetArrayLength());
        }
    }

    [Fact]
    public async Task SecondServer_OnTheSameDatabase_DoesNotStart_UnlessItTakesOver_AndWhatIsOnAirStays()
    {
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();
        await using var redis = await RedisServer.StartAsync();
        await using var first = await StartAsync(redis, folder);
        await first.PostAsync("/api/start");
        await first.WaitForStateAsync("fallback");

        // The same key of the vault, as two servers on purpose would have it.
        Directory.CreateDirectory(other.File("data"));
        File.Copy(folder.File("data/encryption.key"), other.File("data/encryption.key"));
        var refusal = await Assert.ThrowsAsync<StartupException>(() => StartAsync(redis, other));
        Assert.Contains($"host {Environment.MachineName}, since ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--takeover", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await first.SendAsync(HttpMethod.Get, "/health/ready", port: first.Server.BoundPorts.Health)).Status);

        await using (var second = await StartAsync(redis, other, takesOver: true))
        {
            await Eventually.TrueAsync(async () =>
                (await first.SendAsync(HttpMethod.Get, "/health/ready", port: first.Server.BoundPorts.Health)) is { Status: HttpStatusCode.ServiceUnavailable } health
                && health.Text.Contains("another server has taken the database over", StringComparison.Ordinal));
            await first.WaitForAsync("/api/events?type=server.leaseLost", page => page.TryGetProperty("events", out var events) && events.GetArrayLength() == 1);
            Assert.Equal("fallback", (await first.GetAsync("/api/status")).Json.GetProperty("state").GetString());
        }

        // The other one has ended in order: what is free is taken again.
        await Eventually.TrueAsync(async () => (await first.SendAsync(HttpMethod.Get, "/health/ready", port: first.Server.BoundPorts.Health)).Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Server_WhoseRedisIsEmptied_PutsBackWithoutWhichItsSecretsAndUsersWouldBeLost()
    {
        using var folder = new TemporaryFolder();
        await using var redis = await RedisServer.StartAsync();
        await using (var server = await StartAsync(redis, folder))
        {
            Assert.NotNull((await server.Server.Accounts.Users.SetUpAsync(server.Server.SetupToken!.Value, "anna", Password, Cancel)).User);
            Assert.Equal(HttpStatusCode.Created, (await server.PostAsync("/api/destinations", Destination("First"))).Status);
            await redis.CommandAsync("FLUSHALL");
            Assert.Equal(HttpStatusCode.Created, (await server.PostAsync("/api/destinations", Destination("Second"))).Status);
            Assert.IsType<LoginResult.Done>(await server.Server.Accounts.Desk.LogInAsync("anna", Password, "192.0.2.1", "test", Cancel));

            var health = await server.SendAsync(HttpMethod.Get, "/health/ready", port: server.Server.BoundPorts.Health);
            Assert.Equal(HttpStatusCode.OK, health.Status);
            Assert.Contains("the state was emptied at", health.Text, StringComparison.Ordinal);
            Assert.Contains("the vault and the users were put back", server.Log, StringComparison.Ordinal);
        }

        await using (var server = await StartAsync(redis, folder))
        {
            // A destination whose address and key cannot be opened would keep the server from starting.
            var destination = Assert.Single((await server.GetAsync("/api/destinations")).Json.EnumerateArray());
            Assert.Equal(("Second", "rtmp://127.0.0.1:1/a"), (destination.GetProperty("name").GetString(), destination.GetProperty("url").GetString()));
            Assert.Null(server.Server.SetupToken);
            Assert.IsType<LoginResult.Done>(await server.Server.Accounts.Desk.LogInAsync("anna", Password, "192.0.2.1", "test", Cancel));
        }
    }

    [Fact]
    public async Task Server_WhoseRedisIsEmptiedWhileNothingIsChanged_PutsItBackToo()
    {
        using var folder = new TemporaryFolder();
        await using var redis = await RedisServer.StartAsync();
        await using var server = await StartAsync(redis, folder);
        await redis.CommandAsync("FLUSHALL");
        await Eventually.TrueAsync(async () => await redis.CommandAsync("EXISTS", "vault:keys", "setup:accounts") == "2");
    }

    [Theory]
    [InlineData("""{"salt":null,"keys":[{"id":"k00000000","wrapped":"AAAA","createdAt":"2026-01-01T00:00:00+00:00"}]}""", "another vault")]
    [InlineData("no vault at all", "vault keys cannot be read")]
    public async Task Server_WhoseRedisHasAnotherVault_RefusesChangesUntilItIsGone(string vault, string reason)
    {
        using var folder = new TemporaryFolder();
        await using var redis = await RedisServer.StartAsync();
        await using var server = await StartAsync(redis, folder);
        await redis.CommandAsync("FLUSHALL");
        await redis.CommandAsync("SET", "vault:keys", vault);
        var refused = await server.PostAsync("/api/destinations", Destination("First"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "store_unavailable"), (refused.Status, refused.Code));
        Assert.Contains(reason, refused.Text, StringComparison.Ordinal);
        var health = await server.SendAsync(HttpMethod.Get, "/health/ready", port: server.Server.BoundPorts.Health);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.Status);
        Assert.Contains("belongs to another server", health.Text, StringComparison.Ordinal);
        Assert.Equal(vault, await redis.CommandAsync("GET", "vault:keys"));

        await redis.CommandAsync("DEL", "vault:keys");
        Assert.Equal(HttpStatusCode.Created, (await server.PostAsync("/api/destinations", Destination("First"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/health/ready", port: server.Server.BoundPorts.Health)).Status);
    }

    [Fact]
    public async Task State_InARedisWithACertificateOfAPrivateAuthority_NeedsItsFile()
    {
        using var authority = new TestCertificateAuthority();
        using var other = new TestCertificateAuthority();
        await using var redis = await RedisServer.StartAsync(new RedisServerSettings { Certificate = authority.IssueServer(), Password = "s3cret" });
        using var folder = new TemporaryFolder();
        foreach (var (file, pem) in new[] { ("", ""), ("other.pem", other.CertificatePem), ("own.pem", authority.CertificatePem) })
        {
            if (file.Length > 0)
                await File.WriteAllTextAsync(folder.File(file), pem, Cancel);
            var variables = new Dictionary<string, string>
            {
                ["REDIS_URL"] = redis.Url,
                ["REDIS_PASSWORD"] = "s3cret",
                ["REDIS_CA_FILE"] = file.Length > 0 ? folder.File(file) : "",
            };
            var options = Assert.IsType<OptionsResult.Loaded>(OptionsLoader.Load(variables, folder.Path)).Options;
            if (file != "own.pem")
            {
                var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => ServerState.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, Cancel));
                Assert.Contains("not signed by a known authority", refusal.Message, StringComparison.Ordinal);
                continue;
            }

            await using var state = await ServerState.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, Cancel);
            Assert.IsType<StateWriteResult.Done>(await state.Store.WriteAsync([new StateWrite.Put("thing", "a", "1"u8.ToArray())], Cancel));
            Assert.NotNull(await state.Store.GetAsync("thing", "a", Cancel));
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

    private static string? Type(JsonElement happened) => happened.GetProperty("type").GetString();

    private static string Destination(string name) => $$"""{ "name": "{{name}}", "url": "rtmp://127.0.0.1:1/a", "streamKey": "k", "enabled": false }""";

    private static Task<RunningServer> StartAsync(RedisServer redis, TemporaryFolder folder, bool takesOver = false)
    {
        Assert.Null(RedisUrl.TryParse($"redis://127.0.0.1:{redis.Port}", null, out var url));
        return RunningServer.StartAsync(folder: folder, change: options => options with { Redis = url, TakesOver = takesOver });
    }
}
