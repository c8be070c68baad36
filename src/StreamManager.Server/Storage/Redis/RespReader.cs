using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;

namespace StreamManager.Server.Storage.Redis;

/// <summary>
/// Reads RESP2:
/// <code>
/// +text CR LF                       status
/// -text CR LF                       error
/// :number CR LF                     integer
/// $length CR LF bytes CR LF         bulk string; $-1 CR LF: nothing
/// *count CR LF value value …        array;       *-1 CR LF: nothing
/// </code>
/// </summary>
internal static class RespReader
{
    private const int LineEndBytes = 2;
    private const long NothingLength = -1;

    private static ReadOnlySpan<byte> LineEnds => "\r\n"u8;

    /// <summary>
    /// Takes one whole value off the buffer. False: more bytes are needed and nothing was taken. Nothing is allocated before a value is whole, so trying again costs a look at each header only.
    /// </summary>
    /// <exception cref="RespFormatException">The bytes are no RESP2, or pass a limit; known as soon as the header that says so is there.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, RespLimits limits, out RespValue value)
    {
        value = RespValue.Nothing.Value;
        var reader = new SequenceReader<byte>(buffer);
        var values = 0;
        if (!TrySkip(ref reader, limits, depth: 0, ref values))
            return false;
        reader = new SequenceReader<byte>(buffer);
        value = Read(ref reader, limits);
        buffer = buffer.Slice(reader.Position);
        return true;
    }

    /// <summary>Passes over one value and checks it whole.</summary>
    private static bool TrySkip(ref SequenceReader<byte> reader, RespLimits limits, int depth, ref int values)
    {
        if (++values > limits.MaxValues)
            throw TooLarge("A reply of Redis has too many values.");
        if (!TryReadHeader(ref reader, limits, out var type, out var line))
            return false;
        switch (type)
        {
            case '+' or '-':
                return true;
            case ':':
                _ = Number(line);
                return true;
            case '$':
                var length = Length(line, limits.MaxBulkBytes, "A string in a reply of Redis is too long.");
                return length == NothingLength || TrySkipBulk(ref reader, limits, length);
            default:
                var count = Length(line, limits.MaxValues - values, "A reply of Redis has too many values.");
                if (depth == limits.MaxDepth && count > 0)
                    throw TooLarge("A reply of Redis is nested too deeply.");
                for (var i = 0L; i < count; i++)
                {
                    if (!TrySkip(ref reader, limits, depth + 1, ref values))
                        return false;
                }

                return true;
        }
    }

    private static bool TrySkipBulk(ref SequenceReader<byte> reader, RespLimits limits, long length)
    {
        if (reader.Consumed + length > limits.MaxReplyBytes)
            throw TooLarge("A reply of Redis is too long.");
        if (reader.Remaining < length + LineEndBytes)
            return false;
        reader.Advance(length);
        return reader.IsNext(LineEnds, advancePast: true) ? true : throw new RespFormatException("A string is longer than its length says.");
    }

    /// <summary>Reads a value that <see cref="TrySkip"/> has seen whole.</summary>
    private static RespValue Read(ref SequenceReader<byte> reader, RespLimits limits)
    {
        _ = TryReadHeader(ref reader, limits, out var type, out var line);
        switch (type)
        {
            case '+':
                return new RespValue.Status(Encoding.UTF8.GetString(line));
            case '-':
                return new RespValue.Error(Encoding.UTF8.GetString(line));
            case ':':
                return new RespValue.Integer(Number(line));
        }

        var length = Number(line);
        if (length == NothingLength)
            return RespValue.Nothing.Value;
        if (type == '$')
        {
            var bytes = reader.UnreadSequence.Slice(0, length).ToArray();
            reader.Advance(length + LineEndBytes);
            return new RespValue.Bulk(bytes);
        }

        var items = ImmutableArray.CreateBuilder<RespValue>((int)length);
        for (var i = 0L; i < length; i++)
            items.Add(Read(ref reader, limits));
        return new RespValue.Array(items.MoveToImmutable());
    }

    /// <summary>The first byte and the rest of the first line.</summary>
    private static bool TryReadHeader(ref SequenceReader<byte> reader, RespLimits limits, out char type, out ReadOnlySequence<byte> line)
    {
        line = default;
        type = default;
        if (!reader.TryRead(out var first))
            return false;
        type = (char)first;
        if (type is not ('+' or '-' or ':' or '$' or '*'))
            throw new RespFormatException("No value of RESP begins like this.");
        if (!reader.TryReadToAny(out line, LineEnds, advancePastDelimiter: false))
        {
            if (reader.Remaining > limits.MaxLineBytes)
                throw TooLarge("A line of Redis is too long.");
            return false;
        }

        if (line.Length > limits.MaxLineBytes)
            throw TooLarge("A line of Redis is too long.");
        reader.TryRead(out var end);
        if (end != '\r')
            throw new RespFormatException("A line has a line feed inside.");
        if (!reader.TryRead(out end))
            return false;
        if (end != '\n')
            throw new RespFormatException("A line has a carriage return inside.");
        if (reader.Consumed > limits.MaxReplyBytes)
            throw TooLarge("A reply of Redis is too long.");
        return true;
    }

    /// <summary>A length or count: -1 for "nothing", else 0 to <paramref name="max"/>.</summary>
    private static long Length(in ReadOnlySequence<byte> line, int max, string tooLarge) => Number(line) switch
    {
        < NothingLength => throw new RespFormatException("A length is below zero."),
        var length when length > max => throw TooLarge(tooLarge),
        var length => length,
    };

    private static long Number(in ReadOnlySequence<byte> line)
    {
        // A sign and the nineteen digits of the greatest number; no peer needs leading zeros.
        Span<byte> digits = stackalloc byte[20];
        if (line.Length is 0 or > 20)
            throw new RespFormatException("A number is no number.");
        digits = digits[..(int)line.Length];
        line.CopyTo(digits);
        return Utf8Parser.TryParse(digits, out long number, out var used) && used == digits.Length
            ? number
            : throw new RespFormatException("A number is no number.");
    }

    private static RespFormatException TooLarge(string message) => new(RespFault.TooLarge, message);
}
