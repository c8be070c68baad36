namespace StreamManager.Engine.Codecs.Clips;

/// <summary>
/// Tells a picture by its first bytes and names ffmpeg's demuxer for it. ffmpeg is never left to guess: a "picture" that is really a playlist would make it
/// open other files.
/// </summary>
internal static class PictureFormat
{
    /// <summary>Bytes that are enough to tell.</summary>
    public const int SniffLength = 16;

    /// <summary>The demuxer's name; null when it is no picture that is known.</summary>
    public static string? DemuxerFor(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A])) return "png_pipe";
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return "jpeg_pipe";
        if (start.StartsWith("GIF87a"u8) || start.StartsWith("GIF89a"u8)) return "gif";
        if (start.Length >= 12 && start.StartsWith("RIFF"u8) && start[8..].StartsWith("WEBP"u8)) return "webp_pipe";
        return start.Length >= 14 && start.StartsWith("BM"u8) ? "bmp_pipe" : null;
    }
}
