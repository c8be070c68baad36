namespace StreamManager.TestKit;

/// <summary>Where the checkout is that a test was built from.</summary>
public static class RepositoryFiles
{
    /// <summary>The directory that holds the solution file.</summary>
    /// <exception cref="DirectoryNotFoundException">The tests do not run from inside a checkout.</exception>
    public static string Root { get; } = FindRoot()
        ?? throw new DirectoryNotFoundException("StreamManager.slnx is in no directory above the test assembly.");

    /// <summary>A directory for things that cost time to make and may be kept between runs; under <c>artifacts/</c>, which git ignores. Made when missing.</summary>
    public static string CacheDirectory(string name) => Directory.CreateDirectory(Path.Combine(Root, "artifacts", "test-cache", name)).FullName;

    private static string? FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "StreamManager.slnx")))
                return directory.FullName;
        }
        return null;
    }
}
