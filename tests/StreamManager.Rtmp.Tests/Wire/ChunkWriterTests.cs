using System.Buffers;
using StreamManager.Rtmp.Wire;
using static StreamManager.Rtmp.Tests.Wire.WireTesting;

namespace StreamManager.Rtmp.Tests.Wire;

public sealed class ChunkWriterTests
{
    [Fact]
    public void Writer_SecondMessageOfAChunkStream_HasADelta() => AssertWritten(
        "04 00000A 000001 08 01000000 AF" + "44 000017 000001 08 AF",
        new RtmpMessage(RtmpMessageType.Audio, 1, 10, new byte[] { 0xAF }),
        new RtmpMessage(RtmpMessageType.Audio, 1, 33, new byte[] { 0xAF }));

    [Fact]
    public void Writer_TimeGoesBackOrStreamChanges_WritesAWholeHeader() => AssertWritten(
        "04 00000A 000001 08 01000000 AF" + "04 000009 000001 08 01000000 AF" + "04 000009 000001 08 02000000 AF",
        new RtmpMessage(RtmpMessageType.Audio, 1, 10, new byte[] { 0xAF }),
        new RtmpMessage(RtmpMessageType.Audio, 1, 9, new byte[] { 0xAF }),
        new RtmpMessage(RtmpMessageType.Audio, 2, 9, new byte[] { 0xAF }));

    [Fact]
    public void Writer_TimeWraps_HasADelta() => AssertWritten(
        "04 FFFFFF 000001 08 01000000 FFFFFFF0 AF" + "44 000020 000001 08 AF",
        new RtmpMessage(RtmpMessageType.Audio, 1, 0xFFFFFFF0, new byte[] { 0xAF }),
        new RtmpMessage(RtmpMessageType.Audio, 1, 0x10, new byte[] { 0xAF }));

    [Fact]
    public void Writer_EmptyMessage_IsAHeaderOnly() =>
        AssertWritten("04 00000A 000000 08 01000000", new RtmpMessage(RtmpMessageType.Audio, 1, 10, ReadOnlyMemory<byte>.Empty));

    [Fact]
    public void Writer_ExtendedTimestamp_IsRepeatedOnContinuations()
    {
        var output = new ArrayBufferWriter<byte>();
        ChunkWriter.WriteAbsoluteMessage(output, 6, 0xFFFFFF, 1, RtmpMessageType.Video, Hex("1122334455"), 2);
        ChunkWriter.WriteDeltaMessage(output, 6, 0x01000000, RtmpMessageType.Video, Hex("112233"), 2);
        ChunkWriter.WriteDeltaMessage(output, 6, 0xFFFFFE, RtmpMessageType.Video, Hex("112233"), 2);
        Assert.Equal(
            Convert.ToHexString(Hex("06 FFFFFF 000005 09 01000000 00FFFFFF 1122 C6 00FFFFFF 3344 C6 00FFFFFF 55" +
                                    "46 FFFFFF 000003 09 01000000 1122 C6 01000000 33" +
                                    "46 FFFFFE 000003 09 1122 C6 33")),
            Convert.ToHexString(output.WrittenSpan));
    }

    [Theory]
    [InlineData(2, "02")]
    [InlineData(63, "3F")]
    [InlineData(64, "0000")]
    [InlineData(319, "00FF")]
    [InlineData(320, "010001")]
    [InlineData(65_599, "01FFFF")]
    public void Header_ChunkStreamId_TakesItsShortestForm(int id, string hex)
    {
        Span<byte> bytes = stackalloc byte[ChunkHeader.MaxSize];
        var size = ChunkHeader.Write(bytes, 0, id, 0, 0, RtmpMessageType.Audio, 0);
        Assert.Equal(hex, Convert.ToHexString(bytes[..(size - 11)]));
        Assert.Equal(size, ChunkHeader.TryRead(bytes, out var header));
        Assert.Equal(id, header.ChunkStreamId);
    }

    [Theory]
    [InlineData(0, 128)]
    [InlineData(1, 1)]
    [InlineData(128, 128)]
    [InlineData(129, 128)]
    [InlineData(1000, 7)]
    [InlineData(70_000, 60_000)]
    public void Measure_GivesTheSizeThatIsWritten(int bodyLength, int chunkSize)
    {
        foreach (var time in new uint[] { 0, 0xFFFFFE, 0xFFFFFF, uint.MaxValue })
        {
            foreach (var id in new[] { 4, 64, 400 })
            {
                var output = new ArrayBufferWriter<byte>();
                ChunkWriter.WriteDeltaMessage(output, id, time, RtmpMessageType.Video, new byte[bodyLength], chunkSize);
                Assert.Equal(output.WrittenCount, ChunkWriter.MeasureDeltaMessage(id, time, bodyLength, chunkSize));

                output = new ArrayBufferWriter<byte>();
                ChunkWriter.WriteAbsoluteMessage(output, id, time, 1, RtmpMessageType.Video, new byte[bodyLength], chunkSize);
                Assert.Equal(output.WrittenCount, ChunkWriter.MeasureAbsoluteMessage(id, time, bodyLength, chunkSize));
            }
        }
    }

    [Fact]
    public void Writer_AfterResume_ContinuesFromWhatOthersWrote()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ChunkWriter();
        ChunkWriter.WriteAbsoluteMessage(output, RtmpChunkStreamIds.Video, 100, 1, RtmpMessageType.Video, [0x17], writer.ChunkSize);
        writer.Resume(RtmpChunkStreamIds.Video, 1, 100);
        writer.WriteMessage(output, new RtmpMessage(RtmpMessageType.Video, 1, 133, new byte[] { 0x27 }));

        Assert.Equal([100u, 133u], new ChunkReader().ReadAll(output.WrittenSpan.ToArray()).Select(m => m.Timestamp));
    }

    private static void AssertWritten(string hex, params ReadOnlySpan<RtmpMessage> messages)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ChunkWriter();
        foreach (var message in messages)
            writer.WriteMessage(output, message);

        Assert.Equal(Convert.ToHexString(Hex(hex)), Convert.ToHexString(output.WrittenSpan));
    }
}
