using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace StreamManager.Media.Amf;

/// <summary>
/// Reads the values of one complete AMF0 message, front to back. Anything wrong with the bytes is a <see cref="MediaFormatException"/>; what a
/// message may cost is bounded by <see cref="AmfLimits"/> and by its own size: no count on the wire is believed.
/// </summary>
public ref struct Amf0Reader
{
    private readonly ReadOnlySpan<byte> _data;
    private readonly AmfLimits _limits;
    private int _position;
    private int _valuesLeft;

    /// <summary>Starts at the first byte of <paramref name="data"/>, which must hold the whole message.</summary>
    public Amf0Reader(ReadOnlySpan<byte> data, AmfLimits? limits = null)
    {
        _data = data;
        _limits = limits ?? AmfLimits.Default;
        _valuesLeft = _limits.MaxValues;
    }

    /// <summary>True when all values have been read.</summary>
    public readonly bool End => _position == _data.Length;

    /// <summary>Bytes read so far.</summary>
    public readonly int Position => _position;

    /// <summary>All values of a message.</summary>
    /// <exception cref="MediaFormatException">The bytes are no AMF0, or exceed the limits.</exception>
    public static AmfList<AmfValue> ReadAll(ReadOnlySpan<byte> data, AmfLimits? limits = null)
    {
        var reader = new Amf0Reader(data, limits);
        return reader.ReadToEnd();
    }

    /// <summary>All values from here to the end of the message.</summary>
    /// <exception cref="MediaFormatException">The bytes are no AMF0, or exceed the limits.</exception>
    public AmfList<AmfValue> ReadToEnd()
    {
        var values = new List<AmfValue>(4);
        while (!End)
            values.Add(ReadValue());

        return values.Count == 0 ? [] : new AmfList<AmfValue>([.. values]);
    }

    /// <summary>The next value.</summary>
    /// <exception cref="MediaFormatException">The bytes are no AMF0, end too early, or exceed the limits.</exception>
    public AmfValue ReadValue() => ReadValue(depth: 0);

    private AmfValue ReadValue(int depth)
    {
        if (depth > _limits.MaxDepth)
            throw new MediaFormatException("AMF values are nested too deep.");

        if (--_valuesLeft < 0)
            throw new MediaFormatException("An AMF message has too many values.");

        var marker = (Amf0Marker)Take(1)[0];
        switch (marker)
        {
            case Amf0Marker.Number:
                return new AmfValue.Number(TakeDouble());
            case Amf0Marker.Boolean:
                return new AmfValue.Boolean(Take(1)[0] != 0);
            case Amf0Marker.String:
                return new AmfValue.String(TakeText(TakeUInt16()));
            case Amf0Marker.LongString:
                return new AmfValue.String(TakeText(TakeUInt32()));
            case Amf0Marker.XmlDocument:
                return new AmfValue.Xml(TakeText(TakeUInt32()));
            case Amf0Marker.Object:
                return new AmfValue.Object(ReadProperties(depth));
            case Amf0Marker.EcmaArray:
                _ = Take(4); // A hint only: encoders write 0, too few or too many.
                return new AmfValue.EcmaArray(ReadProperties(depth));
            case Amf0Marker.TypedObject:
                return new AmfValue.TypedObject(TakeName(), ReadProperties(depth));
            case Amf0Marker.StrictArray:
                return new AmfValue.StrictArray(ReadItems(TakeUInt32(), depth));
            case Amf0Marker.Date:
                return new AmfValue.Date(TakeDouble(), BinaryPrimitives.ReadInt16BigEndian(Take(2)));
            case Amf0Marker.Reference:
                return new AmfValue.Reference(TakeUInt16());
            case Amf0Marker.Null:
                return AmfValue.NullValue;
            case Amf0Marker.Undefined:
                return AmfValue.UndefinedValue;
            case Amf0Marker.Unsupported:
                return AmfValue.UnsupportedValue;
            case Amf0Marker.SwitchToAmf3:
                var value = Amf3Reader.ReadValue(_data[_position..], out var consumed);
                _position += consumed;
                return value;
            default:
                throw new MediaFormatException($"Unknown AMF0 marker {(byte)marker}.");
        }
    }

    // Names and values until an empty name is followed by the end marker. (An empty name in front of any other marker is a property like others.)
    private AmfList<AmfProperty> ReadProperties(int depth)
    {
        var properties = new List<AmfProperty>();
        while (true)
        {
            var name = TakeName();
            if (name.Length == 0 && _position < _data.Length && _data[_position] == (byte)Amf0Marker.ObjectEnd)
            {
                _position++;
                return properties.Count == 0 ? [] : new AmfList<AmfProperty>([.. properties]);
            }

            properties.Add(new AmfProperty(name, ReadValue(depth + 1)));
        }
    }

    private AmfList<AmfValue> ReadItems(uint count, int depth)
    {
        // Each value takes a byte at the least, so a count beyond what is left is a lie that need not be tried.
        if (count > (uint)(_data.Length - _position))
            throw new MediaFormatException("An AMF array claims more elements than its message has bytes.");

        if (count > (uint)_valuesLeft)
            throw new MediaFormatException("An AMF message has too many values.");

        // Not allocated by the count: arrays inside each other could all claim the same bytes.
        var items = new List<AmfValue>((int)Math.Min(count, 16));
        for (var i = 0u; i < count; i++)
            items.Add(ReadValue(depth + 1));

        return items.Count == 0 ? [] : new AmfList<AmfValue>([.. items]);
    }

    private string TakeName()
    {
        var name = TakeText(TakeUInt16());
        return name.Length <= _limits.MaxNameLength ? name : throw new MediaFormatException("An AMF name is too long.");
    }

    private string TakeText(uint byteCount)
    {
        if (byteCount > (uint)(_data.Length - _position))
            throw new MediaFormatException("AMF text ends too early.");

        return Encoding.UTF8.GetString(Take((int)byteCount));
    }

    private double TakeDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    private ushort TakeUInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    private uint TakeUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _data.Length - _position)
            throw new MediaFormatException("An AMF value ends too early.");

        var taken = _data.Slice(_position, count);
        _position += count;
        return taken;
    }
}
