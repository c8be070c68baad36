using System.Buffers.Binary;

namespace StreamManager.Rtmp.Wire;

/// <summary>
/// Protocol control messages and user control events (RTMP specification sections 5.4 and 7.1.7), a record per kind. All travel on chunk stream 2
/// and message stream 0; their timestamps mean nothing. Numbers are big-endian.
/// <code>
/// 1 Set Chunk Size         | 0:1 size:31 |
/// 2 Abort                  | chunk stream id:32 |
/// 3 Acknowledgement        | bytes received so far, modulo 2^32 :32 |
/// 4 User Control           | event:16 | data |
/// 5 Window Ack Size        | size:32 |
/// 6 Set Peer Bandwidth     | size:32 | 0 hard, 1 soft, 2 dynamic :8 |
/// </code>
/// </summary>
public abstract record RtmpControlMessage
{
    private const int EventSize = sizeof(ushort);

    private RtmpControlMessage(RtmpMessageType type) => Type = type;

    /// <summary>The message type that carries it.</summary>
    public RtmpMessageType Type { get; }

    /// <summary>The sender's chunks are of this size from the next one on.</summary>
    public sealed record SetChunkSize(int Size) : RtmpControlMessage(RtmpMessageType.SetChunkSize);

    /// <summary>The message under way on a chunk stream will not be completed.</summary>
    public sealed record Abort(uint ChunkStreamId) : RtmpControlMessage(RtmpMessageType.Abort);

    /// <summary>Bytes that the sender has received since the connection began, modulo 2^32.</summary>
    public sealed record Acknowledgement(uint SequenceNumber) : RtmpControlMessage(RtmpMessageType.Acknowledgement);

    /// <summary>The receiver of this shall acknowledge each time so many bytes came in.</summary>
    public sealed record WindowAcknowledgementSize(uint Size) : RtmpControlMessage(RtmpMessageType.WindowAcknowledgementSize);

    /// <summary>The receiver of this shall have no more than so many bytes unacknowledged.</summary>
    public sealed record SetPeerBandwidth(uint Size, RtmpPeerBandwidthLimit Limit) : RtmpControlMessage(RtmpMessageType.SetPeerBandwidth);

    /// <summary>A message stream is usable.</summary>
    public sealed record StreamBegin(uint StreamId) : RtmpControlMessage(RtmpMessageType.UserControl);

    /// <summary>Nothing more will be played on a message stream.</summary>
    public sealed record StreamEof(uint StreamId) : RtmpControlMessage(RtmpMessageType.UserControl);

    /// <summary>Nothing to play at the moment.</summary>
    public sealed record StreamDry(uint StreamId) : RtmpControlMessage(RtmpMessageType.UserControl);

    /// <summary>A player's buffer, in milliseconds.</summary>
    public sealed record SetBufferLength(uint StreamId, uint Milliseconds) : RtmpControlMessage(RtmpMessageType.UserControl);

    /// <summary>What is played is a recording.</summary>
    public sealed record StreamIsRecorded(uint StreamId) : RtmpControlMessage(RtmpMessageType.UserControl);

    /// <summary>Asks for a <see cref="PingResponse"/> with the same time.</summary>
    public sealed record PingRequest(uint Timestamp) : RtmpControlMessage(RtmpMessageType.UserControl);

    /// <summary>Answers a <see cref="PingRequest"/>.</summary>
    public sealed record PingResponse(uint Timestamp) : RtmpControlMessage(RtmpMessageType.UserControl);

    /// <summary>An event that has no meaning here (Flash's SWF verification, buffer states of its servers).</summary>
    public sealed record OtherEvent(ushort Event) : RtmpControlMessage(RtmpMessageType.UserControl);

    /// <summary>Reads the body of a message of type 1 to 6. Bytes after the fields are ignored.</summary>
    /// <exception cref="RtmpProtocolException">The body is too short, a value is impossible, or the type is another.</exception>
    public static RtmpControlMessage Read(RtmpMessageType type, ReadOnlySpan<byte> body) => type switch
    {
        RtmpMessageType.SetChunkSize => new SetChunkSize(ReadSetChunkSize(body)),
        RtmpMessageType.Abort => new Abort(ReadAbort(body)),
        RtmpMessageType.Acknowledgement => new Acknowledgement(ReadUInt32(body)),
        RtmpMessageType.UserControl => ReadEvent(body),
        RtmpMessageType.WindowAcknowledgementSize => new WindowAcknowledgementSize(ReadUInt32(body)),
        RtmpMessageType.SetPeerBandwidth => new SetPeerBandwidth(ReadUInt32(body), (RtmpPeerBandwidthLimit)Require(body, 5)[4]),
        _ => throw new RtmpProtocolException(RtmpProtocolError.MalformedControlMessage, "Not a control message."),
    };

