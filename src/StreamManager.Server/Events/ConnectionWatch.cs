using System.Collections.Concurrent;

namespace StreamManager.Server.Events;

/// <summary>
/// Tells the nine events of every connection, in their order, and asks about the <c>pre</c> ones. Told by whoever has the connection: first <see cref="ConnectAsync"/>, then for each stream
/// <see cref="BeginStreamAsync"/>, <see cref="StreamBegan"/>, <see cref="StreamEnded"/>, at last <see cref="Disconnected"/>. Calls about one connection do not overlap. Thread-safe.
/// <para>Who only connects is a stranger still. When too many do, the events of the rest wait until they have shown a good key, and so does the decision; who never does is not told of at all.</para>
/// </summary>
internal sealed class ConnectionWatch(EventBus bus, ConnectionPolicy policy, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Watched> _connections = new(StringComparer.Ordinal);
    private readonly StrangerBudget _strangers = new(time);

    /// <summary>Somebody wants to connect. Null: it is connected from now on; else what it is told.</summary>
    /// <exception cref="OperationCanceledException">The connection is gone.</exception>
    public async ValueTask<string?> ConnectAsync(string clientId, string protocol, string remoteAddress, CancellationToken cancellationToken)
    {
        var connection = new ConnectionView(clientId, ConnectionType.Pending, protocol, remoteAddress);
        var watched = new Watched(connection, time.GetTimestamp(), null);
        if (_strangers.TryTake(remoteAddress))
            return await TellAsync(watched, cancellationToken);
        _connections[clientId] = watched;
        return null;
    }

    /// <summary>It wants to publish or play, and could: its key and all else are good. Null: it may; else what it is told.</summary>
    /// <exception cref="OperationCanceledException">The connection is gone.</exception>
    public async ValueTask<string?> BeginStreamAsync(string clientId, ConnectionType type, string channelId, string? sourceId, CancellationToken cancellationToken)
    {
        if (!_connections.TryGetValue(clientId, out var watched))
            return null;
        if (!watched.IsTold)
        {
            if (await TellAsync(watched, cancellationToken) is { } unwanted)
                return unwanted;
            watched = watched with { IsTold = true };
        }

        var path = sourceId is null ? channelId : $"{channelId}/{sourceId}";
        var wanted = ConnectionEvents.PreStream(
            time.GetUtcNow(), watched.Connection with { Type = type, ChannelId = channelId, StreamPath = path }, time.GetElapsedTime(watched.ConnectedAt));
        bus.Publish(wanted);
        if (await policy.DecideAsync(wanted, cancellationToken) is { } refusal)
            return refusal;
        _connections[clientId] = watched with { Wanted = watched.Connection with { Type = type, ChannelId = channelId, StreamPath = path } };
        return null;
    }

    /// <summary>It publishes or plays what <see cref="BeginStreamAsync"/> was asked about.</summary>
    public void StreamBegan(string clientId)
    {
        if (!_connections.TryGetValue(clientId, out var watched) || watched.Wanted is not { } connection)
            return;
        _connections[clientId] = watched with { Connection = connection, StreamBeganAt = time.GetTimestamp(), Wanted = null };
        bus.Publish(ConnectionEvents.PostStream(time.GetUtcNow(), connection, time.GetElapsedTime(watched.ConnectedAt)));
    }

    /// <summary>It does not any more; told or not, nothing happens when it did not.</summary>
    public void StreamEnded(string clientId)
    {
        if (!_connections.TryGetValue(clientId, out var watched) || watched.StreamBeganAt is not { } began)
            return;
        // What it was is still said when it closes: a receiver wants to know whose connection it was.
        _connections[clientId] = watched with { StreamBeganAt = null };
        bus.Publish(ConnectionEvents.DoneStream(time.GetUtcNow(), watched.Connection, time.GetElapsedTime(began)));
    }

    /// <summary>It is closed. Nothing happens when it never was connected.</summary>
    public void Disconnected(string clientId)
    {
        StreamEnded(clientId);
        if (!_connections.TryRemove(clientId, out var watched))
            return;
        if (watched.IsTold)
            bus.Publish(ConnectionEvents.DoneConnect(time.GetUtcNow(), watched.Connection, time.GetElapsedTime(watched.ConnectedAt)));
        else
            EventMetrics.NotTold.Add(1);
    }

    // That it connects, and asks whether it may. Null: it may.
    private async ValueTask<string?> TellAsync(Watched watched, CancellationToken cancellationToken)
    {
        var wanted = ConnectionEvents.PreConnect(time.GetUtcNow(), watched.Connection);
        bus.Publish(wanted);
        if (await policy.DecideAsync(wanted, cancellationToken) is { } refusal)
            return refusal;
        _connections[watched.Connection.ClientId] = watched with { IsTold = true };
        bus.Publish(ConnectionEvents.PostConnect(time.GetUtcNow(), watched.Connection));
        return null;
    }

    /// <param name="Connection">As it is told.</param>
    /// <param name="ConnectedAt">Timestamp.</param>
    /// <param name="StreamBeganAt">Timestamp; null: nothing is published or played.</param>
    private sealed record Watched(ConnectionView Connection, long ConnectedAt, long? StreamBeganAt)
    {
        /// <summary>Its <c>preConnect</c> and <c>postConnect</c> were told, so that its <c>doneConnect</c> must be.</summary>
        public bool IsTold { get; init; }

        /// <summary>What it asked for and may do.</summary>
        public ConnectionView? Wanted { get; init; }
    }
}
