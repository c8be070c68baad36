using StreamManager.Rtmp.Wire;

namespace StreamManager.Rtmp.Server;

/// <summary>
/// What a server session asks of its host. One instance serves every session; calls of one session never overlap. Implemented by the server, which knows keys and channels.
/// </summary>
public interface IRtmpServerHandler
{
    /// <summary>May this peer connect? Called once, for its <c>connect</c>. Null: yes; else the words that it is refused with.</summary>
    ValueTask<string?> AuthorizeConnectAsync(RtmpConnectRequest request, CancellationToken cancellationToken) => default;

    /// <summary>The connection is closed. Called once for each that was allowed to connect, after everything else of it.</summary>
    void Closed(string connectionId)
    {
    }

    /// <summary>May this peer publish? Called once per publish command, before any media is let through.</summary>
    ValueTask<RtmpPublishDecision> AuthorizePublishAsync(RtmpStreamRequest request, CancellationToken cancellationToken);

    /// <summary>May this peer play?</summary>
    ValueTask<RtmpPlayDecision> AuthorizePlayAsync(RtmpStreamRequest request, CancellationToken cancellationToken);
}

/// <summary>Who wants to connect.</summary>
/// <param name="ConnectionId">Id of the connection, unique in this process.</param>
/// <param name="RemoteAddress">The peer's address, without port; empty when unknown.</param>
/// <param name="App">The app of <c>connect</c> without its query. From the peer, and a key for some encoders: never logged raw.</param>
public sealed record RtmpConnectRequest(string ConnectionId, string RemoteAddress, string App);

/// <summary>What a peer said about itself and asks for. Every text comes from the peer: never logged raw, and <see cref="StreamName"/> and the query hold secrets.</summary>
public sealed record RtmpStreamRequest
{
    /// <summary>Id of the connection, unique in this process.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>The peer's address, without port; empty when unknown.</summary>
    public required string RemoteAddress { get; init; }

    /// <summary>The app of <c>connect</c> without its query.</summary>
    public required string App { get; init; }

    /// <summary>The stream name of <c>publish</c> or <c>play</c> without its query: for a publisher this is the key.</summary>
    public required string StreamName { get; init; }

    /// <summary>The query of the stream name and, after it, of the app, both without their question mark; empty when there is none.</summary>
    public string Query { get; init; } = "";

    /// <summary>flashVer of <c>connect</c>: the encoder's name, where it gives one.</summary>
    public string FlashVersion { get; init; } = "";

    /// <summary>Closes this peer's connection from outside (kick); the argument is for the log. May be called from any thread, more than once.</summary>
    public required Action<string> Kick { get; init; }
}

/// <summary>Answer to a publish request.</summary>
public abstract record RtmpPublishDecision
{
    private RtmpPublishDecision()
    {
    }

    /// <summary>Granted: media goes to <paramref name="Sink"/>.</summary>
    public sealed record Granted(IRtmpPublishSink Sink) : RtmpPublishDecision;

    /// <summary>Refused: the peer is told <paramref name="Code"/> (for example NetStream.Publish.BadName) and <paramref name="Description"/>, and closed after the limits' refusal delay.</summary>
    public sealed record Refused(string Code, string Description) : RtmpPublishDecision
    {
        /// <summary>True when the key was good and something else is wrong (busy, off): then the address is not slowed down as one that guesses.</summary>
        public bool KeyWasGood { get; init; }

        /// <summary>True when the key was not looked at, so that the refusal says nothing about it: it is answered at once and not counted as a guess.</summary>
        public bool WasNotChecked { get; init; }
    }
}

/// <summary>Takes a publisher's media. Calls do not overlap; <see cref="EndAsync"/> is the last one and always comes.</summary>
public interface IRtmpPublishSink
{
    /// <summary>
    /// One audio, video or data message (aggregates are already taken apart; data is always AMF0 with <c>@setDataFrame</c> still in front).
    /// Awaiting is back-pressure: the session reads nothing more until it completes.
    /// </summary>
    ValueTask WriteAsync(RtmpMessage message, CancellationToken cancellationToken);

    /// <summary>The publish is over; <paramref name="end"/> says how.</summary>
    ValueTask EndAsync(RtmpPublishEnd end);
}

/// <summary>How a publish ended.</summary>
public enum RtmpPublishEnd
{
    /// <summary>The peer said FCUnpublish, deleteStream, closeStream or closed after saying so.</summary>
    Clean = 1,

    /// <summary>The connection was lost, reset, timed out, or broke the protocol.</summary>
    Broken = 2,

    /// <summary>The server itself closed it (kick, shutdown).</summary>
    Kicked = 3,
}

/// <summary>Answer to a play request.</summary>
public abstract record RtmpPlayDecision
{
    private RtmpPlayDecision()
    {
    }

    /// <summary>Granted: the session sends what <paramref name="Feed"/> yields and disposes it at the end.</summary>
    public sealed record Granted(IRtmpPlayFeed Feed) : RtmpPlayDecision;

    /// <summary>Refused with a code (NetStream.Play.StreamNotFound, NetStream.Play.Failed) and words.</summary>
    public sealed record Refused(string Code, string Description) : RtmpPlayDecision
    {
        /// <summary>True when the peer has permission and there is just nothing to play: then the address is not slowed down as one that guesses.</summary>
        public bool MayPlay { get; init; }
    }
}

/// <summary>What a player gets: metadata, decoder configurations, the cached group of pictures, then live messages, timestamps from zero. One reader.</summary>
public interface IRtmpPlayFeed : IAsyncDisposable
{
    /// <summary>Waits until <see cref="TryRead"/> may succeed. False: the stream has ended for this player.</summary>
    ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken);

    /// <summary>Takes the next message; its <see cref="RtmpMessage.StreamId"/> is ignored. False: nothing more at the moment.</summary>
    bool TryRead(out RtmpMessage message);
}
