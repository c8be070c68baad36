namespace StreamManager.Engine.Tests.Codecs;

/// <summary>Looks at the children of this test process.</summary>
internal static class Children
{
    /// <summary>Ids of the running children with that program name.</summary>
    public static List<int> OfThisProcess(string name) =>
    [
        .. Directory.EnumerateDirectories($"/proc/{Environment.ProcessId}/task")
            .SelectMany(thread => ReadOrEmpty($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(int.Parse)
            .Where(id => ReadOrEmpty($"/proc/{id}/comm").Trim() == name && !ReadOrEmpty($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal)),
    ];

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return "";
        }
    }
}
