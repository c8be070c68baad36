using System.Globalization;
using System.Text;

namespace StreamManager.BenchTool;

/// <summary>
/// The time of sending, inside the video itself, so that any relay carries it: an SEI message of user data (ITU-T H.264 D.1.7) in front of the picture. The
/// time is the machine's monotonic clock in hexadecimal, which needs no emulation prevention and is the same for all processes of one machine.
/// </summary>
internal static class LatencyStamp
{
    private const int AvcHeaderLength = 5;
    private const int Digits = 16;

    private static ReadOnlySpan<byte> Identity => "stream-mgr-bench"u8;

    /// <summary>A copy of an AVC frame body with room for a stamp in front of its first NAL unit, and where the digits go.</summary>
    public static byte[] MakeRoom(ReadOnlySpan<byte> body, out int digitsAt)
    {
        var payload = Identity.Length + Digits;
        byte[] sei = [0, 0, 0, (byte)(payload + 4), 6, 5, (byte)payload, .. Identity, .. new byte[Digits], 0x80];
        digitsAt = AvcHeaderLength + sei.Length - 1 - Digits;
        byte[] stamped = [.. body[..AvcHeaderLength], .. sei, .. body[AvcHeaderLength..]];
        Write(stamped.AsSpan(digitsAt), 0);
        return stamped;
    }

    public static void Write(Span<byte> digits, long timestamp) => timestamp.TryFormat(digits[..Digits], out _, "x16", CultureInfo.InvariantCulture);

    /// <summary>The stamp of a frame; null when it has none near its start.</summary>
    public static long? Find(ReadOnlySpan<byte> body)
    {
        var near = body[..Math.Min(body.Length, 1024)];
        var at = near.IndexOf(Identity);
        if (at < 0 || near.Length < at + Identity.Length + Digits)
            return null;
        var text = Encoding.ASCII.GetString(near.Slice(at + Identity.Length, Digits));
        return long.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value) ? value : null;
    }
}
