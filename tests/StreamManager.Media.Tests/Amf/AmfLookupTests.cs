using StreamManager.Media.Amf;

namespace StreamManager.Media.Tests.Amf;

public sealed class AmfLookupTests
{
    private static readonly AmfList<AmfProperty> Properties = [new("tcurl", "rtmp://h/app"), new("width", 1280.0), new("stereo", true), new("rate", double.NaN), new("width", 1.0)];

    public static TheoryData<AmfValue> Kinds => [new AmfValue.Object(Properties), new AmfValue.EcmaArray(Properties), new AmfValue.TypedObject("T", Properties)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Find_InAnyKindWithProperties_GivesTheFirstOfThatName(AmfValue value)
    {
        Assert.Equal("rtmp://h/app", value.FindString("tcUrl"));
        Assert.Equal(1280.0, value.FindNumber("width"));
        Assert.True(value.FindBoolean("stereo"));
    }

    [Fact]
    public void Find_MissingOrOfAnotherKind_GivesNull()
    {
        AmfValue value = new AmfValue.Object(Properties);
        Assert.Null(value.FindString("width"));
        Assert.Null(value.FindNumber("tcurl"));
        Assert.Null(value.FindNumber("rate"));
        Assert.Null(value.FindBoolean("width"));
        Assert.Null(value.Find("height"));
        Assert.Null(AmfValue.NullValue.Find("width"));
        Assert.Null(((AmfValue?)null).Find("width"));
    }

    [Fact]
    public void Text_ThatIsNoUtf8_IsReadAndReadsEqualAfterWriting()
    {
        var value = Assert.Single(Amf0Reader.ReadAll([2, 0, 3, 0x61, 0xFF, 0x62]));
        Assert.Equal("a\uFFFDb", value);
        Assert.Equal(value, Assert.Single(Amf0Reader.ReadAll(Amf0Writer.ToArray(value))));
    }

    [Fact]
    public void Name_LongerThanTheLimit_IsRefused()
    {
        var name = new byte[AmfLimits.Default.MaxNameLength + 1];
        name.AsSpan().Fill((byte)'n');
        byte[] bytes = [3, (byte)(name.Length >> 8), (byte)name.Length, .. name, 5, 0, 0, 9];
        Assert.Throws<MediaFormatException>(() => Amf0Reader.ReadAll(bytes));
    }
}
