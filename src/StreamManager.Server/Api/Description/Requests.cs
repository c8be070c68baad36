using StreamManager.Server.Channels;

namespace StreamManager.Server.Api.Description;

// The fields that requests may have. Routes read them by RequestFields, which can say exactly what is wrong; these records are for the document and its readers. A test asks every
// route which fields it knows and compares.

/// <summary>What the program shows.</summary>
/// <param name="Select">auto, fallback, or the id of a source.</param>
internal sealed record SourceSelectionRequest(string Select);

/// <summary>A new channel.</summary>
/// <param name="Id">Its id: lower-case letters, digits and dashes.</param>
/// <param name="Settings">What shall differ from the built-in settings.</param>
internal sealed record NewChannelRequest(string Id, ChannelSettingsRequest? Settings = null);

/// <summary>A change of a channel; what is absent stays.</summary>
/// <param name="Settings">What shall change.</param>
internal sealed record ChannelRequest(ChannelSettingsRequest? Settings = null);

/// <summary>Settings of a channel; what is absent stays. Units as in the answer.</summary>
internal sealed record ChannelSettingsRequest(
    string? Start = null,
    string? FallbackType = null,
    string? FallbackMedia = null,
    double? RtmpTimeoutSeconds = null,
    double? CheckIntervalSeconds = null,
    double? ReturnAfterSeconds = null,
    double? EndAfterSeconds = null,
    string? OnCrash = null,
    string? OnStall = null,
    string? OnCleanEnd = null,
    string? OnFormatChange = null,
    int? Width = null,
    int? Height = null,
    int? Fps = null,
    int? VideoBitrateKbps = null,
    int? AudioBitrateKbps = null);

/// <summary>A new destination.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Url">rtmp:// or rtmps://.</param>
/// <param name="Platform">custom, twitch, youtube, …</param>
/// <param name="StreamKey">Never returned.</param>
/// <param name="PlaybackUrl">Where viewers watch it: http:// or https://; empty: not said. Only shown.</param>
/// <param name="Enabled">Takes part in broadcasts; true when absent.</param>
/// <param name="ChannelId">main when absent.</param>
/// <param name="Settings">What shall differ from the built-in settings.</param>
internal sealed record NewDestinationRequest(
    string Name,
    string Url,
    string? Platform = null,
    string? StreamKey = null,
    string? PlaybackUrl = null,
    bool? Enabled = null,
    string? ChannelId = null,
    OutputSettingsDocument? Settings = null);

/// <summary>A change of a destination; what is absent stays.</summary>
internal sealed record DestinationRequest(
    string? Name = null,
    string? Url = null,
    string? Platform = null,
    string? StreamKey = null,
    string? PlaybackUrl = null,
    bool? Enabled = null,
    string? ChannelId = null,
    OutputSettingsDocument? Settings = null);

/// <summary>How a broadcast begins.</summary>
/// <param name="InputSource">auto, fallback, or the id of a source.</param>
/// <param name="Destinations">Ids of the destinations of this broadcast; absent: every one that is enabled.</param>
internal sealed record SimulcastStartRequest(string? InputSource = null, IReadOnlyList<string>? Destinations = null);

/// <summary>A destination that joins a broadcast.</summary>
internal sealed record SimulcastDestinationRequest(string DestinationId);

/// <summary>The first owner.</summary>
/// <param name="Token">Of the set-up link.</param>
/// <param name="Name">Of the owner.</param>
/// <param name="Password">Of the owner.</param>
internal sealed record SetupRequest(string Token, string Name, string Password);

/// <summary>Who logs in.</summary>
internal sealed record LoginRequest(string Name, string Password);

/// <summary>A change of one's own password.</summary>
internal sealed record PasswordRequest(string CurrentPassword, string NewPassword);

/// <summary>A new API token.</summary>
/// <param name="Name">For people.</param>
/// <param name="Scopes">view, operate, manage, administer; no more than the caller has.</param>
/// <param name="ExpiresAt">When it ends; absent: never.</param>
internal sealed record NewTokenRequest(string Name, IReadOnlyList<string> Scopes, DateTime? ExpiresAt = null);

/// <summary>A new user.</summary>
/// <param name="Name">For the login.</param>
/// <param name="Role">owner, operator or viewer.</param>
/// <param name="Password">For the login; not with link.</param>
/// <param name="Enabled">May log in; true when absent.</param>
/// <param name="Link">In place of a password: a link by which the user sets one.</param>
internal sealed record NewUserRequest(string Name, string Role, string? Password = null, bool? Enabled = null, bool? Link = null);

/// <summary>A user's link.</summary>
/// <param name="Token">What is behind its #.</param>
internal sealed record UserLinkRequest(string Token);

