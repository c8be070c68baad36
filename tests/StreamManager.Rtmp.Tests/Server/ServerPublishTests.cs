using StreamManager.Media.Amf;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.Rtmp.Tests.Server;

public sealed class ServerPublishTests : IDisposable
{
    private readonly ServerHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    private static RtmpMessage Video(uint time, params byte[] body) => new(RtmpMessageType.Video, 1, time, body);

    private static RtmpMessage Audio(uint time, params byte[] body) => new(RtmpMessageType.Audio, 1, time, body);

    [Fact]
    public async Task Connect_AnsweredInOrder_ChunkSizeBeforeTheResult()
    {
        var (peer, _) = _harness.Open();
        await peer.HandshakeAsync();
        await peer.CallAsync("connect", new AmfValue.Object([new("app", "live"), new("tcUrl", "rtmp://h/live")]));

        List<RtmpMessageType> types = [];
        while (true)
        {
            var message = await peer.ReadAsync();
            Assert.NotNull(message);
            types.Add(message.Value.Type);
            if (message.Value.Type != RtmpMessageType.CommandAmf0)
                continue;
            var result = RtmpCommand.Read(message.Value);
            Assert.Equal(("_result", 1.0), (result.Name, result.TransactionId));
            Assert.Equal(31, result.CommandObject.FindNumber("capabilities"));
            Assert.StartsWith("FMS/", result.CommandObject.FindString("fmsVer"), StringComparison.Ordinal);
            Assert.Equal(RtmpStatusCodes.ConnectSuccess, result.Argument(0).FindString("code"));
            Assert.Equal(0, result.Argument(0).FindNumber("objectEncoding"));
            break;
        }

        Assert.Equal(
            [RtmpMessageType.WindowAcknowledgementSize, RtmpMessageType.SetPeerBandwidth, RtmpMessageType.SetChunkSize, RtmpMessageType.UserControl, RtmpMessageType.CommandAmf0], types);
        Assert.Equal(60_000, peer.PeerChunkSize);
    }

    [Fact]
    public async Task Publish_Granted_MediaReachesTheSinkUnchanged()
    {
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("good");
        var begin = await peer.ReadAsync();
        Assert.Equal(new RtmpControlMessage.StreamBegin(1), RtmpControlMessage.Read(begin!.Value.Type, begin.Value.Body.Span));
        Assert.Equal(RtmpStatusCodes.PublishStart, (await peer.ReadStatusAsync()).Code);

        var metadata = new RtmpDataMessage("@setDataFrame", ["onMetaData", new AmfValue.EcmaArray([new("width", 160.0)])]).ToMessage(1, 0);
        await peer.SendAsync(metadata);
        await peer.SendAsync(Video(0, 0x17, 0, 0, 0, 0));
        await peer.SendAsync(Audio(0));
        await peer.SendAsync(Video(40, [.. Enumerable.Repeat((byte)7, 1000)]));
        await peer.CloseAsync();
        Assert.Equal(RtmpEndReason.PeerClosed, await session);

        var sink = Assert.Single(_harness.Host.Sinks);
        Assert.Equal([RtmpMessageType.DataAmf0, RtmpMessageType.Video, RtmpMessageType.Audio, RtmpMessageType.Video], sink.Messages.Select(m => m.Type));
        Assert.Equal(metadata.Body.ToArray(), sink.Messages.First().Body.ToArray());
        Assert.Equal([0u, 0u, 0u, 40u], sink.Messages.Select(m => m.Timestamp));
        Assert.Equal([RtmpPublishEnd.Broken], sink.Ends);
    }

    [Fact]
    public async Task Publish_RequestCarriesNamesWithoutQueries()
    {
        var (peer, _) = _harness.Open("198.51.100.7");
        await peer.PublishAsync("good?token=a%20b&x=1", "live/inst?user=u&pass=p");
        await peer.ReadStatusAsync();
        var request = Assert.Single(_harness.Host.PublishRequests);
        Assert.Equal(("live/inst", "good", "token=a%20b&x=1&user=u&pass=p"), (request.App, request.StreamName, request.Query));
        Assert.Equal(("198.51.100.7", "FMLE/3.0 (compatible; Scripted)"), (request.RemoteAddress, request.FlashVersion));
    }

