using System.Collections.Immutable;
using StreamManager.Engine;

namespace StreamManager.Server.Events;

/// <summary>What becomes of destinations.</summary>
internal static class DestinationEvents
{
    private static readonly EventType ConnectingType = new("destination.connecting", "destination", "name");
    private static readonly EventType LiveType = new("destination.live", "destination", "name", "connects");
    private static readonly EventType RetryingType = new("destination.retrying", "destination", "name", "reason", "attempt", "nextAttemptAt");
    private static readonly EventType FailedType = new("destination.failed", "destination", "name", "reason", "attempts");
    private static readonly EventType StalledType = new("destination.stalled", "destination", "name", "reason");
    private static readonly EventType RecoveredType = new("destination.recovered", "destination", "name");
    private static readonly EventType DisabledType = new("destination.disabled", "destination", "name");

    /// <summary>The family.</summary>
    public static ImmutableArray<EventType> All { get; } = [ConnectingType, LiveType, RetryingType, FailedType, StalledType, RecoveredType, DisabledType];

    /// <summary>The first attempt of some.</summary>
    public static ServerEvent Connecting(DateTimeOffset time, string channelId, EngineEvent.DestinationConnecting happened) =>
        ConnectingType.At(time, channelId, null, happened.DestinationId, happened.Name);

    /// <summary>The publish was granted.</summary>
    public static ServerEvent Live(DateTimeOffset time, string channelId, EngineEvent.DestinationLive happened) =>
        LiveType.At(time, channelId, null, happened.DestinationId, happened.Name, happened.Connects);

    /// <summary>It failed, and there will be another attempt.</summary>
    public static ServerEvent Retrying(DateTimeOffset time, string channelId, EngineEvent.DestinationRetrying happened) =>
        RetryingType.At(time, channelId, null, happened.DestinationId, happened.Name, happened.Reason, happened.Attempt, EventType.Word(happened.NextAttemptAt));

    /// <summary>It was given up.</summary>
    public static ServerEvent Failed(DateTimeOffset time, string channelId, EngineEvent.DestinationFailed happened) =>
        FailedType.At(time, channelId, null, happened.DestinationId, happened.Name, happened.Reason, happened.Attempts);

    /// <summary>It takes less than the program, or nothing.</summary>
    public static ServerEvent Stalled(DateTimeOffset time, string channelId, EngineEvent.DestinationStalled happened) =>
        StalledType.At(time, channelId, null, happened.DestinationId, happened.Name, happened.Reason);

    /// <summary>It takes the program again.</summary>
    public static ServerEvent Recovered(DateTimeOffset time, string channelId, EngineEvent.DestinationRecovered happened) =>
        RecoveredType.At(time, channelId, null, happened.DestinationId, happened.Name);

    /// <summary>It was switched off.</summary>
    public static ServerEvent Disabled(DateTimeOffset time, string channelId, EngineEvent.DestinationDisabled happened) =>
        DisabledType.At(time, channelId, null, happened.DestinationId, happened.Name);
}
