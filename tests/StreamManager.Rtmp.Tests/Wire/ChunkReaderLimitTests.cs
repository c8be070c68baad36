using System.Buffers;
using System.Buffers.Binary;
using StreamManager.Rtmp.Wire;
using static StreamManager.Rtmp.Tests.Wire.WireTesting;

namespace StreamManager.Rtmp.Tests.Wire;

public sealed class ChunkReaderLimitTests
{
    private const int MiB = 1024 * 1024;

    [Theory]
    [InlineData(RtmpMessageType.Video, "A00000", "A00001")]
    [InlineData(RtmpMessageType.Aggregate, "A00000", "A00001")]
    [InlineData(RtmpMessageType.Audio, "100000", "100001")]
    [InlineData(RtmpMessageType.CommandAmf0, "100000", "100001")]
    [InlineData((RtmpMessageType)99, "100000", "100001")]
    [InlineData(RtmpMessageType.SetChunkSize, "000080", "000081")]
    public void DeclaredLength_BeyondTheLimitOfItsType_IsRefused(RtmpMessageType type, string allowed, string refused)
    {
        Assert.Empty(new ChunkReader().ReadAll(Hex($"04 000000 {allowed} {(byte)type:X2} 01000000")));
        AssertRefused(RtmpProtocolError.MessageTooLarge, () => new ChunkReader().ReadAll(Hex($"04 000000 {refused} {(byte)type:X2} 01000000")));
    }

    [Fact]
    public void DeclaredLength_WithFewBytesSent_HoldsFewBytes()
    {
        using var reader = new ChunkReader();
        reader.ReadAll(Hex("02 000000 000004 01 00000000 7FFFFFFF"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        reader.ReadAll([.. Hex("06 000000 A00000 09 01000000"), .. new byte[1000]]);
        Assert.InRange(reader.PartialBytes, 1000, 64 * 1024);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * 64 * 1024);
    }

    [Fact]
    public void HalfSentMessages_OnManyChunkStreams_EndAtTheConnectionsBudget()
    {
        var total = new PartialBytesBudget();
        using (var reader = new ChunkReader(total: total))
        {
            reader.ReadAll(Hex("02 000000 000004 01 00000000 00100000"));
            AssertRefused(RtmpProtocolError.ConnectionPartialBytesExceeded, () =>
            {
                for (var id = 3; id < 60; id++)
                    reader.ReadAll([(byte)id, .. Hex("000000 A00000 09 01000000"), .. new byte[MiB]]);
            });
            Assert.InRange(reader.PartialBytes, 1, RtmpWireLimits.Default.MaxPartialBytes);
            Assert.Equal(reader.PartialBytes, total.Reserved);
        }

        Assert.Equal(0, total.Reserved);
    }

    [Fact]
    public void HalfSentMessages_OfManyConnections_EndAtTheProcessBudget()
    {
        var total = new PartialBytesBudget(10 * MiB);
        var readers = Enumerable.Range(0, 100).Select(_ => new ChunkReader(total: total)).ToList();
        AssertRefused(RtmpProtocolError.TotalPartialBytesExceeded, () =>
        {
            foreach (var reader in readers)
            {
                reader.ReadAll(Hex("02 000000 000004 01 00000000 00FFFFFF"));
                reader.ReadAll([.. Hex("06 000000 A00000 09 01000000"), .. new byte[MiB]]);
            }
        });
        Assert.InRange(total.Reserved, 1, 10 * MiB);

        foreach (var reader in readers)
            reader.Dispose();

        Assert.Equal(0, total.Reserved);
    }

    [Fact]
    public void ChangedLimits_HoldFromThereOnAndMoveTheChargeToTheNewBudget()
    {
        var (strangers, publishers) = (new PartialBytesBudget(), new PartialBytesBudget());
        using (var reader = new ChunkReader(RtmpWireLimits.Default.ForStrangers(), strangers))
        {
            AssertRefused(RtmpProtocolError.MessageTooLarge, () =>
            {
                using var other = new ChunkReader(RtmpWireLimits.Default.ForStrangers(), strangers);
                other.ReadAll(Hex("06 000000 00FFFF 09 01000000"));
            });
            reader.ReadAll([.. Hex("05 000000 001000 12 01000000"), .. new byte[100]]);
            Assert.InRange(strangers.Reserved, 100, 8 * 1024);

            reader.ChangeLimits(RtmpWireLimits.Default, publishers);
            Assert.Equal((0L, (long)reader.PartialBytes), (strangers.Reserved, publishers.Reserved));
            reader.ReadAll([.. new byte[28], .. Hex("06 000000 00FFFF 09 01000000"), .. new byte[128]]);
            Assert.Equal(reader.PartialBytes, publishers.Reserved);
        }

        Assert.Equal((0L, 0L), (strangers.Reserved, publishers.Reserved));
    }

    [Fact]
    public void LargestMessage_SentWhole_IsReadAndLeavesNothingReserved()
    {
        var total = new PartialBytesBudget();
        using var reader = new ChunkReader(total: total);
        var body = new byte[10 * MiB];
        new Random(1).NextBytes(body);
        var output = new ArrayBufferWriter<byte>();
        ChunkWriter.WriteAbsoluteMessage(output, 6, 1, 1, RtmpMessageType.Video, body, 128);

        var messages = reader.ReadInPieces(output.WrittenSpan.ToArray(), Enumerable.Repeat(65_536, 200));
        Assert.True(Assert.Single(messages).Body.Span.SequenceEqual(body));
        Assert.Equal((0, 0L), (reader.PartialBytes, total.Reserved));
    }

    [Fact]
    public void BothBudgets_AtEachStepOfAGrowingMessage_SayTheSame()
    {
        // Pieces of an odd size: pooled buffers are larger than asked for, and that counts too.
        var total = new PartialBytesBudget();
        using var reader = new ChunkReader(total: total);
        reader.ReadAll(Hex("02 000000 000004 01 00000000 00FFFFFF" + "06 000000 100000 09 01000000"));
        for (var received = 100_001; received < MiB; received += 100_001)
        {
            reader.ReadAll(new byte[100_001]);
            Assert.InRange(reader.PartialBytes, received, MiB);
            Assert.Equal(reader.PartialBytes, total.Reserved);
        }

        Assert.Single(reader.ReadAll(new byte[MiB - (10 * 100_001)]));
        Assert.Equal((0, 0L), (reader.PartialBytes, total.Reserved));
    }

    [Fact]
    public void OneByteChunks_OfALongMessage_AreRefused()
    {
        using var reader = new ChunkReader();
        reader.ReadAll(Hex("02 000000 000004 01 00000000 00000001"));
        var output = new ArrayBufferWriter<byte>();
        ChunkWriter.WriteAbsoluteMessage(output, 6, 0, 1, RtmpMessageType.Video, new byte[100_000], 1);
        AssertRefused(RtmpProtocolError.ChunksTooSmall, () => reader.ReadAll(output.WrittenSpan.ToArray()));
    }

    [Fact]
    public void EmptyMessages_InTheShortestForm_AreRefusedAfterAWhile()
    {
        using var reader = new ChunkReader();
        reader.ReadAll(Hex("04 000000 000000 08 01000000"));
        AssertRefused(RtmpProtocolError.ChunksTooSmall, () => reader.ReadAll([.. Enumerable.Repeat((byte)0xC4, 100_000)]));
    }

    [Theory]
    [InlineData(32, 100_000)]
    [InlineData(32, 33)]
    [InlineData(128, 129)]
    [InlineData(128, 0)]
    [InlineData(1, 1)]
    public void SmallChunksAndMessages_OfHonestSenders_GoOnForever(int chunkSize, int bodyLength)
    {
        using var reader = new ChunkReader();
        reader.ReadAll(Hex($"02 000000 000004 01 00000000 {chunkSize:X8}"));
        var output = new ArrayBufferWriter<byte>();
        ChunkWriter.WriteAbsoluteMessage(output, 4, 0, 1, RtmpMessageType.Audio, new byte[bodyLength], chunkSize);
        for (var i = 0; i < 20_000 && output.WrittenCount < 4 * MiB; i++)
            ChunkWriter.WriteDeltaMessage(output, 4, 20, RtmpMessageType.Audio, new byte[bodyLength], chunkSize);

        Assert.NotEmpty(reader.ReadAll(output.WrittenSpan.ToArray()));
    }

    [Fact]
    public void ChunkStreams_UpToTheLimit_HaveAnyNumber()
    {
        using var reader = new ChunkReader();
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var id in Enumerable.Range(0, 64).Select(i => 65_599 - (i * 1000)))
            ChunkWriter.WriteAbsoluteMessage(bytes, id, 0, 1, RtmpMessageType.Audio, [0xAF], 128);

        Assert.Equal(64, reader.ReadAll(bytes.WrittenSpan.ToArray()).Count);
        AssertRefused(RtmpProtocolError.TooManyChunkStreams, () => reader.ReadAll(Hex("04 000000 000001 08 01000000 AF")));
    }

