using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine;
using StreamManager.Rtmp.Server;
using StreamManager.Server.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>Who may play, decided without a network.</summary>
public sealed class PlayPermissionTests : IAsyncDisposable
{
    private const string Stranger = "203.0.113.5";

    private readonly TemporaryFolder _folder = new();
    private readonly StateStore _store;
    private readonly EngineServices _engine;
    private readonly ChannelDirectory _channels;
    private readonly ConnectionRegistry _connections = new();
    private readonly RtmpServerHandler _handler;

    public PlayPermissionTests()
    {
        _store = StateStore.Open(_folder.File("data"), null);
        _engine = new EngineServices(TimeProvider.System, NullLoggerFactory.Instance, new EngineOptions { DataDirectory = _folder.File("data") }, _store);
        var options = new[] { new ChannelOptions() };
        _channels = new ChannelDirectory(options, _engine);
        _handler = new RtmpServerHandler(
            _channels, new IngestKeyRing(options, _store), new TokenDigest("the token"), _connections, TimeProvider.System, NullLogger<RtmpServerHandler>.Instance);
    }

    [Theory]
    [InlineData("127.0.0.1", "", true)]
    [InlineData("::1", "", true)]
    [InlineData(Stranger, "", false)]
    [InlineData("", "", false)]
    [InlineData(Stranger, "token=wrong", false)]
    [InlineData(Stranger, "xtoken=the%20token", false)]
    [InlineData(Stranger, "token=the%20token", true)]
    [InlineData(Stranger, "a=b&token=the%20token", true)]
    [InlineData(Stranger, "token=%", false)]
    public async Task Play_FromAnAddressWithAQuery_IsGrantedOrRefused(string address, string query, bool isGranted)
    {
        await GoOnAirAsync();
        var decision = await _handler.AuthorizePlayAsync(Request("main", address, query), TestContext.Current.CancellationToken);
        if (!isGranted)
        {
            Assert.Equal("NetStream.Play.Failed", Assert.IsType<RtmpPlayDecision.Refused>(decision).Code);
            Assert.Empty(_connections.All);
            return;
        }

        var feed = Assert.IsType<RtmpPlayDecision.Granted>(decision).Feed;
        Assert.Equal(StreamRole.Player, Assert.Single(_connections.All).Role);
        await feed.DisposeAsync();
        Assert.Empty(_connections.All);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("")]
    [InlineData("main/nothing")]
    [InlineData("main/main")]
    [InlineData("main/")]
    [InlineData("/main")]
    public async Task Play_OfWhatIsNotThere_IsNotFound(string name)
    {
        await GoOnAirAsync();
        var decision = await _handler.AuthorizePlayAsync(Request(name, "127.0.0.1", ""), TestContext.Current.CancellationToken);
        Assert.Equal("NetStream.Play.StreamNotFound", Assert.IsType<RtmpPlayDecision.Refused>(decision).Code);
    }

    [Fact]
    public async Task Play_OffAir_IsNotFound()
    {
        var decision = await _handler.AuthorizePlayAsync(Request("main", "127.0.0.1", ""), TestContext.Current.CancellationToken);
        Assert.Equal("NetStream.Play.StreamNotFound", Assert.IsType<RtmpPlayDecision.Refused>(decision).Code);
    }

    [Fact]
    public void Client_OfManyStrangeCharacters_IsCleaned() =>
        Assert.Equal("OBS [31m" + new string('x', 120), RtmpServerHandler.Clean("\nOBS \u001b[31m\0" + new string('x', 500)));

    public async ValueTask DisposeAsync()
    {
        await _channels.DisposeAsync();
        _engine.Dispose();
        _store.Dispose();
        _folder.Dispose();
    }

    private async Task GoOnAirAsync()
    {
        await _channels.Main.StartAsync(TestContext.Current.CancellationToken);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (_channels.Main.GetSnapshot().State is not StreamManager.Engine.Channels.ChannelState.Fallback)
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
    }

    private static RtmpStreamRequest Request(string name, string address, string query) =>
        new() { ConnectionId = "rtmp-1", RemoteAddress = address, App = "live", StreamName = name, Query = query, Kick = _ => { } };
}
