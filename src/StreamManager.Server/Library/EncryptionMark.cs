namespace StreamManager.Server.Library;

/// <summary>Finds the boxes of common encryption (ISO/IEC 23001-7) in an ISO base media file that cannot be decoded.</summary>
internal static class EncryptionMark
{
    /// <summary>Bytes of the start and of the end that are looked at: the index of a video of hours is at one of the two, and smaller.</summary>
    private const int Window = 8 << 20;

    /// <summary>Is one there?</summary>
    /// <exception cref="IOException">The disk does not give it.</exception>
    public static bool IsIn(string path)
    {
        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        return IsIn(file, 0) || (length > Window && IsIn(file, length - Window));
    }

    private static bool IsIn(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset)
    {
        var bytes = new byte[Window];
        var read = 0;
        int got;
        while (read < bytes.Length && (got = RandomAccess.Read(file, bytes.AsSpan(read), offset + read)) > 0)
            read += got;
        var found = bytes.AsSpan(0, read);
        return found.IndexOf("encv"u8) >= 0 || found.IndexOf("senc"u8) >= 0 || found.IndexOf("tenc"u8) >= 0 || found.IndexOf("pssh"u8) >= 0;
    }
}
