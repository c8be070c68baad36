using StreamManager.Rtmp.Client;

namespace StreamManager.Rtmp.Tests.Client;

public sealed class RtmpDestinationUrlTests
{
    [Theory]
    [InlineData("rtmp://live.twitch.tv/app", "k1", "live.twitch.tv", 1935, "app", "k1", "rtmp://live.twitch.tv/app")]
    [InlineData("rtmp://live.twitch.tv/app/", "k1", "live.twitch.tv", 1935, "app", "k1", "rtmp://live.twitch.tv/app")]
    [InlineData("RTMP://h:1936/app/instance", "k1", "h", 1936, "app/instance", "k1", "rtmp://h:1936/app/instance")]
    [InlineData("rtmps://h/rtmp/", "k1", "h", 443, "rtmp", "k1", "rtmps://h/rtmp")]
    [InlineData("rtmps://h:443/x", "k?a=b", "h", 443, "x", "k?a=b", "rtmps://h/x")]
    [InlineData("rtmp://b.example/live2?backup=1", "k1", "b.example", 1935, "live2?backup=1", "k1", "rtmp://b.example/live2?backup=1")]
    [InlineData("rtmp://h/live/key", "", "h", 1935, "live", "key", "rtmp://h/live")]
    [InlineData("rtmp://h/a/b/key?token=x/y", null, "h", 1935, "a/b", "key?token=x/y", "rtmp://h/a/b")]
    [InlineData("rtmp://[2001:db8::1]/live", "k1", "2001:db8::1", 1935, "live", "k1", "rtmp://[2001:db8::1]/live")]
    [InlineData("rtmp://[::1]:19/live", "k1", "::1", 19, "live", "k1", "rtmp://[::1]:19/live")]
    [InlineData("rtmp://127.0.0.1/live%20x", "k%41", "127.0.0.1", 1935, "live%20x", "k%41", "rtmp://127.0.0.1/live%20x")]
    [InlineData("rtmp://bücher.example/live", "k1", "xn--bcher-kva.example", 1935, "live", "k1", "rtmp://xn--bcher-kva.example/live")]
    [InlineData("  rtmp://h/live ", " k1 ", "h", 1935, "live", "k1", "rtmp://h/live")]
    public void TryParse_GoodUrl_SplitsIt(string url, string? key, string host, int port, string app, string streamKey, string tcUrl)
    {
        Assert.True(RtmpDestinationUrl.TryParse(url, key, out var destination, out var error), error);
        Assert.Equal((host, port, app, streamKey, tcUrl), (destination.Host, destination.Port, destination.App, destination.StreamKey, destination.TcUrl));
    }

    [Theory]
    [InlineData("", "k", "empty")]
    [InlineData("http://h/app", "k", "rtmp://")]
    [InlineData("rtmp:/h/app", "k", "rtmp://")]
    [InlineData("rtmp:///app", "k", "host")]
    [InlineData("rtmp://h", "k", "application path")]
    [InlineData("rtmp://h/", "k", "application path")]
    [InlineData("rtmp://h/?a=b", "k", "application path")]
    [InlineData("rtmp://h/live", "", "stream key")]
    [InlineData("rtmp://h/live/", "", "stream key")]
    [InlineData("rtmp://h:0/live", "k", "port")]
    [InlineData("rtmp://h:65536/live", "k", "port")]
    [InlineData("rtmp://h:19x/live", "k", "port")]
    [InlineData("rtmp://[::1/live", "k", "bracket")]
    [InlineData("rtmp://[::1]x/live", "k", "port")]
    [InlineData("rtmp://a b/live", "k", "space")]
    [InlineData("rtmp://h/live", "k\r\nx", "control")]
    [InlineData("rtmp://h^x/live", "k", "host")]
    [InlineData("rtmp://h\\@evil/app", "k", "backslash")] // A browser reads a slash there, and another host.
    [InlineData("rtmp://h\\evil/app", "k", "backslash")]
    [InlineData("rtmp://h#@evil/app", "k", "#")]
    [InlineData("rtmp://h%00@evil/app", "k", "control")]
    [InlineData("rtmp://bob:p%0Aw@evil/app", "k", "control")]
    public void TryParse_BadUrl_SaysWhatIsWrong(string url, string key, string words)
    {
        Assert.False(RtmpDestinationUrl.TryParse(url, key, out _, out var error));
        Assert.Contains(words, error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void TryParse_TooLong_IsRefused() =>
        Assert.False(RtmpDestinationUrl.TryParse("rtmp://h/live", new string('k', RtmpDestinationUrl.MaxLength + 1), out _, out _));

    [Fact]
    public void UserAndPassword_AreDecodedAndKeptOutOfTcUrlAndToString()
    {
        Assert.True(RtmpDestinationUrl.TryParse("rtmp://bob:p%40ss:w@h/live?token=secret", "thekey", out var destination, out _));
        Assert.Equal(("bob", "p@ss:w"), (destination.UserName, destination.Password));
        Assert.Equal("rtmp://h/live?token=secret", destination.TcUrl);
        Assert.Equal("rtmp://h/live", destination.ToString());
    }

    [Fact]
    public void TryRedirect_KeepsKeyAndGivesThePasswordToTheSameHostOnly()
    {
        Assert.True(RtmpDestinationUrl.TryParse("rtmp://bob:pw@h/live", "key", out var origin, out _));
        Assert.True(origin.TryRedirect("rtmp://h:1936/other", out var same, out _));
        Assert.Equal(("key", "bob", "pw", 1936), (same.StreamKey, same.UserName, same.Password, same.Port));
        Assert.True(origin.TryRedirect("rtmp://elsewhere/live", out var other, out _));
        Assert.Equal(("key", "", ""), (other.StreamKey, other.UserName, other.Password));
    }

    [Theory]
    [InlineData("http://h/live")]
    [InlineData("rtmp://h/live")]
    [InlineData("file:///etc/passwd")]
    public void TryRedirect_FromTlsToAnythingElse_IsRefused(string url)
    {
        Assert.True(RtmpDestinationUrl.TryParse("rtmps://h/live", "key", out var origin, out _));
        Assert.False(origin.TryRedirect(url, out _, out var error));
        Assert.NotEmpty(error);
    }
}
