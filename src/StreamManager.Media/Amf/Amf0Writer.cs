using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace StreamManager.Media.Amf;

/// <summary>
/// Writes AMF0 values. The values are ours, so what the format cannot hold (a name beyond 65,535 bytes) is an <see cref="ArgumentException"/>.
/// </summary>
public static class Amf0Writer
{
    private const int MaxShortText = ushort.MaxValue;

    /// <summary>Writes the values one after the other.</summary>
    public static void WriteAll(IBufferWriter<byte> output, ReadOnlySpan<AmfValue> values)
    {
        foreach (var value in values)
            Write(output, value);
    }

    /// <summary>The bytes of the values, in an array of their size.</summary>
    public static byte[] ToArray(params ReadOnlySpan<AmfValue> values)
    {
        var output = new ArrayBufferWriter<byte>(256);
        WriteAll(output, values);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Writes one value with its marker.</summary>
    public static void Write(IBufferWriter<byte> output, AmfValue value)
    {
        switch (value)
        {
            case AmfValue.Number number:
                WriteMarker(output, Amf0Marker.Number);
                WriteDouble(output, number.Value);
                break;
            case AmfValue.Boolean boolean:
                output.Write([(byte)Amf0Marker.Boolean, boolean.Value ? (byte)1 : (byte)0]);
                break;
            case AmfValue.String text:
                WriteText(output, text.Value);
                break;
            case AmfValue.Object o:
                WriteMarker(output, Amf0Marker.Object);
                WriteProperties(output, o.Properties);
                break;
            case AmfValue.EcmaArray array:
                WriteMarker(output, Amf0Marker.EcmaArray);
                WriteUInt32(output, (uint)array.Properties.Count);
                WriteProperties(output, array.Properties);
                break;
            case AmfValue.TypedObject typed:
                WriteMarker(output, Amf0Marker.TypedObject);
                WriteName(output, typed.ClassName);
                WriteProperties(output, typed.Properties);
                break;
            case AmfValue.StrictArray array:
                WriteMarker(output, Amf0Marker.StrictArray);
                WriteUInt32(output, (uint)array.Items.Count);
                WriteAll(output, array.Items.AsSpan());
                break;
            case AmfValue.Date date:
                WriteMarker(output, Amf0Marker.Date);
                WriteDouble(output, date.UnixMilliseconds);
                WriteUInt16(output, (ushort)date.TimeZone);
                break;
            case AmfValue.Xml xml:
                WriteLongText(output, Amf0Marker.XmlDocument, xml.Value);
                break;
            case AmfValue.Reference reference:
                WriteMarker(output, Amf0Marker.Reference);
                WriteUInt16(output, reference.Index);
                break;
            case AmfValue.ByteArray bytes:
                WriteMarker(output, Amf0Marker.SwitchToAmf3);
                Amf3Writer.WriteByteArray(output, bytes.Value.Span);
                break;
            case AmfValue.Null:
                WriteMarker(output, Amf0Marker.Null);
                break;
            case AmfValue.Undefined:
                WriteMarker(output, Amf0Marker.Undefined);
                break;
            case AmfValue.Unsupported:
                WriteMarker(output, Amf0Marker.Unsupported);
                break;
            default:
                throw new ArgumentException($"No AMF0 form for {value.GetType().Name}.", nameof(value));
        }
    }

    private static void WriteProperties(IBufferWriter<byte> output, AmfList<AmfProperty> properties)
    {
        foreach (ref readonly var property in properties.AsSpan())
        {
            WriteName(output, property.Name);
            Write(output, property.Value);
        }

        output.Write<byte>([0, 0, (byte)Amf0Marker.ObjectEnd]);
    }

    private static void WriteName(IBufferWriter<byte> output, string name)
    {
        var size = Encoding.UTF8.GetByteCount(name);
        if (size > MaxShortText)
            throw new ArgumentException("The name is longer than AMF0 can say.", nameof(name));

        WriteUInt16(output, (ushort)size);
        WriteUtf8(output, name, size);
    }

    private static void WriteText(IBufferWriter<byte> output, string text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        if (size > MaxShortText)
        {
            WriteLongText(output, Amf0Marker.LongString, text);
            return;
        }

        WriteMarker(output, Amf0Marker.String);
        WriteUInt16(output, (ushort)size);
        WriteUtf8(output, text, size);
    }

    private static void WriteLongText(IBufferWriter<byte> output, Amf0Marker marker, string text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        WriteMarker(output, marker);
        WriteUInt32(output, (uint)size);
        WriteUtf8(output, text, size);
    }

    private static void WriteUtf8(IBufferWriter<byte> output, string text, int size)
    {
        Encoding.UTF8.GetBytes(text, output.GetSpan(size));
        output.Advance(size);
    }

    private static void WriteMarker(IBufferWriter<byte> output, Amf0Marker marker)
    {
        output.GetSpan(1)[0] = (byte)marker;
        output.Advance(1);
    }

    private static void WriteDouble(IBufferWriter<byte> output, double value)
    {
        BinaryPrimitives.WriteDoubleBigEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    private static void WriteUInt16(IBufferWriter<byte> output, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(output.GetSpan(2), value);
        output.Advance(2);
    }

    private static void WriteUInt32(IBufferWriter<byte> output, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(output.GetSpan(4), value);
        output.Advance(4);
    }
}
