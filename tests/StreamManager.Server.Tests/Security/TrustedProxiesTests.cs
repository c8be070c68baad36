using System.Net;
using StreamManager.Server.Security;

namespace StreamManager.Server.Tests.Security;

/// <summary>Which machines are believed, as it is written in the configuration.</summary>
public sealed class TrustedProxiesTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData(" 10.0.0.0/8 ,2001:db8::/32,::1", "10.0.0.0/8, 2001:db8::/32, ::1")]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3")]
    public void Text_OfAddressesAndRanges_IsRead(string text, string shown)
    {
        Assert.True(TrustedProxies.TryParse(text, out var proxies));
        Assert.Equal(shown, proxies.ToString());
        Assert.True(TrustedProxies.TryParse(shown, out var again));
        Assert.Equal(proxies, again);
        Assert.Equal(proxies.GetHashCode(), again.GetHashCode());
        Assert.NotEqual(TrustedProxies.None, proxies);
    }

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1,")]
    [InlineData("proxy.example")]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("1")]
    [InlineData("0.0.0.0/0")]
    [InlineData("::/0")]
    [InlineData("127.0.0.1 10.0.0.1")]
    public void Text_OfAnythingElseOrOfEverybody_IsRefused(string text) => Assert.False(TrustedProxies.TryParse(text, out _));

    [Fact]
    public void Text_OfMoreThanMayBe_IsRefused()
    {
        var most = string.Join(',', Enumerable.Range(0, TrustedProxies.MostEntries).Select(number => $"10.0.0.{number}"));
        Assert.True(TrustedProxies.TryParse(most, out _));
        Assert.False(TrustedProxies.TryParse(most + ",10.0.1.0", out _));
    }

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("::ffff:10.1.2.3", true)]
    [InlineData("11.1.2.3", false)]
    [InlineData("2001:db8:7::1", true)]
    [InlineData("2001:db9::1", false)]
    [InlineData("::1", false)]
    public void Address_IsOneOfThemOrNot_ForUsAndForTheFramework(string address, bool isOne)
    {
        Assert.True(TrustedProxies.TryParse("10.0.0.0/8, 2001:db8::/32", out var proxies));
        var parsed = IPAddress.Parse(address);
        Assert.Equal(isOne, proxies.Contains(parsed));
        Assert.Equal(isOne, proxies.Contains(address));
        Assert.Equal(isOne, proxies.Networks.Any(network => network.Contains(parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed)));
    }

    [Fact]
    public void Address_ThatIsUnknown_IsNone()
    {
        Assert.True(TrustedProxies.TryParse("10.0.0.0/8", out var proxies));
        Assert.False(proxies.Contains((IPAddress?)null));
        Assert.False(proxies.Contains(""));
        Assert.False(TrustedProxies.None.Contains(IPAddress.Loopback));
    }
}
