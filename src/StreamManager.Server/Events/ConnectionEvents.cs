using System.Collections.Immutable;

namespace StreamManager.Server.Events;

/// <summary>What a connection is: pending until it publishes or plays. The words are a promise to receivers of events.</summary>
internal enum ConnectionType
{
    /// <summary>Connected; it has not said what it wants.</summary>
    Pending = 1,

    /// <summary>Publishes, or wants to.</summary>
    Publisher = 2,

    /// <summary>Plays, or wants to.</summary>
    Player = 3,
}

/// <summary>A connection as its events show it.</summary>
/// <param name="ClientId">Its id, as in <c>GET /api/streams</c>.</param>
/// <param name="Type">What it is.</param>
/// <param name="Protocol">rtmp, rtmps, http-flv or hls.</param>
/// <param name="RemoteAddress">Its address without port.</param>
/// <param name="ChannelId">The channel; null: not known yet.</param>
/// <param name="StreamPath"><c>channel/source</c>, or the channel for the program; never a key; null: not known yet.</param>
internal sealed record ConnectionView(string ClientId, ConnectionType Type, string Protocol, string RemoteAddress, string? ChannelId = null, string? StreamPath = null);

/// <summary>
/// The nine events of a connection, for RTMP, RTMPS and HTTP-FLV. <c>pre</c>: it wants to, and may be refused; <c>post</c>: it was allowed to; <c>done</c>: it is over, which follows every
/// <c>post</c>, once.
/// </summary>
internal static class ConnectionEvents
{
    private static readonly EventType PreConnectType = Make("preConnect");
    private static readonly EventType PostConnectType = Make("postConnect");
    private static readonly EventType DoneConnectType = Make("doneConnect");
    private static readonly EventType PrePublishType = Make("prePublish");
    private static readonly EventType PostPublishType = Make("postPublish");
    private static readonly EventType DonePublishType = Make("donePublish");
    private static readonly EventType PrePlayType = Make("prePlay");
    private static readonly EventType PostPlayType = Make("postPlay");
    private static readonly EventType DonePlayType = Make("donePlay");

    /// <summary>The family.</summary>
    public static ImmutableArray<EventType> All { get; } =
    [
        PreConnectType, PostConnectType, DoneConnectType, PrePublishType, PostPublishType, DonePublishType, PrePlayType, PostPlayType, DonePlayType,
    ];

    /// <summary>Somebody wants to connect.</summary>
    public static ServerEvent PreConnect(DateTimeOffset time, ConnectionView connection) => At(PreConnectType, time, connection, TimeSpan.Zero);

    /// <summary>Somebody is connected.</summary>
    public static ServerEvent PostConnect(DateTimeOffset time, ConnectionView connection) => At(PostConnectType, time, connection, TimeSpan.Zero);

    /// <summary>The connection is closed, after <paramref name="duration"/>.</summary>
    public static ServerEvent DoneConnect(DateTimeOffset time, ConnectionView connection, TimeSpan duration) => At(DoneConnectType, time, connection, duration);

    /// <summary>It wants to publish or play. <paramref name="duration"/>: how long it has been connected.</summary>
    public static ServerEvent PreStream(DateTimeOffset time, ConnectionView connection, TimeSpan duration) =>
        At(connection.Type is ConnectionType.Publisher ? PrePublishType : PrePlayType, time, connection, duration);

    /// <summary>It publishes or plays. <paramref name="duration"/>: how long it has been connected.</summary>
    public static ServerEvent PostStream(DateTimeOffset time, ConnectionView connection, TimeSpan duration) =>
        At(connection.Type is ConnectionType.Publisher ? PostPublishType : PostPlayType, time, connection, duration);

    /// <summary>It does not any more. <paramref name="duration"/>: how long it has published or played.</summary>
    public static ServerEvent DoneStream(DateTimeOffset time, ConnectionView connection, TimeSpan duration) =>
        At(connection.Type is ConnectionType.Publisher ? DonePublishType : DonePlayType, time, connection, duration);

    private static EventType Make(string name) => new($"connection.{name}", "clientId", "connectionType", "streamPath", "timestamp", "duration", "protocol", "remoteAddress");

    private static ServerEvent At(EventType type, DateTimeOffset time, ConnectionView connection, TimeSpan duration) => type.At(
        time,
        connection.ChannelId,
        null,
        connection.ClientId,
        connection.Type.ToString(),
        connection.StreamPath,
        EventType.Word(time),
        EventType.Seconds(duration),
        connection.Protocol,
        connection.RemoteAddress);
}
