namespace StreamManager.Rtmp.Client;

/// <summary>How far an outgoing connection came.</summary>
public enum RtmpConnectStage
{
    /// <summary>The name is being looked up.</summary>
    Resolve = 1,

    /// <summary>TCP.</summary>
    Connect = 2,

    /// <summary>TLS handshake and certificate checks.</summary>
    Tls = 3,

    /// <summary>RTMP handshake.</summary>
    Handshake = 4,

    /// <summary>The <c>connect</c> command, with authentication.</summary>
    ConnectCommand = 5,

    /// <summary><c>createStream</c>.</summary>
    CreateStream = 6,

    /// <summary><c>publish</c>: here a wrong key shows.</summary>
    Publish = 7,

    /// <summary>Publishing was granted; media flows.</summary>
    Publishing = 8,
}

/// <summary>Whose word ended an outgoing connection.</summary>
public enum RtmpFailureKind
{
    /// <summary>No way to the server: name, route, refused port, time-out before the server said anything, TLS.</summary>
    Unreachable = 1,

    /// <summary>The server said no in the protocol's own words.</summary>
    Rejected = 2,

    /// <summary>The connection was closed or reset by the other side, or broke the protocol.</summary>
    Closed = 3,

    /// <summary>Nothing came in time.</summary>
    TimedOut = 4,

    /// <summary>We ended it.</summary>
    Local = 5,
}

/// <summary>Why an outgoing connection failed or ended.</summary>
/// <param name="Stage">Where it was.</param>
/// <param name="Kind">Whose doing it is.</param>
/// <param name="Detail">One sentence for a person, with the server's own words masked of secrets and control characters.</param>
public sealed record RtmpFailure(RtmpConnectStage Stage, RtmpFailureKind Kind, string Detail);

/// <summary>Outcome of <c>RtmpPublisher.ConnectAsync</c>: never an exception for what a network or a peer may do.</summary>
public abstract record RtmpPublishResult
{
    private RtmpPublishResult()
    {
    }

    /// <summary>The server granted the publish.</summary>
    public sealed record Connected(IRtmpPublishConnection Connection) : RtmpPublishResult;

    /// <summary>It did not come to that.</summary>
    public sealed record Failed(RtmpFailure Failure) : RtmpPublishResult;
}

/// <summary>
/// A granted outgoing publish. Sending: one caller at a time. The bytes are chunk-stream bytes made by the caller for <see cref="MessageStreamId"/> and
/// <see cref="OutgoingChunkSize"/>; the connection adds nothing to them. It reads (acknowledgements, pings, status) by itself.
/// </summary>
public interface IRtmpPublishConnection : IAsyncDisposable
{
    /// <summary>The message stream id that the server gave.</summary>
    uint MessageStreamId { get; }

    /// <summary>The chunk size that was announced to the server.</summary>
    int OutgoingChunkSize { get; }

    /// <summary>True when <see cref="TrySend"/> goes straight to a socket; false when sending takes work (TLS) and belongs on the caller's own task.</summary>
    bool SupportsDirectSend { get; }

    /// <summary>
    /// Hands bytes to the socket without waiting. Returns how many it took (0: it is full; fewer than given: the rest must follow by <see cref="SendAsync"/>
    /// before anything else), or -1 when the connection is gone (then <see cref="Completion"/> says why). Only when <see cref="SupportsDirectSend"/>.
    /// </summary>
    int TrySend(ReadOnlySpan<byte> wire);

    /// <summary>Sends all bytes, waiting as long as the peer takes. False: the connection is gone.</summary>
    ValueTask<bool> SendAsync(ReadOnlyMemory<byte> wire, CancellationToken cancellationToken);

    /// <summary>Completes when the connection has ended, with the reason. Never faults.</summary>
    Task<RtmpFailure> Completion { get; }

    /// <summary>Counters of the transport now (TCP_INFO on Linux).</summary>
    RtmpTransportStatistics GetStatistics();

    /// <summary>The intended end: FCUnpublish, deleteStream, close. Bounded in time. (The caller has sent the end-of-sequence tag before.) Disposing without it closes without a word.</summary>
    Task EndAsync(CancellationToken cancellationToken);
}

/// <summary>What the transport knows.</summary>
/// <param name="BytesSent">Bytes handed to the socket, since connected.</param>
/// <param name="UnacknowledgedBytes">Of those, bytes that the peer's TCP has not acknowledged; -1 when unknown.</param>
/// <param name="RoundTrip">Smoothed round trip; zero when unknown.</param>
public readonly record struct RtmpTransportStatistics(long BytesSent, long UnacknowledgedBytes, TimeSpan RoundTrip);
