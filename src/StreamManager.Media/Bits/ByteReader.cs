using System.Buffers.Binary;

namespace StreamManager.Media.Bits;

/// <summary>
/// A cursor over complete bytes, big-endian as all formats of this project are. Running out is the sender's fault and throws
/// <see cref="MediaFormatException"/>; it never means "need more".
/// </summary>
public ref struct ByteReader
{
    private readonly ReadOnlySpan<byte> _bytes;

    /// <summary>Starts at the first byte of <paramref name="bytes"/>.</summary>
    public ByteReader(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        Position = 0;
    }

    /// <summary>Bytes taken so far.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes left.</summary>
    public readonly int Remaining => _bytes.Length - Position;

    /// <summary>All that is left, without taking it.</summary>
    public readonly ReadOnlySpan<byte> Rest => _bytes[Position..];

    /// <summary>8 bits.</summary>
    public byte ReadByte() => Take(1)[0];

    /// <summary>16 bits.</summary>
    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    /// <summary>24 bits.</summary>
    public int ReadUInt24()
    {
        var bytes = Take(3);
        return bytes[0] << 16 | bytes[1] << 8 | bytes[2];
    }

    /// <summary>24 bits in two's complement (FLV's SI24).</summary>
    public int ReadInt24() => ReadUInt24() << 8 >> 8;

    /// <summary>32 bits.</summary>
    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    /// <summary>The next <paramref name="count"/> bytes.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
            throw new MediaFormatException($"The data ends {count - Remaining} byte(s) early.");
        var taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }
}
