using System.Buffers;
using System.Buffers.Binary;

namespace StreamManager.Rtmp.Wire;

/// <summary>
/// Puts messages together from the chunks of one connection (RTMP specification section 5.3). No I/O; one caller at a time. Set Chunk Size and
/// Abort take effect here, in their place among the chunks, and are returned like all other messages, so that a session can count them.
/// <para>
/// Memory: a message's buffer follows the bytes that came, never the size that was declared, and all buffers are charged to this connection and to
/// the process (<see cref="PartialBytesBudget"/>). <see cref="Dispose"/> gives back what unfinished messages hold; call it when the connection
/// ends, however it ends.
/// </para>
/// </summary>
public sealed class ChunkReader : IDisposable
{
    private RtmpWireLimits _limits;
    private PartialBytesBudget? _total;
    private readonly List<ChunkStream> _streams = new(4);
    private ChunkStream? _current;
    private int _chunkBytesLeft;
    private int _partialBytes;
    private int _credit;

    /// <summary>Creates a reader for a new connection.</summary>
    /// <param name="limits">What the peer may make it hold.</param>
    /// <param name="total">Shared by all connections of the process; null: no common bound (a test, a client of one server).</param>
    public ChunkReader(RtmpWireLimits? limits = null, PartialBytesBudget? total = null)
    {
        _limits = limits ?? RtmpWireLimits.Default;
        _total = total;
        _credit = _limits.ChunkCredit;
    }

    /// <summary>
    /// The peer's chunk size now. A declared size beyond the longest message (encoders send 134,217,728) is the same as that; nothing is allocated
    /// by it.
    /// </summary>
    public int ChunkSize { get; private set; } = ChunkWriter.DefaultChunkSize;

    /// <summary>Memory that unfinished messages hold.</summary>
    public int PartialBytes => _partialBytes;

    /// <summary>
    /// Takes the next whole message out of <paramref name="buffer"/>. <paramref name="buffer"/> always moves past all bytes that are understood,
    /// also when the message is not complete; what is left of it then is part of a header. False: more bytes are needed.
    /// </summary>
    /// <exception cref="RtmpProtocolException">The connection cannot go on. Only <see cref="Dispose"/> may be called after it.</exception>
    public bool TryReadMessage(ref ReadOnlySequence<byte> buffer, out RtmpMessage message)
    {
        var input = new ChunkInput(buffer);
        message = default;
        var isComplete = false;
        while (!isComplete)
        {
            if (_current is null && !TryReadHeader(ref input))
                break;

            var stream = _current!;
            if (!TryReadPayload(ref input, stream))
                break;

            _current = null;
            if (stream.Received == stream.Length)
            {
                message = Complete(stream);
                isComplete = true;
            }
        }

        buffer = input.Rest;
        return isComplete;
    }

    /// <summary>Other bounds from here on, as for a peer that has shown a right to more. What unfinished messages hold is charged to the new budget.</summary>
    /// <exception cref="RtmpProtocolException">The new budget has no room for it.</exception>
    public void ChangeLimits(RtmpWireLimits limits, PartialBytesBudget? total)
    {
        if (total is not null && !total.TryReserve(_partialBytes))
            throw new RtmpProtocolException(RtmpProtocolError.TotalPartialBytesExceeded, "Too many bytes of unfinished messages on all connections.");

        _total?.Release(_partialBytes);
        (_limits, _total) = (limits, total);
    }

    /// <summary>Gives back the memory of unfinished messages.</summary>
    public void Dispose()
    {
        _current = null;
        foreach (var stream in _streams)
            Drop(stream);
    }

    // Reads the headers of a chunk whole or not at all; then the chunk's stream is the current one.
    private bool TryReadHeader(ref ChunkInput input)
    {
        Span<byte> scratch = stackalloc byte[ChunkHeader.MaxSize];
        var data = input.Peek(scratch);
        var size = ChunkHeader.TryRead(data, out var header);
        if (size == 0)
            return false;

        var stream = Find(header.ChunkStreamId);
        var isContinuation = stream is { IsMessageUnderWay: true };
        CheckOrder(header.Format, stream, isContinuation);

        var isExtended = header.Format == 3 ? stream!.IsExtended : header.TimestampField == ChunkHeader.ExtendedTimestampMark;
        var timestampField = header.Format == 3 ? stream!.TimestampField : header.TimestampField;
        if (isExtended)
        {
            var rest = data[size..];
            var presence = isContinuation ? FindRepeatedTimestamp(rest, timestampField) : rest.Length < sizeof(uint) ? null : true;
            if (presence is not { } isPresent)
                return false;

            if (isPresent)
            {
                if (!isContinuation)
                    timestampField = BinaryPrimitives.ReadUInt32BigEndian(rest);

                size += sizeof(uint);
            }
        }

        stream ??= AddStream(header.ChunkStreamId);
        if (!isContinuation)
            BeginMessage(stream, header, timestampField, isExtended);

        input.Advance(size);
        _current = stream;
        _chunkBytesLeft = Math.Min(ChunkSize, stream.Length - stream.Received);
        Charge(isContinuation ? _limits.ContinuationPrice : _limits.MessageStartPrice, size + _chunkBytesLeft);
        return true;
    }

