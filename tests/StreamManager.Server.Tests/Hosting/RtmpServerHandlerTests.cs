using StreamManager.Rtmp.Server;
using StreamManager.Server.Options;
using StreamManager.Server.Security;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>Which refusals count as guesses: those slow an address down.</summary>
public sealed class RtmpServerHandlerTests : IAsyncLifetime
{
    private HandlerParts _parts = null!;

    public async ValueTask InitializeAsync() => _parts = await HandlerParts.MakeAsync("t0ken", new ChannelOptions { IngestKey = new Secret("key-main") });

    public ValueTask DisposeAsync() => _parts.DisposeAsync();

    [Fact]
    public async Task Publish_WithAnUnknownKey_IsAGuess() =>
        Assert.False(Assert.IsType<RtmpPublishDecision.Refused>(await PublishAsync("wrong")).KeyWasGood);

    [Fact]
    public async Task Publish_WithAKeyInUse_IsNoGuess()
    {
        var sink = Assert.IsType<RtmpPublishDecision.Granted>(await PublishAsync("key-main")).Sink;
        Assert.True(Assert.IsType<RtmpPublishDecision.Refused>(await PublishAsync("key-main")).KeyWasGood);
        await sink.EndAsync(RtmpPublishEnd.Clean);
    }

    [Theory]
    [InlineData("192.0.2.1", "", false)]
    [InlineData("192.0.2.1", "token=wrong", false)]
    [InlineData("192.0.2.1", "token=t0ken", true)]
    [InlineData("127.0.0.1", "", true)]
    public async Task Play_OfWhatIsOffAir_IsAGuessWithoutPermissionOnly(string address, string query, bool mayPlay)
    {
        var decision = await _parts.Handler.AuthorizePlayAsync(Request("main") with { RemoteAddress = address, Query = query }, TestContext.Current.CancellationToken);
        Assert.Equal(mayPlay, Assert.IsType<RtmpPlayDecision.Refused>(decision).MayPlay);
    }

    private ValueTask<RtmpPublishDecision> PublishAsync(string key) => _parts.Handler.AuthorizePublishAsync(Request(key), TestContext.Current.CancellationToken);

    private static RtmpStreamRequest Request(string name) =>
        new() { ConnectionId = "rtmp-1", RemoteAddress = "192.0.2.1", App = "live", StreamName = name, Kick = _ => { } };
}
