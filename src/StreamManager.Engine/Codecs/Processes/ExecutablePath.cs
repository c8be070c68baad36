namespace StreamManager.Engine.Codecs.Processes;

/// <summary>Finds a program as a shell would, before anything is started: "it is not installed" is then an answer and not an exception.</summary>
public static class ExecutablePath
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The absolute path of <paramref name="program"/> (a path, or a name looked up in PATH); null when there is none.</summary>
    public static string? Find(string program)
    {
        if (program.Length == 0) return null;
        if (program.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal))
            return IsExecutable(program) ? Path.GetFullPath(program) : null;

        return (Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string path)
    {
        try
        {
            return File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & AnyExecute) != UnixFileMode.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