    /// <summary>The message, ready to be sent.</summary>
    public RtmpMessage ToMessage() => new(Type, StreamId: 0, Timestamp: 0, ToBody());

    /// <summary>The message's body.</summary>
    public byte[] ToBody() => this switch
    {
        SetChunkSize m => UInt32((uint)m.Size),
        Abort m => UInt32(m.ChunkStreamId),
        Acknowledgement m => UInt32(m.SequenceNumber),
        WindowAcknowledgementSize m => UInt32(m.Size),
        SetPeerBandwidth m => [.. UInt32(m.Size), (byte)m.Limit],
        StreamBegin m => EventBody(UserControlEvent.StreamBegin, m.StreamId),
        StreamEof m => EventBody(UserControlEvent.StreamEof, m.StreamId),
        StreamDry m => EventBody(UserControlEvent.StreamDry, m.StreamId),
        SetBufferLength m => [.. EventBody(UserControlEvent.SetBufferLength, m.StreamId), .. UInt32(m.Milliseconds)],
        StreamIsRecorded m => EventBody(UserControlEvent.StreamIsRecorded, m.StreamId),
        PingRequest m => EventBody(UserControlEvent.PingRequest, m.Timestamp),
        PingResponse m => EventBody(UserControlEvent.PingResponse, m.Timestamp),
        OtherEvent m => [(byte)(m.Event >> 8), (byte)m.Event],
        _ => throw new InvalidOperationException("A kind of control message without a form."),
    };

    internal static int ReadSetChunkSize(ReadOnlySpan<byte> body)
    {
        // The top bit must be zero; a peer that sets it means a size beyond all messages anyway.
        var size = (int)(ReadUInt32(body) & 0x7FFFFFFF);
        return size > 0 ? size : throw new RtmpProtocolException(RtmpProtocolError.MalformedControlMessage, "A chunk size of zero.");
    }

    internal static uint ReadAbort(ReadOnlySpan<byte> body) => ReadUInt32(body);

    private static RtmpControlMessage ReadEvent(ReadOnlySpan<byte> body)
    {
        var id = (UserControlEvent)BinaryPrimitives.ReadUInt16BigEndian(Require(body, EventSize));
        var data = body[EventSize..];
        return id switch
        {
            UserControlEvent.StreamBegin => new StreamBegin(ReadUInt32(data)),
            UserControlEvent.StreamEof => new StreamEof(ReadUInt32(data)),
            UserControlEvent.StreamDry => new StreamDry(ReadUInt32(data)),
            UserControlEvent.SetBufferLength => new SetBufferLength(ReadUInt32(data), ReadUInt32(Require(data, 8)[4..])),
            UserControlEvent.StreamIsRecorded => new StreamIsRecorded(ReadUInt32(data)),
            UserControlEvent.PingRequest => new PingRequest(ReadUInt32(data)),
            UserControlEvent.PingResponse => new PingResponse(ReadUInt32(data)),
            _ => new OtherEvent((ushort)id),
        };
    }

    private static byte[] EventBody(UserControlEvent id, uint value) => [(byte)((ushort)id >> 8), (byte)id, .. UInt32(value)];

    private static byte[] UInt32(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    private static uint ReadUInt32(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadUInt32BigEndian(Require(body, sizeof(uint)));

    private static ReadOnlySpan<byte> Require(ReadOnlySpan<byte> body, int size) =>
        body.Length >= size ? body : throw new RtmpProtocolException(RtmpProtocolError.MalformedControlMessage, "A control message is too short.");

    private enum UserControlEvent : ushort
    {
        StreamBegin = 0,
        StreamEof = 1,
        StreamDry = 2,
        SetBufferLength = 3,
        StreamIsRecorded = 4,
        PingRequest = 6,
        PingResponse = 7,
    }
}

/// <summary>How a peer bandwidth is to be taken. A receiver may meet other values and shall not stumble over them.</summary>
public enum RtmpPeerBandwidthLimit : byte
{
    /// <summary>Take it.</summary>
    Hard = 0,

    /// <summary>Take it if it is smaller than the one in effect.</summary>
    Soft = 1,

    /// <summary>Take it if the one before was hard.</summary>
    Dynamic = 2,
}
