using System.Buffers.Binary;

namespace StreamManager.Media.Mp4;

/// <summary>
/// Writes boxes (ISO/IEC 14496-12 section 4.2): <c>size u32 | type u32 | content</c>, big-endian, one within the other; a size is filled in when its box ends. Grows as needed.
/// </summary>
internal sealed class BoxWriter(int capacity)
{
    private byte[] _bytes = new byte[capacity];

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>Begins a box; give the result to <see cref="End"/>.</summary>
    /// <param name="type">Four ASCII characters.</param>
    public int Begin(ReadOnlySpan<byte> type)
    {
        var start = Length;
        UInt32(0);
        Bytes(type);
        return start;
    }

    /// <summary>Begins a box with version and flags.</summary>
    public int Begin(ReadOnlySpan<byte> type, byte version, uint flags)
    {
        var start = Begin(type);
        UInt32((uint)version << 24 | flags);
        return start;
    }

    /// <summary>Ends the box that began at <paramref name="start"/>; <paramref name="behind"/> bytes of it are written by somebody else behind what is here.</summary>
    public void End(int start, uint behind = 0) => Patch(start, (uint)(Length - start) + behind);

    /// <summary>Writes over four bytes that are there.</summary>
    public void Patch(int position, uint value) => BinaryPrimitives.WriteUInt32BigEndian(_bytes.AsSpan(position), value);

    /// <summary>8 bits.</summary>
    public void Byte(int value) => Take(1)[0] = (byte)value;

    /// <summary>16 bits.</summary>
    public void UInt16(int value) => BinaryPrimitives.WriteUInt16BigEndian(Take(2), (ushort)value);

    /// <summary>32 bits.</summary>
    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(4), value);

    /// <summary>64 bits.</summary>
    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Take(8), value);

    /// <summary>Bytes as they are.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Zeros, for what is reserved or unknown.</summary>
    public void Zeros(int count) => Take(count).Clear();

    /// <summary>What was written, in a new array.</summary>
    public byte[] ToArray() => _bytes.AsSpan(0, Length).ToArray();

    private Span<byte> Take(int count)
    {
        if (_bytes.Length - Length < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }
}
