namespace StreamManager.Rtmp.Server;

/// <summary>Why a server session ended: the first cause only. A closed set, used as a metric's tag.</summary>
public enum RtmpEndReason
{
    /// <summary>The peer closed the connection in an orderly way.</summary>
    PeerClosed = 1,

    /// <summary>The connection was reset or failed below us.</summary>
    PeerReset = 2,

    /// <summary>The first bytes are an HTTP or other text request.</summary>
    NotRtmpText = 3,

    /// <summary>The first bytes are a TLS hello on a port without TLS.</summary>
    NotRtmpTls = 4,

    /// <summary>The first bytes are nothing we know, or the handshake was cut off.</summary>
    HandshakeInvalid = 5,

    /// <summary>The handshake did not end in time.</summary>
    HandshakeTimeout = 6,

    /// <summary>No <c>connect</c> in time.</summary>
    ConnectTimeout = 7,

    /// <summary>No granted publish or play in time.</summary>
    StreamTimeout = 8,

    /// <summary>A publisher sent nothing for long.</summary>
    PublisherIdle = 9,

    /// <summary>A player did not answer pings.</summary>
    PlayerSilent = 10,

    /// <summary>A peer did not read what we sent.</summary>
    WriteTimeout = 11,

    /// <summary>The chunk stream, a control message or a command broke the protocol.</summary>
    ProtocolError = 12,

    /// <summary>A command came before <c>connect</c>, or <c>connect</c> came twice.</summary>
    CommandOutOfOrder = 13,

    /// <summary>Audio, video or data came before a granted publish.</summary>
    MediaBeforePublish = 14,

    /// <summary>App or stream name is too long.</summary>
    NameTooLong = 15,

    /// <summary>Too many commands without a granted publish or play.</summary>
    TooManyCommands = 16,

    /// <summary>Too many createStream.</summary>
    TooManyStreams = 17,

    /// <summary>A second publish or play on a connection that has one.</summary>
    SecondStream = 18,

    /// <summary>The host refused the publish.</summary>
    PublishRefused = 19,

    /// <summary>The host refused the play.</summary>
    PlayRefused = 20,

    /// <summary>The stream that was played has ended.</summary>
    PlayEnded = 21,

    /// <summary>Closed from outside by the host.</summary>
    Kicked = 22,

    /// <summary>The server stops.</summary>
    Shutdown = 23,

    /// <summary>Our own fault: handler, sink or feed threw.</summary>
    InternalError = 24,

    /// <summary>The host refused the connect.</summary>
    ConnectRefused = 25,
}

/// <summary>What follows from a reason.</summary>
internal static class RtmpEndReasons
{
    private static readonly string[] Tags = MakeTags();

    /// <summary>snake_case, for metrics and logs.</summary>
    public static string Tag(this RtmpEndReason reason) => Tags[(int)reason];

    /// <summary>False for the ways in which a session is meant to end.</summary>
    public static bool IsError(this RtmpEndReason reason) =>
        reason is not (RtmpEndReason.PeerClosed or RtmpEndReason.PlayEnded or RtmpEndReason.Kicked or RtmpEndReason.Shutdown);

    /// <summary>What a publish is told when its connection ends without an unpublish before.</summary>
    public static RtmpPublishEnd PublishEnd(this RtmpEndReason reason) =>
        reason is RtmpEndReason.Kicked or RtmpEndReason.Shutdown ? RtmpPublishEnd.Kicked : RtmpPublishEnd.Broken;

    private static string[] MakeTags()
    {
        var values = Enum.GetValues<RtmpEndReason>();
        var tags = new string[values.Length + 1];
        tags[0] = "none";
        foreach (var value in values)
        {
            var name = value.ToString();
            tags[(int)value] = string.Concat(name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
        }

        return tags;
    }
}