    private static void CheckOrder(int format, ChunkStream? stream, bool isContinuation)
    {
        // librtmp and ffmpeg open chunk stream 2 with a type 1 header: the message stream id and the time that it leaves out are zero then. Types 2
        // and 3 would leave out the length.
        if (stream is null && format >= 2)
            throw new RtmpProtocolException(RtmpProtocolError.MissingPreviousChunk, $"A type {format} chunk came first on its chunk stream.");

        if (isContinuation && format != 3)
            throw new RtmpProtocolException(
                RtmpProtocolError.InterruptedMessage, "A message begins while another of its chunk stream is not complete.");
    }

    // The specification repeats the extended timestamp on each continuation; OBS before 30.1 and most users of librtmp leave it out. So the next
    // four bytes are compared with the value: if they are it (31 bits of it, as some senders mask the top bit), they are the field, else they are
    // payload. Null: too few bytes to tell. The first byte that differs decides, so that a short last chunk is not held back for bytes that may
    // never come.
    private static bool? FindRepeatedTimestamp(ReadOnlySpan<byte> data, uint expected)
    {
        Span<byte> field = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(field, expected);
        if (data.IsEmpty)
            return null;

        if (((data[0] ^ field[0]) & 0x7F) != 0)
            return false;

        var compared = Math.Min(data.Length, field.Length);
        if (!data[1..compared].SequenceEqual(field[1..compared]))
            return false;

        return compared == field.Length ? true : null;
    }

    private void BeginMessage(ChunkStream stream, in ChunkHeader header, uint timestampField, bool isExtended)
    {
        stream.IsExtended = isExtended;
        stream.TimestampField = timestampField;
        stream.Timestamp = header.Format == 0 ? timestampField : unchecked(stream.Timestamp + timestampField);
        if (header.Format == 0)
            stream.MessageStreamId = header.MessageStreamId;

        if (header.Format > 1)
            return;

        stream.Type = header.Type;
        stream.Length = header.Length;
        if (header.Length > _limits.MaxMessageBytes(header.Type))
            throw new RtmpProtocolException(
                RtmpProtocolError.MessageTooLarge, $"A message of type {(byte)header.Type} declares {header.Length} bytes.");
    }

    // False when the chunk is not complete yet.
    private bool TryReadPayload(ref ChunkInput input, ChunkStream stream)
    {
        if (_chunkBytesLeft == 0)
            return true;

        var count = input.Available(_chunkBytesLeft);
        if (count == 0)
            return false;

        var capacity = stream.CapacityFor(count);
        if (capacity != stream.Capacity)
            Grow(stream, capacity);

        input.CopyTo(stream.Append(count));
        _chunkBytesLeft -= count;
        return _chunkBytesLeft == 0;
    }

    private void Grow(ChunkStream stream, int capacity)
    {
        if (capacity > _limits.MaxPartialBytes - _partialBytes)
            throw new RtmpProtocolException(
                RtmpProtocolError.ConnectionPartialBytesExceeded, "Too many bytes of unfinished messages on one connection.");

        if (_total is not null && !_total.TryReserve(capacity))
            throw new RtmpProtocolException(RtmpProtocolError.TotalPartialBytesExceeded, "Too many bytes of unfinished messages on all connections.");

        var before = stream.Capacity;
        stream.Grow(capacity);

        // A pooled buffer may be larger than asked for; the difference is known only now.
        var surplus = stream.Capacity - capacity;
        _partialBytes += capacity + surplus - before;
        _total?.Release(before - surplus);
    }

    private RtmpMessage Complete(ChunkStream stream)
    {
        Release(stream.Capacity);
        var message = new RtmpMessage(stream.Type, stream.MessageStreamId, stream.Timestamp, stream.TakeBody());
        if (message.Type is RtmpMessageType.SetChunkSize)
        {
            ChunkSize = Math.Min(RtmpControlMessage.ReadSetChunkSize(message.Body.Span), ChunkWriter.MaxChunkSize);
        }
        else if (message.Type is RtmpMessageType.Abort)
        {
            var aborted = RtmpControlMessage.ReadAbort(message.Body.Span);
            if (aborted <= ChunkHeader.MaxChunkStreamId && Find((int)aborted) is { } target)
                Drop(target);
        }

        return message;
    }

    private void Drop(ChunkStream stream)
    {
        Release(stream.Capacity);
        stream.Drop();
    }

    private void Release(int bytes)
    {
        if (bytes == 0)
            return;

        _partialBytes -= bytes;
        _total?.Release(bytes);
    }

    private void Charge(int price, int earned)
    {
        _credit -= price - earned;
        if (_credit < 0)
            throw new RtmpProtocolException(RtmpProtocolError.ChunksTooSmall, "Too many chunk headers for the bytes they bring.");

        _credit = Math.Min(_credit, _limits.ChunkCredit);
    }

    private ChunkStream? Find(int id)
    {
        foreach (var stream in _streams)
        {
            if (stream.Id == id)
                return stream;
        }

        return null;
    }

    private ChunkStream AddStream(int id)
    {
        if (_streams.Count == _limits.MaxChunkStreams)
            throw new RtmpProtocolException(RtmpProtocolError.TooManyChunkStreams, "Too many chunk streams on one connection.");

        var stream = new ChunkStream(id);
        _streams.Add(stream);
        return stream;
    }
}
