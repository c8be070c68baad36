using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>Reads for a request that waits for its authentication.</summary>
internal static class StoreReads
{
    /// <summary>A store that takes longer is away: a person at a dashboard waits no longer, and what is in memory is good enough then.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    /// <summary>How long a copy is trusted without being told that it changed. The store tells; this is a belt for what is lost on the way.</summary>
    public static readonly TimeSpan FreshTime = TimeSpan.FromMinutes(1);

    /// <summary>After a read that failed the copy is used for so long before the next one: requests must not wait for a store that is away, one after the other.</summary>
    public static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(5);

    /// <summary>Runs a read with that limit.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read, or not in time.</exception>
    public static async Task<T> WithinAsync<T>(Func<CancellationToken, ValueTask<T>> read, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LongestWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await read(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new StoreUnavailableException($"The store did not answer within {LongestWait.TotalSeconds:0} s.");
        }
    }
}
