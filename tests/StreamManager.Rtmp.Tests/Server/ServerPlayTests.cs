using System.Threading.Channels;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.Rtmp.Tests.Server;

public sealed class ServerPlayTests : IDisposable
{
    private readonly ServerHarness _harness = new();
    private readonly TestFeed _feed = new();

    public ServerPlayTests() => _harness.Host.DecidePlay = _ => new RtmpPlayDecision.Granted(_feed);

    public void Dispose() => _harness.Dispose();

    private static async Task PlayAsync(ScriptedRtmpPeer peer)
    {
        await peer.ConnectAsync();
        await peer.CallAsync("createStream");
        await peer.ReadCommandAsync("_result");
        await peer.SendAsync(RtmpCommand.Create("play", 3, "good?t=1", -2000.0).ToMessage(1));
    }

    private static async Task<RtmpControlMessage> ReadControlAsync(ScriptedRtmpPeer peer)
    {
        var message = await peer.ReadAsync();
        Assert.NotNull(message);
        return RtmpControlMessage.Read(message.Value.Type, message.Value.Body.Span);
    }

    [Fact]
    public async Task Play_Granted_IsAnsweredInOrderAndThenFed()
    {
        var (peer, _) = _harness.Open();
        await PlayAsync(peer);
        Assert.Equal(new RtmpControlMessage.StreamBegin(1), await ReadControlAsync(peer));
        Assert.Equal(RtmpStatusCodes.PlayReset, (await peer.ReadStatusAsync()).Code);
        Assert.Equal(RtmpStatusCodes.PlayStart, (await peer.ReadStatusAsync()).Code);
        var access = await peer.ReadAsync();
        Assert.Equal("|RtmpSampleAccess", RtmpDataMessage.Read(access!.Value).Name);

        _feed.Add(new RtmpMessage(RtmpMessageType.DataAmf0, 99, 0, Amf0Writer.ToArray("onMetaData")));
        _feed.Add(new RtmpMessage(RtmpMessageType.Video, 99, 0, new byte[100_000]));
        _feed.Add(new RtmpMessage(RtmpMessageType.Audio, 99, 23, new byte[] { 0xAF }));
        List<(RtmpMessageType, uint, uint, int)> got = [];
        while (got.Count < 3)
        {
            var message = (await peer.ReadAsync())!.Value;
            got.Add((message.Type, message.StreamId, message.Timestamp, message.Body.Length));
        }

        Assert.Equal([(RtmpMessageType.DataAmf0, 1u, 0u, 13), (RtmpMessageType.Video, 1u, 0u, 100_000), (RtmpMessageType.Audio, 1u, 23u, 1)], got);
        var request = Assert.Single(_harness.Host.PlayRequests);
        Assert.Equal(("live", "good", "t=1"), (request.App, request.StreamName, request.Query));
    }

    [Fact]
    public async Task Play_Refused_IsToldAndClosed()
    {
        _harness.Host.DecidePlay = _ => new RtmpPlayDecision.Refused(RtmpStatusCodes.PlayStreamNotFound, "No such stream.");
        var (peer, session) = _harness.Open();
        await PlayAsync(peer);
        Assert.Equal(RtmpStatusCodes.PlayStreamNotFound, (await peer.ReadStatusAsync()).Code);
        Assert.Equal(RtmpEndReason.PlayRefused, await _harness.AdvanceUntilDoneAsync(session));
    }

    [Fact]
    public async Task Play_FeedEnds_PlayerIsToldAndClosed()
    {
        var (peer, session) = _harness.Open();
        await PlayAsync(peer);
        _feed.Add(new RtmpMessage(RtmpMessageType.Audio, 0, 1, new byte[] { 0xAF }));
        _feed.End();
        var sawAudio = false;
        List<string> codes = [];
        while (await peer.ReadAsync() is { } message)
        {
            sawAudio |= message.Type == RtmpMessageType.Audio;
            if (message.Type == RtmpMessageType.CommandAmf0)
                codes.Add(RtmpStatus.Find(RtmpCommand.Read(message))!.Code);
        }

        Assert.True(sawAudio);
        Assert.Equal([RtmpStatusCodes.PlayReset, RtmpStatusCodes.PlayStart, RtmpStatusCodes.PlayUnpublishNotify, RtmpStatusCodes.PlayStop], codes);
        Assert.Equal(RtmpEndReason.PlayEnded, await session);
        Assert.Equal(1, _feed.Disposals);
        Assert.Equal(0, _harness.Counters["rtmp_errors_total:play_ended"]);
    }

