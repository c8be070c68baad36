using System.Collections.Immutable;
using System.Threading.Channels;

namespace StreamManager.Server.Storage.Redis;

/// <summary>
/// Hears of changes on a connection of its own and tells them to whoever subscribed, one at a time. After every time that nothing could be heard (the connection was away, or the handlers were slower than
/// the changes), it tells that everything may have changed.
/// </summary>
internal sealed partial class RedisChangeFeed : IAsyncDisposable
{
    /// <summary>Changes that wait for handlers. More than that at once is an import, after which reading everything again is cheaper.</summary>
    internal const int Capacity = 4096;

    private readonly Channel<StateChange> _changes = Channel.CreateBounded<StateChange>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly ILogger _logger;
    private readonly Task _telling;
    private readonly Lock _gate = new();
    private ImmutableArray<Action<StateChange>> _handlers = [];

    /// <summary>Something was left out. Under the gate, together with the attempt to write to the channel, so that it cannot be set behind the last look.</summary>
    private bool _hasMissed;

    public RedisChangeFeed(RedisOptions options, TimeProvider time, ILogger logger)
    {
        _logger = logger;
        _telling = Task.Run(TellAsync);
        Link = new RedisLink(options with { ClientName = options.ClientName + "-changes" }, time, logger, SubscribeAsync, Receive);
    }

    /// <summary>The connection on which changes are heard.</summary>
    public RedisLink Link { get; }

    /// <summary>Adds a handler until the result is disposed of.</summary>
    public IDisposable Subscribe(Action<StateChange> handler)
    {
        var subscription = new Subscription(this, handler);
        lock (_gate)
            _handlers = _handlers.Add(subscription.Handle);
        return subscription;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Link.DisposeAsync();
        _changes.Writer.TryComplete();
        await _telling;
    }

    private async Task SubscribeAsync(RedisConnection connection, CancellationToken cancellationToken)
    {
        var command = new RedisCommand("SUBSCRIBE", RedisLayout.Changes);
        switch (await connection.SendAsync(command, cancellationToken))
        {
            case RespValue.Array { Items: [RespValue.Bulk { Text: "subscribe" }, ..] }:
                break;
            case RespValue.Error error:
                throw RedisErrors.ToException(command, error);
            default:
                throw new RedisConnectException(RedisFailure.NotRedis);
        }

        // From here on all is heard; what was before, nobody knows.
        Post(new StateChange.EverythingMayHaveChanged());
    }

    private void Receive(RespValue.Array message)
    {
        var changes = message.Items is [_, _, RespValue.Bulk body] ? RedisChangeMessage.Read(body.Bytes) : null;
        if (changes is null)
        {
            LogUnknownMessage();
            Post(new StateChange.EverythingMayHaveChanged());
            return;
        }

        foreach (var change in changes)
            Post(change);
    }

    private void Post(StateChange change)
    {
        lock (_gate)
        {
            // Not kept for those who come later: what they read then is newer.
            if (_handlers.IsEmpty)
                return;
            if (!_changes.Writer.TryWrite(change))
                _hasMissed = true;
        }
    }

    private async Task TellAsync()
    {
        while (await _changes.Reader.WaitToReadAsync())
        {
            while (_changes.Reader.TryRead(out var change))
                Tell(change);
            if (TakeMissed())
                Tell(new StateChange.EverythingMayHaveChanged());
        }
    }

    private bool TakeMissed()
    {
        lock (_gate)
        {
            var hasMissed = _hasMissed;
            _hasMissed = false;
            return hasMissed;
        }
    }

    private void Tell(StateChange change)
    {
        ImmutableArray<Action<StateChange>> handlers;
        lock (_gate)
            handlers = _handlers;
        foreach (var handler in handlers)
        {
            try
            {
                handler(change);
            }
            catch (Exception e)
            {
                LogHandlerFault(e);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Somebody else published on the channel of changes in Redis; everything is read again.")]
    private partial void LogUnknownMessage();

    [LoggerMessage(2, LogLevel.Error, "An error in the handling of a change in the store.")]
    private partial void LogHandlerFault(Exception exception);

    private sealed class Subscription(RedisChangeFeed feed, Action<StateChange> handler) : IDisposable
    {
        public void Handle(StateChange change) => handler(change);

        public void Dispose()
        {
            lock (feed._gate)
                feed._handlers = feed._handlers.Remove(Handle);
        }
    }
}
