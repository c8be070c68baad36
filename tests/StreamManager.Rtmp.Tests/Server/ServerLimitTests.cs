using System.Text;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;

namespace StreamManager.Rtmp.Tests.Server;

/// <summary>What bad, dead and hostile peers get: bounded, closed, and under a name.</summary>
public sealed class ServerLimitTests : IDisposable
{
    private readonly ServerHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n", RtmpEndReason.NotRtmpText)]
    [InlineData("\u0016\u0003\u0001\u0002\0\u0001", RtmpEndReason.NotRtmpTls)]
    [InlineData("\u0000\u0001\u0002", RtmpEndReason.HandshakeInvalid)]
    [InlineData("\u0006", RtmpEndReason.HandshakeInvalid)]
    public async Task ForeignProtocol_IsClosedAtItsFirstByte(string bytes, RtmpEndReason reason)
    {
        var (peer, session) = _harness.Open();
        await peer.SendRawAsync(Encoding.Latin1.GetBytes(bytes));
        Assert.Equal(reason, await session);
        Assert.Null(await peer.ReadAsync());
        Assert.Equal(1, _harness.Counters[$"rtmp_errors_total:{reason.Tag()}"]);
    }

    [Fact]
    public async Task HandshakeThatNeverEnds_TimesOut()
    {
        var (peer, session) = _harness.Open();
        await peer.SendRawAsync(new byte[] { 3, 0, 0 });
        _harness.Time.Advance(TimeSpan.FromSeconds(9));
        await peer.SendRawAsync(new byte[] { 0 });
        Assert.False(session.IsCompleted);
        Assert.Equal(RtmpEndReason.HandshakeTimeout, await _harness.AdvanceUntilDoneAsync(session));
    }

    [Fact]
    public async Task NoConnect_TimesOut()
    {
        var (peer, session) = _harness.Open();
        await peer.HandshakeAsync();
        Assert.Equal(RtmpEndReason.ConnectTimeout, await _harness.AdvanceUntilDoneAsync(session));
    }

    [Fact]
    public async Task ConnectWithoutPublish_TimesOutHoweverManyCommandsCome()
    {
        var (peer, session) = _harness.Open();
        await peer.ConnectAsync();
        _harness.Time.Advance(TimeSpan.FromSeconds(9));
        await peer.CallAsync("createStream");
        await peer.ReadCommandAsync("_result");
        _harness.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(RtmpEndReason.StreamTimeout, await session);
    }

    [Theory]
    [InlineData(RtmpMessageType.Audio)]
    [InlineData(RtmpMessageType.Video)]
    [InlineData(RtmpMessageType.DataAmf0)]
    [InlineData(RtmpMessageType.DataAmf3)]
    public async Task MediaBeforePublish_IsClosed(RtmpMessageType type)
    {
        foreach (var isConnected in (bool[])[false, true])
        {
            var (peer, session) = _harness.Open();
            if (isConnected)
                await peer.ConnectAsync();
            else
                await peer.HandshakeAsync();
            await peer.SendAsync(new RtmpMessage(type, 1, 0, new byte[10]));
            Assert.Equal(RtmpEndReason.MediaBeforePublish, await session);
        }

        Assert.Empty(_harness.Host.Sinks);
    }

    [Fact]
    public async Task MediaInAnAggregateBeforePublish_IsClosed()
    {
        var (peer, session) = _harness.Open();
        await peer.ConnectAsync();
        byte[] part = [8, 0, 0, 1, 0, 0, 10, 0, 0, 0, 0, 0xAF, 0, 0, 0, 12];
        await peer.SendAsync(new RtmpMessage(RtmpMessageType.Aggregate, 1, 0, part));
        Assert.Equal(RtmpEndReason.MediaBeforePublish, await session);
    }

    [Fact]
    public async Task WrongKey_IsToldAndClosedAfterTheDelay()
    {
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("wrong?token=x");
        var status = await peer.ReadStatusAsync();
        Assert.Equal(("error", RtmpStatusCodes.PublishBadName), (status.Level, status.Code));
        // OBS goes on sending meanwhile; it reaches nobody.
        await peer.SendAsync(new RtmpMessage(RtmpMessageType.Video, 1, 0, new byte[5000]));
        _harness.Time.Advance(TimeSpan.FromMilliseconds(750));
        Assert.False(session.IsCompleted);
        _harness.Time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(RtmpEndReason.PublishRefused, await session);
        Assert.Empty(_harness.Host.Sinks);
    }

