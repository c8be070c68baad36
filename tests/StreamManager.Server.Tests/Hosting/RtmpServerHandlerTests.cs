using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine;
using StreamManager.Rtmp.Server;
using StreamManager.Server.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>Which refusals count as guesses: those slow an address down.</summary>
public sealed class RtmpServerHandlerTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StateStore _store;
    private readonly EngineServices _engine;
    private readonly ChannelDirectory _channels;
    private readonly RtmpServerHandler _handler;

    public RtmpServerHandlerTests()
    {
        _store = StateStore.Open(_folder.Path, null);
        _engine = new EngineServices(TimeProvider.System, NullLoggerFactory.Instance, new EngineOptions { DataDirectory = _folder.Path }, _store);
        ChannelOptions[] options = [new ChannelOptions { IngestKey = new Secret("key-main") }];
        _channels = new ChannelDirectory(options, _engine);
        _handler = new RtmpServerHandler(
            _channels, new IngestKeyRing(options, _store), new TokenDigest("t0ken"), new ConnectionRegistry(), TimeProvider.System, NullLogger<RtmpServerHandler>.Instance);
    }

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
        var decision = await _handler.AuthorizePlayAsync(Request("main") with { RemoteAddress = address, Query = query }, TestContext.Current.CancellationToken);
        Assert.Equal(mayPlay, Assert.IsType<RtmpPlayDecision.Refused>(decision).MayPlay);
    }

    public async ValueTask DisposeAsync()
    {
        await _channels.DisposeAsync();
        _engine.Dispose();
        _store.Dispose();
        _folder.Dispose();
    }

    private ValueTask<RtmpPublishDecision> PublishAsync(string key) => _handler.AuthorizePublishAsync(Request(key), TestContext.Current.CancellationToken);

    private static RtmpStreamRequest Request(string name) =>
        new() { ConnectionId = "rtmp-1", RemoteAddress = "192.0.2.1", App = "live", StreamName = name, Kick = _ => { } };
}
