using StreamManager.Rtmp.Server;
using StreamManager.Server.Events;
using StreamManager.Server.Keys;
using StreamManager.Server.Options;
using StreamManager.Server.Security;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>Which refusals count as guesses: those slow an address down.</summary>
public sealed class RtmpServerHandlerTests : IAsyncLifetime
{
    private HandlerParts _parts = null!;

    public async ValueTask InitializeAsync() => _parts = await HandlerParts.MakeAsync("t0ken", new ChannelOptions { IngestKey = new Secret("key-of-the-main-source") });

    public ValueTask DisposeAsync() => _parts.DisposeAsync();

    [Fact]
    public async Task Publish_WithAnUnknownKey_IsAGuess() =>
        Assert.False(Assert.IsType<RtmpPublishDecision.Refused>(await PublishAsync("wrong")).KeyWasGood);

    [Fact]
    public async Task Publish_WithAKeyInUse_IsNoGuess()
    {
        var sink = Assert.IsType<RtmpPublishDecision.Granted>(await PublishAsync("key-of-the-main-source")).Sink;
        Assert.True(Assert.IsType<RtmpPublishDecision.Refused>(await PublishAsync("key-of-the-main-source")).KeyWasGood);
        await sink.EndAsync(RtmpPublishEnd.Clean);
    }

    [Fact]
    public async Task Publish_WithAnExpiredKey_IsNoGuess()
    {
        var made = await MakeAsync(expiresAt: TimeProvider.System.GetUtcNow().AddDays(-1));
        var refused = Assert.IsType<RtmpPublishDecision.Refused>(await PublishAsync(made.Key.Value));
        Assert.True(refused.KeyWasGood);
        Assert.Contains("expired", refused.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_FromAnAddressThatGuesses_IsRefusedUnlessItIsAWholeKey()
    {
        for (var i = 0; i < KeyAttempts.MostFailures; i++)
            Assert.False(Assert.IsType<RtmpPublishDecision.Refused>(await PublishAsync($"guess-{i}")).WasNotChecked);
        var banned = Assert.IsType<RtmpPublishDecision.Refused>(await PublishAsync("guess"));
        Assert.Equal((true, false), (banned.WasNotChecked, banned.KeyWasGood));
        var sink = Assert.IsType<RtmpPublishDecision.Granted>(await PublishAsync("key-of-the-main-source")).Sink;
        await sink.EndAsync(RtmpPublishEnd.Clean);
    }

    [Fact]
    public async Task Publish_Granted_IsCountedAndKnownByItsKey()
    {
        var made = await MakeAsync();
        var sink = Assert.IsType<RtmpPublishDecision.Granted>(await PublishAsync(made.Key.Value)).Sink;
        Assert.Equal(KeyHash.Of(made.Key.Value), Assert.Single(_parts.Connections.All).Key);
        Assert.Equal(1, (await _parts.Access.Keys.FindAsync(made.Description.Id, TestContext.Current.CancellationToken))!.UseCount);
        await sink.EndAsync(RtmpPublishEnd.Clean);
    }

    [Fact]
    public async Task Publish_WithASignedAddress_LooksAtTheSignatureAlone()
    {
        var token = Sign(SignedAction.Publish, "main");
        var sink = Assert.IsType<RtmpPublishDecision.Granted>(await PublishAsync("main", $"a=b&token={token}")).Sink;
        await sink.EndAsync(RtmpPublishEnd.Clean);
        Assert.False(Assert.IsType<RtmpPublishDecision.Refused>(await PublishAsync("key-of-the-main-source", $"token={token}x")).KeyWasGood);
        Assert.True(Assert.IsType<RtmpPublishDecision.Refused>(await PublishAsync("main", $"token={Sign(SignedAction.Play, null)}")).KeyWasGood);
    }

    [Fact]
    public async Task Play_WithASignedAddress_NeedsNoOtherToken()
    {
        foreach (var (action, mayPlay) in new[] { (SignedAction.Play, true), (SignedAction.Publish, false) })
        {
            var request = Request("main") with { Query = "token=" + Sign(action, null) };
            Assert.Equal(mayPlay, Assert.IsType<RtmpPlayDecision.Refused>(await _parts.Handler.AuthorizePlayAsync(request, TestContext.Current.CancellationToken)).MayPlay);
        }
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

    [Theory]
    [InlineData("main")]
    [InlineData("main/main")]
    [InlineData("main/nothing")]
    public async Task Play_OfWhatIsNotThere_IsRefusedBeforeAnybodyIsAsked(string name)
    {
        var request = Request(name) with { RemoteAddress = "127.0.0.1" };
        Assert.Null(await _parts.Watch.ConnectAsync(request.ConnectionId, "rtmp", request.RemoteAddress, TestContext.Current.CancellationToken));
        var asked = new List<string>();
        _parts.Policy.Set(
            (wanted, _) =>
            {
                asked.Add(wanted.Type);
                return ValueTask.FromResult(ConnectionVerdict.Allowed);
            },
            failsOpen: true);
        var refused = Assert.IsType<RtmpPlayDecision.Refused>(await _parts.Handler.AuthorizePlayAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal("NetStream.Play.StreamNotFound", refused.Code);
        Assert.Empty(asked);
    }

    private ValueTask<RtmpPublishDecision> PublishAsync(string key, string query = "") =>
        _parts.Handler.AuthorizePublishAsync(Request(key) with { Query = query }, TestContext.Current.CancellationToken);

    private async Task<KeyChange.Made> MakeAsync(DateTimeOffset? expiresAt = null) => Assert.IsType<KeyChange.Made>(await _parts.Access.Keys.CreateAsync(
        new NewStreamKey("a", new("main", "main"), StreamKeyKind.Regular, expiresAt, [], null), TestContext.Current.CancellationToken));

    private string Sign(SignedAction action, string? source) => _parts.Access.Signed.Sign(new SignedGrant(action, "main", source, TimeProvider.System.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds(), null));

    private static RtmpStreamRequest Request(string name) =>
        new() { ConnectionId = "rtmp-1", RemoteAddress = "192.0.2.1", App = "live", StreamName = name, Kick = _ => { } };
}
