using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Flv;

public class AvcTagTests
{
    private const string Sps = "67 42C01E 80"; // id 0
    private const string OtherSps = "67 42C01E 40"; // id 1
    private const string Pps = "68 C0"; // id 0, refers to 0

    private static ReadOnlyMemory<byte>[] Sets(params string[] hex) => [.. hex.Select(text => (ReadOnlyMemory<byte>)Hex.Bytes(text))];

    [Fact]
    public void Bodies_Made_HaveTheirHeaders()
    {
        Assert.Equal("17000000000142", Hex.Text(AvcTag.Configuration([0x01, 0x42])));
        Assert.Equal("1702000000", Hex.Text(AvcTag.EndOfSequence()));
        Assert.Equal("1701000028AA", Hex.Text(AvcTag.Frame(isKeyframe: true, 40, [0xAA])));
        Assert.Equal("2701FFFFD8" + "000000026501" + "0000000168", Hex.Text(AvcTag.Frame(isKeyframe: false, -40, Sets("6501", "68"))));
        Assert.Equal("1701000000" + "00026501", Hex.Text(AvcTag.Frame(isKeyframe: true, 0, Sets("6501"), lengthSize: 2)));
    }

    [Theory]
    [InlineData(0, "000000")]
    [InlineData(-1, "FFFFFF")]
    [InlineData(int.MaxValue, "7FFFFF")]
    [InlineData(int.MinValue, "800000")]
    public void CompositionTime_Replaced_LeavesTheRest(int time, string hex)
    {
        var body = Hex.Bytes("27 01 000042 AABB");
        Assert.Equal($"2701{hex}AABB", Hex.Text(AvcTag.WithCompositionTime(body, time)));
        Assert.Equal(0x42, body[4]);
    }

    [Theory]
    [InlineData("91 68766331 000000 AA")]
    [InlineData("1C 01 000000 AA")]
    public void CompositionTime_OfAnotherCodec_IsRefused(string hex) =>
        Assert.Throws<MediaFormatException>(() => AvcTag.WithCompositionTime(Hex.Bytes(hex), 0));

    [Theory]
    [InlineData("00000002 6588", "[S][P] 00000002 6588")] // nothing in-band yet
    [InlineData("00000002 0910 00000002 6588", "00000002 0910 [S][P] 00000002 6588")] // behind the delimiter
    [InlineData("00000002 0605 [S] 00000002 6588", "[S][P] 00000002 0605 00000002 6588")] // in front of the first unit, and once
    [InlineData("[O][P] 00000002 6588", "[S][P][O] 00000002 6588")] // another id stays
    public void ParameterSets_PutIn_StandInFrontOnce(string before, string after)
    {
        var result = AvcTag.WithParameterSets(Body(before), 4, Sets(Sps, Pps));
        Assert.Equal(Hex.Text(Body(after)), Hex.Text(result));
    }

    private static byte[] Body(string template) => Hex.Bytes("17 01 000042" + template
        .Replace("[S]", "00000005" + Sps, StringComparison.Ordinal)
        .Replace("[O]", "00000005" + OtherSps, StringComparison.Ordinal)
        .Replace("[P]", "00000002" + Pps, StringComparison.Ordinal));

    [Fact]
    public void ParameterSets_PutIntoARealKeyframe_DecodeWithoutTheConfigurationsOwn()
    {
        var packets = Encoded.X264("320x240", "25", 1);
        var configuration = Encoded.Configuration(packets);
        var keyframe = packets.First(packet => packet.IsKeyframe);
        var inBand = AvcTag.WithParameterSets(keyframe.Body.Span, configuration.LengthSize, configuration.ParameterSets);
        var stranger = packets.First(packet => packet.Content == PacketContent.Configuration);
        var other = Encoded.Configuration(Encoded.X264("64x64", "25", 1));
        Assert.NotEqual(Hex.Text(stranger.Payload.Span), Hex.Text(other.ToArray()));
        var file = FlvFile.Write(new FlvHeader(false, true), [new(FlvTagType.Video, 0, AvcTag.Configuration(other.ToArray())), new(FlvTagType.Video, 0, inBand)]);
        var result = FFmpeg.Run(file, "-f", "flv", "-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1").AssertClean();
        Assert.Equal(320 * 240, result.Output.Length);
    }
}
