using StreamManager.Server.Channels;

namespace StreamManager.Server.Api;

/// <summary>A channel.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">stopped, waiting, live or fallback.</param>
/// <param name="Start">The same as in <paramref name="Settings"/>.</param>
/// <param name="FallbackType">The same as in <paramref name="Settings"/>.</param>
/// <param name="Origin">configuration or api.</param>
/// <param name="Settings">What holds.</param>
/// <param name="Sources">Its sources in falling priority.</param>
internal sealed record ChannelDocument(
    string Id, string State, string Start, string FallbackType, string Origin, ChannelSettingsDocument Settings, IReadOnlyList<ChannelSourceDocument> Sources);

/// <summary>A channel's source with the end of its key.</summary>
internal sealed record ChannelSourceDocument(string Id, string KeyHint);

/// <summary>A destination as it is kept.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Platform">custom, twitch, youtube, …</param>
/// <param name="Url">Where the program goes, without user and key.</param>
/// <param name="PlaybackUrl">Where viewers watch it; empty: not said.</param>
/// <param name="Enabled">Takes part in broadcasts.</param>
/// <param name="StreamKeyHint">The end of its key; empty: it has none.</param>
/// <param name="ChannelId">The channel.</param>
/// <param name="Origin">configuration or api.</param>
/// <param name="Settings">The fine settings.</param>
/// <param name="State">disabled, idle, connecting, live, retrying or failed.</param>
/// <param name="Verdict">idle, delivering, stalled, rejected or unreachable.</param>
/// <param name="LastError">The last thing that went wrong, in words.</param>
internal sealed record DestinationDocument(
    string Id,
    string Name,
    string Platform,
    string Url,
    string PlaybackUrl,
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
/// <param name="ClientId">Unique in a run of the server, never reused.</param>
/// <param name="ConnectionType">publisher or player.</param>
/// <param name="Protocol">rtmp, rtmps, http-flv or hls.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Source">The source; null: the program.</param>
/// <param name="StreamPath">Both together.</param>
/// <param name="RemoteAddress">Its address without port.</param>
/// <param name="Client">What it calls itself.</param>
/// <param name="KeyId">Id of the stream key that it publishes with; null: a player, a fixed key of the configuration, or a signed address.</param>
/// <param name="ConnectedAt">Since when.</param>
/// <param name="DurationSeconds">For how long.</param>
internal sealed record StreamDocument(
    string ClientId,
    string ConnectionType,
    string Protocol,
    string Channel,
    string? Source,
    string StreamPath,
    string RemoteAddress,
    string Client,
    string? KeyId,
    DateTime ConnectedAt,
    long DurationSeconds);

/// <summary>A page of the journal.</summary>
/// <param name="Events">The events: <c>id</c>, <c>type</c>, <c>time</c>, <c>channel</c>, <c>actor</c>, <c>data</c>, <c>position</c>.</param>
/// <param name="Next">What to give as <c>since</c> (or <c>before</c>) for the next page; null: there was nothing more.</param>
internal sealed record EventsDocument(IReadOnlyList<System.Text.Json.Nodes.JsonObject> Events, string? Next);

/// <summary>The same for the OpenAPI document, where the journal's own text needs a shape.</summary>
/// <param name="Events">The events.</param>
/// <param name="Next">What to give as <c>since</c> (or <c>before</c>) for the next page; null: there was nothing more.</param>
internal sealed record EventPage(IReadOnlyList<EventEntry> Events, string? Next);

/// <summary>One event of the journal.</summary>
/// <param name="Id">The same everywhere.</param>
/// <param name="Type">connection.publish, program.switched, …</param>
/// <param name="Time">When.</param>
/// <param name="Channel">On which channel; null: on none.</param>
/// <param name="Actor">Who did it; null: nobody.</param>
/// <param name="Data">What belongs to the type.</param>
/// <param name="Position">Its place in the journal.</param>
internal sealed record EventEntry(string Id, string Type, DateTime Time, string? Channel, string? Actor, System.Text.Json.Nodes.JsonObject Data, string Position);
