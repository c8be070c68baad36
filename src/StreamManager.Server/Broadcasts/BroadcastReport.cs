using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace StreamManager.Server.Broadcasts;

/// <summary>What happened in one broadcast: as it is stored, and as the API tells it. Times are UTC. Immutable.</summary>
internal sealed record BroadcastReport
{
    /// <summary>Its id: when it began, and the channel.</summary>
    public required string Id { get; init; }

    /// <summary>The channel.</summary>
    public required string Channel { get; init; }

    /// <summary>When it went on air.</summary>
    public required DateTime StartedAt { get; init; }

    /// <summary>When it ended; null: it is on air.</summary>
    public DateTime? EndedAt { get; init; }

    /// <summary>Why it ended: a word of <see cref="Engine.BroadcastEnd"/>, or <c>interrupted</c> when the server went down and the broadcast did not go on; null: it is on air.</summary>
    public string? EndReason { get; init; }

    /// <summary>Seconds from its start to its end, or until now.</summary>
    public double Seconds { get; init; }

    /// <summary>Seconds on fallback.</summary>
    public double SecondsOnFallback { get; init; }

    /// <summary>Seconds in which the server was down; the broadcast went on afterwards.</summary>
    public double SecondsDown { get; init; }

    /// <summary>Changes of what fed the program.</summary>
    public int Switches { get; init; }

    /// <summary>Largest step between two video frames at a switch, ms; one frame is what there should be.</summary>
    public double LargestVideoGapMs { get; init; }

    /// <summary>Largest step between two audio frames at a switch, ms.</summary>
    public double LargestAudioGapMs { get; init; }

    /// <summary>What was on the program, in order; the newest <see cref="BroadcastLimits.MostSegments"/>.</summary>
    public ImmutableList<BroadcastSegment> Segments { get; init; } = [];

    /// <summary>Where it was sent.</summary>
    public ImmutableList<BroadcastDestination> Destinations { get; init; } = [];

    /// <summary>Entries of the timelines that were left out, the oldest first, because there were too many.</summary>
    public int Omitted { get; init; }
}

/// <summary>What fed the program from a moment on, until the next one.</summary>
/// <param name="At">When it began.</param>
/// <param name="Shows"><c>source</c>, <c>fallback</c>, or <c>down</c>: the server was not running.</param>
/// <param name="Source">The source's id; null: it is none.</param>
/// <param name="Reason">Why: a word of <see cref="Engine.SwitchReason"/>; null: the broadcast began with it, or went on after a restart.</param>
internal sealed record BroadcastSegment(DateTime At, string Shows, string? Source, string? Reason);

/// <summary>A destination in a broadcast.</summary>
internal sealed record BroadcastDestination
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its name at the time.</summary>
    public required string Name { get; init; }

    /// <summary>Publishes that it granted.</summary>
    public int Connects { get; init; }

    /// <summary>Connections that were good and were lost.</summary>
    public int Lost { get; init; }

    /// <summary>Video frames sent.</summary>
    public long FramesSent { get; init; }

    /// <summary>Video frames left out because it was too slow.</summary>
    public long FramesDropped { get; init; }

    /// <summary>Bytes sent.</summary>
    public long BytesSent { get; init; }

    /// <summary>The last thing that went wrong, in words; null: nothing did.</summary>
    public string? LastError { get; init; }

    /// <summary>What became of it, in order.</summary>
    public ImmutableList<DestinationMoment> Moments { get; init; } = [];
}

/// <summary>Something that happened to a destination.</summary>
/// <param name="At">When.</param>
/// <param name="State"><c>connecting</c>, <c>live</c>, <c>retrying</c>, <c>failed</c>, <c>stalled</c>, <c>recovered</c> or <c>disabled</c>.</param>
/// <param name="Reason">Why, in words; null: it needs no reason.</param>
internal sealed record DestinationMoment(DateTime At, string State, string? Reason);

/// <summary>A report in a list.</summary>
internal sealed record BroadcastSummary(
    string Id, string Channel, DateTime StartedAt, DateTime? EndedAt, string? EndReason, double Seconds, double SecondsOnFallback, int Switches, int Destinations);

/// <summary>How much a report holds: all together, in any script, it fits a document of the store (512 KiB).</summary>
internal static class BroadcastLimits
{
    /// <summary>Changes of the program: a source that breaks each minute for eight hours.</summary>
    public const int MostSegments = 1_000;

    /// <summary>Moments of one destination.</summary>
    public const int MostMoments = 100;

    /// <summary>Moments of all destinations.</summary>
    public const int MostMomentsOfAll = 500;

    /// <summary>Destinations.</summary>
    public const int MostDestinations = 200;

    /// <summary>Characters of a reason; what a peer says may be long.</summary>
    public const int LongestReason = 120;

    /// <summary>Reports that are kept; a broadcast a day for a year and a half.</summary>
    public const int MostReports = 500;

    /// <summary>A text, or the beginning of a long one: <see cref="LongestReason"/> characters, fewer of those that JSON escapes with six bytes, as it does emoji and what a bad peer makes up.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Cut(string? text)
    {
        var bytes = 0;
        for (var i = 0; i < text?.Length; i++)
        {
            bytes += text[i] != ' ' && char.GetUnicodeCategory(text[i]) is UnicodeCategory.Control or UnicodeCategory.Surrogate or UnicodeCategory.Format or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? 6 : 3;
            if (bytes > 3 * LongestReason)
                return text[..(char.IsLowSurrogate(text[i]) ? i - 1 : i)] + "…";
        }

        return text;
    }
}

/// <summary>How reports are stored.</summary>
[JsonSerializable(typeof(BroadcastReport))]
internal sealed partial class BroadcastReportJson : JsonSerializerContext
{
    /// <summary>Letters stand for themselves: an escaped one takes six bytes.</summary>
    public static BroadcastReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
