using System.Collections.Concurrent;
using StreamManager.Server.Keys;

namespace StreamManager.Server.Channels;

/// <summary>What somebody does here.</summary>
internal enum StreamRole
{
    /// <summary>Publishes to a source.</summary>
    Publisher = 1,

    /// <summary>Watches.</summary>
    Player = 2,
}

/// <summary>One publisher or player.</summary>
/// <param name="Id">Unique in this process; never reused.</param>
/// <param name="Role">Publisher or player.</param>
/// <param name="Protocol">rtmp, rtmps, http-flv or hls.</param>
/// <param name="ChannelId">The channel.</param>
/// <param name="SourceId">The source; null: the program.</param>
/// <param name="RemoteAddress">Its address without port.</param>
/// <param name="Client">What it calls itself, cleaned; may be empty.</param>
/// <param name="ConnectedAt">Since when.</param>
/// <param name="Kick">Closes it; the argument is for the log.</param>
internal sealed record StreamConnection(
    string Id, StreamRole Role, string Protocol, string ChannelId, string? SourceId, string RemoteAddress, string Client, DateTimeOffset ConnectedAt, Action<string> Kick)
{
    /// <summary>Hash of the stream key that a publisher came with; null: none of the store's.</summary>
    public KeyHash? Key { get; init; }

    /// <summary>Id of that key, for people; null likewise.</summary>
    public string? KeyId { get; init; }
}

/// <summary>Everybody who publishes or watches right now. Thread-safe.</summary>
internal sealed class ConnectionRegistry
{
    private readonly ConcurrentDictionary<string, StreamConnection> _connections = new(StringComparer.Ordinal);

    /// <summary>All of them, oldest first.</summary>
    public IReadOnlyList<StreamConnection> All => [.. _connections.Values.OrderBy(connection => connection.ConnectedAt).ThenBy(connection => connection.Id, StringComparer.Ordinal)];

    /// <summary>How many publish.</summary>
    public int Publishers => _connections.Values.Count(connection => connection.Role is StreamRole.Publisher);

    /// <summary>Enters a connection, or replaces what it did before.</summary>
    public void Add(StreamConnection connection) => _connections[connection.Id] = connection;

    /// <summary>It is gone.</summary>
    public void Remove(string id) => _connections.TryRemove(id, out _);

    /// <summary>Keys that somebody publishes with.</summary>
    public IReadOnlyCollection<KeyHash> KeysInUse => [.. _connections.Values.Select(connection => connection.Key).OfType<KeyHash>().Distinct()];

    /// <summary>Closes everybody who came with a key.</summary>
    public void KickKey(KeyHash key, string reason)
    {
        foreach (var (_, connection) in _connections)
        {
            if (connection.Key == key)
                connection.Kick(reason);
        }
    }

    /// <summary>Closes one. False: there is none with this id.</summary>
    public bool Kick(string id, string reason)
    {
        if (!_connections.TryGetValue(id, out var connection))
            return false;
        connection.Kick(reason);
        return true;
    }
}
