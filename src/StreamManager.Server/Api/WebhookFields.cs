using System.Collections.Immutable;
using System.Net;
using StreamManager.Server.Channels;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Webhooks;

namespace StreamManager.Server.Api;

/// <summary>The fields of a webhook in a request. Null: absent, or wrong (then the errors say so).</summary>
internal sealed record WebhookFields(
    string? Url, IReadOnlyList<string>? Events, string? ChannelId, bool? Enabled, IReadOnlyList<string>? Decides, int? DecisionTimeoutMs, DecisionFallback? OnDecisionFailure)
{
    private static readonly SettingType<string> UrlType = new(
        $"an address of http or https without user, password and fragment, at most {WebhookLimits.LongestUrl} characters", (string text, out string value) =>
        {
            value = text;
            return text.Length <= WebhookLimits.LongestUrl
                && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
                && Uri.TryCreate(text, UriKind.Absolute, out var uri)
                && uri.Scheme is "http" or "https"
                && uri is { UserInfo: "", Fragment: "", Host.Length: > 0 };
        });

    private static readonly SettingType<string> ChannelType = new("the id of a channel, or empty for all", (string text, out string value) =>
    {
        value = text;
        return text.Length <= 100;
    });

    private static readonly SettingType<string> DecidesType = new(string.Join(" | ", WebhookDecider.Types), (string text, out string value) =>
    {
        value = text;
        return WebhookDecider.Types.Contains(text, StringComparer.Ordinal);
    });

    private static readonly SettingType<string> FallbackType = new("allow | deny", (string text, out string value) =>
    {
        value = text;
        return text is "allow" or "deny";
    });

    /// <summary>Reads all of them. <paramref name="isNew"/>: the address must be there, and something to tell or to decide.</summary>
    public static WebhookFields Read(RequestFields fields, bool isNew, bool allowPrivate, ChannelDirectory channels)
    {
        var result = new WebhookFields(
            isNew ? fields.RequiredText("url", UrlType) : fields.Text("url", UrlType),
            fields.Texts("events", EventPattern.Type, WebhookLimits.MostPatterns),
            fields.Text("channelId", ChannelType),
            fields.Boolean("enabled"),
            fields.Texts("decides", DecidesType, WebhookDecider.Types.Length),
            fields.Integer("decisionTimeoutMs", (int)WebhookLimits.ShortestDecisionTimeout.TotalMilliseconds, (int)WebhookLimits.LongestDecisionTimeout.TotalMilliseconds),
            fields.Text("onDecisionFailure", FallbackType) switch { "allow" => DecisionFallback.Allow, "deny" => DecisionFallback.Deny, _ => null });
        fields.RefuseUnknown();
        if (result.Url is { } url && !allowPrivate && IsPlainlyPrivate(new Uri(url)))
            fields.Fail("url", "must not be on this machine, a private network or another special address (see webhook_allow_private_addresses)");
        if (result.ChannelId is { Length: > 0 } channelId && channels.Find(channelId) is null)
            fields.Fail("channelId", "must be the id of a channel");
        if (isNew && fields.Errors.Count == 0 && result.Events is not { Count: > 0 } && result.Decides is not { Count: > 0 })
            fields.Fail("events", $"is missing; needed is a list of texts, each {EventPattern.Type.Allowed}");
        return result;
    }

    /// <summary>These fields over a definition; what is absent stays.</summary>
    public WebhookDefinition Over(WebhookDefinition webhook)
    {
        var enabled = Enabled ?? webhook.Enabled;
        return webhook with
        {
            Url = Url ?? webhook.Url,
            Events = Distinct(Events) ?? webhook.Events,
            ChannelId = ChannelId is null ? webhook.ChannelId : ChannelId.Length == 0 ? null : ChannelId,
            Enabled = enabled,
            Decides = Distinct(Decides) ?? webhook.Decides,
            DecisionTimeout = DecisionTimeoutMs is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : webhook.DecisionTimeout,
            OnDecisionFailure = OnDecisionFailure ?? webhook.OnDecisionFailure,
            Disabling = enabled ? null : webhook.Disabling,
        };
    }

    /// <summary>What can be seen without asking for the name; the rest is refused when it is connected to.</summary>
    private static bool IsPlainlyPrivate(Uri url) =>
        IPAddress.TryParse(url.IdnHost, out var address)
            ? !OutboundAddresses.IsAllowed(address, allowPrivate: false)
            : url.IdnHost.TrimEnd('.') is var host && (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase));

    private static ImmutableArray<string>? Distinct(IReadOnlyList<string>? texts) => texts is null ? null : [.. texts.Distinct(StringComparer.Ordinal)];
}
