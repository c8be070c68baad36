using System.Collections.Immutable;
using System.Threading.Channels;

namespace StreamManager.Server.Events;

/// <summary>
/// Hands every event to everybody who listens. Publishing never waits: each listener has a bounded queue of its own, and one that does not keep up loses the oldest and can tell how
/// many. Thread-safe.
/// </summary>
internal sealed class EventBus
{
    private readonly Lock _lock = new();

    // Replaced whole under the lock; read without it.
    private ImmutableList<EventSubscription> _subscriptions = [];

    /// <summary>Tells everybody.</summary>
    public void Publish(ServerEvent happened)
    {
        EventMetrics.Published.Add(1, EventMetrics.Family(happened.Type));
        foreach (var subscription in Volatile.Read(ref _subscriptions))
            subscription.Offer(happened);
    }

    /// <summary>From now on events come to the result too, until it is disposed.</summary>
    /// <param name="listener">Who listens, in a word: the label of what it loses in the metrics.</param>
    public EventSubscription Subscribe(string listener)
    {
        var subscription = new EventSubscription(this, listener);
        lock (_lock)
            Volatile.Write(ref _subscriptions, _subscriptions.Add(subscription));
        return subscription;
    }

    /// <summary>Ends a subscription.</summary>
    internal void Remove(EventSubscription subscription)
    {
        lock (_lock)
            Volatile.Write(ref _subscriptions, _subscriptions.Remove(subscription));
    }
}

/// <summary>One listener's queue. One reader; dispose it when done.</summary>
internal sealed class EventSubscription : IDisposable
{
    /// <summary>Events that may wait for one listener. A thousand destinations that fail in one instant fit.</summary>
    public const int QueueLength = 4_096;

    private readonly EventBus _bus;
    private readonly Channel<ServerEvent> _queue;
    private long _lost;

    internal EventSubscription(EventBus bus, string listener)
    {
        var tag = EventMetrics.Listener(listener);
        _bus = bus;
        var options = new BoundedChannelOptions(QueueLength) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true };
        _queue = Channel.CreateBounded<ServerEvent>(
            options,
            _ =>
            {
                Interlocked.Increment(ref _lost);
                EventMetrics.Lost.Add(1, tag);
            });
    }

    /// <summary>The events, oldest first.</summary>
    public ChannelReader<ServerEvent> Reader => _queue.Reader;

    /// <summary>How many were lost because the queue was full, since it was made.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <inheritdoc/>
    public void Dispose()
    {
        _bus.Remove(this);
        _queue.Writer.TryComplete();
    }

    internal void Offer(ServerEvent happened) => _queue.Writer.TryWrite(happened);
}
