using FsCheck;
using FsCheck.Fluent;
using StreamManager.Media.Avc;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Avc;

public class NalUnitsTests
{
    private static List<string> LengthPrefixed(string hex, int lengthSize)
    {
        var payload = Hex.Bytes(hex);
        var units = new List<string>();
        foreach (var range in NalUnits.ReadLengthPrefixed(payload, lengthSize))
            units.Add(Hex.Text(payload.AsSpan(range)));
        return units;
    }

    [Theory]
    [InlineData("02 6501 01 68", 1)]
    [InlineData("0002 6501 0000 0001 68", 2)] // with an empty unit
    [InlineData("000002 6501 000001 68", 3)]
    [InlineData("00000002 6501 00000001 68", 4)]
    public void LengthPrefixed_OfEachSize_IsRead(string hex, int lengthSize) => Assert.Equal(["6501", "68"], LengthPrefixed(hex, lengthSize));

    [Theory]
    [InlineData("000000", 4)]
    [InlineData("00000002 65", 4)]
    [InlineData("FFFFFFFF 65", 4)]
    [InlineData("80000000 65", 4)]
    public void LengthPrefixed_CutOff_IsBroken(string hex, int lengthSize) => Assert.Throws<MediaFormatException>(() => LengthPrefixed(hex, lengthSize));

    [Theory]
    [InlineData("00000001 6501 000001 6802", "00000002 6501 00000002 6802")]
    [InlineData("00000001 6501 0000 00000001 6802 00", "00000002 6501 00000002 6802")] // zeros behind a unit
    [InlineData("000001 000001 65", "00000001 65")] // an empty unit
    [InlineData("6501", "")]
    [InlineData("", "")]
    public void AnnexB_Rewritten_HasLengths(string annexB, string lengthPrefixed) =>
        Assert.Equal(Hex.Text(Hex.Bytes(lengthPrefixed)), Hex.Text(NalUnits.AnnexBToLengthPrefixed(Hex.Bytes(annexB))));

    [Theory]
    [InlineData("00000080", "0000030080")]
    [InlineData("000001", "00000301")]
    [InlineData("000002", "00000302")]
    [InlineData("000003", "00000303")]
    [InlineData("000004", "000004")]
    [InlineData("0000000001", "00000300000301")]
    [InlineData("800000", "80000003")] // a cabac_zero_word at the end: no unit ends with a zero byte (H.264 7.4.1.1)
    [InlineData("8000000000", "80000003000003")]
    public void EmulationPrevention_Added_AndRemoved(string raw, string prevented)
    {
        Assert.Equal(prevented, Hex.Text(NalUnits.AddEmulationPrevention(Hex.Bytes(raw))));
        Assert.Equal(raw, Hex.Text(NalUnits.RemoveEmulationPrevention(Hex.Bytes(prevented))));
    }

    [Theory]
    [InlineData("00", "0003")]
    [InlineData("8000", "800003")]
    [InlineData("80000000", "800000030003")]
    public void EmulationPrevention_BehindASingleZero_EndsTheUnitWithoutOne(string raw, string prevented) =>
        Assert.Equal(prevented, Hex.Text(NalUnits.AddEmulationPrevention(Hex.Bytes(raw))));

    [Fact]
    public void EmulationPrevention_OfAnyBytes_RoundTripsWithoutAStartCode() => Prop.ForAll<byte[]>(bytes =>
    {
        // Few different values, so that zeros meet.
        byte[] raw = [.. (bytes ?? []).Select(value => (byte)(value % 5)), 0x80];
        var prevented = NalUnits.AddEmulationPrevention(raw);
        Assert.Equal(raw, NalUnits.RemoveEmulationPrevention(prevented));
        Assert.Equal(-1, prevented.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0, 1]));
        Assert.Equal(-1, prevented.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0, 0]));
    }).QuickCheckThrowOnFailure();
}
