using StreamManager.Engine.Outputs;
using StreamManager.Server.Channels;
using StreamManager.Server.Options;

namespace StreamManager.Server.Api;

/// <summary>The fields of a destination in a request. Null: absent, or wrong (then the errors say so).</summary>
internal sealed record DestinationFields(
    string? Name, string? Platform, string? Url, string? StreamKey, string? PlaybackUrl, bool? Enabled, string? ChannelId, OutputSettingsDocument? Settings)
{
    private const double LongestWaitSeconds = 3600;

    /// <summary>The grammar of ids.</summary>
    private static readonly SettingType<string> Id = new("the id of a channel", (string text, out string value) =>
    {
        value = text;
        return text.Length is > 0 and <= 100;
    });

    /// <summary>Reads all of them. <paramref name="isNew"/>: name and address must be there.</summary>
    public static DestinationFields Read(RequestFields fields, bool isNew)
    {
        var result = new DestinationFields(
            isNew ? fields.RequiredText("name", DestinationRules.Name) : fields.Text("name", DestinationRules.Name),
            fields.Text("platform", DestinationRules.Platform),
            isNew ? fields.RequiredText("url", DestinationRules.Url) : fields.Text("url", DestinationRules.Url),
            fields.Text("streamKey", DestinationRules.StreamKey),
            fields.Text("playbackUrl", DestinationRules.PlaybackUrl),
            fields.Boolean("enabled"),
            fields.Text("channelId", Id),
            ReadSettings(fields.Object("settings")));
        fields.RefuseUnknown();
        return result;
    }

    /// <summary>These fields over a definition; what is absent stays.</summary>
    public DestinationDefinition Over(DestinationDefinition definition) => definition with
    {
        Name = Name ?? definition.Name,
        Platform = Platform ?? definition.Platform,

        // A client that sends back the address as it was shown (without user and password) has not changed it.
        Url = Url is null || Url == DestinationRules.Shown(definition.Url, definition.StreamKey) ? definition.Url : Url,
        StreamKey = StreamKey ?? definition.StreamKey,
        PlaybackUrl = PlaybackUrl ?? definition.PlaybackUrl,
        Enabled = Enabled ?? definition.Enabled,
        Settings = Settings?.Over(definition.Settings) ?? definition.Settings,
    };

    private static OutputSettingsDocument? ReadSettings(RequestFields? fields)
    {
        if (fields is null)
            return null;
        var settings = new OutputSettingsDocument
        {
            RetryInitialSeconds = fields.Number("retryInitialSeconds", 0.1, LongestWaitSeconds),
            RetryMaximumSeconds = fields.Number("retryMaximumSeconds", 0.1, LongestWaitSeconds),
            RetryLimit = fields.Integer("retryLimit", 0, 1_000_000),
            QueueLimitMs = fields.Integer("queueLimitMs", 500, 60_000),
            StallAfterSeconds = fields.Number("stallAfterSeconds", 1, LongestWaitSeconds),
            ReconnectWhenStalledSeconds = fields.Number("reconnectWhenStalledSeconds", 1, LongestWaitSeconds),
            AllowUntrustedCertificate = fields.Boolean("allowUntrustedCertificate"),
            TrustedAuthority = fields.Text("trustedAuthority", SettingTypes.CertificatePem),
        };
        fields.RefuseUnknown();
        return settings;
    }
}
