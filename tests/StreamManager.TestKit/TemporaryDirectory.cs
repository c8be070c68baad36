namespace StreamManager.TestKit;

/// <summary>A directory of a test's own, removed with everything in it on disposal.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Makes it, readable by this user only.</summary>
    public TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("stream-manager-test-").FullName;

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>Absolute path of something inside it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A child that is just dying may still write into it; a left-over in the temp directory must not fail a test.
        }
    }
}
