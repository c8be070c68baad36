using System.Collections.Immutable;

namespace StreamManager.Server.Events;

/// <summary>Every type that this folder's families have.</summary>
internal static class EventTypes
{
    /// <summary>Events whose types begin with this say who changed what, and are for administrators.</summary>
    public const string AuditPrefix = "audit.";

    /// <summary>All of them.</summary>
    public static ImmutableArray<EventType> All { get; } =
        [
            .. ConnectionEvents.All, .. SourceEvents.All, .. ProgramEvents.All, .. DestinationEvents.All, .. ServerEvents.All, .. AuditEvents.All,
            .. AccountEvents.All, .. KeyEvents.All, .. MediaEvents.All, .. WebhookEvents.All,
        ];

    /// <summary>True: it tells how something gets on, and is not worth keeping once it is over.</summary>
    public static bool IsPassing(string type) => type == "media.uploading";

    /// <summary>True: only who may administer may see it.</summary>
    public static bool IsAudit(string type) => type.StartsWith(AuditPrefix, StringComparison.Ordinal);
}
