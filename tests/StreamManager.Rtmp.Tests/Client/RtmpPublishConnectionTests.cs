using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Client;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;
using StreamManager.TestKit.Rtmp;
using static StreamManager.TestKit.Rtmp.ScriptedRtmpServer;

namespace StreamManager.Rtmp.Tests.Client;

public sealed class RtmpPublishConnectionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<IRtmpPublishConnection> ConnectAsync(int port, TestCertificateAuthority? authority = null)
    {
        Assert.True(RtmpDestinationUrl.TryParse($"{(authority is null ? "rtmp" : "rtmps")}://localhost:{port}/live", "thekey", out var destination, out _));
        var options = new RtmpPublishOptions { Destination = destination, ExtraTrustedRoots = authority is null ? null : [authority.Certificate] };
        var result = await RtmpPublisher.ConnectAsync(options, TimeProvider.System, NullLogger.Instance, Cancel);
        return result is RtmpPublishResult.Connected connected ? connected.Connection : throw new InvalidOperationException($"{((RtmpPublishResult.Failed)result).Failure}");
    }

    private static async Task GrantAsync(ScriptedRtmpPeer peer)
    {
        await GrantUntilPublishAsync(peer);
        await GrantPublishAsync(peer);
    }

    private static byte[] Wire(IRtmpPublishConnection connection, uint time, int size)
    {
        var output = new ArrayBufferWriter<byte>(size + 64);
        ChunkWriter.WriteAbsoluteMessage(
            output, RtmpChunkStreamIds.Video, time, connection.MessageStreamId, RtmpMessageType.Video, new byte[size], connection.OutgoingChunkSize);
        return output.WrittenSpan.ToArray();
    }

    [Fact]
    public async Task Send_DirectAndWaiting_ArriveInOrder()
    {
        var got = new TaskCompletionSource<List<uint>>();
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantAsync(peer);
            List<uint> times = [];
            while (times.Count < 4)
            {
                if (await peer.ReadAsync() is { Type: RtmpMessageType.Video } message)
                    times.Add(message.Timestamp);
            }

            got.SetResult(times);
            await peer.ReadToEndAsync();
        });
        await using var connection = await ConnectAsync(server.Port);
        for (var i = 0u; i < 4; i++)
        {
            var wire = Wire(connection, i, 70_000);
            var sent = i % 2 == 0 ? connection.TrySend(wire) : 0;
            if (sent < wire.Length)
                Assert.True(await connection.SendAsync(wire.AsMemory(sent), Cancel));
        }

        Assert.Equal([0u, 1u, 2u, 3u], await got.Task);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pings_WhileMediaFlowsInPieces_AreAnsweredAtBoundariesOnly(bool tls)
    {
        const int count = 200;
        using var authority = new TestCertificateAuthority();
        var pongs = new TaskCompletionSource<int>();
        await using var server = new ScriptedRtmpServer(
            async (peer, _) =>
            {
                await GrantAsync(peer);
                var pinging = Task.Run(
                    async () =>
                    {
                        for (var i = 0u; i < count; i++)
                        {
                            await peer.SendAsync(new RtmpControlMessage.PingRequest(i));
                            await Task.Yield();
                        }
                    },
                    Cancel);
                var (videos, answered) = (0u, 0);
                while (videos < count)
                {
                    // An answer inside of a message would be a broken chunk stream here.
                    var message = (await peer.ReadAsync())!.Value;
                    if (message.Type == RtmpMessageType.Video)
                        Assert.Equal((videos++, 150_000), (message.Timestamp, message.Body.Length));
                    else if (message.Type == RtmpMessageType.UserControl)
                        answered++;
                }

                await pinging;
                pongs.SetResult(answered);
                await peer.ReadToEndAsync();
            },
            tls ? authority.IssueServer("localhost").ToX509() : null);
        await using var connection = await ConnectAsync(server.Port, tls ? authority : null);
        for (var i = 0u; i < count; i++)
        {
            var wire = Wire(connection, i, 150_000);
            var sent = tls ? 0 : connection.TrySend(wire);
            Assert.NotEqual(-1, sent);
            if (sent < wire.Length)
                Assert.True(await connection.SendAsync(wire.AsMemory(sent), Cancel));
        }

        Assert.True(await pongs.Task > 0);
    }

    [Fact]
    public async Task Ping_AfterASendThatTookAPart_IsAnsweredAfterTheRest()
    {
        var (mayPing, mayRead, got) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource<List<RtmpMessage>>());
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantAsync(peer);
            await mayPing.Task;
            await peer.SendAsync(new RtmpControlMessage.PingRequest(5));
            await mayRead.Task;
            got.SetResult([(await peer.ReadAsync())!.Value, (await peer.ReadAsync())!.Value]);
            await peer.ReadToEndAsync();
        });
        await using var connection = await ConnectAsync(server.Port);
        // More than both sockets' buffers hold together.
        var wire = Wire(connection, 0, 9_000_000);
        var sent = connection.TrySend(wire);
        Assert.InRange(sent, 1, wire.Length - 1);
        mayPing.SetResult();
        await Eventually.TrueAsync(() => ((RtmpPublishConnection)connection).HasQueuedControl);
        mayRead.SetResult();
        Assert.True(await connection.SendAsync(wire.AsMemory(sent), Cancel));
        // The answer goes with the next send.
        Assert.True(await connection.SendAsync(ReadOnlyMemory<byte>.Empty, Cancel));

        var messages = await got.Task.WaitAsync(Eventually.DefaultTimeout, Cancel);
        Assert.Equal([RtmpMessageType.Video, RtmpMessageType.UserControl], messages.Select(message => message.Type));
        Assert.Equal(9_000_000, messages[0].Body.Length);
        Assert.Equal(-1, messages[0].Body.Span.IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task Ping_WithoutMedia_IsAnswered()
    {
        var answered = new TaskCompletionSource();
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantAsync(peer);
            await peer.SendAsync(new RtmpControlMessage.PingRequest(9));
            var message = (await peer.ReadAsync())!.Value;
            Assert.Equal(new RtmpControlMessage.PingResponse(9), RtmpControlMessage.Read(message.Type, message.Body.Span));
            answered.SetResult();
            await peer.ReadToEndAsync();
        });
        await using var connection = await ConnectAsync(server.Port);
        await answered.Task.WaitAsync(Eventually.DefaultTimeout, Cancel);
    }

    [Fact]
    public async Task Window_SetByTheServer_IsAcknowledged()
    {
        var acknowledged = new TaskCompletionSource<uint>();
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantAsync(peer);
            await peer.SendAsync(new RtmpControlMessage.WindowAcknowledgementSize(1000));
            for (var i = 0; i < 100; i++)
                await peer.SendAsync(RtmpCommand.Create("onBWCheck", 0, "0123456789").ToMessage());
            while (await peer.ReadAsync() is { } message)
            {
                if (RtmpControlMessage.Read(message.Type, message.Body.Span) is RtmpControlMessage.Acknowledgement acknowledgement)
                    acknowledged.TrySetResult(acknowledgement.SequenceNumber);
            }
        });
        await using var connection = await ConnectAsync(server.Port);
        Assert.True(await acknowledged.Task.WaitAsync(Eventually.DefaultTimeout, Cancel) > 3000);
    }

    [Fact]
    public async Task ServerDoesNotRead_TrySendFillsUpAndStatisticsShowIt()
    {
        var mayRead = new TaskCompletionSource();
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantAsync(peer);
            await mayRead.Task;
            await peer.ReadToEndAsync();
        });
        await using var connection = await ConnectAsync(server.Port);
        var wire = Wire(connection, 0, 200_000);
        var (total, sent) = (0L, 0);
        while ((sent = connection.TrySend(wire)) == wire.Length)
            total += sent;
        total += sent;
        Assert.InRange(sent, 0, wire.Length - 1);
        var before = connection.GetStatistics();
        Assert.True(before.BytesSent >= total && before.UnacknowledgedBytes > 100_000, $"{before}");
        // Beside what the peer's window took: the kernel must not swallow a minute of a small stream before we notice.
        Assert.InRange(before.UnacknowledgedBytes, 0, RtmpTransport.MaxUnsentBytes + 200_000);

        var rest = sent > 0 ? connection.SendAsync(wire.AsMemory(sent), Cancel) : ValueTask.FromResult(true);
        mayRead.SetResult();
        Assert.True(await rest);
        await Eventually.TrueAsync(() => connection.GetStatistics() is { UnacknowledgedBytes: 0, RoundTrip.Ticks: > 0 });
    }

    [Fact]
    public async Task TrySend_AfterAPart_DemandsTheRestFirst()
    {
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantAsync(peer);
            await Task.Delay(Timeout.InfiniteTimeSpan, Cancel);
        });
        await using var connection = await ConnectAsync(server.Port);
        var wire = Wire(connection, 0, 8_000_000);
        Assert.InRange(connection.TrySend(wire), 1, wire.Length - 1);
        Assert.Throws<InvalidOperationException>(() => connection.TrySend(wire));
    }

    [Fact]
    public async Task ServerEndsWithWords_CompletionHasThem()
    {
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantAsync(peer);
            await peer.SendAsync(RtmpCommand.OnStatus(new RtmpStatus("error", "NetStream.Failed", "thekey was taken over\u0007")).ToMessage(1));
        });
        await using var connection = await ConnectAsync(server.Port);
        var failure = await connection.Completion;
        Assert.Equal(
            new RtmpFailure(RtmpConnectStage.Publishing, RtmpFailureKind.Rejected, "The server ended the publish: NetStream.Failed: *** was taken over"), failure);
        Assert.Equal(-1, connection.TrySend(new byte[10]));
        Assert.False(await connection.SendAsync(new byte[10], Cancel));
    }

    [Fact]
    public async Task ServerFloods_IsLeft()
    {
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantAsync(peer);
            try
            {
                while (true)
                    await peer.SendAsync(new RtmpControlMessage.PingRequest(1));
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                // The client has left, as it should.
            }
        });
        await using var connection = await ConnectAsync(server.Port);
        var failure = await connection.Completion;
        Assert.Contains("floods", failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerCloses_CompletionSaysClosed()
    {
        await using var server = new ScriptedRtmpServer((peer, _) => GrantAsync(peer));
        await using var connection = await ConnectAsync(server.Port);
        Assert.Equal(RtmpFailureKind.Closed, (await connection.Completion).Kind);
        Assert.Equal(-1, connection.GetStatistics().UnacknowledgedBytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task End_SaysFarewellAndClosesInOrder(bool tls)
    {
        using var authority = new TestCertificateAuthority();
        List<string> commands = [];
        var closed = new TaskCompletionSource();
        await using var server = new ScriptedRtmpServer(
            async (peer, _) =>
            {
                await GrantAsync(peer);
                while (await peer.ReadAsync() is { } message)
                {
                    if (message.Type == RtmpMessageType.CommandAmf0)
                        commands.Add(Describe(RtmpCommand.Read(message)));
                }

                closed.SetResult();
            },
            tls ? authority.IssueServer("localhost").ToX509() : null);
        var connection = await ConnectAsync(server.Port, tls ? authority : null);
        await connection.EndAsync(Cancel);
        await closed.Task.WaitAsync(Eventually.DefaultTimeout, Cancel);
        Assert.Equal(["FCUnpublish thekey", "deleteStream 1"], commands);
        Assert.Equal(RtmpFailureKind.Local, (await connection.Completion).Kind);
        await connection.DisposeAsync();
    }

    private static string Describe(RtmpCommand command) =>
        $"{command.Name} {command.TextArgument(0) ?? (command.Argument(0) as AmfValue.Number)?.Value.ToString()}";

    [Fact]
    public async Task Dispose_SaysNothing()
    {
        var messages = new TaskCompletionSource<int>();
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantAsync(peer);
            var count = 0;
            while (await peer.ReadAsync() is not null)
                count++;
            messages.SetResult(count);
        });
        var connection = await ConnectAsync(server.Port);
        await connection.DisposeAsync();
        Assert.Equal(0, await messages.Task.WaitAsync(Eventually.DefaultTimeout, Cancel));
    }

    [Fact]
    public async Task End_ServerNeverCloses_IsBounded()
    {
        var time = new ManualTimeProvider();
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantAsync(peer);
            await Task.Delay(Timeout.InfiniteTimeSpan, Cancel);
        });
        Assert.True(RtmpDestinationUrl.TryParse($"rtmp://localhost:{server.Port}/live", "thekey", out var destination, out _));
        var options = new RtmpPublishOptions { Destination = destination };
        var connected = (RtmpPublishResult.Connected)await RtmpPublisher.ConnectAsync(options, time, NullLogger.Instance, Cancel);
        var ending = connected.Connection.EndAsync(Cancel);
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return ending.IsCompleted;
        });
        await ending;
        Assert.Equal(RtmpFailureKind.Local, (await connected.Connection.Completion).Kind);
    }
}
