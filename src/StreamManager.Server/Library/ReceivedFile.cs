using System.Security.Cryptography;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Library;

/// <summary>A file that came whole and lies on the disk, but not in its place yet. Whoever received it removes it when it was not moved.</summary>
/// <param name="Path">Where it is, on the file system of the library.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">Of all of it, hexadecimal, lower case.</param>
internal sealed record ReceivedFile(string Path, long Length, string Sha256)
{
    /// <summary>Describes a file that came in parts: reads all of it.</summary>
    /// <exception cref="IOException">The disk does not give it.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task<ReceivedFile> ReadAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(path);
        return new ReceivedFile(path, stream.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken)));
    }

    /// <summary>Puts it where it belongs; returns when the disk has it there. One that is there is replaced.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public void MoveTo(string path)
    {
        File.Move(Path, path, overwrite: true);
        if (!OperatingSystem.IsWindows())
            FolderFlush.Flush(System.IO.Path.GetDirectoryName(path)!);
    }
}
