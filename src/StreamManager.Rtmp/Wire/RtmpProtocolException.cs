namespace StreamManager.Rtmp.Wire;

/// <summary>
/// The peer breaks RTMP in a way that the connection cannot survive: where messages begin is lost, or a limit is passed. The session closes and
/// counts it under <see cref="Error"/>. (A single message with bad contents is a <see cref="StreamManager.Media.MediaFormatException"/> instead: it
/// is skipped and the connection lives on.)
/// </summary>
public sealed class RtmpProtocolException : Exception
{
    /// <summary>Creates the exception; the message never quotes the peer.</summary>
    public RtmpProtocolException(RtmpProtocolError error, string message)
        : base(message) => Error = error;

    /// <summary>Creates the exception.</summary>
    public RtmpProtocolException(string message)
        : this(RtmpProtocolError.MalformedControlMessage, message)
    {
    }

    /// <summary>Creates the exception.</summary>
    public RtmpProtocolException(string message, Exception innerException)
        : base(message, innerException) => Error = RtmpProtocolError.MalformedControlMessage;

    /// <summary>Creates the exception.</summary>
    public RtmpProtocolException()
        : this("The peer broke the protocol.")
    {
    }

    /// <summary>What was broken: a closed set, fit for a metric's label.</summary>
    public RtmpProtocolError Error { get; }
}

/// <summary>Ways of breaking the protocol.</summary>
public enum RtmpProtocolError
{
    /// <summary>The first byte is a TLS record: RTMPS spoken to the plain port.</summary>
    TlsOnPlainPort = 1,

    /// <summary>The first byte is a letter: HTTP or another text protocol.</summary>
    TextProtocol = 2,

    /// <summary>The first byte is no RTMP version that is spoken here (3 is).</summary>
    UnsupportedVersion = 3,

    /// <summary>A chunk continues or abbreviates what was never begun on its chunk stream.</summary>
    MissingPreviousChunk = 4,

    /// <summary>A new message begins on a chunk stream before the one under way is complete.</summary>
    InterruptedMessage = 5,

    /// <summary>More chunk streams than <see cref="RtmpWireLimits.MaxChunkStreams"/>.</summary>
    TooManyChunkStreams = 6,

    /// <summary>A message declares more bytes than its kind may have.</summary>
    MessageTooLarge = 7,

    /// <summary>This connection holds more half-received bytes than it may.</summary>
    ConnectionPartialBytesExceeded = 8,

    /// <summary>All connections together hold more half-received bytes than the process may.</summary>
    TotalPartialBytesExceeded = 9,

    /// <summary>Too many chunk headers for the bytes they bring.</summary>
    ChunksTooSmall = 10,

    /// <summary>A protocol control message has the wrong size or an impossible value.</summary>
    MalformedControlMessage = 11,
}