    [Fact]
    public async Task WrongKeys_FromOneAddress_AreAnsweredEverLater()
    {
        for (var i = 0; i < RefusalThrottle.FreeFailures; i++)
        {
            var (guesser, ended) = _harness.Open("203.0.113.5");
            await guesser.PublishAsync("guess");
            await guesser.ReadStatusAsync();
            await _harness.AdvanceUntilDoneAsync(ended);
        }

        var (peer, _) = _harness.Open("203.0.113.5");
        await peer.PublishAsync("guess");
        await Eventually.TrueAsync(() => _harness.Host.PublishRequests.Count == RefusalThrottle.FreeFailures + 1);
        var answer = peer.ReadStatusAsync();
        // The tick's timer and the delay's.
        await Eventually.TrueAsync(() => _harness.Time.ActiveTimers == 2);
        _harness.Time.Advance(RefusalThrottle.FirstDelay - TimeSpan.FromMilliseconds(1));
        Assert.False(answer.IsCompleted);
        _harness.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(RtmpStatusCodes.PublishBadName, (await answer).Code);

        // Who knows the key does not wait, nor does another address.
        var (owner, _) = _harness.Open("203.0.113.5");
        await owner.PublishAsync("good");
        Assert.Equal(RtmpStatusCodes.PublishStart, (await owner.ReadStatusAsync()).Code);
        var (other, _) = _harness.Open("203.0.113.6");
        await other.PublishAsync("guess");
        Assert.Equal(RtmpStatusCodes.PublishBadName, (await other.ReadStatusAsync()).Code);
    }

    [Fact]
    public async Task BusyKey_IsRefusedWithItsReasonAndNotCountedAsAGuess()
    {
        _harness.Host.DecidePublish = _ => new RtmpPublishDecision.Refused(RtmpStatusCodes.PublishBadName, "The key is in use.") { KeyWasGood = true };
        for (var i = 0; i < 10; i++)
        {
            var (peer, session) = _harness.Open();
            await peer.PublishAsync("good");
            Assert.Equal("The key is in use.", (await peer.ReadStatusAsync()).Description);
            await _harness.AdvanceUntilDoneAsync(session);
        }

        Assert.Equal(0, _harness.Server.Refusals.Count);
    }

    [Fact]
    public async Task SecondPublish_OnOneConnection_IsRefusedAndEndsTheFirst()
    {
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        await peer.CreateStreamAndPublishAsync("good");
        Assert.Equal("error", (await peer.ReadStatusAsync()).Level);
        Assert.Equal(RtmpEndReason.SecondStream, await _harness.AdvanceUntilDoneAsync(session));
        Assert.Equal([RtmpPublishEnd.Broken], Assert.Single(_harness.Host.Sinks).Ends);
    }

    [Fact]
    public async Task ManyCreateStreams_AreEnded()
    {
        using var harness = new ServerHarness(new RtmpServerLimits { MaxCreatedStreams = 4 });
        var (peer, session) = harness.Open();
        await peer.ConnectAsync();
        for (var i = 0; i < 5; i++)
            await peer.CallAsync("createStream");
        Assert.Equal(RtmpEndReason.TooManyStreams, await session);
    }

    [Fact]
    public async Task ManyCommands_AreEnded()
    {
        var (peer, session) = _harness.Open();
        await peer.ConnectAsync();
        var commands = Task.Run(
            async () =>
            {
                for (var i = 0; i < 100; i++)
                    await peer.CallAsync("_checkbw");
            },
            TestContext.Current.CancellationToken);
        Assert.Equal(RtmpEndReason.TooManyCommands, await session);
        await commands;
    }

    [Theory]
    [InlineData("createStream")]
    [InlineData("publish")]
    [InlineData("play")]
    [InlineData("_checkbw")]
    public async Task CommandBeforeConnect_IsClosed(string name)
    {
        var (peer, session) = _harness.Open();
        await peer.HandshakeAsync();
        await peer.CallAsync(name, null, "good");
        Assert.Equal(RtmpEndReason.CommandOutOfOrder, await session);
        Assert.Empty(_harness.Host.PublishRequests);
    }

    [Fact]
    public async Task ConnectTwice_IsClosed()
    {
        var (peer, session) = _harness.Open();
        await peer.ConnectAsync();
        await peer.CallAsync("connect", new AmfValue.Object([new("app", "live")]));
        Assert.Equal(RtmpEndReason.CommandOutOfOrder, await session);
    }

    [Fact]
    public async Task Connect_ThatTheHostRefuses_IsToldItsWordsAndClosed_AndTheHostHearsNoMoreOfIt()
    {
        _harness.Host.DecideConnect = (request, _) => ValueTask.FromResult<string?>($"Not you, {request.RemoteAddress}, in {request.App}.");
        var (peer, session) = _harness.Open();
        await peer.HandshakeAsync();
        await peer.CallAsync("connect", new AmfValue.Object([new("app", "live?token=secret")]));
        var status = RtmpStatus.Find(await peer.ReadCommandAsync("_error"))!;
        Assert.Equal((RtmpStatusCodes.ConnectRejected, "Not you, 192.0.2.1, in live."), (status.Code, status.Description));
        Assert.Equal(RtmpEndReason.ConnectRefused, await _harness.AdvanceUntilDoneAsync(session));
        Assert.Empty(_harness.Host.ClosedConnections);
    }

