using FsCheck;
using FsCheck.Fluent;
using StreamManager.Media.Bits;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Bits;

public class BitsTests
{
    [Theory]
    [InlineData(0u, "80")]
    [InlineData(1u, "40")]
    [InlineData(2u, "60")]
    [InlineData(7u, "10")]
    [InlineData(uint.MaxValue - 1, "00000001FFFFFFFE")]
    public void UnsignedExpGolomb_WrittenAndRead_IsTheSame(uint value, string hex)
    {
        var writer = new BitWriter();
        writer.WriteUnsignedExpGolomb(value);
        Assert.Equal(hex, Hex.Text(writer.ToArray()));
        Assert.Equal(value, new BitReader(Hex.Bytes(hex)).ReadUnsignedExpGolomb());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 3)]
    [InlineData(-1, 3)]
    [InlineData(int.MaxValue, 63)]
    [InlineData(-int.MaxValue, 63)]
    public void SignedExpGolomb_WrittenAndRead_IsTheSame(int value, int bits)
    {
        var writer = new BitWriter();
        writer.WriteSignedExpGolomb(value);
        Assert.Equal(bits, writer.Length);
        Assert.Equal(value, new BitReader(writer.ToArray()).ReadSignedExpGolomb());
    }

    [Theory]
    [InlineData("00000000FFFFFFFFFF")] // 32 zeros
    [InlineData("0001")]
    [InlineData("")]
    public void ExpGolomb_TooLongOrCutOff_IsBroken(string hex) =>
        Assert.Throws<MediaFormatException>(() => new BitReader(Hex.Bytes(hex)).ReadUnsignedExpGolomb());

    [Fact]
    public void Fields_OfAnyWidths_RoundTrip() => Prop.ForAll<uint[]>(values =>
    {
        var writer = new BitWriter(1);
        for (var i = 0; i < values.Length; i++)
            writer.WriteBits(values[i], i % 33);
        writer.WriteTrailingBits();
        var reader = new BitReader(writer.ToArray());
        for (var i = 0; i < values.Length; i++)
        {
            Assert.True(reader.HasMoreRbspData() || Enumerable.Range(i, values.Length - i).All(rest => rest % 33 == 0));
            Assert.Equal(i % 33 == 0 ? 0 : values[i] & uint.MaxValue >> (32 - i % 33), reader.ReadBits(i % 33));
        }
        Assert.False(reader.HasMoreRbspData());
        Assert.True(reader.ReadFlag());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Bytes_TakenBeyondTheEnd_AreBroken()
    {
        Assert.Throws<MediaFormatException>(() => new ByteReader([1, 2]).ReadUInt24());
        Assert.Equal(-2, new ByteReader([0xFF, 0xFF, 0xFE]).ReadInt24());
    }
}
