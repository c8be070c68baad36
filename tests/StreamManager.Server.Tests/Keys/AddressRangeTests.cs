using System.Net;
using StreamManager.Server.Keys;

namespace StreamManager.Server.Tests.Keys;

public sealed class AddressRangeTests
{
    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", true)]
    [InlineData("203.0.113.7", "203.0.113.8", false)]
    [InlineData("203.0.113.0/24", "203.0.113.255", true)]
    [InlineData("203.0.113.0/24", "203.0.114.0", false)]
    [InlineData("203.0.113.128/25", "203.0.113.127", false)]
    [InlineData("203.0.113.0/31", "203.0.113.1", true)]
    [InlineData("203.0.113.0/24", "::ffff:203.0.113.9", true)]
    [InlineData("::ffff:203.0.113.0/120", "203.0.113.9", true)]
    [InlineData("::ffff:203.0.113.9", "203.0.113.9", true)]
    [InlineData("0.0.0.0/0", "198.51.100.1", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("::/0", "198.51.100.1", false)]
    [InlineData("::/0", "::ffff:198.51.100.1", false)]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("2001:db8::/127", "2001:db8::1", true)]
    [InlineData("2001:db8::/127", "2001:db8::2", false)]
    [InlineData("fe80::/10", "fe80::1%3", true)]
    public void Contains_AnAddress_ByItsFirstBits(string range, string address, bool isIn) => Assert.Equal(isIn, Parse(range).Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("localhost")]
    [InlineData("1")]
    [InlineData("10.1")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("010.0.0.1")]
    [InlineData("256.0.0.1")]
    [InlineData("10.0.0.1 ")]
    [InlineData("fe80::1%3")]
    [InlineData("[::1]")]
    [InlineData("[::1]:80")]
    [InlineData("2001:db8:::/32")]
    public void Parse_NoAddress_SaysWhatIsAllowed(string text) => Assert.Contains("must be an IPv4 or IPv6 address", Refusal(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("10.0.0.0/", 32)]
    [InlineData("10.0.0.0/33", 32)]
    [InlineData("10.0.0.0/-1", 32)]
    [InlineData("10.0.0.0/08", 32)]
    [InlineData("10.0.0.0/8/8", 32)]
    [InlineData("10.0.0.0/8 ", 32)]
    [InlineData("2001:db8::/129", 128)]
    [InlineData("2001:db8::/9999999999", 128)]
    public void Parse_BadPrefix_SaysItsBounds(string text, int longest) => Assert.Contains($"prefix length from 0 to {longest}", Refusal(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("203.0.113.7/31", "203.0.113.6/31")]
    [InlineData("2001:db8::1/32", "2001:db8::/32")]
    [InlineData("::ffff:10.1.2.3/104", "10.0.0.0/8")]
    public void Parse_BitsBeyondThePrefix_NamesTheRange(string text, string meant) => Assert.EndsWith($"the range is {meant}", Refusal(text), StringComparison.Ordinal);

    [Fact]
    public void Parse_ARangeAcrossTheMappedAddresses_IsRefused() => Assert.Contains("IPv4 range in its own form", Refusal("::ffff:0.0.0.0/95"), StringComparison.Ordinal);

    [Theory]
    [InlineData("203.0.113.0/24", "203.0.113.0/24")]
    [InlineData("203.0.113.7/32", "203.0.113.7")]
    [InlineData("::ffff:203.0.113.0/120", "203.0.113.0/24")]
    [InlineData("2001:DB8:0:0::/32", "2001:db8::/32")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("::/0", "::/0")]
    public void Text_IsTheShortForm(string text, string shown) => Assert.Equal(shown, Parse(text).ToString());

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.255.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("10.255.0.1", true)]
    [InlineData("172.15.255.255", false)]
    [InlineData("172.16.0.1", true)]
    [InlineData("172.31.255.255", true)]
    [InlineData("172.32.0.0", false)]
    [InlineData("192.168.7.7", true)]
    [InlineData("169.254.1.1", true)]
    [InlineData("fe80::1", true)]
    [InlineData("fd12:3456::1", true)]
    [InlineData("::ffff:192.168.1.1", true)]
    [InlineData("100.64.0.1", false)]
    [InlineData("8.8.8.8", false)]
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("2001:db8::1", false)]
    public void Nearby_AreLoopbackPrivateAndLinkLocal(string address, bool isNearby) => Assert.Equal(isNearby, NearbyAddresses.Contains(IPAddress.Parse(address)));

    [Fact]
    public void Nearby_AnUnknownAddress_IsNot() => Assert.False(NearbyAddresses.Contains(null));

    private static AddressRange Parse(string text)
    {
        Assert.True(AddressRange.TryParse(text, out var range, out var error), error);
        return range;
    }

    private static string Refusal(string text)
    {
        Assert.False(AddressRange.TryParse(text, out _, out var error));
        return error;
    }
}
