using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Events;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Events;

/// <summary>The nine events of a connection and who decides about them.</summary>
public sealed class ConnectionWatchTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly EventBus _bus;
    private readonly ConnectionPolicy _policy;
    private readonly ConnectionWatch _watch;
    private readonly EventSubscription _heard;

    public ConnectionWatchTests()
    {
        _bus = new EventBus();
        _policy = new ConnectionPolicy(_time, NullLogger<ConnectionPolicy>.Instance);
        _watch = new ConnectionWatch(_bus, _policy, _time);
        _heard = _bus.Subscribe("test");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _heard.Dispose();

    [Fact]
    public async Task Publisher_FromConnectToClose_HasItsSixEventsWithPathTypeAndDurations()
    {
        Assert.Null(await _watch.ConnectAsync("rtmp-1", "rtmp", "192.0.2.1", Cancel));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await _watch.BeginStreamAsync("rtmp-1", ConnectionType.Publisher, "main", "backup", Cancel));
        _watch.StreamBegan("rtmp-1");
        _time.Advance(TimeSpan.FromSeconds(10));
        _watch.StreamEnded("rtmp-1");
        _watch.StreamEnded("rtmp-1");
        _time.Advance(TimeSpan.FromSeconds(0.5));
        _watch.Disconnected("rtmp-1");
        _watch.Disconnected("rtmp-1");
        Assert.Equal(
            [
                "connection.preConnect Pending  0",
                "connection.postConnect Pending  0",
                "connection.prePublish Publisher main/backup 1",
                "connection.postPublish Publisher main/backup 1",
                "connection.donePublish Publisher main/backup 10",
                "connection.doneConnect Publisher main/backup 11.5",
            ],
            Heard().Select(Describe));
    }

    [Fact]
    public async Task Player_WhoseConnectionBreaks_IsDonePlayingBeforeItIsDone()
    {
        await _watch.ConnectAsync("flv-1", "http-flv", "192.0.2.1", Cancel);
        await _watch.BeginStreamAsync("flv-1", ConnectionType.Player, "main", null, Cancel);
        _watch.StreamBegan("flv-1");
        _watch.Disconnected("flv-1");
        Assert.Equal(
            ["preConnect", "postConnect", "prePlay", "postPlay", "donePlay", "doneConnect"], Heard().Select(happened => happened.Type["connection.".Length..]));
    }

    [Fact]
    public async Task Refusal_IsInTheDecidersWords_AndNothingFollows()
    {
        _policy.Set((wanted, _) => ValueTask.FromResult(wanted.Type == "connection.prePublish" ? ConnectionVerdict.Denied("Not on Sundays.") : ConnectionVerdict.Allowed), failsOpen: true);
        Assert.Null(await _watch.ConnectAsync("rtmp-1", "rtmp", "192.0.2.1", Cancel));
        Assert.Equal("Not on Sundays.", await _watch.BeginStreamAsync("rtmp-1", ConnectionType.Publisher, "main", "main", Cancel));
        _watch.StreamBegan("rtmp-1");
        _watch.Disconnected("rtmp-1");
        Assert.Equal(["preConnect", "postConnect", "prePublish", "doneConnect"], Heard().Select(happened => happened.Type["connection.".Length..]));

        _policy.Set((_, _) => ValueTask.FromResult(ConnectionVerdict.Denied(new string('x', 5_000))), failsOpen: true);
        Assert.Equal(ConnectionPolicy.LongestReason, (await _watch.ConnectAsync("rtmp-2", "rtmp", "192.0.2.1", Cancel))!.Length);
        _watch.Disconnected("rtmp-2");
        Assert.Equal(["preConnect"], Heard().Select(happened => happened.Type["connection.".Length..]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Decider_ThatIsLateOrBroken_IsNotWaitedForAndTheSettingCounts(bool failsOpen)
    {
        _policy.Set((_, _) => new ValueTask<ConnectionVerdict>(new TaskCompletionSource<ConnectionVerdict>().Task), failsOpen);
        var late = _watch.ConnectAsync("rtmp-1", "rtmp", "192.0.2.1", Cancel).AsTask();
        Assert.False(late.IsCompleted);
        _time.Advance(ConnectionPolicy.Deadline);
        Assert.Equal(failsOpen, await late is null);

        _policy.Set((_, _) => throw new InvalidOperationException("broken"), failsOpen);
        Assert.Equal(failsOpen, await _watch.ConnectAsync("rtmp-2", "rtmp", "192.0.2.1", Cancel) is null);
    }

    [Fact]
    public async Task Decider_OfAConnectionThatIsGone_IsNotWaitedForEither()
    {
        _policy.Set((_, _) => new ValueTask<ConnectionVerdict>(new TaskCompletionSource<ConnectionVerdict>().Task), failsOpen: true);
        using var gone = new CancellationTokenSource();
        var asking = _watch.ConnectAsync("rtmp-1", "rtmp", "192.0.2.1", gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task Strangers_WhoConnectWithoutEnd_AreToldOfInSmallNumbersOnly()
    {
        for (var i = 0; i < 2_000; i++)
        {
            Assert.Null(await _watch.ConnectAsync($"rtmp-{i}", "rtmp", "192.0.2.1", Cancel));
            _watch.Disconnected($"rtmp-{i}");
        }

        Assert.Equal(3 * StrangerBudget.PerAddress, Heard().Count);
        _time.Advance(StrangerBudget.AddressInterval);
        Assert.Null(await _watch.ConnectAsync("rtmp-next", "rtmp", "192.0.2.1", Cancel));
        _watch.Disconnected("rtmp-next");
        Assert.Equal(3, Heard().Count);

        // From any number of addresses.
        for (var i = 0; i < 10_000; i++)
        {
            Assert.Null(await _watch.ConnectAsync($"rtmp-{i}", "rtmp", $"2001:db8:{i:x}::1", Cancel));
            _watch.Disconnected($"rtmp-{i}");
        }

        Assert.InRange(Heard().Count, 3, 3 * StrangerBudget.Together);
    }

    [Fact]
    public async Task Publisher_AmongStrangersOfItsAddress_HasAllItsEventsAndIsDecidedAbout()
    {
        var asked = new List<string>();
        _policy.Set((wanted, _) =>
        {
            asked.Add(wanted.Type);
            return ValueTask.FromResult(asked.Count > 100 ? ConnectionVerdict.Denied("Not today.") : ConnectionVerdict.Allowed);
        }, failsOpen: true);
        for (var i = 0; i < 100; i++)
            Assert.Null(await _watch.ConnectAsync($"rtmp-{i}", "rtmp", "192.0.2.1", Cancel));
        Assert.Equal(StrangerBudget.PerAddress, asked.Count);
        Heard();
        Assert.Null(await _watch.ConnectAsync("encoder", "rtmp", "192.0.2.1", Cancel));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await _watch.BeginStreamAsync("encoder", ConnectionType.Publisher, "main", "main", Cancel));
        _watch.StreamBegan("encoder");
        _watch.Disconnected("encoder");
        Assert.Equal(
            ["preConnect", "postConnect", "prePublish", "postPublish", "donePublish", "doneConnect"], Heard().Select(happened => happened.Type["connection.".Length..]));
        Assert.Equal(["connection.preConnect", "connection.prePublish"], asked[^2..]);

        asked.AddRange(Enumerable.Repeat("", 100));
        Assert.Null(await _watch.ConnectAsync("other", "rtmp", "192.0.2.1", Cancel));
        Assert.Equal("Not today.", await _watch.BeginStreamAsync("other", ConnectionType.Publisher, "main", "main", Cancel));
        _watch.Disconnected("other");
        Assert.Equal(["preConnect"], Heard().Select(happened => happened.Type["connection.".Length..]));
    }

    private List<ServerEvent> Heard()
    {
        var events = new List<ServerEvent>();
        while (_heard.Reader.TryRead(out var happened))
            events.Add(happened);
        return events;
    }

    private static string Describe(ServerEvent happened)
    {
        JsonObject data = happened.Data;
        Assert.Equal((EventType.Word(happened.Time), "rtmp-1"), ((string?)data["timestamp"], (string?)data["clientId"]));
        return FormattableString.Invariant($"{happened.Type} {data["connectionType"]} {data["streamPath"]} {(double)data["duration"]!}");
    }
}
