namespace StreamManager.Media.Tests.Support;

internal static class Hex
{
    /// <summary>Bytes from hexadecimal digits; white space between them is for the reader.</summary>
    public static byte[] Bytes(string hex) => Convert.FromHexString(string.Concat(hex.Where(c => !char.IsWhiteSpace(c))));

    public static string Text(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);

    /// <summary>Bytes of no meaning, different for each seed.</summary>
    public static byte[] Noise(int length, int seed = 1)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
            bytes[i] = (byte)((i + 1) * 131 * (seed + 1) >> 3);
        return bytes;
    }
}
