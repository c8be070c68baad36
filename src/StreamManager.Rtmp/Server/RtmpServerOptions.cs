namespace StreamManager.Rtmp.Server;

/// <summary>What a server says to its peers.</summary>
public sealed record RtmpServerOptions
{
    /// <summary>Chunk size of what we send, announced before the result of <c>connect</c>: OBS reads nothing after its publish was granted. 60,000 holds most frames in one chunk.</summary>
    public int OutgoingChunkSize { get; init; } = 60_000;

    /// <summary>Window that peers are asked to acknowledge in, and their bandwidth: the number that Flash Media Server and everybody after it used.</summary>
    public uint WindowAcknowledgementSize { get; init; } = 2_500_000;

    /// <summary>Players are pinged this often. Publishers never: OBS does not answer.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>fmsVer of the connect result. Encoders look for "FMS/" and nothing more.</summary>
    public string ServerVersion { get; init; } = "FMS/3,5,7,7009";
}

/// <summary>Every bound of a server session. Times are checked by a tick, so they may last that much longer.</summary>
public sealed record RtmpServerLimits
{
    /// <summary>From the accepted connection to the end of the handshake: 3 KB each way, generous on a bad mobile link.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the handshake to <c>connect</c>.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From <c>connect</c> (or from the end of a publish or play) to a granted <c>publish</c> or <c>play</c>: a connection with nothing to do costs us and nobody needs it.</summary>
    public TimeSpan StreamTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A publisher from which not one byte came: the half-open connection of a machine that lost its power. Far above what a bad link does; a stalled picture is judged elsewhere.</summary>
    public TimeSpan PublisherIdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A player that said nothing, not even a pong: two lost pings.</summary>
    public TimeSpan PlayerSilenceTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>One write to a peer that does not read. What waits meanwhile is bounded by the transport's own buffer.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the words of a refusal to the close: the peer can read them, and a loop of reconnects is slowed down.</summary>
    public TimeSpan RefusalDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest app with its query, in characters: signed tokens are below 2,000.</summary>
    public int MaxAppLength { get; init; } = 2048;

    /// <summary>Longest stream name with its query, in characters: signed tokens are below 2,000.</summary>
    public int MaxStreamNameLength { get; init; } = 2048;

    /// <summary>Longest flashVer that is kept; the rest is cut off, since it is only shown.</summary>
    public int MaxFlashVersionLength { get; init; } = 128;

    /// <summary>Commands without a granted publish or play. Encoders need five, Flash clients with bandwidth checks about ten.</summary>
    public int MaxCommandsBeforeStream { get; init; } = 64;

    /// <summary>createStream per connection. One is the rule; an encoder that publishes again on the same connection makes a new one each time.</summary>
    public int MaxCreatedStreams { get; init; } = 64;

    /// <summary>Bytes of answers that wait for one flush: a peer that sends commands and never reads cannot make us hold more. A whole connect exchange is below 1 KB.</summary>
    public int MaxAnswerBytes { get; init; } = 16 * 1024;

    /// <summary>Bytes of media written for a player before a flush: about 80 ms at 6 Mbit/s, and one system call.</summary>
    public int PlayFlushBytes { get; init; } = 64 * 1024;
}
