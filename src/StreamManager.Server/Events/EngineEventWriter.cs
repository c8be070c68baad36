using StreamManager.Engine;
using StreamManager.Server.Broadcasts;

namespace StreamManager.Server.Events;

/// <summary>Puts what happens in the engine onto the bus, and into the reports of broadcasts.</summary>
internal sealed class EngineEventWriter(EventBus bus, BroadcastHistory history, TimeProvider time) : IEngineEvents
{
    /// <inheritdoc/>
    public void Happened(string channelId, EngineEvent happened)
    {
        var now = time.GetUtcNow();
        history.Add(channelId, now, happened);
        bus.Publish(Convert(now, channelId, happened));
    }

    internal static ServerEvent Convert(DateTimeOffset now, string channelId, EngineEvent happened) => happened switch
    {
        EngineEvent.ProgramOnAir e => ProgramEvents.OnAir(now, channelId, e),
        EngineEvent.ProgramEnded e => ProgramEvents.Ended(now, channelId, e),
        EngineEvent.ProgramSwitched e => ProgramEvents.Switched(now, channelId, e),
        EngineEvent.ProgramFormatChanged e => ProgramEvents.FormatChanged(now, channelId, e),
        EngineEvent.FallbackPrepared e => ProgramEvents.FallbackPrepared(now, channelId, e),
        EngineEvent.FallbackFailed e => ProgramEvents.FallbackFailed(now, channelId, e),
        EngineEvent.SourceConnected e => SourceEvents.Connected(now, channelId, e),
        EngineEvent.SourceLost e => SourceEvents.Lost(now, channelId, e),
        EngineEvent.SourceStalled e => SourceEvents.Stalled(now, channelId, e),
        EngineEvent.SourceReturned e => SourceEvents.Returned(now, channelId, e),
        EngineEvent.DestinationConnecting e => DestinationEvents.Connecting(now, channelId, e),
        EngineEvent.DestinationLive e => DestinationEvents.Live(now, channelId, e),
        EngineEvent.DestinationRetrying e => DestinationEvents.Retrying(now, channelId, e),
        EngineEvent.DestinationFailed e => DestinationEvents.Failed(now, channelId, e),
        EngineEvent.DestinationStalled e => DestinationEvents.Stalled(now, channelId, e),
        EngineEvent.DestinationRecovered e => DestinationEvents.Recovered(now, channelId, e),
        EngineEvent.DestinationDisabled e => DestinationEvents.Disabled(now, channelId, e),
        _ => throw new ArgumentOutOfRangeException(nameof(happened)),
    };
}
