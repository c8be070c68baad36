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
}
