using System.Buffers;
using StreamManager.Engine.Programs;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Client;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Engine.Outputs;

/// <summary>Counters of one output over all its connections in a broadcast. Written by the sender under its lock, read as a copy.</summary>
internal struct SenderCounters
{
    /// <summary>Video frames handed to the socket.</summary>
    public long FramesSent;

    /// <summary>Video frames dropped.</summary>
    public long FramesDropped;

    /// <summary>Bytes handed to the socket.</summary>
    public long BytesSent;

    /// <summary>Times that the queue was full.</summary>
    public long Overflows;
}

/// <summary>
/// Sends one program over one granted connection. The program's loop offers batches; while the socket takes them at once they are sent right there, with one system call for the
/// batch that all outputs share. A socket that is full gets a queue, bounded in media time, and a task that drains it; when the queue is full, what waits is dropped up to the next
/// keyframe. The connection's clock starts from zero, and every message before the first shared batch is written for this connection alone.
/// </summary>
/// <remarks>
/// The lock guards the queue and the position in the stream. Under it nothing waits: sends are non-blocking. Two threads meet here: the program's loop and the drain task.
/// </remarks>
internal sealed class OutputSender : IHubSubscriber
{
    /// <summary>Bytes of media that are written at once for this connection alone, but for a single larger picture: below the size at which an array gets a place of its own for long (85,000).</summary>
    private const int OwnPieceBytes = 64 * 1024;

    /// <summary>Room for one message's headers; more are only needed for pictures above the chunk size.</summary>
    private const int HeaderRoom = 64;

    /// <summary>
    /// Bytes of media that may wait, whatever its time: the longest queue limit (60 s) at 8 Mbit/s, or the usual one (5 s) at 100 Mbit/s. Timestamps are the encoder's word, and one that
    /// stamps large pictures a millisecond apart must not fill the memory.
    /// </summary>
    internal const long MaxQueuedBytes = 64 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly IRtmpPublishConnection _connection;
    private readonly TimeProvider _timeProvider;
    private readonly MediaTime _queueLimit;
    // What the hub had cached at the join goes first. It is old by nature, and so no part of the time that may wait.
    private readonly Queue<Item> _group = new();
    private readonly Queue<Item> _queue = new();
    private readonly TaskCompletionSource<HubEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Knows the last time sent on each chunk stream, also of shared batches: what is written for this connection alone goes on from there with a delta.
    private readonly ChunkWriter _writer;
    private StreamHeader? _header;
    private ReadOnlyMemory<byte> _rest;
    private SenderCounters _counters;
    private MediaTime _newest;
    private long _base = long.MinValue;
    private long _last;
    private bool _started;
    private bool _headerSent;
    private bool _audioInStep;
    private bool _videoInStep;
    private bool _draining;
    private bool _dead;
    private bool _isEnding;
    private long _droppedAt;
    private long _queuedBytes;

    /// <summary>Creates a sender for a connection whose publish was just granted.</summary>
    /// <param name="connection">Where to.</param>
    /// <param name="queueLimit">Media that may wait.</param>
    /// <param name="timeProvider">The clock.</param>
    public OutputSender(IRtmpPublishConnection connection, TimeSpan queueLimit, TimeProvider timeProvider)
    {
        _connection = connection;
        _timeProvider = timeProvider;
        _queueLimit = MediaTime.FromTimeSpan(queueLimit);
        _writer = new ChunkWriter { ChunkSize = connection.OutgoingChunkSize };
    }

    /// <summary>Completes when the stream has ended and its last bytes are sent or given up.</summary>
    public Task<HubEnd> Ended => _ended.Task;

    /// <summary>True when the queue was full within the last <paramref name="window"/>.</summary>
    public bool DroppedWithin(TimeSpan window, long now, TimeProvider timeProvider)
    {
        lock (_gate)
            return _counters.Overflows > 0 && timeProvider.GetElapsedTime(_droppedAt, now) < window;
    }

    /// <summary>A copy of the counters.</summary>
    public SenderCounters Counters
    {
        get
        {
            lock (_gate)
                return _counters;
        }
    }

    /// <summary>Media that waits, in time.</summary>
    public TimeSpan Queued
    {
        get
        {
            lock (_gate)
                return QueuedTime().ToTimeSpan();
        }
    }

