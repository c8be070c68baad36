using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace StreamManager.Media.Amf;

/// <summary>
/// The part of AMF3 that stands inside AMF0 messages of live encoders: simple values, text, and the byte arrays that OBS 26 to 30.1 wrapped the
/// Twitch VOD track in. Arrays, objects and the three reference tables are refused: nobody sends them, and references would need state across
/// values.
/// <code>
/// U29    0xxxxxxx | 1xxxxxxx 0xxxxxxx | 1xxxxxxx 1xxxxxxx 0xxxxxxx | 1xxxxxxx 1xxxxxxx 1xxxxxxx xxxxxxxx     (the fourth byte has eight bits)
/// string, byte array:   U29 = (length &lt;&lt; 1) | 1, then the bytes;   low bit 0 = reference
/// </code>
/// </summary>
internal static class Amf3Reader
{
    /// <summary>Reads one value with its marker.</summary>
    /// <exception cref="MediaFormatException">Too short, or outside of the part that is understood.</exception>
    public static AmfValue ReadValue(ReadOnlySpan<byte> data, out int consumed)
    {
        if (data.IsEmpty)
            throw new MediaFormatException("An AMF3 value ends too early.");

        var position = 1;
        var marker = (Amf3Marker)data[0];
        AmfValue value;
        switch (marker)
        {
            case Amf3Marker.Undefined:
                value = AmfValue.UndefinedValue;
                break;
            case Amf3Marker.Null:
                value = AmfValue.NullValue;
                break;
            case Amf3Marker.False:
                value = new AmfValue.Boolean(false);
                break;
            case Amf3Marker.True:
                value = new AmfValue.Boolean(true);
                break;
            case Amf3Marker.Integer:
                value = new AmfValue.Number(SignExtend29(ReadU29(data, ref position)));
                break;
            case Amf3Marker.Double:
                if (data.Length - position < sizeof(double))
                    throw new MediaFormatException("An AMF3 value ends too early.");

                value = new AmfValue.Number(BinaryPrimitives.ReadDoubleBigEndian(data[position..]));
                position += sizeof(double);
                break;
            case Amf3Marker.String:
                value = new AmfValue.String(Encoding.UTF8.GetString(TakeInline(data, ref position)));
                break;
            case Amf3Marker.ByteArray:
                value = new AmfValue.ByteArray(TakeInline(data, ref position).ToArray());
                break;
            default:
                throw new MediaFormatException($"AMF3 kind {(byte)marker} is not understood here.");
        }

        consumed = position;
        return value;
    }

    /// <summary>Reads a variable-length 29-bit number.</summary>
    /// <exception cref="MediaFormatException">It ends too early.</exception>
    public static uint ReadU29(ReadOnlySpan<byte> data, ref int position)
    {
        uint value = 0;
        for (var i = 0; i < 4; i++)
        {
            if (position >= data.Length)
                throw new MediaFormatException("An AMF3 number ends too early.");

            var b = data[position++];
            if (i == 3)
                return (value << 8) | b;

            value = (value << 7) | (b & 0x7Fu);
            if ((b & 0x80) == 0)
                break;
        }

        return value;
    }

    private static int SignExtend29(uint value) => (int)(value << 3) >> 3;

    private static ReadOnlySpan<byte> TakeInline(ReadOnlySpan<byte> data, ref int position)
    {
        var head = ReadU29(data, ref position);
        if ((head & 1) == 0)
            throw new MediaFormatException("AMF3 references are not understood here.");

        var length = (int)(head >> 1);
        if (length > data.Length - position)
            throw new MediaFormatException("An AMF3 value ends too early.");

        var taken = data.Slice(position, length);
        position += length;
        return taken;
    }
}

/// <summary>The writing side of <see cref="Amf3Reader"/>.</summary>
internal static class Amf3Writer
{
    private const int MaxInlineLength = (1 << 28) - 1;

    /// <summary>Writes a byte array with its marker.</summary>
    public static void WriteByteArray(IBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        if (value.Length > MaxInlineLength)
            throw new ArgumentException("The array is longer than AMF3 can say.", nameof(value));

        output.Write([(byte)Amf3Marker.ByteArray]);
        WriteU29(output, ((uint)value.Length << 1) | 1);
        output.Write(value);
    }

    /// <summary>Writes a number below 2^29 in one to four bytes.</summary>
    public static void WriteU29(IBufferWriter<byte> output, uint value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(value, 1u << 29);
        switch (value)
        {
            case < 1u << 7:
                output.Write([(byte)value]);
                break;
            case < 1u << 14:
                output.Write([(byte)((value >> 7) | 0x80), (byte)(value & 0x7F)]);
                break;
            case < 1u << 21:
                output.Write([(byte)((value >> 14) | 0x80), (byte)((value >> 7) | 0x80), (byte)(value & 0x7F)]);
                break;
            default:
                output.Write([(byte)((value >> 22) | 0x80), (byte)((value >> 15) | 0x80), (byte)((value >> 8) | 0x80), (byte)value]);
                break;
        }
    }
}
