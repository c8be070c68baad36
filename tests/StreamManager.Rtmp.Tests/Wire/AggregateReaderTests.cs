using StreamManager.Media;
using StreamManager.Rtmp.Wire;
using static StreamManager.Rtmp.Tests.Wire.WireTesting;

namespace StreamManager.Rtmp.Tests.Wire;

public sealed class AggregateReaderTests
{
    private const string Audio = "08 000002 000064 00 000000 AF01 0000000D";
    private const string Video = "09 000001 000085 01 000000 27 0000000C";

    [Fact]
    public void Aggregate_TimesMoveToItsOwnAndItsStreamCounts() => AssertSame(
        [
            new(RtmpMessageType.Audio, 5, 1000, Hex("AF01")),
            new(RtmpMessageType.Video, 5, 1000 + 0x01000021, Hex("27")),
        ],
        Read(1000, Audio + Video));

    [Fact]
    public void Aggregate_TimeInsideIsAheadOfItsOwn_MovesBack() =>
        Assert.Equal([10u], Read(10, Audio).Select(m => m.Timestamp));

    [Fact]
    public void Aggregate_WithoutTheLastBackPointer_IsTaken() =>
        Assert.Single(Read(0, "08 000002 000064 00 000000 AF01"));

    [Fact]
    public void Aggregate_Empty_HoldsNothing() => Assert.Empty(Read(0, ""));

    [Theory]
    [InlineData("16 000000 000000 00 000000 0000000B")]
    [InlineData("14 000000 000000 00 000000 0000000B")]
    [InlineData("01 000004 000000 00 000000 00000001 0000000F")]
    [InlineData("08 FFFFFF 000000 00 000000 AF")]
    public void Aggregate_WithForeignOrCutOffParts_IsAFormatError(string hex) => Assert.Throws<MediaFormatException>(() => Read(0, hex));

    [Fact]
    public void Aggregate_EveryPrefix_IsAFormatErrorOrEndsBehindAPart()
    {
        var bytes = Hex(Audio);
        for (var length = 1; length < bytes.Length; length++)
        {
            var prefix = Convert.ToHexString(bytes[..length]);
            if (length < 13)
                Assert.Throws<MediaFormatException>(() => Read(0, prefix));
            else
                Assert.Single(Read(0, prefix));
        }
    }

    private static List<RtmpMessage> Read(uint timestamp, string hex)
    {
        var reader = new AggregateReader(new RtmpMessage(RtmpMessageType.Aggregate, 5, timestamp, Hex(hex)));
        var messages = new List<RtmpMessage>();
        while (reader.TryRead(out var message))
            messages.Add(message);

        return messages;
    }
}
