using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace StreamManager.Server.Library;

/// <summary>
/// Is a file there to its end? ffmpeg plays what it finds and calls the rest nothing: a video that was cut in transfer would go on air and stop in the middle. Reads headers of parts only.
/// </summary>
internal static class FileEnd
{
    /// <summary>Parts that are looked at: PNGs have one for some kilobytes, MP4s a few; a file that needs more is made to keep us busy.</summary>
    private const int MostParts = 100_000;

    /// <summary>How far before the end of a JPEG its end marker may be: phones put small things behind it.</summary>
    private const int JpegTail = 64 * 1024;

    /// <summary>False: it ends too early, or its parts do not fit into each other.</summary>
    /// <exception cref="IOException">The disk does not give it.</exception>
    public static bool IsWhole(SafeFileHandle file, MediaFormat format)
    {
        var length = RandomAccess.GetLength(file);
        if (format == MediaFormat.Png)
            return Png(file, length);
        if (format == MediaFormat.Jpeg)
            return Read(file, Math.Max(0, length - JpegTail), JpegTail).AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xD9]) >= 0;
        if (format == MediaFormat.Gif)
            return Read(file, Math.Max(0, length - 64), 64).AsSpan().TrimEnd((byte)0) is [.., 0x3B];
        if (format == MediaFormat.WebP)
            return Read(file, 4, 4) is { Length: 4 } size && 8 + (long)BinaryPrimitives.ReadUInt32LittleEndian(size) <= length;
        if (format == MediaFormat.Mp4 || format == MediaFormat.QuickTime)
            return IsoMedia(file, length);
        if (format == MediaFormat.Matroska || format == MediaFormat.WebM)
            return Matroska(file, length);
        // A transport stream may be cut anywhere; that is what it is made for.
        return format != MediaFormat.Flv || Flv(file, length);
    }

    // Chunks: length (4), name (4), data, checksum (4); the last is IEND.
    private static bool Png(SafeFileHandle file, long length)
    {
        var at = 8L;
        for (var parts = 0; parts < MostParts && at + 12 <= length; parts++)
        {
            var header = Read(file, at, 8);
            if (header.Length < 8)
                return false;
            at += 12 + (long)BinaryPrimitives.ReadUInt32BigEndian(header);
            if (header.AsSpan(4).SequenceEqual("IEND"u8))
                return at <= length;
        }

        return false;
    }

    // Boxes: size (4), type (4); size 1: the size follows in 8 bytes; size 0: to the end of the file.
    private static bool IsoMedia(SafeFileHandle file, long length)
    {
        var at = 0L;
        var hasIndex = false;
        for (var parts = 0; parts < MostParts; parts++)
        {
            // Old QuickTime files end with four zeros.
            if (length - at < 8)
                return hasIndex;
            var header = Read(file, at, 16);
            hasIndex |= header.AsSpan(4, 4).SequenceEqual("moov"u8);
            var size = (long)BinaryPrimitives.ReadUInt32BigEndian(header);
            if (size == 0)
                return hasIndex;
            if (size == 1)
            {
                if (header.Length < 16)
                    return false;
                size = BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(8));
            }

            if (size < 8 || size > length - at)
                return false;
            at += size;
        }

        return false;
    }

    // EBML header, then the segment: four bytes of name and a length of one to eight bytes, of which all bits set say "unknown".
    private static bool Matroska(SafeFileHandle file, long length)
    {
        var start = Read(file, 0, 256).AsSpan();
        if (start.Length < 12 || !TryLength(start[4..], out var header, out var used) || header is not { } headerLength)
            return false;
        var segment = 4 + used + headerLength;
        if (segment + 12 > start.Length || !start[(int)segment..].StartsWith((ReadOnlySpan<byte>)[0x18, 0x53, 0x80, 0x67]))
            return false;
        return TryLength(start[((int)segment + 4)..], out var size, out used) && (size is not { } known || known <= length - segment - 4 - used);
    }

    private static bool TryLength(ReadOnlySpan<byte> bytes, out long? value, out int used)
    {
        value = null;
        used = bytes.IsEmpty || bytes[0] == 0 ? 0 : System.Numerics.BitOperations.LeadingZeroCount((uint)bytes[0]) - 23;
        if (used == 0 || bytes.Length < used)
            return false;
        long number = bytes[0] & ((1 << (8 - used)) - 1);
        foreach (var next in bytes[1..used])
            number = (number << 8) | next;
        if (number != (1L << (7 * used)) - 1)
            value = number;
        return true;
    }

    // The last four bytes are the size of the last tag: header (11) and data; its type is 8, 9 or 18.
    private static bool Flv(SafeFileHandle file, long length)
    {
        if (length < 9 + 4 + 11 + 4)
            return false;
        long size = BinaryPrimitives.ReadUInt32BigEndian(Read(file, length - 4, 4));
        if (size < 11 || size > length - 13 - 4)
            return false;
        var tag = Read(file, length - 4 - size, 4);
        return tag is [8 or 9 or 18, var high, var middle, var low] && ((high << 16) | (middle << 8) | low) + 11 == size;
    }

    private static byte[] Read(SafeFileHandle file, long offset, int count)
    {
        var buffer = new byte[count];
        var read = 0;
        int got;
        while (read < count && (got = RandomAccess.Read(file, buffer.AsSpan(read), offset + read)) > 0)
            read += got;
        return buffer[..read];
    }
}
