using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;

namespace StreamManager.EndToEnd.Tests.Ingest;

/// <summary>
/// What comes to an open port, over real sockets, while a good publisher is on air: every bad peer is closed for a reason that has a name, holds no memory to speak of, and harms nobody.
/// </summary>
public sealed class HostileInputTests(ProgramOnAir onAir) : IClassFixture<ProgramOnAir>
{
    private const string Refused = "publish_refused";

    /// <summary>What 50 bad connections may cost: their bounded halves of messages, their sockets, and what the collector has not given back yet.</summary>
    private const double FloodMegabytes = 96;

    private int Port => onAir.Server.RtmpPort;

    [Fact]
    public async Task WrongKey_IsToldClosedCountedAndAnsweredEverLater()
    {
        var before = await Metrics.ReadAsync(onAir.Server, "rtmp_publish_attempts_total{status=\"refused\"}");
        var start = TimeProvider.System.GetTimestamp();
        for (var attempt = 1; attempt <= 5; attempt++)
            Assert.Equal(RtmpStatusCodes.PublishBadName, (await PublishRefusedAsync("wrong-key-for-tests")).Code);

        // Three at once, the fourth after 1 s, the fifth after 2 s, each closed a second after its answer: at least, whatever else the machine does.
        Assert.True(TimeProvider.System.GetElapsedTime(start) >= TimeSpan.FromSeconds(5 + 1 + 2));
        Assert.Equal(before + 5, await Metrics.ReadAsync(onAir.Server, "rtmp_publish_attempts_total{status=\"refused\"}"));
        Assert.DoesNotContain("wrong-key-for-tests", onAir.Server.Log, StringComparison.Ordinal);
        await onAir.AssertUnharmedAsync();
    }

    [Fact]
    public async Task SecondPublisher_OnABusyKey_IsRefusedWithTheReason()
    {
        var status = await PublishRefusedAsync(ServerProcess.MainKey);
        Assert.Equal(RtmpStatusCodes.PublishBadName, status.Code);
        Assert.Contains("already", status.Description, StringComparison.Ordinal);
        await onAir.AssertUnharmedAsync();
    }

