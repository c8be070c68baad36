using System.Numerics;

namespace StreamManager.Media.Bits;

/// <summary>Writes bit fields, most significant bit first, with Exp-Golomb codes. The mirror of <see cref="BitReader"/>. Grows as needed.</summary>
public sealed class BitWriter
{
    private byte[] _bytes;
    private int _bits;

    /// <summary>Creates an empty writer with room for <paramref name="capacity"/> bytes before it has to grow.</summary>
    public BitWriter(int capacity = 64) => _bytes = new byte[Math.Max(capacity, 8)];

    /// <summary>Bits written so far.</summary>
    public int Length => _bits;

    /// <summary>One bit.</summary>
    public void WriteFlag(bool value) => WriteBits(value ? 1u : 0u, 1);

    /// <summary>The low <paramref name="count"/> (0 to 32) bits of <paramref name="value"/>.</summary>
    public void WriteBits(uint value, int count)
    {
        if (_bits + count > _bytes.Length * 8)
            Array.Resize(ref _bytes, _bytes.Length * 2);
        while (count > 0)
        {
            var free = 8 - (_bits & 7);
            var take = Math.Min(free, count);
            var chunk = value >> (count - take) & (1u << take) - 1;
            _bytes[_bits >> 3] |= (byte)(chunk << (free - take));
            _bits += take;
            count -= take;
        }
    }

    /// <summary>ue(v), for values up to 2^32 - 2.</summary>
    public void WriteUnsignedExpGolomb(uint value)
    {
        var zeros = BitOperations.Log2(value + 1);
        WriteBits(0, zeros);
        WriteBits(value + 1, zeros + 1);
    }

    /// <summary>se(v), for magnitudes up to 2^31 - 1.</summary>
    public void WriteSignedExpGolomb(int value) =>
        WriteUnsignedExpGolomb(value > 0 ? (uint)value * 2 - 1 : (uint)-(long)value * 2);

    /// <summary>Fills the last byte with zero bits.</summary>
    public void AlignWithZeros() => _bits = (_bits + 7) & ~7;

    /// <summary>Fills the last byte with one bits (cabac_alignment_one_bit).</summary>
    public void AlignWithOnes()
    {
        while ((_bits & 7) != 0)
            WriteBits(1, 1);
    }

    /// <summary>rbsp_trailing_bits(): the stop bit, then zeros to the end of the byte.</summary>
    public void WriteTrailingBits()
    {
        WriteBits(1, 1);
        AlignWithZeros();
    }

    /// <summary>What was written, in a new array; an unfinished last byte is filled with zeros.</summary>
    public byte[] ToArray() => _bytes.AsSpan(0, (_bits + 7) / 8).ToArray();
}
