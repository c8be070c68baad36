using System.Buffers.Binary;

namespace StreamManager.Server.Library;

/// <summary>
/// Reads how large a picture says it is, before anything is decoded: a PNG of some kilobytes can claim to be two thousand million pixels on a side. Pure functions of the file's start.
/// </summary>
internal static class PictureHeader
{
    /// <summary>Bytes of the start that are enough: a JPEG may have its colour profile, previews and notes in front, in segments of 64 KB.</summary>
    public const int Length = 1 << 20;

    private const int JpegSegmentHeader = 4;

    /// <summary>Width and height as the header says; null: there is no such header in <paramref name="start"/>.</summary>
    public static (long Width, long Height)? Read(MediaFormat format, ReadOnlySpan<byte> start)
    {
        if (format == MediaFormat.Png)
            return Png(start);
        if (format == MediaFormat.Jpeg)
            return Jpeg(start);
        if (format == MediaFormat.Gif)
            return start.Length >= 10 ? (BinaryPrimitives.ReadUInt16LittleEndian(start[6..]), BinaryPrimitives.ReadUInt16LittleEndian(start[8..])) : null;
        return format == MediaFormat.WebP ? WebP(start) : null;
    }

    /// <summary>Is it a WebP with several pictures? The flag is bit 1 of the byte after the header of the chunk VP8X.</summary>
    public static bool IsAnimatedWebP(ReadOnlySpan<byte> start) => start.Length > 20 && start[12..16].SequenceEqual("VP8X"u8) && (start[20] & 0x02) != 0;

    // Signature (8), length (4), "IHDR", width (4), height (4).
    private static (long, long)? Png(ReadOnlySpan<byte> start) => start.Length >= 24 && start[12..16].SequenceEqual("IHDR"u8)
        ? (BinaryPrimitives.ReadUInt32BigEndian(start[16..]), BinaryPrimitives.ReadUInt32BigEndian(start[20..]))
        : null;

    // FF marker, length (2, itself included), and in a frame header: precision (1), height (2), width (2).
    private static (long, long)? Jpeg(ReadOnlySpan<byte> start)
    {
        var at = 2;
        while (at + JpegSegmentHeader <= start.Length && start[at] == 0xFF)
        {
            var marker = start[at + 1];
            if (marker == 0xFF)
            {
                // A fill byte.
                at++;
                continue;
            }

            // SOF0 to SOF15, but for DHT (C4), JPG (C8) and DAC (CC).
            if (marker is >= 0xC0 and <= 0xCF and not 0xC4 and not 0xC8 and not 0xCC)
            {
                return at + 9 <= start.Length
                    ? (BinaryPrimitives.ReadUInt16BigEndian(start[(at + 7)..]), BinaryPrimitives.ReadUInt16BigEndian(start[(at + 5)..]))
                    : null;
            }

            // Start of scan, end of image: too late for a frame header.
            if (marker is 0xDA or 0xD9)
                return null;
            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(start[(at + 2)..]);
        }

        return null;
    }

    // RIFF (12), chunk name (4), chunk length (4), then one of three headers.
    private static (long, long)? WebP(ReadOnlySpan<byte> start)
    {
        if (start.Length < 30)
            return null;
        var chunk = start[12..16];
        var data = start[20..];
        if (chunk.SequenceEqual("VP8X"u8))
            return (1 + UInt24(data[4..]), 1 + UInt24(data[7..]));
        if (chunk.SequenceEqual("VP8 "u8))
        {
            return data[3..6].SequenceEqual((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A])
                ? (BinaryPrimitives.ReadUInt16LittleEndian(data[6..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(data[8..]) & 0x3FFF)
                : null;
        }

        if (!chunk.SequenceEqual("VP8L"u8) || data[0] != 0x2F)
            return null;
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(data[1..]);
        return (1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF));
    }

    private static int UInt24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
}
