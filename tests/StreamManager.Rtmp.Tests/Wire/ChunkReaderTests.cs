using System.Buffers;
using StreamManager.Rtmp.Wire;
using static StreamManager.Rtmp.Tests.Wire.WireTesting;

namespace StreamManager.Rtmp.Tests.Wire;

public sealed class ChunkReaderTests
{
    [Fact]
    public void Reader_Type3AfterType0_AddsTheAbsoluteTimeAgain()
    {
        // As Flash Media Encoder did it: 26, then 52.
        var messages = new ChunkReader().ReadAll(Hex("04 00001A 000001 08 01000000 AF" + "C4 AF"));
        Assert.Equal([26u, 52u], messages.Select(m => m.Timestamp));
        Assert.All(messages, m => Assert.Equal(1u, m.StreamId));
    }

    [Fact]
    public void Reader_Type3AfterType1And2_AddsTheDeltaAgain()
    {
        var messages = new ChunkReader().ReadAll(Hex("06 000064 000001 09 01000000 17" + "46 000021 000001 09 27" + "C6 27" + "86 000022 27" + "C6 27"));
        Assert.Equal([100u, 133u, 166u, 200u, 234u], messages.Select(m => m.Timestamp));
    }

    [Fact]
    public void Reader_Type1FirstOnItsChunkStream_TakesTheRestAsZero()
    {
        // ffmpeg as a player opens chunk stream 2 like this.
        var message = Assert.Single(new ChunkReader().ReadAll(Hex("42 000001 00000A 04 0003 00000001 00000BB8")));
        Assert.Equal((RtmpMessageType.UserControl, 0u, 1u), (message.Type, message.StreamId, message.Timestamp));
    }

    [Theory]
    [InlineData("82 000001")]
    [InlineData("C2")]
    public void Reader_AbbreviatedHeaderFirst_IsRefused(string hex)
    {
        var error = Assert.Throws<RtmpProtocolException>(() => new ChunkReader().ReadAll(Hex(hex)));
        Assert.Equal(RtmpProtocolError.MissingPreviousChunk, error.Error);
    }

    [Fact]
    public void Reader_EmptyMessages_AreMessages()
    {
        var messages = new ChunkReader().ReadAll(Hex("04 000000 000000 08 01000000" + "44 000015 000000 08" + "C4"));
        Assert.Equal([0u, 21u, 42u], messages.Select(m => m.Timestamp));
        Assert.All(messages, m => Assert.Equal(0, m.Body.Length));
    }

    [Fact]
    public void Writer_ThenReader_GiveTheSame()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ChunkWriter();
        RtmpMessage[] messages =
        [
            new(RtmpMessageType.Audio, 1, 0, new byte[] { 0xAF, 0 }),
            new(RtmpMessageType.Video, 1, 23, Enumerable.Range(0, 1000).Select(i => (byte)i).ToArray()),
            new(RtmpMessageType.Audio, 1, 21, new byte[] { 0xAF, 1 }),
            new(RtmpMessageType.Audio, 1, 20, new byte[] { 0xAF, 2 }),
        ];
        foreach (var message in messages)
            writer.WriteMessage(output, message);

        AssertSame(messages, new ChunkReader().ReadAll(output.WrittenSpan.ToArray()));
    }

    [Fact]
    public void Chunks_OfTwoChunkStreams_MayAlternate()
    {
        var messages = new ChunkReader().ReadAll(
        [
            .. Hex("06 000064 000102 09 01000000"), .. Filled(128, 1),
            .. Hex("04 00005A 000081 08 01000000"), .. Filled(128, 2),
            .. Hex("C6"), .. Filled(128, 3),
            .. Hex("C4"), .. Filled(1, 4),
            .. Hex("C6"), .. Filled(2, 5),
        ]);
        AssertSame(
            [new(RtmpMessageType.Audio, 1, 90, (byte[])[.. Filled(128, 2), 4]), new(RtmpMessageType.Video, 1, 100, (byte[])[.. Filled(128, 1), .. Filled(128, 3), 5, 5])],
            messages);
    }

    [Fact]
    public void SetChunkSize_BetweenTheChunksOfAMessage_CountsFromTheNextChunk()
    {
        var messages = new ChunkReader().ReadAll(
        [
            .. Hex("06 000000 000104 09 01000000"), .. Filled(128, 1), .. Hex("02 000000 000004 01 00000000 00001000"), .. Hex("C6"), .. Filled(132, 2),
        ]);
        Assert.Equal([RtmpMessageType.SetChunkSize, RtmpMessageType.Video], messages.Select(m => m.Type));
        Assert.Equal(260, messages[1].Body.Length);
    }

    [Fact]
    public void Abort_DropsTheMessageOfItsChunkStreamOnly()
    {
        using var reader = new ChunkReader();
        var messages = reader.ReadAll(
        [
            .. Hex("06 000000 000104 09 01000000"), .. Filled(128, 1),
            .. Hex("04 000000 000081 08 01000000"), .. Filled(128, 2),
            .. Hex("02 000000 000004 02 00000000 00000006"),
            .. Hex("C4 03"),
            .. Hex("46 000021 000001 09 27"),
        ]);
        Assert.Equal([RtmpMessageType.Abort, RtmpMessageType.Audio, RtmpMessageType.Video], messages.Select(m => m.Type));
        Assert.Equal((33u, 1), (messages[2].Timestamp, messages[2].Body.Length));
        Assert.Equal(0, reader.PartialBytes);
    }

    [Theory]
    [InlineData("00000007")]
    [InlineData("FFFFFFFF")]
    public void Abort_OfAnUnknownChunkStream_DoesNothing(string id) =>
        Assert.Equal(2, new ChunkReader().ReadAll(Hex($"02 000000 000004 02 00000000 {id} 04 000000 000001 08 01000000 AF")).Count);

    [Fact]
    public void Bodies_AreArraysOfTheirOwnAndOfExactSize()
    {
        var bytes = Hex("04 000000 000002 08 01000000 AF01" + "C4 AF02");
        var messages = new ChunkReader().ReadAll(bytes);
        bytes.AsSpan().Clear();
        Assert.Equal(["AF01", "AF02"], messages.Select(m => Convert.ToHexString(m.Body.Span)));
        Assert.All(messages, m => Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(m.Body, out var array) && array.Array!.Length == 2));
    }

    private static byte[] Filled(int count, byte value) => [.. Enumerable.Repeat(value, count)];
}
