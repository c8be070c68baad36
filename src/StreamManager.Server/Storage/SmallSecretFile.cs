using System.Text;
using StreamManager.Server.Hosting;

namespace StreamManager.Server.Storage;

/// <summary>A file with one line that is a secret, readable by its owner only.</summary>
internal static class SmallSecretFile
{
    /// <summary>A line and its end; more is not what we wrote.</summary>
    private const int LargestSize = 4096;

    /// <summary>The line, without white space around it; null when there is no such file.</summary>
    /// <exception cref="StartupException">It cannot be read.</exception>
    public static string? Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
                return null;
            if (file.Length > LargestSize)
                throw new StartupException($"{path} is not what the server wrote there. Put a backup of it back.");
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Writes the line; returns when the disk has it.</summary>
    /// <exception cref="StartupException">It cannot be written.</exception>
    public static void Write(string path, string line)
    {
        try
        {
            DurableFile.Replace(path, Encoding.ASCII.GetBytes(line + "\n"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{path} cannot be written: {e.Message} DATA_DIR must be a folder that the server may write to.", e);
        }
    }
}
