using StreamManager.Server.Storage.Redis;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Storage.Redis;

public sealed class RedisAdviceTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n", 0)]
    [InlineData("maxmemory:1000\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n", 0)]
    [InlineData("maxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:1\r\n", 1)]
    [InlineData("maxmemory:1000\r\nmaxmemory_policy:volatile-ttl\r\naof_enabled:0\r\n", 2)]
    [InlineData("nonsense\r\n:\r\nmaxmemory:x\r\naof_enabled\r\n", 0)]
    public void Information_OfARedis_IsJudged(string information, int count) => Assert.Equal(count, RedisAdvice.Read(information).Length);

    [Theory]
    [InlineData("maxmemory-policy noeviction", "appendonly yes", "")]
    [InlineData("maxmemory-policy allkeys-lfu", "appendonly yes", "noeviction")]
    [InlineData("maxmemory-policy noeviction", "appendonly no", "appendonly yes")]
    public async Task RealRedis_IsJudged(string policy, string file, string expected)
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSettings { Lines = ["maxmemory 100mb", policy, file] });
        Assert.Null(RedisUrl.TryParse(server.Url, null, out var url));
        await using var connection = await RedisConnection.OpenAsync(new RedisOptions { Url = url }, TimeProvider.System, null, TestContext.Current.CancellationToken);
        var advice = await RedisAdvice.AskAsync(connection, TestContext.Current.CancellationToken);
        Assert.Equal(expected.Length == 0 ? 0 : 1, advice.Length);
        Assert.All(advice, text => Assert.Contains(expected, text, StringComparison.Ordinal));
    }
}
