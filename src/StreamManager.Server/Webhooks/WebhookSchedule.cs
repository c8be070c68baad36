using System.Collections.Immutable;

namespace StreamManager.Server.Webhooks;

/// <summary>When a delivery is tried again. Pure.</summary>
internal static class WebhookSchedule
{
    /// <summary>Up to this part of the time between two attempts is added at random, so that all that failed together does not come back together.</summary>
    private const double Jitter = 0.1;

    /// <summary>Time of each attempt after the first one: what Standard Webhooks recommends. A receiver that was down over a night gets everything.</summary>
    public static ImmutableArray<TimeSpan> Offsets { get; } =
    [
        TimeSpan.Zero, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10),
        TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    /// <summary>The time of the next attempt; null: that was the last one. Times that passed while the server was down are not made up for.</summary>
    /// <param name="first">When the first attempt was made.</param>
    /// <param name="last">When the one that has just failed was made.</param>
    /// <param name="made">How many were made, with that one. Bounds them also when the clock is set back.</param>
    /// <param name="retryAfter">What the receiver asked for.</param>
    /// <param name="random">0 to 1.</param>
    public static DateTimeOffset? Next(DateTimeOffset first, DateTimeOffset last, int made, DateTimeOffset? retryAfter, double random)
    {
        var index = made;
        while (index < Offsets.Length && Offsets[index] <= last - first)
            index++;
        if (index >= Offsets.Length)
            return null;
        var gap = Offsets[index] - Offsets[index - 1];
        var jitter = gap * (Jitter * random);
        var due = first + Offsets[index] + jitter;

        // The clock was set back: then it is not waited for.
        if (due > last + gap + jitter)
            due = last + gap + jitter;
        var asked = Bound(retryAfter, last);
        return asked > due ? asked : due;
    }

    /// <summary>What a receiver asked for, but no longer than <see cref="WebhookLimits.LongestRetryAfter"/>; null: nothing.</summary>
    public static DateTimeOffset? Bound(DateTimeOffset? retryAfter, DateTimeOffset now) =>
        retryAfter > now + WebhookLimits.LongestRetryAfter ? now + WebhookLimits.LongestRetryAfter : retryAfter;
}
