using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Redis;
using StreamManager.TestKit;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Storage.Redis;

/// <summary>The client against a real Redis in all its moods.</summary>
public sealed class RedisClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken None => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commands_OverAPlainConnection_Work()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await ConnectAsync(server.Url + "/3");
        await client.SendAsync(new RedisCommand("SET", "ключ", new byte[] { 0, 13, 10, 255 }), None);
        Assert.Equal(new RespValue.Bulk(new byte[] { 0, 13, 10, 255 }), await client.SendAsync(new RedisCommand("GET", "ключ"), None));
        Assert.Equal(RespValue.Nothing.Value, await client.SendAsync(new RedisCommand("GET", "other"), None));
        Assert.Contains("keys=1", await server.CommandAsync("INFO", "keyspace"), StringComparison.Ordinal);
        Assert.Contains("name=stream-manager ", await server.CommandAsync("CLIENT", "LIST"), StringComparison.Ordinal);
        var large = new string('x', 3_000_000);
        await client.SendAsync(new RedisCommand("SET", "large", large), None);
        Assert.Equal(new RespValue.Bulk(large), await client.SendAsync(new RedisCommand("GET", "large"), None));
    }

    [Theory]
    [InlineData("s3cret", true, null)]
    [InlineData("wr0ng", false, "does not accept the password")]
    [InlineData(null, false, "asks for a password")]
    public async Task Password_RightWrongOrMissing_IsToldInWords(string? password, bool isLetIn, string? words)
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSettings { Password = "s3cret" });
        await AssertLogInAsync(server.Url, password, isLetIn, words);
    }

    [Fact]
    public async Task Password_ForARedisThatHasNone_IsToldInWords()
    {
        await using var server = await RedisServer.StartAsync();
        await AssertLogInAsync(server.Url, "s3cret", isLetIn: false, "Redis has no password");
    }

    [Theory]
    [InlineData("redis://app:s3cret@", null)]
    [InlineData("redis://nobody:s3cret@", "does not accept the password or the user")]
    [InlineData("redis://app:wr0ng@", "does not accept the password or the user")]
    public async Task User_OfTheAccessControlList_IsLoggedIn(string prefix, string? words)
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSettings { Lines = ["user app on >s3cret ~* &* +@all"] });
        await AssertLogInAsync($"{prefix}127.0.0.1:{server.Port}", password: null, words is null, words);
    }

    [Fact]
    public async Task Database_ThatDoesNotExist_IsToldInWords()
    {
        await using var server = await RedisServer.StartAsync();
        await AssertLogInAsync(server.Url + "/99", password: null, isLetIn: false, "no database 99");
    }

    [Fact]
    public async Task Tls_ChecksTheCertificate()
    {
        using var authority = new TestCertificateAuthority();
        await using var server = await RedisServer.StartAsync(new RedisServerSettings { Certificate = authority.IssueServer(), Password = "s3cret" });
        X509Certificate2Collection trusted = [authority.Certificate];
        await using (var client = await ConnectAsync(server.Url, "s3cret", options => options with { TrustedRoots = trusted }))
            Assert.Equal(new RespValue.Status("PONG"), await client.SendAsync(new RedisCommand("PING"), None));
        await AssertLogInAsync(server.Url, "s3cret", isLetIn: false, "not signed by a known authority");
        await AssertLogInAsync($"redis://127.0.0.1:{server.Port}", "s3cret", isLetIn: false, words: null);
    }

    [Fact]
    public async Task Tls_CertificateForAnotherNameOrExpired_IsRefused()
    {
        using var authority = new TestCertificateAuthority();
        X509Certificate2Collection trusted = [authority.Certificate];
        await using (var server = await RedisServer.StartAsync(new RedisServerSettings { Certificate = authority.IssueServer("redis.example") }))
            await AssertLogInAsync(server.Url, null, isLetIn: false, "for another name", options => options with { TrustedRoots = trusted });
        await using (var server = await RedisServer.StartAsync(new RedisServerSettings { Certificate = authority.IssueExpiredServer() }))
            await AssertLogInAsync(server.Url, null, isLetIn: false, "has expired", options => options with { TrustedRoots = trusted });
        await using (var server = await RedisServer.StartAsync())
            await AssertLogInAsync($"rediss://127.0.0.1:{server.Port}", null, isLetIn: false, "speaks no TLS", options => options with { ConnectTimeout = TimeSpan.FromMilliseconds(500) });
    }

    [Fact]
    public async Task Script_UnknownToRedis_IsSentAndRuns()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await ConnectAsync(server.Url);
        var script = new RedisScript("return { KEYS[1], ARGV[1], redis.call('INCR', 'runs') }");
        for (var run = 1; run <= 3; run++)
        {
            var expected = new RespValue.Array([new RespValue.Bulk("k"), new RespValue.Bulk("a"), new RespValue.Integer(run)]);
            Assert.Equal(expected, await client.RunAsync(script, ["k"], ["a"], None));
            if (run == 2)
                await server.CommandAsync("SCRIPT", "FLUSH");
        }
    }

    [Fact]
    public async Task Scan_FindsEveryKeyThatMatches()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await ConnectAsync(server.Url);
        await Task.WhenAll(Enumerable.Range(0, 3000).Select(i => client.SendAsync(new RedisCommand("SET", $"{(i % 2 == 0 ? "even" : "odd")}:{i}", i), None).AsTask()));
        var found = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var keys in client.ScanAsync("even:*", None))
            found.UnionWith(keys);
        Assert.Equal(1500, found.Count);
        Assert.All(found, key => Assert.StartsWith("even:", key, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("*2\r\n$1\r\n7\r\n*0\r\n", 50, "after 50 steps")]
    [InlineData("*2\r\n$1\r\n7\r\n*2\r\n$5\r\nnew:{0}\r\n$5\r\nold:{0}\r\n", 11, "after 22 keys")]
    public async Task Scan_ThatNeverEnds_IsGivenUp(string reply, int steps, string words)
    {
        var asked = 0;
        await using var peer = ScriptedRedis.Start(command => command[0] == "SCAN" ? new ScriptedReply(reply.Replace("{0}", $"{asked++ % 10}", StringComparison.Ordinal)) : null);
        await using var client = await ConnectAsync($"redis://127.0.0.1:{peer.Options.Url.Port}", configure: options => options with { MaxScanSteps = 50, MaxListed = 20 });
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(async () =>
        {
            await foreach (var _ in client.ScanAsync("even:*", None))
            {
            }
        });
        Assert.Contains("does not come to the end of a list of its keys", e.Message, StringComparison.Ordinal);
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Equal(steps, peer.Commands.Count(command => command[0] == "SCAN"));

        // The connection is as good as before.
        Assert.Equal(new RespValue.Status("PONG"), await client.SendAsync(new RedisCommand("PING"), None));
    }

    [Fact]
    public async Task Error_OfACommand_IsToldWithoutItsArguments()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await ConnectAsync(server.Url);
        foreach (var command in (RedisCommand[])[new("NOSUCH", "s3cret"), new("SET", "s3cret", "s3cret", "s3cret"), new("EVAL", "return redis.call('NOSUCH', 's3cret')", 0)])
        {
            var e = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await client.SendAsync(command, None));
            Assert.Contains(command.Name, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cret", e.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal(new RespValue.Status("PONG"), await client.SendAsync(new RedisCommand("PING"), None));
    }

    [Fact]
    public async Task Restart_OfRedis_FailsAtOnceMeanwhileAndHealsByItself()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await ConnectAsync(server.Url);
        await client.SendAsync(new RedisCommand("SET", "a", 1), None);
        await server.KillAsync();
        await Eventually.TrueAsync(() => client.Link.State is RedisState.Unavailable { Failure.Kind: RedisFailureKind.Unreachable });
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await client.SendAsync(new RedisCommand("GET", "a"), None));
        Assert.Contains("no Redis runs on this host and port", e.Message, StringComparison.Ordinal);
        await server.RestartAsync();
        await client.Link.WaitUntilAvailableAsync(Patience, None);
        Assert.Equal(new RespValue.Bulk("1"), await client.SendAsync(new RedisCommand("GET", "a"), None));
    }

    [Fact]
    public async Task Loading_OfARestartedRedis_IsToldAndWaitedFor()
    {
        // Hidden settings of Redis for its own tests: each value takes 5 ms to load, and clients are looked at meanwhile.
        await using var server = await RedisServer.StartAsync(new RedisServerSettings { Lines = ["key-load-delay 5000", "loading-process-events-interval-bytes 1024"] });
        await using var client = await ConnectAsync(server.Url);
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => client.SendAsync(new RedisCommand("SET", $"key:{i}", new string('x', 200)), None).AsTask()));
        // Only a snapshot is loaded with that delay.
        await server.CommandAsync("BGREWRITEAOF");
        await Eventually.TrueAsync(async () => (await server.CommandAsync("INFO", "persistence")).Contains("aof_rewrite_in_progress:0", StringComparison.Ordinal)
            && (await server.CommandAsync("INFO", "persistence")).Contains("aof_last_bgrewrite_status:ok", StringComparison.Ordinal));
        await server.KillAsync();
        await server.RestartAsync();
        await Eventually.TrueAsync(() => client.Link.State is RedisState.Unavailable { Failure.Kind: RedisFailureKind.Loading });
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await client.SendAsync(new RedisCommand("GET", "key:1"), None));
        Assert.Contains("loading its data", e.Message, StringComparison.Ordinal);
        await client.Link.WaitUntilAvailableAsync(Patience, None);
        Assert.Equal(new RespValue.Bulk(new string('x', 200)), await client.SendAsync(new RedisCommand("GET", "key:1"), None));
    }

    [Fact]
    public async Task Stall_OfRedis_FailsWhatWaitsAndHealsByItself()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await ConnectAsync(server.Url, configure: options => options with
        {
            CommandTimeout = TimeSpan.FromMilliseconds(300),
            ConnectTimeout = TimeSpan.FromMilliseconds(300),
            Tick = TimeSpan.FromMilliseconds(50),
        });
        server.Freeze();
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await client.SendAsync(new RedisCommand("INCR", "a"), None));
        Assert.Contains("does not answer in time", e.Message, StringComparison.Ordinal);
        Assert.Contains("may have been done or not", e.Message, StringComparison.Ordinal);
        // The kernel still accepts connections for it: the log-in is what fails.
        await Eventually.TrueAsync(() => client.Link.State is RedisState.Unavailable { Failure.Kind: RedisFailureKind.TimedOut });
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await client.SendAsync(new RedisCommand("GET", "a"), None));
        server.Resume();
        await client.Link.WaitUntilAvailableAsync(Patience, None);
        // What had been sent was executed once, and not a second time by us.
        Assert.Equal(new RespValue.Bulk("1"), await client.SendAsync(new RedisCommand("GET", "a"), None));
    }

    [Fact]
    public async Task Replica_ThatTakesNoWrites_IsTold()
    {
        await using var primary = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync(new RedisServerSettings { Lines = [$"replicaof 127.0.0.1 {primary.Port}"] });
        await Eventually.TrueAsync(async () => (await replica.CommandAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal));
        await using var client = await ConnectAsync(replica.Url);
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await client.SendAsync(new RedisCommand("SET", "a", 1), None));
        Assert.Contains("replica that takes no writes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_ThatIsUsedUp_IsToldAndTheConnectionStays()
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSettings { Lines = ["maxmemory 1", "maxmemory-policy noeviction"] });
        await using var client = await ConnectAsync(server.Url);
        var connection = client.Link.Connection;
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await client.SendAsync(new RedisCommand("SET", "a", 1), None));
        Assert.Contains("no memory left", e.Message, StringComparison.Ordinal);
        Assert.Same(connection, client.Link.Connection);
    }

    [Theory]
    [InlineData(1, 0.0, 50)]
    [InlineData(1, 1.0, 100)]
    [InlineData(3, 1.0, 400)]
    [InlineData(7, 1.0, 5000)]
    [InlineData(int.MaxValue, 0.0, 2500)]
    public void RetryDelay_DoublesToItsMaximumAndHalfOfItIsChance(int attempt, double chance, int milliseconds)
    {
        Assert.Null(RedisUrl.TryParse("redis://localhost", null, out var url));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), new RedisOptions { Url = url }.RetryDelay(attempt, chance));
    }

    private static async Task AssertLogInAsync(string url, string? password, bool isLetIn, string? words, Func<RedisOptions, RedisOptions>? configure = null)
    {
        if (isLetIn)
        {
            await using var client = await ConnectAsync(url, password, configure);
            Assert.Equal(new RespValue.Status("PONG"), await client.SendAsync(new RedisCommand("PING"), None));
            return;
        }

        await using var link = Link(url, password, configure);
        // Short: what heals by waiting is not the question here, and what does not is told at once.
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(() => link.WaitUntilAvailableAsync(TimeSpan.FromSeconds(3), None));
        Assert.Contains(words ?? "", e.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng", e.ToString(), StringComparison.Ordinal);
    }

    private static async Task<RedisClient> ConnectAsync(string url, string? password = null, Func<RedisOptions, RedisOptions>? configure = null)
    {
        var client = new RedisClient(Link(url, password, configure));
        try
        {
            await client.Link.WaitUntilAvailableAsync(Patience, None);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    private static RedisLink Link(string url, string? password, Func<RedisOptions, RedisOptions>? configure)
    {
        Assert.Null(RedisUrl.TryParse(url, password, out var parsed));
        var options = new RedisOptions { Url = parsed };
        return new RedisLink(configure?.Invoke(options) ?? options, TimeProvider.System, NullLogger.Instance);
    }
}
