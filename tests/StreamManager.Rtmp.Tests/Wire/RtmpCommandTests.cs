using StreamManager.Media;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Wire;
using static StreamManager.Rtmp.Tests.Wire.WireTesting;

namespace StreamManager.Rtmp.Tests.Wire;

public sealed class RtmpCommandTests
{
    private const string CreateStream = "02 000C 63726561746553747265616D 00 4010000000000000 05";

    [Fact]
    public void Command_Type20_IsRead()
    {
        var command = RtmpCommand.Read(new RtmpMessage(RtmpMessageType.CommandAmf0, 0, 0, Hex(CreateStream)));
        Assert.Equal(RtmpCommand.Create("createStream", 4), command);
        Assert.Equal(Convert.ToHexString(Hex(CreateStream)), Convert.ToHexString(command.ToMessage().Body.Span));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("")]
    public void Command_Type17_IsReadWithAndWithoutItsFormatByte(string formatByte)
    {
        var command = RtmpCommand.Read(new RtmpMessage(RtmpMessageType.CommandAmf3, 0, 0, Hex(formatByte + CreateStream)));
        Assert.Equal(RtmpCommand.Create("createStream", 4), command);
    }

    [Theory]
    [InlineData("")]
    [InlineData("05")]
    [InlineData("00 4010000000000000")]
    [InlineData("02 000C 6372")]
    public void Command_WithoutName_IsAFormatError(string hex) =>
        Assert.Throws<MediaFormatException>(() => RtmpCommand.Read(new RtmpMessage(RtmpMessageType.CommandAmf0, 0, 0, Hex(hex))));

    [Fact]
    public void Command_OnlyAName_HasNoTransactionAndNoObject()
    {
        var command = RtmpCommand.Read(new RtmpMessage(RtmpMessageType.CommandAmf0, 0, 0, Hex("02 0005 636C6F7365")));
        Assert.Equal(new RtmpCommand("close", 0, AmfValue.NullValue, []), command);
        Assert.Null(command.Argument(0));
    }

    [Fact]
    public void Status_OfOnStatusAndError_IsFound()
    {
        var status = new RtmpStatus(RtmpStatus.StatusLevel, RtmpStatusCodes.PublishStart, "Go.");
        Assert.Equal(status, RtmpStatus.Find(RtmpCommand.Read(RtmpCommand.OnStatus(status).ToMessage(1))));

        var found = RtmpStatus.Find(RtmpCommand.Error(1, RtmpStatusCodes.ConnectRejected, "No."));
        Assert.True(found is { IsError: true, Code: RtmpStatusCodes.ConnectRejected, Description: "No." });
    }
}
