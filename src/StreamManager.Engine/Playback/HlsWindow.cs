using System.Collections.Immutable;

namespace StreamManager.Engine.Playback;

/// <summary>
/// What of a program can be fetched now: the segments in the playlist, and before them those which a player may still ask for because it knows an older playlist. Immutable; each segment makes another.
/// </summary>
public sealed record HlsWindow
{
    /// <summary>In the addresses of everything that is made here, so that they never name something else: no other program and no other time has it.</summary>
    public required string Run { get; init; }

    /// <summary>All that can be fetched, oldest first.</summary>
    public ImmutableArray<HlsSegment> Segments { get; private init; } = [];

    /// <summary>How many of them, the newest, are in the playlist.</summary>
    public int Listed { get; private init; }

    /// <summary>No segment is longer, rounded to seconds; 0 before there is one.</summary>
    public int TargetSeconds { get; private init; }

    /// <summary>Every segment so far began with a keyframe.</summary>
    public bool IsIndependent { get; private init; } = true;

    /// <summary>No segment follows.</summary>
    public bool IsEnded { get; init; }

    /// <summary>Why it cannot be HLS, for people; null: it can, as far as is known.</summary>
    public string? Problem { get; init; }

    /// <summary>Something can be played.</summary>
    public bool CanBegin => !Segments.IsEmpty;

    /// <summary>
    /// There is as much as a player wants to stay behind, so that it need not wait in the middle; or no more will come, or be kept. With less than that Chromium gives up at once (156: "could not parse").
    /// </summary>
    public bool IsReady => IsEnded || (CanBegin && (Segments[0].Number > 0 || Segments.Sum(static segment => segment.Duration.TotalSeconds) >= HlsLimits.ListedTargets * TargetSeconds - HlsLimits.Slack.Seconds));

    /// <summary>The segments in the playlist.</summary>
    public ReadOnlySpan<HlsSegment> ListedSegments => Segments.AsSpan()[^Listed..];

    /// <summary>A segment by its number; null: there is none any more, or not yet.</summary>
    public HlsSegment? Find(long number) =>
        !Segments.IsEmpty && number >= Segments[0].Number && number <= Segments[^1].Number ? Segments[(int)(number - Segments[0].Number)] : null;

    /// <summary>An init segment by its number; null: nothing needs it.</summary>
    public HlsInit? FindInit(int number)
    {
        foreach (var segment in Segments)
        {
            if (segment.Init.Number == number)
                return segment.Init;
        }
        return null;
    }

    /// <summary>With the next segment, and without those that no player may need any more or that there is no room for beside <see cref="HlsLimits.MaxSegmentBytes"/> of another one.</summary>
    internal HlsWindow With(HlsSegment next, int targetSeconds)
    {
        var segments = Segments.Add(next);
        var (listed, listedTime) = (0, TimeSpan.Zero);
        while (listed < segments.Length && (listed < HlsLimits.ListedSegments || listedTime < TimeSpan.FromSeconds(HlsLimits.ListedTargets * targetSeconds)))
            listedTime += segments[^++listed].Duration;

        // A player may take as long as the playlist that it knows, and the segment itself, to fetch it (RFC 8216 section 6.2.2).
        var (kept, keptTime, bytes) = (0, TimeSpan.Zero, 0L);
        while (kept < Math.Min(segments.Length, HlsLimits.MaxSegments)
            && (kept < listed || keptTime < 2 * listedTime + TimeSpan.FromSeconds(targetSeconds))
            && bytes + segments[^(kept + 1)].HeldBytes <= HlsLimits.MaxBytes - HlsLimits.MaxSegmentBytes)
        {
            var segment = segments[^++kept];
            keptTime += segment.Duration;
            bytes += segment.HeldBytes;
        }

        // One is there in any case: a packet may be as large as a segment.
        kept = Math.Max(kept, 1);
        return this with
        {
            Segments = segments.RemoveRange(0, segments.Length - kept),
            Listed = Math.Min(listed, kept),
            TargetSeconds = targetSeconds,
            IsIndependent = IsIndependent && next.IsIndependent,
        };
    }
}
