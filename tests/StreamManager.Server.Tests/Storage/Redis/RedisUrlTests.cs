using StreamManager.Server.Storage.Redis;

namespace StreamManager.Server.Tests.Storage.Redis;

public sealed class RedisUrlTests
{
    [Theory]
    [InlineData("redis://localhost", null, "localhost", 6379, 0, null, null, "redis://localhost:6379/0")]
    [InlineData("redis://localhost:7000/3", null, "localhost", 7000, 3, null, null, "redis://localhost:7000/3")]
    [InlineData("redis://localhost/", null, "localhost", 6379, 0, null, null, "redis://localhost:6379/0")]
    [InlineData("redis://:s3cret@10.0.0.1:6380", null, "10.0.0.1", 6380, 0, null, "s3cret", "redis://10.0.0.1:6380/0")]
    [InlineData("redis://app:s3cret@redis", null, "redis", 6379, 0, "app", "s3cret", "redis://redis:6379/0")]
    [InlineData("redis://app@redis", "s3cret", "redis", 6379, 0, "app", "s3cret", "redis://redis:6379/0")]
    [InlineData("redis://app:old@redis", "s3cret", "redis", 6379, 0, "app", "s3cret", "redis://redis:6379/0")]
    [InlineData("redis://redis", "s3cret", "redis", 6379, 0, null, "s3cret", "redis://redis:6379/0")]
    [InlineData("redis://:p%40%2Fss%3A@redis/1", "", "redis", 6379, 1, null, "p@/ss:", "redis://redis:6379/1")]
    [InlineData("redis://:a/b@c?d#e:f%@redis/1", null, "redis", 6379, 1, null, "a/b@c?d#e:f%", "redis://redis:6379/1")]
    [InlineData("REDIS://[::1]:7000/2", null, "::1", 7000, 2, null, null, "redis://[::1]:7000/2")]
    [InlineData("redis://[fe80::1]", null, "fe80::1", 6379, 0, null, null, "redis://[fe80::1]:6379/0")]
    public void Url_OfAKnownForm_IsRead(string text, string? password, string host, int port, int database, string? user, string? expectedPassword, string shown)
    {
        Assert.Null(RedisUrl.TryParse(text, password, out var url));
        Assert.Equal((host, port, database, user, expectedPassword), (url.Host, url.Port, url.Database, url.User, url.Password?.Value));
        Assert.False(url.IsTls);
        Assert.Equal(shown, url.ToString());
    }

    [Fact]
    public void Url_WithTwoS_IsTls()
    {
        Assert.Null(RedisUrl.TryParse("rediss://redis.example", null, out var url));
        Assert.True(url.IsTls);
        Assert.Equal("rediss://redis.example:6379/0", url.ToString());
    }

    [Theory]
    [InlineData("", "begin with redis://")]
    [InlineData("localhost:6379", "begin with redis://")]
    [InlineData("http://:s3cret@localhost", "begin with redis://")]
    [InlineData("redis://", "neither a name nor an address")]
    [InlineData("redis://:s3cret@", "neither a name nor an address")]
    [InlineData("redis://:s3cret@a b", "neither a name nor an address")]
    [InlineData("redis://[::1", "neither a name nor an address")]
    [InlineData("redis://[]:1", "neither a name nor an address")]
    [InlineData("redis://:s3cret@localhost:0", "port")]
    [InlineData("redis://:s3cret@localhost:65536", "port")]
    [InlineData("redis://:s3cret@localhost:", "port")]
    [InlineData("redis://:s3cret@localhost:+1", "port")]
    [InlineData("redis://[::1]6379", "port")]
    [InlineData("redis://:s3cret@localhost/one", "number of a database")]
    [InlineData("redis://:s3cret@localhost/-1", "number of a database")]
    [InlineData("redis://:s3cret@localhost/99999999999", "number of a database")]
    [InlineData("redis://:s3cret@localhost/0?timeout=1", "options after")]
    [InlineData("redis://s3cret@localhost", "no password")]
    [InlineData("redis://:s3cret@local\nhost", "control character")]
    public void Url_ThatIsWrong_IsRefusedInWordsWithoutQuotingIt(string text, string expected)
    {
        var problem = RedisUrl.TryParse(text, null, out _);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Url_OfAnyLength_IsBounded() => Assert.NotNull(RedisUrl.TryParse("redis://" + new string('a', RedisUrl.MaxLength), null, out _));
}
