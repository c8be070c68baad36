namespace StreamManager.Server.Events;

/// <summary>How much of the past is kept; whichever bound is reached first counts.</summary>
/// <param name="Age">Older entries are dropped.</param>
/// <param name="Entries">More entries than these are dropped, the oldest first.</param>
internal sealed record JournalRetention(TimeSpan Age, int Entries);
