using System.Buffers;

namespace StreamManager.Rtmp.Wire;

/// <summary>
/// Cuts messages into chunks (RTMP specification section 5.3). The instance keeps what the peer knows of each chunk stream and abbreviates: a full
/// header first, and whenever time goes back or the message stream changes; a delta otherwise. Only the header types 0 and 1 begin messages: the
/// two that no reader gets wrong. One caller at a time. The static functions have no memory and are for those who keep the chain of deltas
/// themselves.
/// </summary>
public sealed class ChunkWriter
{
    /// <summary>The chunk size in both directions until somebody says otherwise (section 5.4.1).</summary>
    public const int DefaultChunkSize = 128;

    /// <summary>The largest chunk size that means anything: no message is longer.</summary>
    public const int MaxChunkSize = 0xFFFFFF;

    private readonly Dictionary<int, ChunkStreamState> _streams = [];
    private int _chunkSize = DefaultChunkSize;

    /// <summary>
    /// The chunk size of the messages to come. Setting it tells the peer nothing: <see cref="RtmpControlMessage.SetChunkSize"/> must have been
    /// written before, with the old size.
    /// </summary>
    public int ChunkSize
    {
        get => _chunkSize;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxChunkSize);
            _chunkSize = value;
        }
    }

    /// <summary>Writes a message on the chunk stream of its type (<see cref="RtmpChunkStreamIds"/>).</summary>
    public void WriteMessage(IBufferWriter<byte> output, in RtmpMessage message) =>
        WriteMessage(output, RtmpChunkStreamIds.For(message.Type), message.Type, message.StreamId, message.Timestamp, message.Body.Span);

    /// <summary>Writes a message.</summary>
    /// <param name="output">Takes the bytes.</param>
    /// <param name="chunkStreamId">2 to 65,599.</param>
    /// <param name="type">The message type.</param>
    /// <param name="messageStreamId">0 for the connection itself.</param>
    /// <param name="timestamp">Milliseconds, absolute, modulo 2^32.</param>
    /// <param name="body">The payload, at most 2^24 - 1 bytes.</param>
    public void WriteMessage(
        IBufferWriter<byte> output, int chunkStreamId, RtmpMessageType type, uint messageStreamId, uint timestamp, ReadOnlySpan<byte> body)
    {
        var hasPrevious = _streams.TryGetValue(chunkStreamId, out var previous) && previous.MessageStreamId == messageStreamId;
        if (hasPrevious && (int)(timestamp - previous.Timestamp) >= 0)
            WriteDeltaMessage(output, chunkStreamId, timestamp - previous.Timestamp, type, body, _chunkSize);
        else
            WriteAbsoluteMessage(output, chunkStreamId, timestamp, messageStreamId, type, body, _chunkSize);

        _streams[chunkStreamId] = new ChunkStreamState(messageStreamId, timestamp);
    }

    /// <summary>
    /// Notes that others have written on a chunk stream of this connection (by the static functions), ending at <paramref name="timestamp"/>: the
    /// next message here continues from it.
    /// </summary>
    public void Resume(int chunkStreamId, uint messageStreamId, uint timestamp) =>
        _streams[chunkStreamId] = new ChunkStreamState(messageStreamId, timestamp);

    /// <summary>
    /// Writes a message with a type 1 header: it needs nothing from the connection but that a message of the same message stream went before it on
    /// this chunk stream.
    /// </summary>
    public static void WriteDeltaMessage(
        IBufferWriter<byte> output, int chunkStreamId, uint deltaMilliseconds, RtmpMessageType type, ReadOnlySpan<byte> body, int chunkSize) =>
        Write(output, 1, chunkStreamId, deltaMilliseconds, 0, type, body, chunkSize);

    /// <summary>Writes a message with a type 0 header: it depends on nothing before it.</summary>
    public static void WriteAbsoluteMessage(
        IBufferWriter<byte> output,
        int chunkStreamId,
        uint timestamp,
        uint messageStreamId,
        RtmpMessageType type,
        ReadOnlySpan<byte> body,
        int chunkSize) =>
        Write(output, 0, chunkStreamId, timestamp, messageStreamId, type, body, chunkSize);

    /// <summary>The bytes that <see cref="WriteDeltaMessage"/> will write.</summary>
    public static int MeasureDeltaMessage(int chunkStreamId, uint deltaMilliseconds, int bodyLength, int chunkSize) =>
        Measure(1, chunkStreamId, deltaMilliseconds, bodyLength, chunkSize);

    /// <summary>The bytes that <see cref="WriteAbsoluteMessage"/> will write.</summary>
    public static int MeasureAbsoluteMessage(int chunkStreamId, uint timestamp, int bodyLength, int chunkSize) =>
        Measure(0, chunkStreamId, timestamp, bodyLength, chunkSize);

    private static int Measure(int format, int chunkStreamId, uint time, int bodyLength, int chunkSize)
    {
        var continuations = bodyLength == 0 ? 0 : (bodyLength - 1) / chunkSize;
        return checked(ChunkHeader.Measure(format, chunkStreamId, time) + (continuations * ChunkHeader.Measure(3, chunkStreamId, time)) + bodyLength);
    }

    private static void Write(
        IBufferWriter<byte> output,
        int format,
        int chunkStreamId,
        uint time,
        uint messageStreamId,
        RtmpMessageType type,
        ReadOnlySpan<byte> body,
        int chunkSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkStreamId, RtmpChunkStreamIds.Control);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunkStreamId, ChunkHeader.MaxChunkStreamId);
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(body.Length, MaxChunkSize, nameof(body));

        var length = body.Length;
        do
        {
            var header = output.GetSpan(ChunkHeader.MaxSize);
            output.Advance(ChunkHeader.Write(header, format, chunkStreamId, time, length, type, messageStreamId));
            var piece = body[..Math.Min(body.Length, chunkSize)];
            output.Write(piece);
            body = body[piece.Length..];
            format = 3; // The rest of the message; an extended timestamp is repeated on each (section 5.3.1.3).
        }
        while (!body.IsEmpty);
    }

    private readonly record struct ChunkStreamState(uint MessageStreamId, uint Timestamp);
}
