using StreamManager.Rtmp.Server;
using StreamManager.Server.Events;
using StreamManager.Server.Keys;
using StreamManager.Server.Options;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>Keys that are taken away between the check of a publish and its place in the list of those who publish, where a change that kicks finds it.</summary>
public sealed class KeyWindowTests : IAsyncLifetime
{
    private HandlerParts _parts = null!;
    private string? _kicked;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _parts = await HandlerParts.MakeAsync("t0ken", new ChannelOptions());

    public ValueTask DisposeAsync() => _parts.DisposeAsync();

    [Theory]
    [InlineData("restrict", "not allowed from your address")]
    [InlineData("end", "has expired")]
    [InlineData("rotate", "not known")]
    [InlineData("revoke", "not known")]
    [InlineData("hand the name on", "not known")]
    public async Task Publish_WhoseKeyIsTakenAwayWhileItIsDecided_IsRefusedAndNoGuess(string change, string words)
    {
        var made = await MakeAsync("studio");
        DecideAfter(async () => Assert.IsNotType<KeyChange.NotFound>(await TakeAwayAsync(change, made.Description.Id)));
        var refused = Assert.IsType<RtmpPublishDecision.Refused>(await PublishAsync("studio"));
        Assert.Contains(words, refused.Description, StringComparison.Ordinal);
        Assert.True(refused.KeyWasGood);
        Assert.Empty(_parts.Connections.All);
    }

    [Fact]
    public async Task Publish_WithASignedAddressThatIsEndedWhileItIsDecided_IsRefused()
    {
        var token = _parts.Access.Signed.Sign(new SignedGrant(SignedAction.Publish, "main", "main", TimeProvider.System.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds(), null));
        DecideAfter(() => _parts.Access.Signed.RotateAsync(TimeSpan.Zero, Cancel));
        Assert.IsType<RtmpPublishDecision.Refused>(await PublishAsync("main", "token=" + token));
    }

    [Fact]
    public async Task Publish_WhoseKeyIsChangedWithoutEffectOnIt_IsLetIn()
    {
        var made = await MakeAsync("studio");
        DecideAfter(async () => Assert.IsType<KeyChange.Edited>(await EditAsync(made.Description.Id, new StreamKeyEdit("b", false, null, ["10.0.0.0/8"], null, IsKicking: true))));
        await EndAsync(Assert.IsType<RtmpPublishDecision.Granted>(await PublishAsync("studio")));
        Assert.Null(_kicked);
    }

    [Fact]
    public async Task Publish_WhoseKeyIsRestrictedInTheMomentOfItsLastCheck_IsClosed()
    {
        var made = await MakeAsync(null);
        DecideAfter(() =>
        {
            // The check that follows asks the store; the change comes when it has read the key as it was.
            _parts.Line.AfterGet = () => TakeAwayAsync("restrict", made.Description.Id);
            _parts.Line.TellOfAGap();
            return Task.CompletedTask;
        });
        var decision = await PublishAsync(made.Key.Value);
        await Eventually.TrueAsync(() => _kicked is not null || decision is RtmpPublishDecision.Refused);
        await EndAsync(decision);
    }

    private async Task<KeyChange> TakeAwayAsync(string change, string id)
    {
        switch (change)
        {
            case "restrict":
                return await EditAsync(id, new StreamKeyEdit(null, false, null, ["203.0.113.0/24"], null, IsKicking: true));
            case "end":
                return await EditAsync(id, new StreamKeyEdit(null, true, TimeProvider.System.GetUtcNow(), null, null, IsKicking: false));
            case "rotate":
                return await _parts.Access.Keys.RotateAsync(id, TimeSpan.Zero, kick: true, Cancel);
            case "revoke":
                return await _parts.Access.Keys.RevokeAsync(id, Cancel);
            default:
                await EditAsync(id, new StreamKeyEdit(null, false, null, null, "", IsKicking: false));
                return await MakeAsync("studio");
        }
    }

    private async Task<KeyChange> EditAsync(string id, StreamKeyEdit edit) => await _parts.Access.Keys.EditAsync(id, edit, _ => true, Cancel);

    // What happens between the question whether it may publish and the answer that it may.
    private void DecideAfter(Func<Task> meanwhile) => _parts.Policy.Set(
        async (wanted, _) =>
        {
            if (wanted.Type == "connection.prePublish")
                await meanwhile();
            return ConnectionVerdict.Allowed;
        },
        failsOpen: true);

    private async Task<KeyChange.Made> MakeAsync(string? alias) => Assert.IsType<KeyChange.Made>(await _parts.Access.Keys.CreateAsync(
        new NewStreamKey("a", new("main", "main"), StreamKeyKind.Regular, null, [], alias), Cancel));

    private async Task<RtmpPublishDecision> PublishAsync(string key, string query = "")
    {
        Assert.Null(await _parts.Handler.AuthorizeConnectAsync(new RtmpConnectRequest("rtmp-1", "10.0.0.1", "live"), Cancel));
        return await _parts.Handler.AuthorizePublishAsync(
            new RtmpStreamRequest { ConnectionId = "rtmp-1", RemoteAddress = "10.0.0.1", App = "live", StreamName = key, Query = query, Kick = reason => _kicked = reason }, Cancel);
    }

    private static async Task EndAsync(RtmpPublishDecision decision)
    {
        if (decision is RtmpPublishDecision.Granted granted)
            await granted.Sink.EndAsync(RtmpPublishEnd.Clean);
    }
}
