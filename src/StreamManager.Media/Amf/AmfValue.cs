namespace StreamManager.Media.Amf;

/// <summary>
/// One value of the Action Message Format, whichever of its two encodings it came in: AMF0 (file format specification
/// "amf0-file-format-specification") or the part of AMF3 that encoders put inside AMF0. A record per kind, immutable, compared by content.
/// </summary>
public abstract record AmfValue
{
    private AmfValue()
    {
    }

    /// <summary>A double; AMF3 integers arrive as this too.</summary>
    public sealed record Number(double Value) : AmfValue;

    /// <summary>True or false.</summary>
    public sealed record Boolean(bool Value) : AmfValue;

    /// <summary>Text, short or long on the wire. Bytes that are no UTF-8 became U+FFFD when it was read.</summary>
    public sealed record String(string Value) : AmfValue;

    /// <summary>An anonymous object; properties in the order of the wire, names may repeat.</summary>
    public sealed record Object(AmfList<AmfProperty> Properties) : AmfValue;

    /// <summary>
    /// An associative array. Encoders use it and <see cref="Object"/> for the same things; the lookups of <see cref="AmfLookup"/> take either.
    /// </summary>
    public sealed record EcmaArray(AmfList<AmfProperty> Properties) : AmfValue;

    /// <summary>An object with a class name.</summary>
    public sealed record TypedObject(string ClassName, AmfList<AmfProperty> Properties) : AmfValue;

    /// <summary>An array by position.</summary>
    public sealed record StrictArray(AmfList<AmfValue> Items) : AmfValue;

    /// <summary>A point in time: milliseconds since 1970 UTC, and the time zone field, which the specification reserves and asks to be 0.</summary>
    public sealed record Date(double UnixMilliseconds, short TimeZone) : AmfValue;

    /// <summary>An XML document as text; never parsed.</summary>
    public sealed record Xml(string Value) : AmfValue;

    /// <summary>
    /// A pointer to an earlier object of the same message, left as it is. No live encoder sends one, and following pointers would let a few hundred
    /// bytes stand for an object graph of any size.
    /// </summary>
    public sealed record Reference(ushort Index) : AmfValue;

    /// <summary>Raw bytes (AMF3 kind 0x0C behind the AMF0 marker 0x11).</summary>
    public sealed record ByteArray(ReadOnlyMemory<byte> Value) : AmfValue
    {
        /// <inheritdoc />
        public bool Equals(ByteArray? other) => other is not null && Value.Span.SequenceEqual(other.Value.Span);

        /// <inheritdoc />
        public override int GetHashCode() => Value.Length;
    }

    /// <summary>null; use <see cref="AmfValue.NullValue"/>.</summary>
    public sealed record Null : AmfValue;

    /// <summary>undefined; use <see cref="AmfValue.UndefinedValue"/>.</summary>
    public sealed record Undefined : AmfValue;

    /// <summary>The sender could not encode its value.</summary>
    public sealed record Unsupported : AmfValue;

    /// <summary>The one null.</summary>
    public static AmfValue NullValue { get; } = new Null();

    /// <summary>The one undefined.</summary>
    public static AmfValue UndefinedValue { get; } = new Undefined();

    /// <summary>The one unsupported.</summary>
    public static AmfValue UnsupportedValue { get; } = new Unsupported();

    /// <summary>A string value.</summary>
    public static implicit operator AmfValue(string value) => new String(value);

    /// <summary>A number value.</summary>
    public static implicit operator AmfValue(double value) => new Number(value);

    /// <summary>A boolean value.</summary>
    public static implicit operator AmfValue(bool value) => new Boolean(value);
}

/// <summary>A named value of an object or of an associative array.</summary>
public readonly record struct AmfProperty(string Name, AmfValue Value);
