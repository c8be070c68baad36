using StreamManager.Engine.Channels;

namespace StreamManager.Server.Api;

/// <summary>Judges a broadcast by its snapshot.</summary>
internal static class SimulcastHealth
{
    /// <summary>idle, healthy, degraded or failing.</summary>
    public static string WordOf(ChannelSnapshot channel, IReadOnlyList<OutputSnapshot> taking)
    {
        if (channel.State is not (ChannelState.Live or ChannelState.Fallback))
            return "idle";
        var delivering = taking.Count(output => output.Verdict is OutputVerdict.Delivering);
        if (taking.Count > 0 && delivering == 0)
            return "failing";
        return delivering == taking.Count && channel.State is ChannelState.Live ? "healthy" : "degraded";
    }

    /// <summary>What is wrong with the broadcast itself.</summary>
    public static IReadOnlyList<string> IssuesOf(ChannelSnapshot channel)
    {
        var issues = new List<string>();
        if (channel.State is ChannelState.Fallback)
            issues.Add("No source is good; viewers see the fallback.");
        if (channel.FallbackNote is { } note)
            issues.Add(note);
        foreach (var source in channel.Sources.Where(source => source.Id == channel.ActiveSource))
            issues.AddRange(source.Warnings);
        return issues;
    }
}

/// <summary>Says in words what is wrong with a destination.</summary>
internal static class DestinationAdvice
{
    /// <summary>Media waiting for so long shows that the peer takes less than it is sent.</summary>
    private static readonly TimeSpan LongQueue = TimeSpan.FromSeconds(1);

    /// <summary>Beyond this, chat and picture are visibly apart, and TCP gives little bandwidth.</summary>
    private static readonly TimeSpan LongRoundTrip = TimeSpan.FromMilliseconds(300);

    /// <summary>Every issue; empty: none.</summary>
    public static IEnumerable<string> Of(OutputSnapshot output)
    {
        if (output.State is OutputState.Disabled or OutputState.Idle)
            yield break;
        if (output.Verdict is not OutputVerdict.Delivering && output.LastError is { } error)
            yield return error;
        if (output.Verdict is OutputVerdict.Stalled)
            yield return "It acknowledges nothing of what it is sent.";
        if (output.NextRetryAt is not null)
            yield return $"It is tried again (so far {output.Attempts} times).";
        if (output.FramesDropped > 0)
            yield return $"{output.FramesDropped} frames were left out because it took them too slowly.";
        if (output.Queue > LongQueue)
            yield return $"{output.Queue.TotalSeconds:0.0} s of media wait for it: it takes less than it is sent.";
        if (output.RoundTrip > LongRoundTrip)
            yield return $"The way there and back takes {output.RoundTrip.TotalMilliseconds:0} ms.";
    }
}
