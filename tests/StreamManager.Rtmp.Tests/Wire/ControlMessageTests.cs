using System.Buffers;
using StreamManager.Rtmp.Wire;
using static StreamManager.Rtmp.Tests.Wire.WireTesting;

namespace StreamManager.Rtmp.Tests.Wire;

public sealed class ControlMessageTests
{
    // The whole chunk as it stands on the wire when it is the first on chunk stream 2.
    private static readonly (string Name, RtmpControlMessage Value, string Hex)[] Vectors =
    [
        ("chunk size 65536", new RtmpControlMessage.SetChunkSize(65536), "02 000000 000004 01 00000000 00010000"),
        ("chunk size 1", new RtmpControlMessage.SetChunkSize(1), "02 000000 000004 01 00000000 00000001"),
        ("abort 6", new RtmpControlMessage.Abort(6), "02 000000 000004 02 00000000 00000006"),
        ("acknowledgement", new RtmpControlMessage.Acknowledgement(0xFFFFFFFE), "02 000000 000004 03 00000000 FFFFFFFE"),
        ("window 2500000", new RtmpControlMessage.WindowAcknowledgementSize(2_500_000), "02 000000 000004 05 00000000 002625A0"),
        ("bandwidth dynamic", new RtmpControlMessage.SetPeerBandwidth(2_500_000, RtmpPeerBandwidthLimit.Dynamic), "02 000000 000005 06 00000000 002625A0 02"),
        ("bandwidth of an unknown kind", new RtmpControlMessage.SetPeerBandwidth(1, (RtmpPeerBandwidthLimit)9), "02 000000 000005 06 00000000 00000001 09"),
        ("stream begin 1", new RtmpControlMessage.StreamBegin(1), "02 000000 000006 04 00000000 0000 00000001"),
        ("stream eof 1", new RtmpControlMessage.StreamEof(1), "02 000000 000006 04 00000000 0001 00000001"),
        ("stream dry 1", new RtmpControlMessage.StreamDry(1), "02 000000 000006 04 00000000 0002 00000001"),
        ("buffer of ffmpeg", new RtmpControlMessage.SetBufferLength(1, 3000), "02 000000 00000A 04 00000000 0003 00000001 00000BB8"),
        ("stream is recorded", new RtmpControlMessage.StreamIsRecorded(1), "02 000000 000006 04 00000000 0004 00000001"),
        ("ping", new RtmpControlMessage.PingRequest(0x01020304), "02 000000 000006 04 00000000 0006 01020304"),
        ("pong", new RtmpControlMessage.PingResponse(0x01020304), "02 000000 000006 04 00000000 0007 01020304"),
        ("swf verification", new RtmpControlMessage.OtherEvent(0x1A), "02 000000 000002 04 00000000 001A"),
    ];

    public static TheoryData<string> Names => [.. Vectors.Select(v => v.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Vector_Written_GivesTheBytes(string name)
    {
        var (_, value, hex) = Vectors.Single(v => v.Name == name);
        var output = new ArrayBufferWriter<byte>();
        new ChunkWriter().WriteMessage(output, value.ToMessage());
        Assert.Equal(Convert.ToHexString(Hex(hex)), Convert.ToHexString(output.WrittenSpan));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Vector_Read_GivesTheMessage(string name)
    {
        var (_, value, hex) = Vectors.Single(v => v.Name == name);
        var message = Assert.Single(new ChunkReader().ReadAll(Hex(hex)));
        Assert.Equal(value, RtmpControlMessage.Read(message.Type, message.Body.Span));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Vector_EveryShorterPrefixOfTheBody_IsAProtocolError(string name)
    {
        var value = Vectors.Single(v => v.Name == name).Value;
        var body = value.ToBody();
        for (var length = 0; length < body.Length; length++)
        {
            var prefix = body[..length];
            var error = Assert.Throws<RtmpProtocolException>(() => RtmpControlMessage.Read(value.Type, prefix));
            Assert.Equal(RtmpProtocolError.MalformedControlMessage, error.Error);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Vector_EveryShorterPrefixOfTheChunk_NeedsMore(string name)
    {
        var bytes = Hex(Vectors.Single(v => v.Name == name).Hex);
        for (var length = 0; length < bytes.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(bytes, 0, length);
            Assert.False(new ChunkReader().TryReadMessage(ref buffer, out _));
        }
    }

    [Theory]
    [InlineData(RtmpMessageType.SetChunkSize, "00000000")]
    [InlineData(RtmpMessageType.SetChunkSize, "80000000")]
    [InlineData(RtmpMessageType.Audio, "00000000")]
    public void Read_ImpossibleValue_IsAProtocolError(RtmpMessageType type, string hex) =>
        Assert.Throws<RtmpProtocolException>(() => RtmpControlMessage.Read(type, Hex(hex)));
}
