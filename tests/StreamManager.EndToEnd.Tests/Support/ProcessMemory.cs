using System.Globalization;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>The memory of another process, as Linux counts it.</summary>
internal static class ProcessMemory
{
    /// <summary>Megabytes of it that are in RAM (VmRSS).</summary>
    public static double ResidentMegabytes(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
