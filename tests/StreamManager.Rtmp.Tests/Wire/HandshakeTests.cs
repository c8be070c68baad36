using System.Buffers;
using StreamManager.Rtmp.Wire;
using static StreamManager.Rtmp.Tests.Wire.WireTesting;

namespace StreamManager.Rtmp.Tests.Wire;

public sealed class HandshakeTests
{
    // ffmpeg 5.1: version field of a Flash player, though it does not insist on digests.
    private static readonly byte[] FfmpegHello = [3, .. Hex("00000000 09007C02"), .. Enumerable.Range(0, 1528).Select(i => (byte)((7 * i) + 3))];

    [Fact]
    public void ClientHello_Whole_IsTaken()
    {
        var buffer = new ReadOnlySequence<byte>([.. FfmpegHello, 0xAA]);
        Assert.True(Handshake.TryReadClientHello(ref buffer, out var hello));
        Assert.Equal((0u, 0x09007C02u), (hello.Time, hello.PeerVersion));
        Assert.Equal(1, buffer.Length);
    }

    [Fact]
    public void ClientHello_EveryShorterPrefix_NeedsMore()
    {
        for (var length = 0; length < FfmpegHello.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(FfmpegHello, 0, length);
            Assert.False(Handshake.TryReadClientHello(ref buffer, out _));
            Assert.Equal(length, buffer.Length);
        }
    }

    [Fact]
    public void ClientHello_InSegments_IsTaken()
    {
        var buffer = Segments(FfmpegHello, 0, 1, 3, 700);
        Assert.True(Handshake.TryReadClientHello(ref buffer, out var hello));
        Assert.Equal(0x09007C02u, hello.PeerVersion);
    }

    [Theory]
    [InlineData("16", RtmpProtocolError.TlsOnPlainPort)]
    [InlineData("47455420", RtmpProtocolError.TextProtocol)]
    [InlineData("50", RtmpProtocolError.TextProtocol)]
    [InlineData("00", RtmpProtocolError.UnsupportedVersion)]
    [InlineData("06", RtmpProtocolError.UnsupportedVersion)]
    [InlineData("FF", RtmpProtocolError.UnsupportedVersion)]
    public void ClientHello_ForeignFirstByte_IsNamedAtOnce(string hex, RtmpProtocolError expected)
    {
        var error = Assert.Throws<RtmpProtocolException>(() =>
        {
            var buffer = new ReadOnlySequence<byte>(Hex(hex));
            return Handshake.TryReadClientHello(ref buffer, out _);
        });
        Assert.Equal(expected, error.Error);
    }

    [Fact]
    public void ServerReply_IsSimpleAndSendsTheClientsPacketBack()
    {
        var buffer = new ReadOnlySequence<byte>(FfmpegHello);
        Handshake.TryReadClientHello(ref buffer, out var hello);
        var output = new ArrayBufferWriter<byte>();
        Handshake.WriteServerReply(output, hello, 0x01020304);

        Assert.Equal(1 + 1536 + 1536, output.WrittenCount);
        Assert.Equal("030102030400000000", Convert.ToHexString(output.WrittenSpan[..9]));
        Assert.True(output.WrittenSpan[1537..].SequenceEqual(FfmpegHello.AsSpan(1)));
    }

    [Fact]
    public void ClientAndServer_Together_FinishWithNothingLeft()
    {
        var toServer = new ArrayBufferWriter<byte>();
        Handshake.WriteClientHello(toServer, 1);
        var atServer = new ReadOnlySequence<byte>(toServer.WrittenMemory);
        Assert.True(Handshake.TryReadClientHello(ref atServer, out var clientHello));

        var toClient = new ArrayBufferWriter<byte>();
        Handshake.WriteServerReply(toClient, clientHello, 2);
        var atClient = new ReadOnlySequence<byte>(toClient.WrittenMemory);
        Assert.True(Handshake.TryReadServerHello(ref atClient, out var serverHello));
        Assert.Equal(2u, serverHello.Time);

        var echo = new ArrayBufferWriter<byte>();
        Handshake.WriteClientEcho(echo, serverHello);
        Assert.True(Handshake.TryReadServerEcho(ref atClient));
        Assert.True(atClient.IsEmpty);

        atServer = new ReadOnlySequence<byte>(echo.WrittenMemory[..1535]);
        Assert.False(Handshake.TryReadClientEcho(ref atServer));
        atServer = new ReadOnlySequence<byte>(echo.WrittenMemory);
        Assert.True(Handshake.TryReadClientEcho(ref atServer));
        Assert.True(atServer.IsEmpty);
        Assert.True(echo.WrittenSpan.SequenceEqual(toClient.WrittenSpan[1..1537]));
    }
}
