using System.Globalization;

namespace StreamManager.Server.Events;

/// <summary>A place in the journal: a position that it gave, or a time.</summary>
internal abstract record JournalPlace
{
    private JournalPlace()
    {
    }

    /// <summary>A position.</summary>
    public sealed record At(string Position) : JournalPlace;

    /// <summary>A time.</summary>
    public sealed record On(DateTimeOffset Time) : JournalPlace;

    /// <summary>Reads one: whatever has a T in it is a time of RFC 3339. Null: it is none.</summary>
    public static JournalPlace? Parse(string text)
    {
        if (text.Length is 0 or > 64)
            return null;
        if (!text.Contains('T', StringComparison.OrdinalIgnoreCase))
            return new At(text);
        string[] formats = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];
        return DateTimeOffset.TryParseExact(text.ToUpperInvariant(), formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? new On(time) : null;
    }
}

/// <summary>What is wanted of the journal.</summary>
/// <param name="Since">Only what came after it, oldest first; null: newest first.</param>
/// <param name="Before">Only what came before it; not with <paramref name="Since"/>.</param>
/// <param name="Limit">Most events of the answer.</param>
/// <param name="Types">Types, or families (<c>destination</c>); empty: all.</param>
/// <param name="ChannelId">Only this channel's; null: all.</param>
/// <param name="WithAudit">Events of <c>audit.*</c> too.</param>
internal sealed record EventQuery(JournalPlace? Since, JournalPlace? Before, int Limit, IReadOnlyList<string> Types, string? ChannelId, bool WithAudit)
{
    /// <summary>True when every event is wanted.</summary>
    public bool TakesAll => Types.Count == 0 && ChannelId is null && WithAudit;

    /// <summary>Is an event of this type and channel wanted?</summary>
    public bool Takes(string type, string? channelId) =>
        (ChannelId is null || ChannelId == channelId)
        && (WithAudit || !EventTypes.IsAudit(type))
        && (Types.Count == 0 || Types.Any(wanted => type == wanted || (type.Length > wanted.Length && type[wanted.Length] == '.' && type.StartsWith(wanted, StringComparison.Ordinal))));
}
