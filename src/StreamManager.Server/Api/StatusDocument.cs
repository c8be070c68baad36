namespace StreamManager.Server.Api;

/// <summary>The answer of <c>GET /api/status</c>. Field names are a promise to clients.</summary>
internal sealed record StatusDocument(
    string Channel,
    string State,
    DateTime? StartedAt,
    long UptimeSeconds,
    IngestDocument Ingest,
    SourceDocument Source,
    ProgramDocument Program,
    IReadOnlyList<DestinationStatusDocument> Destinations,
    int Viewers,
    IReadOnlyList<SourceDocument> Sources);

/// <summary>What to enter into an encoder; of the key only its end.</summary>
internal sealed record IngestDocument(string Url, string KeyHint);

/// <summary>One source.</summary>
internal sealed record SourceDocument(
    string Id,
    string State,
    string Selected,
    string Encoder,
    string RemoteAddress,
    string? ClientId,
    DateTime? ConnectedAt,
    VideoDocument? Video,
    AudioDocument? Audio,
    bool Transcoded,
    IReadOnlyList<string> Warnings);

/// <summary>A source's video.</summary>
internal sealed record VideoDocument(string Codec, int Width, int Height, double Fps, int BitrateKbps, double KeyframeIntervalSeconds);

/// <summary>A source's audio.</summary>
internal sealed record AudioDocument(string Codec, int SampleRate, int Channels, int BitrateKbps);

/// <summary>The program.</summary>
internal sealed record ProgramDocument(
    string Mode,
    string? ActiveSource,
    long TimeMs,
    int BitrateKbps,
    double Fps,
    int Switches,
    double SecondsOnFallback,
    double LargestVideoGapMs,
    double LargestAudioGapMs,
    string? FallbackNote);

/// <summary>A destination and how it does.</summary>
internal sealed record DestinationStatusDocument(
    string Id,
    string Name,
    string Platform,
    string Url,
    string PlaybackUrl,
    bool Enabled,
    string State,
    string Verdict,
    int Connects,
    int Attempts,
    DateTime? NextRetryAt,
    string? LastError,
    long UptimeSeconds,
    int BitrateKbps,
    double Fps,
    long FramesSent,
    long FramesDropped,
    long BytesSent,
    long QueueMs,
    long UnackedBytes,
    double RoundTripMs);
