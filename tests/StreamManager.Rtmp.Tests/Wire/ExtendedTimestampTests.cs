using StreamManager.Rtmp.Wire;
using static StreamManager.Rtmp.Tests.Wire.WireTesting;

namespace StreamManager.Rtmp.Tests.Wire;

/// <summary>Streams longer than 4 h 39 min. Who does what on the wire is told at each case.</summary>
public sealed class ExtendedTimestampTests
{
    private static readonly string Payload128 = string.Concat(Enumerable.Repeat("AB", 128));

    // 130 bytes in two chunks; the second with or without the repeated field.
    private static readonly string Repeated = "06 FFFFFF 000082 09 01000000 01020304" + Payload128 + "C6 01020304 CDEF";
    private static readonly string Omitted = "06 FFFFFF 000082 09 01000000 01020304" + Payload128 + "C6 CDEF";

    public static TheoryData<string> Forms => [Repeated, Omitted];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Continuation_WithOrWithoutTheField_SplitAnywhere_GivesTheMessage(string hex)
    {
        // A message behind it shows that the boundary was found.
        var bytes = Hex(hex + "04 000005 000001 08 01000000 AF");
        for (var split = 0; split <= bytes.Length; split++)
        {
            using var reader = new ChunkReader();
            var messages = reader.ReadInPieces(bytes, [split]);
            Assert.Equal([0x01020304u, 5u], messages.Select(m => m.Timestamp));
            Assert.Equal("CDEF", Convert.ToHexString(messages[0].Body.Span[128..]));
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Continuation_ArrivingByteByByte_GivesTheMessage(string hex)
    {
        var bytes = Hex(hex);
        var message = Assert.Single(new ChunkReader().ReadInPieces(bytes, Enumerable.Repeat(1, bytes.Length)));
        Assert.Equal("CDEF", Convert.ToHexString(message.Body.Span[128..]));
    }

    [Fact]
    public void Continuation_ShortAndWithoutTheField_IsNotHeldBackForBytesThatMayNeverCome() =>
        Assert.Single(new ChunkReader().ReadAll(Hex("06 FFFFFF 000081 09 01000000 01020304" + Payload128 + "C6 CD")));

    [Fact]
    public void Continuation_WithoutTheFieldAndBeginningLikeIt_IsPayload()
    {
        var message = Assert.Single(new ChunkReader().ReadAll(Hex("06 FFFFFF 000084 09 01000000 01020304" + Payload128 + "C6 01020305")));
        Assert.Equal("01020305", Convert.ToHexString(message.Body.Span[128..]));
    }

    [Fact]
    public void Continuation_WithTheTopBitMasked_IsTheField()
    {
        var message = Assert.Single(new ChunkReader().ReadAll(Hex("06 FFFFFF 000082 09 01000000 81020304" + Payload128 + "C6 01020304 CDEF")));
        Assert.Equal((0x81020304u, "CDEF"), (message.Timestamp, Convert.ToHexString(message.Body.Span[128..])));
    }

    [Fact]
    public void Type1_ExtendedDelta_IsADeltaAndIsRepeatedAsSuch()
    {
        // ffmpeg with an output offset: time 0, then a delta of 16,999,977, repeated as it is on the continuation.
        var messages = new ChunkReader().ReadAll(Hex("04 000003 000001 08 01000000 AF" + "44 FFFFFF 000081 08 01036629" + Payload128 + "C4 01036629 CD"));
        Assert.Equal([3u, 3u + 0x01036629u], messages.Select(m => m.Timestamp));
        Assert.Equal(0xCD, messages[1].Body.Span[128]);
    }

    [Fact]
    public void Type3_NewMessageAfterAnExtendedDelta_CarriesTheFieldAgain()
    {
        var messages = new ChunkReader().ReadAll(Hex("04 000000 000001 08 01000000 AF" + "44 FFFFFF 000001 08 01000000 AF" + "C4 01000000 AE" + "44 000001 000001 08 AD" + "C4 AC"));
        Assert.Equal([0u, 0x01000000u, 0x02000000u, 0x02000001u, 0x02000002u], messages.Select(m => m.Timestamp));
    }

    [Fact]
    public void NegativeStep_ModuloTwoToThe32_GoesBack()
    {
        // OBS puts audio and video on one chunk stream; a step back is a huge delta.
        var messages = new ChunkReader().ReadAll(Hex("04 000064 000001 08 01000000 AF" + "44 FFFFFF 000001 09 FFFFFFF6 17" + "44 000014 000001 08 AF"));
        Assert.Equal([100u, 90u, 110u], messages.Select(m => m.Timestamp));
    }

    [Fact]
    public void Delta_AcrossTheWrap_StartsAtZeroAgain()
    {
        var messages = new ChunkReader().ReadAll(Hex("04 FFFFFF 000001 08 01000000 FFFFFFF0 AF" + "44 000020 000001 08 AF"));
        Assert.Equal([0xFFFFFFF0u, 0x10u], messages.Select(m => m.Timestamp));
    }
}