    [Theory]
    [InlineData("tcUrl", "rtmp://h/fromurl?a=b", "fromurl", "a=b")]
    [InlineData("tcurl", "'rtmp://h/fromurl'", "fromurl", "")]
    [InlineData("other", "", "", "")]
    public async Task Connect_WithoutApp_TakesItFromTheUrl(string name, string url, string app, string query)
    {
        var (peer, _) = _harness.Open();
        await peer.HandshakeAsync();
        await peer.CallAsync("connect", new AmfValue.Object([new(name, url)]));
        await peer.ReadCommandAsync("_result");
        await peer.CreateStreamAndPublishAsync("good");
        await peer.ReadStatusAsync();
        var request = Assert.Single(_harness.Host.PublishRequests);
        Assert.Equal((app, query), (request.App, request.Query));
    }

    [Fact]
    public async Task Publish_WithoutTypeAndInAmf3Envelope_IsGranted()
    {
        var (peer, _) = _harness.Open();
        await peer.ConnectAsync();
        await peer.CallAsync("createStream");
        await peer.ReadCommandAsync("_result");
        var body = RtmpCommand.Create("publish", 0, "good").ToMessage(1).Body;
        await peer.SendAsync(new RtmpMessage(RtmpMessageType.CommandAmf3, 1, 0, (byte[])[0, .. body.Span]));
        Assert.Equal(RtmpStatusCodes.PublishStart, (await peer.ReadStatusAsync()).Code);
    }

    [Fact]
    public async Task FCPublish_BeforePublish_IsAnsweredWithItsTransaction()
    {
        var (peer, _) = _harness.Open();
        await peer.ConnectAsync();
        await peer.CallAsync("releaseStream", null, "good");
        await peer.CallAsync("FCPublish", null, "good");
        Assert.Equal((2.0, AmfValue.UndefinedValue), await ResultAsync(peer));
        Assert.Equal((3.0, AmfValue.UndefinedValue), await ResultAsync(peer));
        await peer.CreateStreamAndPublishAsync("good");
        var onFcPublish = await peer.ReadCommandAsync("onFCPublish");
        Assert.Equal(3, onFcPublish.TransactionId);
        Assert.Equal(RtmpStatusCodes.PublishStart, RtmpStatus.Find(onFcPublish)!.Code);
        Assert.Equal(RtmpStatusCodes.PublishStart, (await peer.ReadStatusAsync()).Code);
    }

    [Theory]
    [InlineData("_checkbw")]
    [InlineData("getStreamLength")]
    [InlineData("somethingElse")]
    public async Task UnknownCommand_WithTransaction_IsAnsweredUndefined(string name)
    {
        var (peer, _) = _harness.Open();
        await peer.ConnectAsync();
        await peer.CallAsync(name);
        Assert.Equal((2.0, AmfValue.UndefinedValue), await ResultAsync(peer));
    }

    private static async Task<(double, AmfValue?)> ResultAsync(ScriptedRtmpPeer peer)
    {
        var result = await peer.ReadCommandAsync("_result");
        return (result.TransactionId, result.Argument(0));
    }

    [Theory]
    [InlineData("FCUnpublish")]
    [InlineData("deleteStream")]
    [InlineData("closeStream")]
    public async Task Unpublish_ByAnyCommand_EndsCleanOnce(string command)
    {
        var (peer, session) = _harness.Open();
        await peer.PublishAsync("good");
        Assert.Equal(RtmpStatusCodes.PublishStart, (await peer.ReadStatusAsync()).Code);
        await peer.CallAsync(command, null, command == "deleteStream" ? 1.0 : "good");
        Assert.Equal(RtmpStatusCodes.UnpublishSuccess, (await peer.ReadStatusAsync()).Code);
        // What was on its way does no harm, and reaches nobody.
        await peer.SendAsync(Video(0, 1));
        await peer.CallAsync("deleteStream", null, 1.0);
        await peer.CloseAsync();
        Assert.Equal(RtmpEndReason.PeerClosed, await session);
        var sink = Assert.Single(_harness.Host.Sinks);
        Assert.Empty(sink.Messages);
        Assert.Equal([RtmpPublishEnd.Clean], sink.Ends);
    }

    [Fact]
    public async Task Publish_AgainAfterUnpublish_IsANewPublish()
    {
        var (peer, _) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        await peer.CallAsync("FCUnpublish", null, "good");
        await peer.CallAsync("deleteStream", null, 1.0);
        await peer.ReadCommandAsync("_result");
        await peer.ReadCommandAsync("_result");
        await peer.CreateStreamAndPublishAsync("good");
        Assert.Equal(RtmpStatusCodes.PublishStart, (await peer.ReadStatusAsync()).Code);
        await peer.SendAsync(Audio(5, 0xAF, 1));
        await Eventually.TrueAsync(() => _harness.Host.Sinks.Count == 2 && _harness.Host.Sinks.Last().Messages.Count == 1);
        Assert.Empty(_harness.Host.Sinks.Last().Ends);
    }

