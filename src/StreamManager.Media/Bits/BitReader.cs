using System.Numerics;

namespace StreamManager.Media.Bits;

/// <summary>
/// Reads bit fields, most significant bit first, with the Exp-Golomb codes of H.264 and H.265 (ITU-T H.264 section 9.1).
/// Running out throws <see cref="MediaFormatException"/>.
/// </summary>
public ref struct BitReader
{
    // A ue(v) of more than 32 bits has 31 leading zeros or fewer (H.264 section 9.1: values 0 to 2^32 - 2).
    private const int MaxLeadingZeros = 31;

    private readonly ReadOnlySpan<byte> _bytes;

    /// <summary>Starts at the first bit of <paramref name="bytes"/>.</summary>
    public BitReader(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        Position = 0;
    }

    /// <summary>Bits taken so far.</summary>
    public long Position { get; private set; }

    /// <summary>Bits left.</summary>
    public readonly long Remaining => _bytes.Length * 8L - Position;

    /// <summary>One bit as a flag.</summary>
    public bool ReadFlag() => ReadBits(1) != 0;

    /// <summary>An unsigned field of 0 to 32 bits.</summary>
    public uint ReadBits(int count)
    {
        if (count > Remaining)
            throw new MediaFormatException($"The data ends {count - Remaining} bit(s) early.");
        uint value = 0;
        while (count > 0)
        {
            var available = 8 - (int)(Position & 7);
            var take = Math.Min(available, count);
            var chunk = (uint)_bytes[(int)(Position >> 3)] >> (available - take) & (1u << take) - 1;
            value = value << take | chunk;
            Position += take;
            count -= take;
        }
        return value;
    }

    /// <summary>Steps over <paramref name="count"/> bits.</summary>
    public void Skip(long count)
    {
        if (count > Remaining)
            throw new MediaFormatException($"The data ends {count - Remaining} bit(s) early.");
        Position += count;
    }

    /// <summary>ue(v): unsigned Exp-Golomb.</summary>
    public uint ReadUnsignedExpGolomb()
    {
        var zeros = 0;
        while (!ReadFlag())
        {
            if (++zeros > MaxLeadingZeros)
                throw new MediaFormatException("An Exp-Golomb code is longer than 32 bits allow.");
        }
        return (1u << zeros) - 1 + ReadBits(zeros);
    }

    /// <summary>ue(v) that the format limits to 0..<paramref name="max"/>.</summary>
    public int ReadUnsignedExpGolomb(int max, string name)
    {
        var value = ReadUnsignedExpGolomb();
        return value <= (uint)max ? (int)value : throw new MediaFormatException($"{name} is {value}, at most {max} is allowed.");
    }

    /// <summary>se(v): signed Exp-Golomb.</summary>
    public int ReadSignedExpGolomb()
    {
        var code = ReadUnsignedExpGolomb();
        var magnitude = (int)(code / 2 + code % 2);
        return code % 2 == 1 ? magnitude : -magnitude;
    }

    /// <summary>more_rbsp_data(): whether anything but the stop bit and zero padding is left (H.264 section 7.2).</summary>
    public readonly bool HasMoreRbspData()
    {
        var end = _bytes.Length;
        while (end > 0 && _bytes[end - 1] == 0)
            end--;
        if (end == 0)
            return false;
        var stopBit = end * 8L - 1 - BitOperations.TrailingZeroCount(_bytes[end - 1]);
        return Position < stopBit;
    }
}