    [Fact]
    public Task MediaBeforePublish_IsClosed() => ClosesForAsync("media_before_publish", async peer =>
    {
        await peer.Rtmp.ConnectAsync();
        await peer.Rtmp.CreateStreamAsync();
        await peer.Rtmp.SendAsync(new RtmpMessage(RtmpMessageType.Video, 1, 0, new byte[] { 0x17, 1, 0, 0, 0, 0, 0, 0, 1, 9 }));
    });

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "not_rtmp_text")]
    [InlineData("\u0001\u0002garbage, and more garbage", "handshake_invalid")]
    [InlineData("\u0000", "handshake_invalid")]
    public Task ForeignBytes_AreClosedAsWhatTheyAre(string bytes, string reason) =>
        ClosesForAsync(reason, peer => peer.TrySendAsync(Encoding.Latin1.GetBytes(bytes)));

    [Fact]
    public Task TlsOnThePlainPort_IsClosedAsThat() => ClosesForAsync("not_rtmp_tls", async peer =>
    {
        await using var tls = new SslStream(peer.Stream, leaveInnerStreamOpen: true);
        var failure = await Record.ExceptionAsync(() => tls.AuthenticateAsClientAsync("localhost"));
        Assert.True(failure is IOException or AuthenticationException, $"{failure}");
    });

    [Fact]
    public Task GarbageBehindTheHandshake_IsAProtocolError() => ClosesForAsync("protocol_error", async peer =>
    {
        await peer.Rtmp.HandshakeAsync();
        var garbage = new byte[64 * 1024];
        new Random(20).NextBytes(garbage);
        await peer.TrySendAsync(garbage);
    });

    [Fact]
    public async Task PeersThatDoNotGoOn_AreClosedAtTheirLimits()
    {
        // Side by side, as each takes 10 s.
        await Task.WhenAll(
            ClosesForAsync("handshake_timeout", peer => peer.TrySendAsync(new byte[] { 3, 0, 0, 0, 0 })),
            ClosesForAsync("connect_timeout", peer => peer.Rtmp.HandshakeAsync()),
            ClosesForAsync("stream_timeout", async peer => await peer.Rtmp.ConnectAsync()));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(8)]
    [InlineData(20)]
    [InlineData(1)]
    public Task MessageOf16Megabytes_IsRefusedAtItsHeader(byte type) => ClosesForAsync("protocol_error", async peer =>
    {
        await peer.Rtmp.ConnectAsync();
        await peer.TrySendAsync(new byte[] { 6, 0, 0, 0, 0xFF, 0xFF, 0xFF, type, 1, 0, 0, 0 });
    });

    [Fact]
    public Task OneByteChunks_AreAProtocolError() => ClosesForAsync("protocol_error", async peer =>
    {
        await peer.Rtmp.ConnectAsync();
        await peer.Rtmp.SendAsync(new RtmpControlMessage.SetChunkSize(1));
        await peer.TrySendAsync(new byte[] { 6, 0, 0, 0, 0, 0x70, 0, 20, 0, 0, 0, 0, 1 });
        // Type 3 chunks of one byte each.
        await peer.SendUntilClosedAsync(Enumerable.Repeat<byte[]>([0xC6, 1], 2000).SelectMany(chunk => chunk).ToArray(), times: 20);
    });

    [Fact]
    public async Task HalfSentMessages_OnManyChunkStreamsOf50Connections_HoldLittle()
    {
        var memoryBefore = ProcessMemory.ResidentMegabytes(onAir.Server.Process.Id);
        var errorsBefore = await onAir.ErrorsAsync("protocol_error");
        var most = memoryBefore;
        var flood = Task.WhenAll(Enumerable.Range(0, 50).Select(i => HalfSendAsync(large: i % 2 == 0)));
        while (await Task.WhenAny(flood, Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken)) != flood)
            most = Math.Max(most, ProcessMemory.ResidentMegabytes(onAir.Server.Process.Id));
        await flood;

        Assert.InRange(most - memoryBefore, double.NegativeInfinity, FloodMegabytes);
        await Eventually.TrueAsync(async () => await onAir.ErrorsAsync("protocol_error") >= errorsBefore + 50);
        await onAir.AssertUnharmedAsync();
    }

    [Fact]
    public Task AmfBombs_AreSkippedAndEndAsTooManyCommands() => ClosesForAsync("too_many_commands", async peer =>
    {
        await peer.Rtmp.ConnectAsync();
        // Objects inside objects, each with one property, without end; and an array that declares four thousand million values.
        byte[] nested = [.. AmfHead(), .. Enumerable.Repeat<byte[]>([3, 0, 1, (byte)'a'], 5000).SelectMany(level => level)];
        byte[] wide = [.. AmfHead(), 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 5, 5, 5];
        for (var i = 0; i < 65; i++)
            await peer.Rtmp.SendAsync(new RtmpMessage(RtmpMessageType.CommandAmf0, 0, 0, i % 2 == 0 ? nested : wide));
    });

    [Fact]
    public Task TenThousandCommands_AreEnded() => ClosesForAsync("too_many_commands", async peer =>
    {
        await peer.Rtmp.ConnectAsync();
        var commands = new System.Buffers.ArrayBufferWriter<byte>();
        for (var i = 0; i < 10_000; i++)
            new ChunkWriter().WriteMessage(commands, RtmpCommand.Create("_checkbw", i).ToMessage());
        await peer.TrySendAsync(commands.WrittenMemory);
    });

    [Fact]
    public Task BrokenChunks_OfAPlayer_AreAProtocolError() => ClosesForAsync("protocol_error", async peer =>
    {
        await peer.Rtmp.PlayAsync("main");
        await peer.Rtmp.ReadStatusAsync();
        await peer.TrySendAsync(new byte[] { 0xC9, 1, 2, 3 });
    });

    // Opens a connection, lets it misbehave, and expects the server to close it for that reason, and the program to be untouched.
    private async Task ClosesForAsync(string reason, Func<HostilePeer, Task> misbehave)
    {
        var before = await onAir.ErrorsAsync(reason);
        await using (var peer = await HostilePeer.OpenAsync(Port))
        {
            await misbehave(peer);
            await peer.WaitForCloseAsync();
        }
        await Eventually.TrueAsync(async () => await onAir.ErrorsAsync(reason) > before, describe: () => $"nothing was closed as {reason}");
        await onAir.AssertUnharmedAsync();
    }

    private async Task<RtmpStatus> PublishRefusedAsync(string key)
    {
        var before = await onAir.ErrorsAsync(Refused);
        await using var peer = await HostilePeer.OpenAsync(Port);
        await peer.Rtmp.PublishAsync(key);
        var status = await peer.Rtmp.ReadStatusAsync();
        await peer.Rtmp.ReadToEndAsync();
        await Eventually.TrueAsync(async () => await onAir.ErrorsAsync(Refused) > before);
        return status;
    }

    // Messages on many chunk streams of one connection, of each of which all but the last byte comes: 20 large ones, fewer bytes together than a publisher may have on its way, or 60 small ones.
    private async Task HalfSendAsync(bool large)
    {
        var length = large ? 0xFFFFF : 0x7000;
        await using var peer = await HostilePeer.OpenAsync(Port);
        await peer.Rtmp.ConnectAsync();
        await peer.Rtmp.SendAsync(new RtmpControlMessage.SetChunkSize(length - 1));
        for (var stream = 3; stream < (large ? 23 : 63); stream++)
        {
            if (!await peer.TrySendAsync(new byte[] { (byte)stream, 0, 0, 0, (byte)(length >> 16), (byte)(length >> 8), (byte)length, 20, 1, 0, 0, 0 })
                || !await peer.TrySendAsync(new byte[length - 1]))
                break;
        }
        await peer.WaitForCloseAsync();
    }

    private static byte[] AmfHead() => Amf0Writer.ToArray(["bomb", 1.0]);
}
