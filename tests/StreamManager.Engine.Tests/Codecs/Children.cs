namespace StreamManager.Engine.Tests.Codecs;

/// <summary>Looks for children by the private directory that they work in: other tests run ffmpeg in the same process.</summary>
internal static class Children
{
    /// <summary>Ids of the running processes whose working directory lies below <paramref name="directory"/>.</summary>
    public static List<int> Under(string directory) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Where(process => WorkingDirectoryOf(process)?.StartsWith(directory + "/", StringComparison.Ordinal) == true)
            .Select(process => int.Parse(Path.GetFileName(process))),
    ];

    private static string? WorkingDirectoryOf(string process)
    {
        try
        {
            return char.IsAsciiDigit(Path.GetFileName(process)[0]) ? new FileInfo(process + "/cwd").LinkTarget : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or is somebody else's.
            return null;
        }
    }
}
