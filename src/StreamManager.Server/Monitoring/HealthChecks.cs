using StreamManager.Server.Hosting;

namespace StreamManager.Server.Monitoring;

/// <summary>One thing that was looked at. The reason of a good one is what has happened to it before.</summary>
internal sealed record HealthCheckDocument(string Name, bool Ok, string? Reason);

/// <summary>The answer of the health routes.</summary>
internal sealed record HealthDocument(string Status, string Version, long UptimeSeconds, IReadOnlyList<HealthCheckDocument> Checks);

/// <summary>One thing to look at.</summary>
/// <param name="Name">A word for the answer.</param>
/// <param name="FindProblemAsync">What is wrong, in words that an outsider may read; null: nothing. Bounded in time.</param>
internal sealed record HealthCheck(string Name, Func<Task<string?>> FindProblemAsync)
{
    /// <summary>A check that answers at once.</summary>
    public HealthCheck(string name, Func<string?> findProblem)
        : this(name, () => Task.FromResult(findProblem()))
    {
    }

    /// <summary>What has happened though nothing is wrong now, in such words; null: nothing.</summary>
    public Func<string?> FindNote { get; init; } = () => null;

    /// <summary>The same, looked at once in <paramref name="period"/> at most: the health routes are open, and asking them must cost next to nothing.</summary>
    public HealthCheck AtMostOnceIn(TimeSpan period, TimeProvider time)
    {
        var gate = new Lock();
        var (last, lookedAt) = (Task.FromResult<string?>(null), (long?)null);
        return this with
        {
            FindProblemAsync = () =>
            {
                lock (gate)
                {
                    if (lookedAt is null || time.GetElapsedTime(lookedAt.Value) >= period)
                        (last, lookedAt) = (FindProblemAsync(), time.GetTimestamp());
                    return last;
                }
            },
        };
    }
}

/// <summary>
/// Is the server alive (else: restart it), and is it ready for publishers (else: send them elsewhere)? A destination's trouble is not the server's: see the status for those.
/// That an answer comes at all says that the thread pool has threads.
/// </summary>
internal sealed class HealthChecks(ServerLifetime lifetime, IReadOnlyList<HealthCheck> live, IReadOnlyList<HealthCheck> ready, TimeProvider time)
{
    private readonly HealthCheck _started = new(
        "started", () => lifetime.IsReady ? null : lifetime.IsStopping ? "the server is stopping" : "the server is starting");

    /// <summary>Every reason for which the process should be restarted.</summary>
    public Task<HealthDocument> LiveAsync() => LookAsync(live);

    /// <summary>Every reason for which new publishers should go elsewhere.</summary>
    public Task<HealthDocument> ReadyAsync() => LookAsync([_started, .. ready]);

    /// <summary>Both.</summary>
    public Task<HealthDocument> AllAsync() => LookAsync([_started, .. live, .. ready]);

    private async Task<HealthDocument> LookAsync(IEnumerable<HealthCheck> checks)
    {
        var found = await Task.WhenAll(checks.Select(async check =>
        {
            var problem = await check.FindProblemAsync();
            return new HealthCheckDocument(check.Name, problem is null, problem ?? check.FindNote());
        }));
        return new HealthDocument(
            found.All(check => check.Ok) ? "healthy" : "unhealthy", ProductVersion.Text, (long)time.GetElapsedTime(lifetime.StartedAt).TotalSeconds, found);
    }
}
