using System.Collections.Immutable;
using StreamManager.Engine;

namespace StreamManager.Server.Events;

/// <summary>What sources do.</summary>
internal static class SourceEvents
{
    private static readonly EventType ConnectedType = new("source.connected", "source", "clientId", "remoteAddress", "encoder");
    private static readonly EventType LostType = new("source.lost", "source", "how");
    private static readonly EventType StalledType = new("source.stalled", "source");
    private static readonly EventType ReturnedType = new("source.returned", "source");

    /// <summary>The family.</summary>
    public static ImmutableArray<EventType> All { get; } = [ConnectedType, LostType, StalledType, ReturnedType];

    /// <summary>A publisher is a source from now on.</summary>
    public static ServerEvent Connected(DateTimeOffset time, string channelId, EngineEvent.SourceConnected happened) =>
        ConnectedType.At(time, channelId, null, happened.SourceId, happened.ConnectionId, happened.RemoteAddress, happened.Encoder);

    /// <summary>It is none any more.</summary>
    public static ServerEvent Lost(DateTimeOffset time, string channelId, EngineEvent.SourceLost happened) =>
        LostType.At(time, channelId, null, happened.SourceId, EventType.Word(happened.How));

    /// <summary>It is connected and sends nothing that could be shown.</summary>
    public static ServerEvent Stalled(DateTimeOffset time, string channelId, EngineEvent.SourceStalled happened) => StalledType.At(time, channelId, null, happened.SourceId);

    /// <summary>It sends again.</summary>
    public static ServerEvent Returned(DateTimeOffset time, string channelId, EngineEvent.SourceReturned happened) => ReturnedType.At(time, channelId, null, happened.SourceId);
}
