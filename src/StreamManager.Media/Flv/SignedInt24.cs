namespace StreamManager.Media.Flv;

/// <summary>FLV's SI24, the composition time: 24 bits in two's complement, milliseconds.</summary>
internal static class SignedInt24
{
    public const int Size = 3;
    public const int MaxValue = 0x7F_FFFF;
    public const int MinValue = -0x80_0000;

    /// <summary>Writes the nearest value that 24 bits can say: two hours and twenty minutes either way, more than any real offset.</summary>
    public static void Write(Span<byte> destination, int value)
    {
        value = Math.Clamp(value, MinValue, MaxValue);
        destination[0] = (byte)(value >> 16);
        destination[1] = (byte)(value >> 8);
        destination[2] = (byte)value;
    }
}
