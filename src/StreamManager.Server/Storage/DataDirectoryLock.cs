using StreamManager.Server.Hosting;

namespace StreamManager.Server.Storage;

/// <summary>While it is held, no second server may use the data directory. The operating system lets go of it when the process ends, however it ends.</summary>
internal sealed class DataDirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DataDirectoryLock(string folder, FileStream file)
    {
        Folder = folder;
        _file = file;
    }

    /// <summary>The data directory.</summary>
    public string Folder { get; }

    /// <summary>Makes the folder when it is not there, narrows it to its owner, and locks it.</summary>
    /// <exception cref="StartupException">It cannot be used, or another server uses it.</exception>
    public static DataDirectoryLock Take(string folder)
    {
        try
        {
            DurableFile.MakePrivateFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"DATA_DIR {folder} cannot be used: {e.Message} It must be a folder that the server may make or write to.", e);
        }

        try
        {
            return new DataDirectoryLock(folder, new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartupException($"DATA_DIR {folder} cannot be written to: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new StartupException($"DATA_DIR {folder} is in use by another running server. Stop that one, or give this one a DATA_DIR of its own.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