    /// <inheritdoc/>
    public void Join(HubJoin join)
    {
        lock (_gate)
        {
            _header = join.Header;
            if (join.Cached.IsEmpty)
                return;
            // In pieces, written when the socket takes them: a hundred outputs that go on air together must not hold a group of pictures each.
            for (var at = 0; at < join.Cached.Length;)
            {
                var from = at;
                for (var bytes = 0; at < join.Cached.Length && (at == from || bytes + join.Cached[at].Packet.Body.Length <= OwnPieceBytes); at++)
                    bytes += join.Cached[at].Packet.Body.Length;
                var item = new Item(null, [.. join.Cached.AsSpan()[from..at]], 0);
                _group.Enqueue(item);
                _queuedBytes += item.Bytes;
            }
            _started = true;
            Send();
        }
    }

    /// <inheritdoc/>
    public void Offer(PacketBatch batch)
    {
        lock (_gate)
        {
            if (_dead)
                return;
            var from = 0;
            if (!_started)
            {
                while (from < batch.Packets.Length && !batch.Packets[from].IsVideoKeyframe)
                    from++;
                // Before its first keyframe a connection has missed nothing; after a full queue it has.
                if (_headerSent)
                    _counters.FramesDropped += CountFrames(batch.Packets.AsSpan(0, from));
                if (from == batch.Packets.Length)
                    return;
            }
            Enqueue(new Item(batch, batch.Packets, from));
            if (QueuedTime() > _queueLimit || _queuedBytes > MaxQueuedBytes)
                DropToKeyframe();
            Send();
        }
    }

    /// <inheritdoc/>
    public void End(HubEnd end)
    {
        lock (_gate)
        {
            // The program and the output may both say it.
            if (_isEnding)
                return;
            _isEnding = true;
            if (end is HubEnd.Intended && _headerSent && !_dead && _header?.Video is not null)
                _queue.Enqueue(Item.EndOfSequence);
            _queue.Enqueue(new Item(null, [], 0, end));
            Send();
        }
    }

    private void Enqueue(Item item)
    {
        _queue.Enqueue(item);
        _queuedBytes += item.Bytes;
        _started = true;
        _newest = item.Packets[^1].DecodeTime;
    }

    private MediaTime QueuedTime() =>
        _queue.TryPeek(out var oldest) && oldest.Packets.Length > 0 ? MediaTime.Max(_newest - oldest.Packets[oldest.From].DecodeTime, MediaTime.Zero) : MediaTime.Zero;

    // Everything that waits goes (an end mark never waits here: nothing is offered behind one). The bytes of a message that has begun are in _rest and are finished first.
    private void DropToKeyframe()
    {
        foreach (var item in _group.Concat(_queue))
            _counters.FramesDropped += CountFrames(item.Packets.AsSpan(item.From));
        ClearQueue();
        _counters.Overflows++;
        _droppedAt = _timeProvider.GetTimestamp();
        _started = false;
        (_audioInStep, _videoInStep) = (false, false);
    }

    // Sends what the socket takes now; the rest is the drain task's.
    private void Send()
    {
        if (_draining || _dead)
        {
            if (_dead)
                Finish(HubEnd.Interrupted);
            return;
        }
        while (_connection.SupportsDirectSend && TryTakeBytes(out var bytes))
        {
            var sent = _connection.TrySend(bytes.Span);
            if (sent < 0)
            {
                Die();
                return;
            }
            _counters.BytesSent += sent;
            if (sent == bytes.Length)
                continue;
            _rest = bytes[sent..];
            break;
        }
        if (_rest.IsEmpty && _group.Count == 0 && _queue.Count == 0)
            return;
        _draining = true;
        _ = Task.Run(DrainAsync);
    }

    private async Task DrainAsync()
    {
        while (true)
        {
            ReadOnlyMemory<byte> bytes;
            lock (_gate)
            {
                if (_dead || !TryTakeBytes(out bytes))
                {
                    _draining = false;
                    return;
                }
            }
            var sent = await _connection.SendAsync(bytes, CancellationToken.None);
            lock (_gate)
            {
                if (!sent)
                {
                    _draining = false;
                    Die();
                    return;
                }
                _counters.BytesSent += bytes.Length;
            }
        }
    }

    // The next bytes to send: the rest of what was begun, else the next item. False: nothing waits.
    private bool TryTakeBytes(out ReadOnlyMemory<byte> bytes)
    {
        bytes = _rest;
        _rest = default;
        if (!bytes.IsEmpty)
            return true;
        while (_group.TryDequeue(out var item) || _queue.TryDequeue(out item))
        {
            _queuedBytes -= item.Bytes;
            if (item.EndsWith is { } end)
            {
                Finish(end);
                return false;
            }
            bytes = item.IsEndOfSequence ? WriteEndOfSequence() : ToBytes(item);
            if (!bytes.IsEmpty)
                return true;
        }
        return false;
    }

