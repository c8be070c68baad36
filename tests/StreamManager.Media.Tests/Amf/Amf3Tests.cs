using System.Buffers;
using StreamManager.Media.Amf;

namespace StreamManager.Media.Tests.Amf;

public sealed class Amf3Tests
{
    [Theory]
    [InlineData(0u, "00")]
    [InlineData(0x7Fu, "7F")]
    [InlineData(0x80u, "8100")]
    [InlineData(0x3FFFu, "FF7F")]
    [InlineData(0x4000u, "818000")]
    [InlineData(0x1FFFFFu, "FFFF7F")]
    [InlineData(0x200000u, "80C08000")]
    [InlineData(0x1FFFFFFFu, "FFFFFFFF")]
    public void U29_AtTheLimitsOfItsSizes_IsWrittenAndRead(uint value, string hex)
    {
        var output = new ArrayBufferWriter<byte>();
        Amf3Writer.WriteU29(output, value);
        Assert.Equal(hex, Convert.ToHexString(output.WrittenSpan));

        var position = 0;
        Assert.Equal(value, Amf3Reader.ReadU29(output.WrittenSpan, ref position));
        Assert.Equal(output.WrittenCount, position);
        for (var length = 0; length < output.WrittenCount; length++)
        {
            var prefix = output.WrittenSpan[..length].ToArray();
            Assert.Throws<MediaFormatException>(() =>
            {
                var start = 0;
                return Amf3Reader.ReadU29(prefix, ref start);
            });
        }
    }

    public static TheoryData<string, AmfValue> Values => new()
    {
        { "1100", AmfValue.UndefinedValue },
        { "1101", AmfValue.NullValue },
        { "1102", false },
        { "1103", true },
        { "110405", 5.0 },
        { "1104FFFFFFFF", -1.0 },
        { "1104BFFFFFFF", 268_435_455.0 },
        { "11053FF0000000000000", 1.0 },
        { "110605C3A9", "é" },
        { "110C05AF00", new AmfValue.ByteArray(new byte[] { 0xAF, 0 }) },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Reader_Amf3InsideAmf0_GivesTheValueAndRefusesEveryPrefix(string hex, AmfValue expected)
    {
        var bytes = Convert.FromHexString(hex);
        Assert.Equal(expected, Assert.Single(Amf0Reader.ReadAll(bytes)));
        for (var length = 1; length < bytes.Length; length++)
        {
            var prefix = bytes[..length];
            Assert.Throws<MediaFormatException>(() => Amf0Reader.ReadAll(prefix));
        }
    }

    [Fact]
    public void Reader_AdditionalMediaOfObs_GivesTheSecondAudioTrack()
    {
        // OBS 26.0 to 30.1: an AMF0 object whose property "media" is an AMF3 byte array with an FLV audio body.
        var bytes = Convert.FromHexString("02000F6164646974696F6E616C4D65646961" + "03" + "00026964" + "02000773747265616D30" + "00056D65646961" + "110C09AF001190" + "000009");
        var values = Amf0Reader.ReadAll(bytes);

        Assert.Equal(["additionalMedia", new AmfValue.Object([new("id", "stream0"), new("media", new AmfValue.ByteArray(new byte[] { 0xAF, 0, 0x11, 0x90 }))])], values);
        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(Amf0Writer.ToArray([.. values])));
    }
}
