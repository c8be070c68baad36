using StreamManager.Rtmp.Client;

namespace StreamManager.Rtmp.Tests.Client;

public sealed class PeerTextTests
{
    private static PeerText For(string url, string key)
    {
        Assert.True(RtmpDestinationUrl.TryParse(url, key, out var destination, out var error), error);
        return new PeerText(destination);
    }

    [Theory]
    [InlineData("key live_abc123 is not valid", "key *** is not valid")]
    [InlineData("LIVE_ABC123?token=t0psecret", "***")]
    [InlineData("token t0psecret expired", "token *** expired")]
    [InlineData("user said hunter2", "user said ***")]
    [InlineData("app live?sig=abcdef refused", "app live?*** refused")]
    public void Clean_ServerRepeatsASecret_ItIsMasked(string said, string shown) =>
        Assert.Equal(shown, For("rtmp://bob:hunter2@h/live?sig=abcdef", "live_abc123?token=t0psecret").Clean(said));

    [Fact]
    public void Clean_ControlAndFormattingCharacters_BecomeSpaces() =>
        Assert.Equal("a  b c d", For("rtmp://h/live", "thekey").Clean("a\r\nb\u202Ec\u001bd\uFFFD"));

    [Fact]
    public void Clean_LongText_IsCut()
    {
        var shown = For("rtmp://h/live", "thekey").Clean(new string('x', 1_000_000));
        Assert.Equal(PeerText.MaxLength + 1, shown.Length);
        Assert.EndsWith("…", shown, StringComparison.Ordinal);
    }
}
