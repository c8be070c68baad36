using StreamManager.Server.Channels;

namespace StreamManager.Server.Api;

/// <summary>A channel in the list.</summary>
internal sealed record ChannelDocument(string Id, string State, string Start, string FallbackType, IReadOnlyList<ChannelSourceDocument> Sources);

/// <summary>A channel's source with the end of its key.</summary>
internal sealed record ChannelSourceDocument(string Id, string KeyHint);

/// <summary>A destination as it is kept.</summary>
internal sealed record DestinationDocument(
    string Id,
    string Name,
    string Platform,
    string Url,
    bool Enabled,
    string StreamKeyHint,
    string ChannelId,
    string Origin,
    OutputSettingsDocument Settings,
    string State,
    string Verdict,
    string? LastError);

/// <summary>Outcome of a connection test.</summary>
internal sealed record ConnectionTestDocument(bool Ok, string Stage, string Detail);

/// <summary>One publisher or player.</summary>
internal sealed record StreamDocument(
    string ClientId,
    string ConnectionType,
    string Protocol,
    string Channel,
    string? Source,
    string StreamPath,
    string RemoteAddress,
    string Client,
    DateTime ConnectedAt,
    long DurationSeconds);
