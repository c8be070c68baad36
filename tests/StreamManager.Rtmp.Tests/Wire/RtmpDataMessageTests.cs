using StreamManager.Media;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Wire;
using static StreamManager.Rtmp.Tests.Wire.WireTesting;

namespace StreamManager.Rtmp.Tests.Wire;

public sealed class RtmpDataMessageTests
{
    private const string MetaData = "02 000A 6F6E4D65746144617461 08 00000001 0005 7769647468 00 4094000000000000 000009";
    private static readonly RtmpDataMessage Expected = new(RtmpDataMessage.OnMetaDataName, [new AmfValue.EcmaArray([new("width", 1280.0)])]);

    [Fact]
    public void Data_Type18_IsReadAndWritten()
    {
        Assert.Equal(Expected, RtmpDataMessage.Read(new RtmpMessage(RtmpMessageType.DataAmf0, 1, 0, Hex(MetaData))));
        Assert.Equal(Convert.ToHexString(Hex(MetaData)), Convert.ToHexString(Expected.ToMessage(1, 0).Body.Span));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("")]
    public void Data_Type15_IsReadAndTurnedIntoType18(string formatByte)
    {
        var message = new RtmpMessage(RtmpMessageType.DataAmf3, 1, 7, Hex(formatByte + MetaData));
        Assert.Equal(Expected, RtmpDataMessage.Read(message));
        AssertSame([new RtmpMessage(RtmpMessageType.DataAmf0, 1, 7, Hex(MetaData))], [RtmpDataMessage.ToAmf0(message)]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000000")]
    [InlineData("08 00000000 000009")]
    public void Data_WithoutName_IsAFormatError(string hex) =>
        Assert.Throws<MediaFormatException>(() => RtmpDataMessage.Read(new RtmpMessage(RtmpMessageType.DataAmf0, 1, 0, Hex(hex))));
}
