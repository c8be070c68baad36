namespace StreamManager.Server.Webhooks;

/// <summary>What is bounded about webhooks, and why.</summary>
internal static class WebhookLimits
{
    /// <summary>Most endpoints. With <see cref="MostPendingBytes"/> and <see cref="MostFinishedBytes"/> it bounds their memory at 128 MiB, and with <see cref="MostAtOnce"/> requests at 128.</summary>
    public const int MostWebhooks = 32;

    /// <summary>Deliveries of one endpoint that wait, and bytes of their bodies: a day's events of a busy channel. The oldest go first.</summary>
    public const int MostPending = 1_000, MostPendingBytes = 2 << 20;

    /// <summary>Deliveries of one endpoint that are over and kept for the log, and bytes of their bodies.</summary>
    public const int MostFinished = 200, MostFinishedBytes = 2 << 20;

    /// <summary>Requests to one endpoint at a time. No endpoint uses another's, so that a slow one holds up nobody but itself.</summary>
    public const int MostAtOnce = 4;

    /// <summary>Decisions of one endpoint that are asked for at a time; more wait, within their own deadline.</summary>
    public const int MostDecisionsAtOnce = 16;

    /// <summary>Largest body in bytes; Standard Webhooks recommends less than 20 KB.</summary>
    public const int LargestBody = 20_000;

    /// <summary>Of an answer is read, bytes; of that is kept in the log, characters.</summary>
    public const int LargestAnswer = 4 * 1024, KeptAnswer = 500;

    /// <summary>Longest address, characters: what servers and proxies take.</summary>
    public const int LongestUrl = 2_048;

    /// <summary>Most entries of <c>events</c>, and longest of them.</summary>
    public const int MostPatterns = 64, LongestPattern = 100;

    /// <summary>Secrets that sign at a time: the current one and two older, for somebody who rotates twice in a row.</summary>
    public const int MostSecrets = 3;

    /// <summary>Events that one replay queues; well below <see cref="MostPending"/>, so that it pushes nothing out of an idle queue.</summary>
    public const int MostReplayed = 500;

    /// <summary>An endpoint answers within this time or has failed: the lower end of what Standard Webhooks recommends.</summary>
    public static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Deadline of a decision: an encoder waits meanwhile, and gives up after about ten seconds.</summary>
    public static readonly TimeSpan DefaultDecisionTimeout = TimeSpan.FromSeconds(2), LongestDecisionTimeout = TimeSpan.FromSeconds(5), ShortestDecisionTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>A longer <c>Retry-After</c> counts as this.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1);

    /// <summary>Deliveries are forgotten after this time: the schedule is over after one day, and a week is time to see what failed.</summary>
    public static readonly TimeSpan DeliveryLifetime = TimeSpan.FromDays(7);

    /// <summary>How long an old secret signs too after a rotation, if nothing else is asked for, and at most.</summary>
    public static readonly TimeSpan DefaultOverlap = TimeSpan.FromDays(1), LongestOverlap = TimeSpan.FromDays(7);
}
