namespace StreamManager.Server.Storage;

/// <summary>
/// Replaces a file so that after a crash or power cut it is either the old or the new one, whole: written beside, flushed to the disk, renamed, and the folder flushed too.
/// </summary>
internal static class DurableFile
{
    /// <summary>Only the owner reads and writes.</summary>
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Replaces or makes the file at <paramref name="path"/>, which may be a name in the current folder. Returns when the disk has it. One caller at a time per path.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        // What a crash left half-written is of no use to anybody.
        var temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        using (var file = new FileStream(temporary, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        if (!OperatingSystem.IsWindows())
            FolderFlush.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Makes a folder that only its owner may enter; one that is there is narrowed to that.</summary>
    public static void MakePrivateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        File.SetUnixFileMode(path, OwnerOnly | UnixFileMode.UserExecute);
    }
}
