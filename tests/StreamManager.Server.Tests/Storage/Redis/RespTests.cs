using System.Buffers;
using System.Text;
using StreamManager.Server.Storage.Redis;

namespace StreamManager.Server.Tests.Storage.Redis;

public sealed class RespTests
{
    private static readonly RespLimits Small = new() { MaxLineBytes = 10, MaxBulkBytes = 8, MaxReplyBytes = 30, MaxValues = 6, MaxDepth = 2 };

    public static TheoryData<string> Names => [.. RespVectors.List.Select(vector => vector.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_OfAVector_GivesItsValueAndLeavesTheNext(string name)
    {
        var vector = RespVectors.Get(name);
        var buffer = new ReadOnlySequence<byte>([.. vector.Bytes, (byte)'+']);
        Assert.True(RespReader.TryRead(ref buffer, RespLimits.Default, out var value));
        Assert.Equal(vector.Value, value);
        Assert.Equal("+"u8.ToArray(), buffer.ToArray());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_OfAVectorInPiecesOfOneByte_GivesItsValue(string name)
    {
        var vector = RespVectors.Get(name);
        var buffer = OneByteSegments(vector.Bytes);
        Assert.True(RespReader.TryRead(ref buffer, RespLimits.Default, out var value));
        Assert.Equal(vector.Value, value);
        Assert.True(buffer.IsEmpty);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_OfEveryPrefix_AsksForMoreAndTakesNothing(string name)
    {
        var bytes = RespVectors.Get(name).Bytes;
        for (var length = 0; length < bytes.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(bytes, 0, length);
            Assert.False(RespReader.TryRead(ref buffer, RespLimits.Default, out _));
            Assert.Equal(length, buffer.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Write_OfAVector_GivesItsBytes(string name)
    {
        var vector = RespVectors.Get(name);
        var output = new ArrayBufferWriter<byte>();
        RespWriter.Write(output, vector.Value);
        Assert.Equal(vector.Wire, Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Read_OfTheArrayFormOfNothing_IsNothing() => Assert.Equal(RespValue.Nothing.Value, Read("*-1\r\n", RespLimits.Default));

    [Fact]
    public void WriteCommand_IsAnArrayOfBulkStrings()
    {
        var output = new ArrayBufferWriter<byte>();
        RespWriter.WriteCommand(output, new RedisCommand("SET", "ключ", new byte[] { 0, 13, 10 }, "PX", 250));
        Assert.Equal("*5\r\n$3\r\nSET\r\n$8\r\nключ\r\n$3\r\n\0\r\n\r\n$2\r\nPX\r\n$3\r\n250\r\n", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Write_OfALineWithALineEndInside_IsRefused() =>
        Assert.Throws<ArgumentException>(() => RespWriter.Write(new ArrayBufferWriter<byte>(), new RespValue.Status("a\r\n+b")));

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("\u0015\u0003\u0001")]
    [InlineData("\r\n")]
    [InlineData(":\r\n")]
    [InlineData(":1x\r\n")]
    [InlineData(":1.5\r\n")]
    [InlineData(": 1\r\n")]
    [InlineData(":9223372036854775808\r\n")]
    [InlineData(":000000000000000000001\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$\r\n\r\n")]
    [InlineData("*-2\r\n")]
    [InlineData("$1\r\nabc")]
    [InlineData("$0\r\n$0")]
    [InlineData("+a\nb\r\n")]
    [InlineData("+a\rb\r\n")]
    [InlineData("*1\r\n%1\r\n")]
    [InlineData("_\r\n")]
    public void Read_OfAnotherProtocol_IsMalformed(string wire) =>
        Assert.Equal(RespFault.Malformed, Assert.Throws<RespFormatException>(() => Read(wire, RespLimits.Default)).Fault);

    [Theory]
    [InlineData("+12345678901\r\n")]
    [InlineData("+12345678901")]
    [InlineData("$9\r\n")]
    [InlineData("$9223372036854775807\r\n")]
    [InlineData("*6\r\n")]
    [InlineData("*9223372036854775807\r\n")]
    [InlineData("*2\r\n*3\r\n:1\r\n:1\r\n:1\r\n*1\r\n")]
    [InlineData("*1\r\n*1\r\n*1\r\n")]
    [InlineData("*4\r\n$7\r\n1234567\r\n$7\r\n1234567\r\n$7\r\n")]
    [InlineData("*5\r\n+123456\r\n+123456\r\n+123456\r\n+1234\r\n")]
    public void Read_BeyondALimit_IsRefusedByTheHeader(string wire) =>
        Assert.Equal(RespFault.TooLarge, Assert.Throws<RespFormatException>(() => Read(wire, Small)).Fault);

    [Theory]
    [InlineData("+1234567890\r\n")]
    [InlineData("$8\r\n12345678\r\n")]
    [InlineData("*5\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n")]
    [InlineData("*1\r\n*1\r\n*0\r\n")]
    public void Read_AtALimit_IsTaken(string wire) => Read(wire, Small);

    private static RespValue Read(string wire, RespLimits limits)
    {
        var buffer = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(wire));
        Assert.True(RespReader.TryRead(ref buffer, limits, out var value), "more bytes were asked for");
        return value;
    }

    private static ReadOnlySequence<byte> OneByteSegments(byte[] bytes)
    {
        var first = new Segment(bytes.AsMemory(0, 1));
        var last = first;
        for (var i = 1; i < bytes.Length; i++)
            last = last.Append(bytes.AsMemory(i, 1));
        return new ReadOnlySequence<byte>(first, 0, last, 1);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