    [Fact]
    public async Task Aggregate_IsTakenApart()
    {
        var (peer, _) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        byte[] parts = [8, 0, 0, 1, 0, 0, 10, 0, 0, 0, 0, 0xAF, 0, 0, 0, 12, 9, 0, 0, 1, 0, 0, 20, 0, 0, 0, 0, 0x17, 0, 0, 0, 12];
        await peer.SendAsync(new RtmpMessage(RtmpMessageType.Aggregate, 1, 1000, parts));
        var sink = Assert.Single(_harness.Host.Sinks);
        await Eventually.TrueAsync(() => sink.Messages.Count == 2);
        Assert.Equal([(RtmpMessageType.Audio, 1000u), (RtmpMessageType.Video, 1010u)], sink.Messages.Select(m => (m.Type, m.Timestamp)));
    }

    [Fact]
    public async Task Acknowledgement_PeerSetAWindow_IsSentPerWindow()
    {
        var (peer, _) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        await peer.SendAsync(new RtmpControlMessage.WindowAcknowledgementSize(10_000));
        await peer.SendAsync(Video(0, new byte[20_000]));
        var message = await peer.ReadAsync();
        var acknowledgement = Assert.IsType<RtmpControlMessage.Acknowledgement>(RtmpControlMessage.Read(message!.Value.Type, message.Value.Body.Span));
        Assert.True(acknowledgement.SequenceNumber > 10_000);
    }

    [Fact]
    public async Task PingRequest_OfAPeer_IsAnswered()
    {
        var (peer, _) = _harness.Open();
        await peer.ConnectAsync();
        await peer.SendAsync(new RtmpControlMessage.PingRequest(77));
        var message = await peer.ReadAsync();
        Assert.Equal(new RtmpControlMessage.PingResponse(77), RtmpControlMessage.Read(message!.Value.Type, message.Value.Body.Span));
    }

    [Fact]
    public async Task SlowSink_HoldsThePeerBack()
    {
        var gate = new TaskCompletionSource();
        var sink = new GatedSink(gate.Task);
        _harness.Host.NewSink = () => sink;
        var (peer, _) = _harness.Open();
        await peer.PublishAsync("good");
        await peer.ReadStatusAsync();
        peer.ChunkSize = 65536;
        await peer.SendAsync(new RtmpControlMessage.SetChunkSize(65536));
        var flood = Task.Run(async () =>
        {
            for (var i = 0u; i < 40; i++)
                await peer.SendAsync(Video(i, new byte[60_000]));
        }, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => sink.Entered == 1);
        // While nothing is read the pipe is full after a few messages, and however long that lasts the peer is not taken for dead.
        _harness.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(flood.IsCompleted);
        Assert.Equal(1, sink.Entered);
        gate.SetResult();
        await flood;
        await Eventually.TrueAsync(() => sink.Messages.Count == 40);
    }

    [Fact]
    public async Task Counters_OneGoodAndOneRefusedPublish_AreCounted()
    {
        var (good, goodSession) = _harness.Open();
        await good.PublishAsync("good");
        await good.ReadStatusAsync();
        await good.CloseAsync();
        await goodSession;
        var (bad, badSession) = _harness.Open();
        await bad.PublishAsync("wrong");
        await bad.ReadStatusAsync();
        await _harness.AdvanceUntilDoneAsync(badSession);
        var (silent, silentSession) = _harness.Open();
        await silent.CloseAsync();
        await silentSession;

        var counters = _harness.Counters;
        Assert.Equal(3, counters["rtmp_connections_total"]);
        Assert.Equal((2, 1), (counters["rtmp_connection_attempts_total:accepted"], counters["rtmp_connection_attempts_total:failed"]));
        Assert.Equal((1, 1), (counters["rtmp_publish_attempts_total:granted"], counters["rtmp_publish_attempts_total:refused"]));
        Assert.Equal((1, 1), (counters["rtmp_errors_total:publish_refused"], counters["rtmp_errors_total:handshake_invalid"]));
        Assert.True(counters["rtmp_bandwidth_bytes:in"] > 6000);
        Assert.True(counters["rtmp_bandwidth_bytes:out"] > 6000);
    }

    private sealed class GatedSink(Task gate) : TestSink
    {
        private int _entered;

        public int Entered => Volatile.Read(ref _entered);

        public override async ValueTask WriteAsync(RtmpMessage message, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _entered);
            await gate.WaitAsync(cancellationToken);
            await base.WriteAsync(message, cancellationToken);
        }
    }
}
