using StreamManager.Server.Channels;

namespace StreamManager.Server.Exports;

/// <summary>A destination without its secrets: no key, and of the address what may be shown. It comes back switched off, since it cannot publish without its key.</summary>
internal sealed record OpenDestination(string ChannelId, string Name, string Platform, string Url, OutputSettingsDocument Settings, DateTimeOffset CreatedAt, string PlaybackUrl = "");
