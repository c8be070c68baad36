namespace StreamManager.Rtmp.Wire;

/// <summary>
/// One whole RTMP message (RTMP specification section 6). <paramref name="Body"/> is an array of exactly the message's size that belongs to the
/// receiver: the reader never touches it again, so it may be kept and shared.
/// </summary>
/// <param name="Type">The message type as it stands on the wire.</param>
/// <param name="StreamId">Message stream id (0: the connection itself).</param>
/// <param name="Timestamp">Milliseconds, absolute, modulo 2^32.</param>
/// <param name="Body">The payload.</param>
public readonly record struct RtmpMessage(RtmpMessageType Type, uint StreamId, uint Timestamp, ReadOnlyMemory<byte> Body);

/// <summary>Message type ids (RTMP specification sections 5.4 and 7.1).</summary>
public enum RtmpMessageType : byte
{
    /// <summary>Set Chunk Size.</summary>
    SetChunkSize = 1,

    /// <summary>Abort Message.</summary>
    Abort = 2,

    /// <summary>Acknowledgement.</summary>
    Acknowledgement = 3,

    /// <summary>User Control.</summary>
    UserControl = 4,

    /// <summary>Window Acknowledgement Size.</summary>
    WindowAcknowledgementSize = 5,

    /// <summary>Set Peer Bandwidth.</summary>
    SetPeerBandwidth = 6,

    /// <summary>Audio: an FLV audio tag body.</summary>
    Audio = 8,

    /// <summary>Video: an FLV video tag body.</summary>
    Video = 9,

    /// <summary>Data, AMF3 envelope.</summary>
    DataAmf3 = 15,

    /// <summary>Shared object, AMF3.</summary>
    SharedObjectAmf3 = 16,

    /// <summary>Command, AMF3 envelope.</summary>
    CommandAmf3 = 17,

    /// <summary>Data, AMF0.</summary>
    DataAmf0 = 18,

    /// <summary>Shared object, AMF0.</summary>
    SharedObjectAmf0 = 19,

    /// <summary>Command, AMF0.</summary>
    CommandAmf0 = 20,

    /// <summary>Aggregate.</summary>
    Aggregate = 22,
}
