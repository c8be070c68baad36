using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace StreamManager.Server.Storage.Redis;

/// <summary>Writes RESP2; the layout is drawn at <see cref="RespReader"/>.</summary>
internal static class RespWriter
{
    // A type, a sign, nineteen digits and the line end.
    private const int MaxHeaderBytes = 23;

    /// <summary>A command: an array of bulk strings, its name first.</summary>
    public static void WriteCommand(IBufferWriter<byte> output, RedisCommand command)
    {
        WriteHeader(output, '*', command.Arguments.Length + 1);
        WriteBulk(output, Encoding.UTF8.GetBytes(command.Name));
        foreach (var argument in command.Arguments)
            WriteBulk(output, argument.Bytes.Span);
    }

    /// <summary>Any value.</summary>
    /// <exception cref="ArgumentException">A status or error has a line end inside, which has no form in RESP.</exception>
    public static void Write(IBufferWriter<byte> output, RespValue value)
    {
        switch (value)
        {
            case RespValue.Status status:
                WriteLine(output, '+', status.Text);
                break;
            case RespValue.Error error:
                WriteLine(output, '-', error.Text);
                break;
            case RespValue.Integer integer:
                WriteHeader(output, ':', integer.Number);
                break;
            case RespValue.Bulk bulk:
                WriteBulk(output, bulk.Bytes.Span);
                break;
            case RespValue.Array array:
                WriteHeader(output, '*', array.Items.Length);
                foreach (var item in array.Items)
                    Write(output, item);
                break;
            default:
                WriteHeader(output, '$', -1);
                break;
        }
    }

    private static void WriteBulk(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        WriteHeader(output, '$', bytes.Length);
        output.Write(bytes);
        output.Write("\r\n"u8);
    }

    private static void WriteHeader(IBufferWriter<byte> output, char type, long number)
    {
        var span = output.GetSpan(MaxHeaderBytes);
        span[0] = (byte)type;
        _ = Utf8Formatter.TryFormat(number, span[1..], out var digits);
        "\r\n"u8.CopyTo(span[(1 + digits)..]);
        output.Advance(1 + digits + 2);
    }

    private static void WriteLine(IBufferWriter<byte> output, char type, string text)
    {
        if (text.AsSpan().ContainsAny('\r', '\n'))
            throw new ArgumentException("A line has no line end inside.", nameof(text));
        output.Write([(byte)type]);
        output.Write(Encoding.UTF8.GetBytes(text));
        output.Write("\r\n"u8);
    }
}
