using System.Collections.Immutable;

namespace StreamManager.Server.Events;

/// <summary>Who changed what about channels, destinations and connections. Shown to administrators only.</summary>
internal static class AuditEvents
{
    private static readonly EventType StartedType = new("audit.channel.started");
    private static readonly EventType StoppedType = new("audit.channel.stopped");
    private static readonly EventType SelectedType = new("audit.channel.sourceSelected", "select");
    private static readonly EventType ChannelCreatedType = new("audit.channel.created");
    private static readonly EventType ChannelUpdatedType = new("audit.channel.updated");
    private static readonly EventType ChannelDeletedType = new("audit.channel.deleted");
    private static readonly EventType CreatedType = new("audit.destination.created", "destination", "name");
    private static readonly EventType UpdatedType = new("audit.destination.updated", "destination", "name", "enabled");
    private static readonly EventType DeletedType = new("audit.destination.deleted", "destination", "name");
    private static readonly EventType BroadcastDeletedType = new("audit.broadcast.deleted", "broadcast");
    private static readonly EventType ChosenType = new("audit.destination.chosen", "destination", "name", "chosen");
    private static readonly EventType DrillBegunType = new("audit.channel.drillBegun", "seconds");
    private static readonly EventType KickedType = new("audit.stream.kicked", "clientId");

    /// <summary>The family.</summary>
    public static ImmutableArray<EventType> All { get; } =
    [
        StartedType, StoppedType, SelectedType, ChannelCreatedType, ChannelUpdatedType, ChannelDeletedType, CreatedType, UpdatedType, DeletedType, BroadcastDeletedType, DrillBegunType, ChosenType, KickedType,
    ];

    /// <summary>Somebody took a channel on air.</summary>
    public static ServerEvent ChannelStarted(DateTimeOffset time, string actor, string channelId) => StartedType.At(time, channelId, actor);

    /// <summary>Somebody ended its broadcast.</summary>
    public static ServerEvent ChannelStopped(DateTimeOffset time, string actor, string channelId) => StoppedType.At(time, channelId, actor);

    /// <summary>Somebody chose what it shows.</summary>
    public static ServerEvent SourceSelected(DateTimeOffset time, string actor, string channelId, string select) => SelectedType.At(time, channelId, actor, select);

    /// <summary>Somebody began a drill.</summary>
    public static ServerEvent DrillBegun(DateTimeOffset time, string actor, string channelId, int seconds) => DrillBegunType.At(time, channelId, actor, seconds);

    /// <summary>Somebody removed the report of a broadcast.</summary>
    public static ServerEvent BroadcastDeleted(DateTimeOffset time, string actor, string id) => BroadcastDeletedType.At(time, null, actor, id);

    /// <summary>Somebody made a channel.</summary>
    public static ServerEvent ChannelCreated(DateTimeOffset time, string actor, string channelId) => ChannelCreatedType.At(time, channelId, actor);

    /// <summary>Somebody changed its settings.</summary>
    public static ServerEvent ChannelUpdated(DateTimeOffset time, string actor, string channelId) => ChannelUpdatedType.At(time, channelId, actor);

    /// <summary>Somebody removed it.</summary>
    public static ServerEvent ChannelDeleted(DateTimeOffset time, string actor, string channelId) => ChannelDeletedType.At(time, channelId, actor);

    /// <summary>Somebody added a destination.</summary>
    public static ServerEvent DestinationCreated(DateTimeOffset time, string actor, string channelId, string id, string name) => CreatedType.At(time, channelId, actor, id, name);

    /// <summary>Somebody changed it.</summary>
    public static ServerEvent DestinationUpdated(DateTimeOffset time, string actor, string channelId, string id, string name, bool isEnabled) =>
        UpdatedType.At(time, channelId, actor, id, name, isEnabled);

    /// <summary>Somebody removed it.</summary>
    public static ServerEvent DestinationDeleted(DateTimeOffset time, string actor, string channelId, string id, string name) => DeletedType.At(time, channelId, actor, id, name);

    /// <summary>Somebody took it into the running broadcast, or out of it.</summary>
    public static ServerEvent DestinationChosen(DateTimeOffset time, string actor, string channelId, string id, string name, bool isChosen) =>
        ChosenType.At(time, channelId, actor, id, name, isChosen);

    /// <summary>Somebody closed a connection.</summary>
    public static ServerEvent StreamKicked(DateTimeOffset time, string actor, string? channelId, string clientId) => KickedType.At(time, channelId, actor, clientId);
}