    [Fact]
    public async Task Connection_ThatWasAllowed_IsClosedForTheHostOnceAndLast()
    {
        var (peer, session) = _harness.Open();
        await peer.ConnectAsync();
        Assert.Empty(_harness.Host.ClosedConnections);
        await peer.CloseAsync();
        await session;
        Assert.Equal("c1", Assert.Single(_harness.Host.ClosedConnections));
    }

    [Fact]
    public async Task Connect_WhileTheHostThinks_IsNotTimedOut_AndAStopEndsIt()
    {
        var asked = new TaskCompletionSource();
        _harness.Host.DecideConnect = async (_, cancellationToken) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return null;
        };
        var (peer, session) = _harness.Open();
        await peer.HandshakeAsync();
        await peer.CallAsync("connect", new AmfValue.Object([new("app", "live")]));
        await asked.Task;
        _harness.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(session.IsCompleted);
        _harness.Server.Stop();
        Assert.Equal(RtmpEndReason.Shutdown, await session);
    }

    [Fact]
    public async Task OversizedApp_IsRefused()
    {
        var (peer, session) = _harness.Open();
        await peer.HandshakeAsync();
        await peer.CallAsync("connect", new AmfValue.Object([new("app", new string('a', 3000))]));
        Assert.Equal(RtmpStatusCodes.ConnectRejected, RtmpStatus.Find(await peer.ReadCommandAsync("_error"))!.Code);
        Assert.Equal(RtmpEndReason.NameTooLong, await _harness.AdvanceUntilDoneAsync(session));
    }

    [Theory]
    [InlineData("publish")]
    [InlineData("play")]
    public async Task OversizedName_IsRefused(string command)
    {
        var (peer, session) = _harness.Open();
        await peer.ConnectAsync();
        await peer.CallAsync(command, null, new string('n', 3000));
        Assert.Equal("error", (await peer.ReadStatusAsync()).Level);
        Assert.Equal(RtmpEndReason.NameTooLong, await _harness.AdvanceUntilDoneAsync(session));
        Assert.Empty(_harness.Host.PublishRequests);
    }

    [Fact]
    public async Task MalformedCommands_AreSkippedButCounted()
    {
        var (peer, session) = _harness.Open();
        await peer.ConnectAsync();
        await peer.SendAsync(new RtmpMessage(RtmpMessageType.CommandAmf0, 0, 0, new byte[] { 2, 0xFF, 0xFF }));
        await peer.CallAsync("createStream");
        await peer.ReadCommandAsync("_result");
        for (var i = 0; i < 100 && !session.IsCompleted; i++)
            await peer.SendAsync(new RtmpMessage(RtmpMessageType.CommandAmf0, 0, 0, Array.Empty<byte>()));
        Assert.Equal(RtmpEndReason.TooManyCommands, await session);
    }

    [Fact]
    public async Task BrokenChunkStream_IsAProtocolErrorAndEndsThePublish()
    {
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        await peer.SendRawAsync(new byte[] { 0xFF });
        Assert.Equal(RtmpEndReason.ProtocolError, await session);
        Assert.Equal([RtmpPublishEnd.Broken], Assert.Single(_harness.Host.Sinks).Ends);
    }

    [Fact]
    public async Task HalfSentMessages_BeforePublish_AreFewAndTakeNothingFromPublishers()
    {
        var (peer, session) = _harness.Open();
        await peer.ConnectAsync();
        await peer.SendAsync(new RtmpControlMessage.SetChunkSize(16 * 1024));
        for (var stream = 10; stream < 20; stream++)
        {
            // 16 KB of a command of 32 KB, on each of ten chunk streams.
            await peer.SendRawAsync(new byte[] { (byte)stream, 0, 0, 0, 0, 0x80, 0, 20, 0, 0, 0, 0 });
            await peer.SendRawAsync(new byte[16 * 1024]);
            Assert.Equal(0, _harness.Server.PartialBytes.Reserved);
        }

        Assert.Equal(RtmpEndReason.ProtocolError, await session);
        Assert.Equal(0, _harness.Server.StrangersPartialBytes.Reserved);
    }

    [Fact]
    public async Task HalfSentMessages_GiveTheirMemoryBackAtTheEnd()
    {
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        // 200,000 bytes declared, 128 sent.
        await peer.SendRawAsync((byte[])[0x06, 0, 0, 0, 0x03, 0x0D, 0x40, 9, 1, 0, 0, 0, .. new byte[128]]);
        await Eventually.TrueAsync(() => _harness.Server.PartialBytes.Reserved > 0);
        await peer.CloseAsync();
        await session;
        Assert.Equal(0, _harness.Server.PartialBytes.Reserved);
    }

    [Fact]
    public async Task HalfOpenPublisher_IsGivenUp()
    {
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        _harness.Time.Advance(TimeSpan.FromSeconds(55));
        await peer.SendAsync(new RtmpMessage(RtmpMessageType.Audio, 1, 0, new byte[] { 0xAF }));
        await Eventually.TrueAsync(() => _harness.Host.Sinks.Single().Messages.Count == 1);
        _harness.Time.Advance(TimeSpan.FromSeconds(55));
        Assert.False(session.IsCompleted);
        Assert.Equal(RtmpEndReason.PublisherIdle, await _harness.AdvanceUntilDoneAsync(session));
        Assert.Equal([RtmpPublishEnd.Broken], Assert.Single(_harness.Host.Sinks).Ends);
    }

    [Fact]
    public async Task Publisher_IsNeverPinged()
    {
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        for (var i = 0u; i < 10; i++)
        {
            _harness.Time.Advance(TimeSpan.FromSeconds(40));
            await peer.SendAsync(new RtmpMessage(RtmpMessageType.Audio, 1, i, new byte[] { 0xAF }));
            await Eventually.TrueAsync(() => _harness.Host.Sinks.Single().Messages.Count == i + 1);
        }

        await peer.CloseAsync();
        Assert.Equal(RtmpEndReason.PeerClosed, await session);
        Assert.Null(await peer.ReadAsync());
    }

    [Fact]
    public async Task PeerThatNeverReads_IsAborted()
    {
        var isAborted = new TaskCompletionSource();
        var (peer, session) = _harness.Open(abort: isAborted.SetResult);
        await peer.PublishAsync("good");
        var pings = Task.Run(
            async () =>
            {
                for (var i = 0u; i < 20_000 && !session.IsCompleted; i++)
                    await peer.SendAsync(new RtmpControlMessage.PingRequest(i));
            },
            TestContext.Current.CancellationToken);
        Assert.Equal(RtmpEndReason.WriteTimeout, await _harness.AdvanceUntilDoneAsync(session));
        await isAborted.Task;
        await pings;
    }

    [Fact]
    public async Task Kick_EndsAsKickedOnce()
    {
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        var request = Assert.Single(_harness.Host.PublishRequests);
        request.Kick("test");
        request.Kick("test");
        Assert.Equal(RtmpEndReason.Kicked, await session);
        Assert.Equal([RtmpPublishEnd.Kicked], Assert.Single(_harness.Host.Sinks).Ends);
        request.Kick("long after");
    }

    [Fact]
    public async Task Stop_EndsAllAndTakesNoMore()
    {
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        _harness.Server.Stop();
        Assert.Equal(RtmpEndReason.Shutdown, await session);
        Assert.Equal([RtmpPublishEnd.Kicked], Assert.Single(_harness.Host.Sinks).Ends);
        Assert.Equal(RtmpEndReason.Shutdown, await _harness.Open().Session);
        Assert.Equal(0, _harness.Server.SessionCount);
    }

    [Fact]
    public async Task FaultyHost_IsAnInternalErrorAndNobodyElses()
    {
        _harness.Host.DecidePublish = request => request.StreamName == "boom" ? throw new IOException("the host's disk") : _harness.Host.Grant();
        var (good, _) = _harness.Open();
        await good.PublishAsync("good");
        await good.ReadStatusAsync();
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("boom");
        Assert.Equal(RtmpEndReason.InternalError, await session);
        await good.SendAsync(new RtmpMessage(RtmpMessageType.Audio, 1, 0, new byte[] { 0xAF }));
        await Eventually.TrueAsync(() => _harness.Host.Sinks.Single().Messages.Count == 1);
    }

    [Fact]
    public async Task FaultySink_IsAnInternalErrorAndStillEndedOnce()
    {
        _harness.Host.NewSink = () => new FaultySink();
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        await peer.SendAsync(new RtmpMessage(RtmpMessageType.Audio, 1, 0, new byte[] { 0xAF }));
        Assert.Equal(RtmpEndReason.InternalError, await session);
        Assert.Equal([RtmpPublishEnd.Broken], Assert.Single(_harness.Host.Sinks).Ends);
    }

    private sealed class FaultySink : TestSink
    {
        public override ValueTask WriteAsync(RtmpMessage message, CancellationToken cancellationToken) => throw new OperationCanceledException("not ours");
    }
}
