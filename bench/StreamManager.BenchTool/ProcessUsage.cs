using System.Globalization;

namespace StreamManager.BenchTool;

/// <summary>CPU time (user and system) over a window, and memory at its end, of processes with all their descendants, from /proc (Linux).</summary>
internal static class ProcessUsage
{
    /// <summary>Clock ticks a second of /proc/PID/stat: 100 on every Linux of today (USER_HZ).</summary>
    private const double TicksPerSecond = 100;

    public static async Task RunAsync(ToolOptions options, CancellationToken stop)
    {
        var roots = options.Text("pid").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToHashSet();
        var before = Ticks(roots);
        var start = TimeProvider.System.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(options.Number("seconds", 20)), stop);
        var after = Ticks(roots);
        var seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        // A process that ended on the way is left out on both sides; one that began counts in full.
        var used = after.Sum(entry => entry.Value - before.GetValueOrDefault(entry.Key));
        var memory = after.Keys.Select(MemoryOf).Aggregate((Pss: 0.0, Rss: 0.0), (sum, one) => (sum.Pss + one.Pss, sum.Rss + one.Rss));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cpu={used / TicksPerSecond / seconds * 100:0.00} pss={memory.Pss:0.0} rss={memory.Rss:0.0} processes={after.Count}"));
    }

    private static Dictionary<int, long> Ticks(HashSet<int> roots)
    {
        var all = new Dictionary<int, (int Parent, long Ticks)>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), out var id))
                continue;
            try
            {
                // The name, in brackets, may hold spaces and brackets itself: fields are counted from the last one.
                var text = File.ReadAllText(Path.Combine(directory, "stat"));
                var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
                all[id] = (int.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // Gone since it was listed.
            }
        }
        bool Belongs(int id) => roots.Contains(id) || (all.TryGetValue(id, out var entry) && entry.Parent > 1 && Belongs(entry.Parent));
        return all.Where(entry => Belongs(entry.Key)).ToDictionary(entry => entry.Key, entry => entry.Value.Ticks);
    }

    /// <summary>Megabytes of one process; zero when it is gone.</summary>
    public static MemoryUse MemoryOf(int id)
    {
        try
        {
            var lines = File.ReadAllLines($"/proc/{id}/smaps_rollup");
            return new MemoryUse(Megabytes(lines, "Pss:"), Megabytes(lines, "Rss:"), Megabytes(lines, "Anonymous:"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    private static double Megabytes(string[] lines, string name) =>
        lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024
            : 0;
}

/// <summary>Memory of a process in megabytes.</summary>
/// <param name="Pss">Its share: pages that others have mapped too count in part.</param>
/// <param name="Rss">Everything that is in RAM for it.</param>
/// <param name="Anonymous">What it has written itself; other processes coming and going do not change it.</param>
internal readonly record struct MemoryUse(double Pss, double Rss, double Anonymous);
