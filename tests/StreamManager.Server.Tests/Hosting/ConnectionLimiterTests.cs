using StreamManager.Server.Hosting;

namespace StreamManager.Server.Tests.Hosting;

public sealed class ConnectionLimiterTests
{
    [Fact]
    public void Addresses_OfOneCustomer_CountTogether()
    {
        var limiter = new ConnectionLimiter(100, 2);
        Assert.True(limiter.TryEnter("2001:db8:1:2::1"));
        Assert.True(limiter.TryEnter("2001:db8:1:2:ffff::9"));
        Assert.False(limiter.TryEnter("2001:db8:1:2::3"));
        Assert.True(limiter.TryEnter("2001:db8:1:3::1"));
        limiter.Leave("2001:db8:1:2:ffff::9");
        Assert.True(limiter.TryEnter("2001:db8:1:2::3"));

        // The same host, by either socket.
        Assert.True(limiter.TryEnter("192.0.2.1"));
        Assert.True(limiter.TryEnter("::ffff:192.0.2.1"));
        Assert.False(limiter.TryEnter("192.0.2.1"));
        Assert.True(limiter.TryEnter("192.0.2.2"));
        Assert.Equal(6, limiter.Count);
    }
}
