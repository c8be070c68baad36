namespace StreamManager.Fuzz.Tests;

/// <summary>How long a run goes on.</summary>
internal static class FuzzBudget
{
    /// <summary>The clock is looked at once in so many runs: most inputs take a microsecond, a look at the clock takes as long.</summary>
    private const int RunsBetweenLooks = 256;

    /// <summary>
    /// For <see cref="FuzzRun.Mutations"/>: goes on until <paramref name="used"/>, the processor time of this process, has grown by <paramref name="limit"/>. Wall time would say
    /// nothing of a run at low priority on a machine with other work. One target is fuzzed at a time, so what the process uses is the target's (with its share of the collector).
    /// </summary>
    public static Func<long, bool> OfProcessorTime(TimeSpan limit, Func<TimeSpan> used)
    {
        var start = used();
        var isTimeLeft = true;
        return runs =>
        {
            if (runs % RunsBetweenLooks == 0)
                isTimeLeft &= used() - start < limit;
            return isTimeLeft;
        };
    }
}
