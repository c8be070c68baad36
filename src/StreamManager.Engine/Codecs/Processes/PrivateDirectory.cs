namespace StreamManager.Engine.Codecs.Processes;

/// <summary>A directory of our own (mode 0700) for one child: its working directory, HOME and TMPDIR. Deleted with all that is in it.</summary>
internal sealed class PrivateDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private PrivateDirectory(string path) => Path = path;

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Makes one under <paramref name="root"/>, which is made too when missing.</summary>
    /// <exception cref="IOException">It cannot be made (disk full, no rights).</exception>
    /// <exception cref="UnauthorizedAccessException">No rights.</exception>
    public static PrivateDirectory Create(string root)
    {
        var path = System.IO.Path.Combine(root, Guid.NewGuid().ToString("n"));
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(root, OwnerOnly);
            Directory.CreateDirectory(path, OwnerOnly);
        }

        return new(System.IO.Path.GetFullPath(path));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone already, which is what is wanted.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Left for the sweep at the next start: a failed clean-up must not fail the work that is done.
        }
    }
}
