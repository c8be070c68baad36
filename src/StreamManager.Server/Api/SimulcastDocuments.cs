namespace StreamManager.Server.Api;

/// <summary>A broadcast and the destinations that take part.</summary>
/// <param name="StreamId">The channel.</param>
/// <param name="State">stopped, waiting, live or fallback.</param>
/// <param name="StartedAt">Start of the broadcast.</param>
/// <param name="UptimeSeconds">Time on air.</param>
/// <param name="InputSource">What was selected: auto, fallback or a source's id.</param>
/// <param name="ActiveSource">What is shown; null: the fallback, or nothing.</param>
/// <param name="Selection"><c>chosen</c>: these destinations were chosen for this broadcast; <c>all</c>: every destination that is enabled.</param>
/// <param name="Destinations">How they do.</param>
internal sealed record SimulcastStatusDocument(
    string StreamId,
    string State,
    DateTime? StartedAt,
    long UptimeSeconds,
    string InputSource,
    string? ActiveSource,
    string Selection,
    IReadOnlyList<DestinationStatusDocument> Destinations);

/// <summary>The health of a broadcast.</summary>
/// <param name="StreamId">The channel.</param>
/// <param name="Status">idle (off air), healthy, degraded (something is wrong, somebody gets the program), failing (nobody gets it).</param>
/// <param name="Issues">What is wrong with the broadcast itself, in words.</param>
/// <param name="Destinations">Each destination.</param>
internal sealed record SimulcastHealthDocument(
    string StreamId, string Status, IReadOnlyList<string> Issues, IReadOnlyList<SimulcastDestinationHealthDocument> Destinations);

/// <summary>The health of one destination, with what is wrong in words.</summary>
internal sealed record SimulcastDestinationHealthDocument(string Id, string Name, string State, string Verdict, IReadOnlyList<string> Issues);

/// <summary>The figures of a broadcast.</summary>
internal sealed record SimulcastMetricsDocument(
    string StreamId,
    long UptimeSeconds,
    ProgramDocument Program,
    int TotalBitrateKbps,
    long TotalBytesSent,
    long TotalFramesDropped,
    int Viewers,
    IReadOnlyList<DestinationStatusDocument> Destinations);
