using System.Security.Cryptography.X509Certificates;

namespace StreamManager.Server.Storage.Redis;

/// <summary>How to reach and use a Redis.</summary>
internal sealed record RedisOptions
{
    /// <summary>Where it is.</summary>
    public required RedisUrl Url { get; init; }

    /// <summary>What it shows of us in <c>CLIENT LIST</c>; no spaces.</summary>
    public string ClientName { get; init; } = "stream-manager";

    /// <summary>Authorities trusted for TLS instead of those of the operating system; empty: those. The name in the certificate is always checked. Not disposed of here.</summary>
    public X509Certificate2Collection TrustedRoots { get; init; } = [];

    /// <summary>Sizes of replies.</summary>
    public RespLimits ReplyLimits { get; init; } = RespLimits.Default;

    /// <summary>
    /// Steps of one list of keys, of some 500 keys each: fifty million keys in the database, far more than this server and others beside it have, and a minute of Redis' time. What goes on longer has no end.
    /// </summary>
    public int MaxScanSteps { get; init; } = 100_000;

    /// <summary>Keys of one kind that a list takes: ten times what the largest kind has at its limits (deliveries of webhooks, 38,400; keys, tens of thousands), so that nobody fills this server's memory.</summary>
    public int MaxListed { get; init; } = 500_000;

    /// <summary>Connecting, TLS, log-in and selection of the database together: several slow round trips across the world.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// From the call to its whole reply. Redis answers in a millisecond; saves and slow disks may hold it for a second or two. After this the connection is given up, since replies come in order and all
    /// that follow would wait too.
    /// </summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A connection on which nothing was heard for so long is asked whether it lives: a machine that lost its power says nothing.</summary>
    public TimeSpan PingAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the two above are looked at.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Commands that were sent and are not answered; more wait, and so do their callers.</summary>
    public int MaxUnanswered { get; init; } = 256;

    /// <summary>Commands that wait to be sent; callers of more wait for room.</summary>
    public int MaxQueued { get; init; } = 256;

    /// <summary>The first wait before connecting again; doubles each time.</summary>
    public TimeSpan RetryInitial { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait: a Redis that is back is found within this.</summary>
    public TimeSpan RetryMaximum { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The wait after a failed attempt. Half of it is chance, so that all nodes do not come back in the same instant.</summary>
    /// <param name="attempt">1 after the first failure.</param>
    /// <param name="chance">0 (inclusive) to 1.</param>
    public TimeSpan RetryDelay(int attempt, double chance)
    {
        var doubled = RetryInitial * Math.Pow(2, Math.Clamp(attempt - 1, 0, 30));
        var full = doubled < RetryMaximum ? doubled : RetryMaximum;
        return full * (0.5 + (chance / 2));
    }
}
