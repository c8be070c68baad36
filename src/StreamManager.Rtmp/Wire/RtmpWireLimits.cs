namespace StreamManager.Rtmp.Wire;

/// <summary>What a peer can make one connection's <see cref="ChunkReader"/> hold or do.</summary>
public sealed record RtmpWireLimits
{
    // A connect with signed tokens in app and tcUrl is below 16 KB.
    private const int StrangersMessageBytes = 32 * 1024;
    private const int StrangersPartialBytes = 64 * 1024;

    /// <summary>The limits used where nobody says otherwise.</summary>
    public static RtmpWireLimits Default { get; } = new();

    /// <summary>
    /// Bytes of a video message or an aggregate. A key frame of 100 Mbit/s all-intra video at 25 frames is 0.5 MB; 10 MiB is what other servers
    /// allow.
    /// </summary>
    public int MaxVideoMessageBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>
    /// Bytes of an audio message. A second of 7.1 float PCM is 1.5 MB, and nobody sends a second at once; AAC and Opus stay below 10 KB.
    /// </summary>
    public int MaxAudioMessageBytes { get; init; } = 1024 * 1024;

    /// <summary>Bytes of commands, data, shared objects and unknown types. The largest seen are key frame indexes in metadata, some 100 KB.</summary>
    public int MaxOtherMessageBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// Bytes of a protocol or user control message (types 1 to 6). The largest in the specification has 10; Flash's SWF verification has 44.
    /// </summary>
    public int MaxControlMessageBytes { get; init; } = 128;

    /// <summary>
    /// Chunk streams in use at once. Encoders use up to six; the numbers go up to 65,599, and one encoder uses number 64, so it is the count that
    /// is limited, not the number.
    /// </summary>
    public int MaxChunkStreams { get; init; } = 64;

    /// <summary>
    /// Memory for messages that are not complete yet, over all chunk streams of the connection: a largest video message that grows (its old and its
    /// new buffer), and room for audio and data between its chunks. Without it 64 chunk streams of 10 MiB would be 640 MiB.
    /// </summary>
    public int MaxPartialBytes { get; init; } = 24 * 1024 * 1024;

    /// <summary>
    /// Credit, in bytes, with which the price of chunk headers is paid: a chunk costs <see cref="MessageStartPrice"/> or <see
    /// cref="ContinuationPrice"/> and each received byte earns one. A burst of about 2,000 one-byte chunks passes before the connection is closed;
    /// no honest sender ever comes near.
    /// </summary>
    public int ChunkCredit { get; init; } = 64 * 1024;

    /// <summary>
    /// Price of a chunk that begins a message: the size of a type 1 header, so that empty messages (legal silence) pay for themselves.
    /// </summary>
    public int MessageStartPrice { get; init; } = 8;

    /// <summary>
    /// Price of a chunk that continues a message: every chunk size from 32 up pays for itself, while 1-byte chunks (17 million headers for one
    /// message) do not.
    /// </summary>
    public int ContinuationPrice { get; init; } = 32;

    /// <summary>
    /// The same for a peer that has not been granted a publish: it has commands to send and nothing larger. Without this a few connections of anybody could hold the memory that
    /// publishers' key frames need.
    /// </summary>
    public RtmpWireLimits ForStrangers() => this with
    {
        MaxVideoMessageBytes = Math.Min(MaxVideoMessageBytes, StrangersMessageBytes),
        MaxAudioMessageBytes = Math.Min(MaxAudioMessageBytes, StrangersMessageBytes),
        MaxOtherMessageBytes = Math.Min(MaxOtherMessageBytes, StrangersMessageBytes),
        MaxPartialBytes = Math.Min(MaxPartialBytes, StrangersPartialBytes),
    };

    /// <summary>The bytes that a message of this type may have.</summary>
    public int MaxMessageBytes(RtmpMessageType type) => type switch
    {
        RtmpMessageType.Video or RtmpMessageType.Aggregate => MaxVideoMessageBytes,
        RtmpMessageType.Audio => MaxAudioMessageBytes,
        >= RtmpMessageType.SetChunkSize and <= RtmpMessageType.SetPeerBandwidth => MaxControlMessageBytes,
        _ => MaxOtherMessageBytes,
    };
}
