using StreamManager.Media.Amf;

namespace StreamManager.Media.Tests.Amf;

public sealed class Amf0Tests
{
    [Theory]
    [MemberData(nameof(AmfVectors.Names), MemberType = typeof(AmfVectors))]
    public void Reader_Vector_GivesTheValue(string name)
    {
        var (value, bytes) = AmfVectors.Get(name);
        var reader = new Amf0Reader(bytes);
        Assert.Equal(value, reader.ReadValue());
        Assert.True(reader.End);
    }

    [Theory]
    [MemberData(nameof(AmfVectors.Names), MemberType = typeof(AmfVectors))]
    public void Writer_Vector_GivesTheBytes(string name)
    {
        var (value, bytes) = AmfVectors.Get(name);
        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(Amf0Writer.ToArray(value)));
    }

    [Theory]
    [MemberData(nameof(AmfVectors.Names), MemberType = typeof(AmfVectors))]
    public void Reader_EveryShorterPrefix_IsAFormatError(string name)
    {
        var (_, bytes) = AmfVectors.Get(name);
        for (var length = 0; length < bytes.Length; length++)
        {
            var prefix = bytes[..length];
            Assert.Throws<MediaFormatException>(() => new Amf0Reader(prefix).ReadValue());
        }
    }
}
