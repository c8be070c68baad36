namespace StreamManager.Server.Events;

/// <summary>How much of the past is kept; whichever bound is reached first counts.</summary>
/// <param name="Age">Older entries are dropped.</param>
/// <param name="Entries">More entries than these are dropped, the oldest first.</param>
internal sealed record JournalRetention(TimeSpan Age, int Entries)
{
    /// <summary>Entries of the audit, which count apart: what strangers cause must not push out who changed what. A hundred changes an hour for 30 days, and below 100 MB.</summary>
    public const int AuditEntries = 72_000;
}