/// <summary>A password set by a user's link.</summary>
/// <param name="Token">What is behind its #.</param>
/// <param name="Password">For the login.</param>
internal sealed record UserLinkPasswordRequest(string Token, string Password);

/// <summary>A change of a user; what is absent stays.</summary>
internal sealed record UserRequest(string? Name = null, string? Role = null, string? Password = null, bool? Enabled = null);

/// <summary>A new stream key.</summary>
/// <param name="Name">For people.</param>
/// <param name="ChannelId">main when absent.</param>
/// <param name="SourceId">The channel's first source when absent.</param>
/// <param name="Kind">regular or development.</param>
/// <param name="ExpiresAt">A time, or never.</param>
/// <param name="AllowedAddresses">Addresses and ranges that may publish with it; absent: all.</param>
/// <param name="Alias">A short name that works like the key.</param>
internal sealed record NewKeyRequest(
    string Name,
    string? ChannelId = null,
    string? SourceId = null,
    string? Kind = null,
    string? ExpiresAt = null,
    IReadOnlyList<string>? AllowedAddresses = null,
    string? Alias = null);

/// <summary>A change of a stream key; what is absent stays.</summary>
/// <param name="Name">For people.</param>
/// <param name="ExpiresAt">A time, or never.</param>
/// <param name="AllowedAddresses">Addresses and ranges that may publish with it; empty: all.</param>
/// <param name="Alias">A short name that works like the key; empty: none.</param>
/// <param name="Kick">Close the connection that publishes with it from an address that may not any more.</param>
internal sealed record KeyRequest(string? Name = null, string? ExpiresAt = null, IReadOnlyList<string>? AllowedAddresses = null, string? Alias = null, bool? Kick = null);

/// <summary>How a key is rotated.</summary>
/// <param name="OverlapSeconds">How long the old key goes on working.</param>
/// <param name="Kick">Close the connection that publishes with the old key.</param>
internal sealed record KeyRotationRequest(int? OverlapSeconds = null, bool? Kick = null);

/// <summary>An address to sign.</summary>
/// <param name="Action">publish or play.</param>
/// <param name="ChannelId">main when absent.</param>
/// <param name="SourceId">To play a source in place of the program, or to publish to another than the first.</param>
/// <param name="ExpiresInSeconds">How long one may begin.</param>
/// <param name="ExpiresAt">Until when one may begin.</param>
/// <param name="AllowedAddresses">Addresses and ranges that may use it; absent: all.</param>
internal sealed record SignRequest(
    string Action,
    string? ChannelId = null,
    string? SourceId = null,
    int? ExpiresInSeconds = null,
    string? ExpiresAt = null,
    IReadOnlyList<string>? AllowedAddresses = null);

/// <summary>How signatures are rotated.</summary>
/// <param name="OverlapSeconds">How long addresses that were signed before go on working.</param>
internal sealed record SignatureRotationRequest(int? OverlapSeconds = null);

/// <summary>A channel's fallback.</summary>
/// <param name="Type">slate, image or video.</param>
/// <param name="Filename">A file of the media library; not with slate.</param>
/// <param name="ChannelId">main when absent.</param>
internal sealed record FallbackRequest(string Type, string? Filename = null, string? ChannelId = null);

/// <summary>A file to delete.</summary>
internal sealed record MediaDeletionRequest(string Filename);

/// <summary>A new webhook: something to tell, or something to decide.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Events">Types of events, or beginnings of them with a star.</param>
/// <param name="ChannelId">Only what is about this channel.</param>
/// <param name="Enabled">true when absent.</param>
/// <param name="Decides">Types of events that it decides.</param>
/// <param name="DecisionTimeoutMs">Milliseconds for a decision.</param>
/// <param name="OnDecisionFailure">allow or deny: what holds without a decision.</param>
internal sealed record NewWebhookRequest(
    string Url,
    IReadOnlyList<string>? Events = null,
    string? ChannelId = null,
    bool? Enabled = null,
    IReadOnlyList<string>? Decides = null,
    int? DecisionTimeoutMs = null,
    string? OnDecisionFailure = null);

/// <summary>A change of a webhook; what is absent stays.</summary>
internal sealed record WebhookRequest(
    string? Url = null,
    IReadOnlyList<string>? Events = null,
    string? ChannelId = null,
    bool? Enabled = null,
    IReadOnlyList<string>? Decides = null,
    int? DecisionTimeoutMs = null,
    string? OnDecisionFailure = null);

/// <summary>How a webhook's secret is rotated.</summary>
/// <param name="OverlapSeconds">How long the old secret signs too.</param>
internal sealed record WebhookSecretRequest(int? OverlapSeconds = null);

/// <summary>What to send once more.</summary>
/// <param name="Since">From when on.</param>
internal sealed record WebhookReplayRequest(DateTime Since);
