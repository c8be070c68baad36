using StreamManager.Server.Events;
using StreamManager.Server.Options;

namespace StreamManager.Server.Webhooks;

/// <summary>Which events an endpoint gets: types, or beginnings of types with a star (<c>destination.*</c>), or a star alone. Pure.</summary>
internal static class EventPattern
{
    private const string OwnPrefix = "webhook.", OwnAuditPrefix = EventTypes.AuditPrefix + OwnPrefix;

    /// <summary>The grammar of an entry.</summary>
    public static SettingType<string> Type { get; } = new("an event type such as program.onAir, the beginning of some such as destination.*, or *", (string text, out string value) =>
    {
        value = text;
        var name = text.EndsWith(".*", StringComparison.Ordinal) ? text[..^2] : text;
        return text == "*"
            || (text.Length <= WebhookLimits.LongestPattern && name.Split('.').All(part => part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')));
    });

    /// <summary>Does it mean events that only owners may see?</summary>
    public static bool IsForOwners(string pattern) => EventTypes.IsAudit(pattern) || pattern == "audit";

    /// <summary>Does any of the entries mean this type?</summary>
    public static bool Matches(IEnumerable<string> patterns, string type) => patterns.Any(pattern => pattern switch
    {
        // Who changed what is for owners: a star alone does not mean it.
        "*" => !EventTypes.IsAudit(type),
        [.., '.', '*'] => type.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal),
        _ => pattern == type,
    });

    /// <summary>May webhooks tell it? Not what is about webhooks: a failure that is told by the webhook that fails has no end.</summary>
    public static bool MayBeTold(ServerEvent happened) =>
        happened.Type == WebhookEvents.Disabled
        || !(happened.Type.StartsWith(OwnPrefix, StringComparison.Ordinal) || happened.Type.StartsWith(OwnAuditPrefix, StringComparison.Ordinal));
}