    [Fact]
    public void ChunkStream_InBothLongForms_IsOne()
    {
        // Number 64 + 5 in two bytes, then the rest of its message in three.
        var message = Assert.Single(new ChunkReader().ReadAll([.. Hex("00 05 000000 000081 08 01000000"), .. new byte[128], .. Hex("C1 0500 AB")]));
        Assert.Equal(0xAB, message.Body.Span[128]);
    }

    [Theory]
    [InlineData(134_217_728)]
    [InlineData(int.MaxValue)]
    public void ChunkSize_BeyondTheLongestMessage_IsTakenAsThat(int size)
    {
        using var reader = new ChunkReader();
        var body = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(body, size);
        reader.ReadAll([.. Hex("02 000000 000004 01 00000000"), .. body]);
        Assert.Equal(ChunkWriter.MaxChunkSize, reader.ChunkSize);

        // A key frame of 3 MiB in one chunk, as such a sender writes it.
        Assert.Single(reader.ReadAll([.. Hex("06 000000 300000 09 01000000"), .. new byte[3 * MiB]]));
    }

    [Theory]
    [InlineData("02 000000 000004 01 00000000 00000000")]
    [InlineData("02 000000 000003 01 00000000 000001")]
    [InlineData("02 000000 000000 01 00000000")]
    [InlineData("02 000000 000002 02 00000000 0000")]
    public void ControlMessage_ThatTheReaderActsOn_Malformed_IsRefused(string hex) =>
        AssertRefused(RtmpProtocolError.MalformedControlMessage, () => new ChunkReader().ReadAll(Hex(hex)));

    [Theory]
    [InlineData("06 000000 000081 09 01000000")]
    [InlineData("46 000000 000081 09")]
    [InlineData("86 000000")]
    public void NewHeader_BeforeTheMessageIsComplete_IsRefused(string header) =>
        AssertRefused(RtmpProtocolError.InterruptedMessage, () => new ChunkReader().ReadAll([.. Hex("06 000000 000081 09 01000000"), .. new byte[128], .. Hex(header)]));

    private static void AssertRefused(RtmpProtocolError expected, Action action) => Assert.Equal(expected, Assert.Throws<RtmpProtocolException>(action).Error);
}
