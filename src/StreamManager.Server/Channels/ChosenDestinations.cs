using StreamManager.Server.Events;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Channels;

/// <summary>Forgets the destinations that were chosen for a broadcast when it is over, however it ended.</summary>
internal sealed partial class ChosenDestinations : IAsyncDisposable
{
    private readonly DestinationCatalog _destinations;
    private readonly EventSubscription _subscription;
    private readonly ILogger _logger;
    private readonly Task _task;

    /// <summary>Begins to listen.</summary>
    public ChosenDestinations(DestinationCatalog destinations, EventBus events, ILogger<ChosenDestinations> logger)
    {
        _destinations = destinations;
        _logger = logger;
        _subscription = events.Subscribe("chosen-destinations");
        _task = ListenAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _subscription.Dispose();
        await _task;
    }

    private async Task ListenAsync()
    {
        await foreach (var happened in _subscription.Reader.ReadAllAsync())
        {
            if (happened.ChannelId is not { } channelId || !ProgramEvents.IsEndForGood(happened))
                continue;
            try
            {
                await _destinations.ForgetChosenAsync(channelId, happened.Time);
            }
            catch (StoreUnavailableException e)
            {
                LogKept(_logger, channelId, e.Message);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The destinations that were chosen for the broadcast of channel {Channel} still hold, since the store is away ({Reason}). POST /api/simulcast/{Channel}/stop forgets them.")]
    private static partial void LogKept(ILogger logger, string channel, string reason);
}