    [Theory]
    [InlineData("deleteStream")]
    [InlineData("closeStream")]
    public async Task Play_StoppedByThePlayer_MayPlayAgain(string command)
    {
        var (peer, _) = _harness.Open();
        await PlayAsync(peer);
        await peer.ReadStatusAsync();
        await peer.CallAsync(command, null, 1.0);
        await Eventually.TrueAsync(() => _feed.Disposals == 1);
        var second = new TestFeed();
        _harness.Host.DecidePlay = _ => new RtmpPlayDecision.Granted(second);
        await peer.SendAsync(RtmpCommand.Create("play", 5, "good").ToMessage(1));
        second.Add(new RtmpMessage(RtmpMessageType.Audio, 0, 1, new byte[] { 0xAF }));
        while ((await peer.ReadAsync())!.Value.Type != RtmpMessageType.Audio)
        {
        }
    }

    [Fact]
    public async Task Player_IsPingedAndAnswered_LivesOn_ThenSilent_IsClosed()
    {
        var (peer, session) = _harness.Open();
        await PlayAsync(peer);
        while ((await peer.ReadAsync())!.Value.Type != RtmpMessageType.DataAmf0)
        {
        }

        for (var i = 0; i < 5; i++)
        {
            _harness.Time.Advance(TimeSpan.FromSeconds(31));
            var ping = Assert.IsType<RtmpControlMessage.PingRequest>(await ReadControlAsync(peer));
            await peer.SendAsync(new RtmpControlMessage.PingResponse(ping.Timestamp));
            // Its answer shows that the pong was read.
            await peer.CallAsync("getStreamLength");
            await peer.ReadCommandAsync("_result");
        }

        Assert.False(session.IsCompleted);
        Assert.Equal(RtmpEndReason.PlayerSilent, await _harness.AdvanceUntilDoneAsync(session));
        Assert.Equal(1, _feed.Disposals);
    }

    [Fact]
    public async Task PlayerThatNeverReads_IsAborted()
    {
        var isAborted = new TaskCompletionSource();
        var (peer, session) = _harness.Open(abort: isAborted.SetResult);
        await PlayAsync(peer);
        await peer.ReadStatusAsync();
        for (var i = 0u; i < 100; i++)
            _feed.Add(new RtmpMessage(RtmpMessageType.Video, 0, i, new byte[10_000]));
        Assert.Equal(RtmpEndReason.WriteTimeout, await _harness.AdvanceUntilDoneAsync(session));
        await isAborted.Task;
        Assert.Equal(1, _feed.Disposals);
        // What was taken off the feed is bounded by the pipe and one flush.
        Assert.InRange(_feed.Taken, 1, 30);
    }

    [Fact]
    public async Task Player_Closes_IsNoError()
    {
        var (peer, session) = _harness.Open();
        await PlayAsync(peer);
        await peer.ReadStatusAsync();
        await peer.CloseAsync();
        Assert.Equal(RtmpEndReason.PeerClosed, await session);
        Assert.Equal(1, _feed.Disposals);
    }

    [Fact]
    public async Task FaultyFeed_IsAnInternalError()
    {
        _feed.Fault(new InvalidOperationException("feed"));
        var (peer, session) = _harness.Open();
        await PlayAsync(peer);
        Assert.Equal(RtmpEndReason.InternalError, await session);
        Assert.Equal(1, _feed.Disposals);
    }

    [Fact]
    public async Task PublishWhilePlaying_IsRefused()
    {
        var (peer, session) = _harness.Open();
        await PlayAsync(peer);
        await peer.CallAsync("publish", null, "good", "live");
        Assert.Equal(RtmpEndReason.SecondStream, await _harness.AdvanceUntilDoneAsync(session));
        Assert.Empty(_harness.Host.PublishRequests);
    }

    private sealed class TestFeed : IRtmpPlayFeed
    {
        private readonly Channel<RtmpMessage> _messages = Channel.CreateBounded<RtmpMessage>(1000);
        private int _disposals;
        private int _taken;

        public int Disposals => Volatile.Read(ref _disposals);

        public int Taken => Volatile.Read(ref _taken);

        public void Add(RtmpMessage message) => Assert.True(_messages.Writer.TryWrite(message));

        public void End() => _messages.Writer.Complete();

        public void Fault(Exception exception) => _messages.Writer.Complete(exception);

        public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => _messages.Reader.WaitToReadAsync(cancellationToken);

        public bool TryRead(out RtmpMessage message)
        {
            if (!_messages.Reader.TryRead(out message))
                return false;
            Interlocked.Increment(ref _taken);
            return true;
        }

        public ValueTask DisposeAsync()
        {
            Interlocked.Increment(ref _disposals);
            return ValueTask.CompletedTask;
        }
    }
}