    private ReadOnlyMemory<byte> ToBytes(in Item item)
    {
        _counters.FramesSent += CountFrames(item.Packets.AsSpan(item.From));
        _last = Math.Max(_last, item.Packets[^1].Milliseconds);
        var inStep = _audioInStep && _videoInStep && _connection.OutgoingChunkSize == PacketBatch.OutgoingChunkSize;
        if (!inStep || item is not { Batch: { } batch, From: 0 })
            return WriteOwn(item);
        foreach (var packet in item.Packets)
            _writer.Resume(WireClock.ChunkStreamOf(packet.Packet.Kind), _connection.MessageStreamId, TimeOf(packet.Milliseconds));
        return batch.Wire;
    }

    // Bytes for this connection alone: after a join or a drop, until audio and video are both in step with the shared form.
    private ReadOnlyMemory<byte> WriteOwn(in Item item)
    {
        var output = new ArrayBufferWriter<byte>(RoomFor(item));
        if (_base == long.MinValue)
            _base = item.Packets[item.From].Milliseconds;
        if (!_headerSent)
            WriteHeader(output);
        for (var i = item.From; i < item.Packets.Length; i++)
        {
            var packet = item.Packets[i];
            // Sound from before the keyframe that this connection started with would lie before its zero.
            if (packet.Milliseconds < _base)
                continue;
            Write(output, packet.Packet.Kind, TimeOf(packet.Milliseconds), packet.Packet.Body.Span);
            if (packet.Packet.Kind is MediaKind.Audio)
                _audioInStep = true;
            else if (packet.Packet.Kind is MediaKind.Video)
                _videoInStep = true;
        }
        // A stream without sound never brings that chunk stream into step; nothing will ever be sent on it either.
        _audioInStep |= _header!.Audio is null;
        return output.WrittenMemory;
    }

    private void WriteHeader(ArrayBufferWriter<byte> output)
    {
        _headerSent = true;
        if (_header!.Metadata is { } metadata)
            Write(output, MediaKind.Data, 0, metadata.ToBody(forPublishing: true));
        if (_header.Video is { } video)
            Write(output, MediaKind.Video, 0, video.Body.Span);
        if (_header.Audio is { } audio)
            Write(output, MediaKind.Audio, 0, audio.Body.Span);
    }

    private ReadOnlyMemory<byte> WriteEndOfSequence()
    {
        var output = new ArrayBufferWriter<byte>(32);
        // Enhanced messages say it with a packet type of their own, behind the codec's name (enhanced RTMP v2, ExVideoTagHeader).
        var configuration = _header!.Video!.Body.Span;
        var isEnhanced = (configuration[0] & 0x80) != 0;
        ReadOnlySpan<byte> endOfSequence = isEnhanced ? [0x92, .. configuration[1..5]] : [0x17, 0x02, 0x00, 0x00, 0x00];
        Write(output, MediaKind.Video, TimeOf(_last + 1), endOfSequence);
        return output.WrittenMemory;
    }

    private void Write(ArrayBufferWriter<byte> output, MediaKind kind, uint timestamp, ReadOnlySpan<byte> body) =>
        _writer.WriteMessage(output, WireClock.ChunkStreamOf(kind), WireClock.TypeOf(kind), _connection.MessageStreamId, timestamp, body);

    // Program time on the connection's own clock, modulo 2^32.
    private uint TimeOf(long milliseconds) => unchecked((uint)(milliseconds - _base));

    // Enough at once: a buffer that grows by doubling would leave twice its size behind.
    private static int RoomFor(in Item item)
    {
        var room = 1024; // Configurations and metadata, if they go in front.
        foreach (var packet in item.Packets.AsSpan(item.From))
            room += packet.Packet.Body.Length + HeaderRoom;
        return room;
    }

    private static int CountFrames(ReadOnlySpan<ProgramPacket> packets)
    {
        var count = 0;
        foreach (var packet in packets)
            count += packet.IsVideoFrame ? 1 : 0;
        return count;
    }

    private void Die()
    {
        _dead = true;
        ClearQueue();
        _rest = default;
        Finish(HubEnd.Interrupted);
    }

    private void ClearQueue()
    {
        _group.Clear();
        _queue.Clear();
        _queuedBytes = 0;
    }

    private void Finish(HubEnd end) => _ended.TrySetResult(end);

    private readonly record struct Item(PacketBatch? Batch, ProgramPacket[] Packets, int From, HubEnd? EndsWith = null, bool IsEndOfSequence = false)
    {
        public static Item EndOfSequence { get; } = new(null, [], 0, IsEndOfSequence: true);

        /// <summary>Bytes of media that it keeps alive.</summary>
        public long Bytes { get; } = PacketBatch.CountBytes(Packets);
    }
}
