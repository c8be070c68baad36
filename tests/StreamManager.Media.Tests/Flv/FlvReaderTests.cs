using System.Buffers;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Flv;

public class FlvReaderTests
{
    public static TheoryData<FlvTagType, uint, string, string> Tags => new()
    {
        { FlvTagType.Audio, 0, "AF 00 12 10", "08 000004 000000 00 000000 AF001210 0000000F" },
        { FlvTagType.Video, 0x12345678, "17 02 000000", "09 000005 345678 12 000000 1702000000 00000010" },
        { FlvTagType.Script, uint.MaxValue, "", "12 000000 FFFFFF FF 000000 0000000B" },
    };

    [Theory]
    [MemberData(nameof(Tags))]
    public void Tag_WrittenAndRead_IsTheSame(FlvTagType type, uint timestamp, string bodyHex, string hex)
    {
        var output = new ArrayBufferWriter<byte>();
        FlvWriter.WriteTag(output, type, timestamp, Hex.Bytes(bodyHex));
        Assert.Equal(Hex.Text(Hex.Bytes(hex)), Hex.Text(output.WrittenSpan));

        var buffer = new ReadOnlySequence<byte>(Hex.Bytes(hex));
        Assert.True(FlvReader.TryReadTag(ref buffer, FlvReaderLimits.Default, out var tag));
        Assert.True(buffer.IsEmpty);
        Assert.Equal((type, timestamp), (tag.Type, tag.Timestamp));
        Assert.Equal(Hex.Bytes(bodyHex), tag.Body.ToArray());
    }

    [Theory]
    [MemberData(nameof(Tags))]
    public void Tag_NotWholeYet_NeedsMoreAndTakesNothing(FlvTagType type, uint timestamp, string bodyHex, string hex)
    {
        Assert.NotEqual(default, (type, timestamp, bodyHex));
        var bytes = Hex.Bytes(hex);
        for (var length = 0; length < bytes.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(bytes, 0, length);
            Assert.False(FlvReader.TryReadTag(ref buffer, FlvReaderLimits.Default, out _));
            Assert.Equal(length, buffer.Length);
        }
    }

    [Theory]
    [InlineData(true, true, "464C5601 05 00000009 00000000")]
    [InlineData(false, true, "464C5601 01 00000009 00000000")]
    [InlineData(true, false, "464C5601 04 00000009 00000000")]
    public void Header_WrittenAndRead_IsTheSame(bool audio, bool video, string hex)
    {
        var header = new FlvHeader(audio, video);
        Assert.Equal(Hex.Text(Hex.Bytes(hex)), Hex.Text(FlvFile.Write(header, [])));
        var bytes = Hex.Bytes(hex);
        for (var length = 0; length < bytes.Length; length++)
        {
            var part = new ReadOnlySequence<byte>(bytes, 0, length);
            Assert.False(FlvReader.TryReadHeader(ref part, out _));
        }
        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.True(FlvReader.TryReadHeader(ref buffer, out var read));
        Assert.Equal(header, read);
        Assert.True(buffer.IsEmpty);
    }

    [Fact]
    public void Header_LongerThanKnown_IsTakenWhole()
    {
        var buffer = new ReadOnlySequence<byte>(Hex.Bytes("464C5601 05 0000000B FFFF 00000000 08"));
        Assert.True(FlvReader.TryReadHeader(ref buffer, out _));
        Assert.Equal(1, buffer.Length);
    }

    [Theory]
    [InlineData("47")]
    [InlineData("464C5602")]
    [InlineData("464C5601 05 00000008 00000000")]
    [InlineData("464C5601 05 7FFFFFFF 00000000")]
    public void Header_OfAnotherFormat_IsBroken(string hex)
    {
        var buffer = new ReadOnlySequence<byte>(Hex.Bytes(hex));
        Assert.Throws<MediaFormatException>(() => FlvReader.TryReadHeader(ref buffer, out _));
    }

    [Fact]
    public void Tag_LargerThanAllowed_IsBrokenBeforeItIsWhole()
    {
        var buffer = new ReadOnlySequence<byte>(Hex.Bytes("09 000065 000000 00 000000"));
        Assert.Throws<MediaFormatException>(() => FlvReader.TryReadTag(ref buffer, new FlvReaderLimits { MaxBodySize = 100 }, out _));
    }

    [Fact]
    public void Tag_Encrypted_IsBroken()
    {
        var buffer = new ReadOnlySequence<byte>(Hex.Bytes("29 000000 000000 00 000000 0000000B"));
        Assert.Throws<MediaFormatException>(() => FlvReader.TryReadTag(ref buffer, FlvReaderLimits.Default, out _));
    }

    [Fact]
    public void Tag_OfUnknownType_HasNoKind()
    {
        Assert.Null(new FlvTag((FlvTagType)1, 0, default).Kind);
        Assert.Equal(MediaKind.Data, new FlvTag(FlvTagType.ScriptAmf3, 0, default).Kind);
    }
}
