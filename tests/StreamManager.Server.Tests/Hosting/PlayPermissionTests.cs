using StreamManager.Rtmp.Server;
using StreamManager.Server.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>Who may play, decided without a network.</summary>
public sealed class PlayPermissionTests : IAsyncLifetime
{
    private const string Stranger = "203.0.113.5";

    private HandlerParts _parts = null!;

    public async ValueTask InitializeAsync() => _parts = await HandlerParts.MakeAsync("the token", new ChannelOptions());

    public ValueTask DisposeAsync() => _parts.DisposeAsync();

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
        var decision = await _parts.Handler.AuthorizePlayAsync(Request("main", address, query), TestContext.Current.CancellationToken);
        if (!isGranted)
        {
            Assert.Equal("NetStream.Play.Failed", Assert.IsType<RtmpPlayDecision.Refused>(decision).Code);
            Assert.Empty(_parts.Connections.All);
            return;
        }

        var feed = Assert.IsType<RtmpPlayDecision.Granted>(decision).Feed;
        Assert.Equal(StreamRole.Player, Assert.Single(_parts.Connections.All).Role);
        await feed.DisposeAsync();
        Assert.Empty(_parts.Connections.All);
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", true)]
    public async Task Play_ByWayOfAProxyOnThisMachine_IsNotLocal(string address, bool isGranted)
    {
        Assert.True(TrustedProxies.TryParse("127.0.0.1", out var proxies));
        await AssertPlaysAsync(new ServerOptions { TrustedProxies = proxies }, address, isGranted);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Play_OnThisMachine_NeedsATokenWhenItIsSaid(string address) => await AssertPlaysAsync(new ServerOptions { LocalPlayNeedsToken = true }, address, isGranted: false);

    [Fact]
    public async Task Publish_ByWayOfAProxyThatDoesNotSayForWhom_IsNotNearby()
    {
        Assert.True(TrustedProxies.TryParse("192.168.1.1", out var proxies));
        await using var parts = await HandlerParts.MakeAsync("the token", new ChannelOptions { IngestKey = new Secret("studio") }, new ServerOptions { TrustedProxies = proxies });
        Assert.IsType<RtmpPublishDecision.Refused>(await parts.Handler.AuthorizePublishAsync(Request("studio", "192.168.1.1", ""), TestContext.Current.CancellationToken));
        Assert.IsType<RtmpPublishDecision.Granted>(await parts.Handler.AuthorizePublishAsync(Request("studio", "192.168.1.2", ""), TestContext.Current.CancellationToken));

        // However often somebody behind it guesses, nobody else behind it is banned.
        for (var i = 0; i < 2 * StreamManager.Server.Keys.KeyAttempts.MostFailures; i++)
            await parts.Handler.AuthorizePublishAsync(Request("guess", "192.168.1.1", ""), TestContext.Current.CancellationToken);
        Assert.False(parts.Access.Attempts.IsBanned("192.168.1.1"));
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
        var decision = await _parts.Handler.AuthorizePlayAsync(Request(name, "127.0.0.1", ""), TestContext.Current.CancellationToken);
        Assert.Equal("NetStream.Play.StreamNotFound", Assert.IsType<RtmpPlayDecision.Refused>(decision).Code);
    }

    [Theory]
    [InlineData("view", true)]
    [InlineData("operate", false)]
    public async Task Play_WithAnApiToken_NeedsView(string scope, bool isGranted)
    {
        await GoOnAirAsync();
        Assert.True(PermissionNames.TryParse(scope, out var permission));
        var token = (await _parts.Accounts.Tokens.MakeAsync(Caller.Administrator, "wall", permission, null, TestContext.Current.CancellationToken))!.Secret.Value;
        var decision = await _parts.Handler.AuthorizePlayAsync(Request("main", Stranger, "token=" + token), TestContext.Current.CancellationToken);
        Assert.Equal(isGranted, decision is RtmpPlayDecision.Granted);
        if (decision is RtmpPlayDecision.Granted granted)
            await granted.Feed.DisposeAsync();
    }

    [Fact]
    public async Task Play_OffAir_IsNotFound()
    {
        var decision = await _parts.Handler.AuthorizePlayAsync(Request("main", "127.0.0.1", ""), TestContext.Current.CancellationToken);
        Assert.Equal("NetStream.Play.StreamNotFound", Assert.IsType<RtmpPlayDecision.Refused>(decision).Code);
    }

    [Fact]
    public void Client_OfManyStrangeCharacters_IsCleaned() =>
        Assert.Equal("OBS [31m" + new string('x', 120), RtmpServerHandler.Clean("\nOBS \u001b[31m\0" + new string('x', 500)));

    private static async Task AssertPlaysAsync(ServerOptions options, string address, bool isGranted)
    {
        await using var parts = await HandlerParts.MakeAsync("the token", new ChannelOptions(), options);
        await GoOnAirAsync(parts);
        foreach (var (query, expected) in new[] { ("", isGranted), ("token=the%20token", true) })
        {
            var decision = await parts.Handler.AuthorizePlayAsync(Request("main", address, query), TestContext.Current.CancellationToken);
            Assert.Equal(expected, decision is RtmpPlayDecision.Granted);
            if (decision is RtmpPlayDecision.Granted granted)
                await granted.Feed.DisposeAsync();
        }
    }

    private Task GoOnAirAsync() => GoOnAirAsync(_parts);

    private static async Task GoOnAirAsync(HandlerParts parts)
    {
        await parts.Channels.Find("main")!.StartAsync(TestContext.Current.CancellationToken);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (parts.Channels.Find("main")!.GetSnapshot().State is not StreamManager.Engine.Channels.ChannelState.Fallback)
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
    }

    private static RtmpStreamRequest Request(string name, string address, string query) =>
        new() { ConnectionId = "rtmp-1", RemoteAddress = address, App = "live", StreamName = name, Query = query, Kick = _ => { } };
}
