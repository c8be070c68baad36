using System.Threading.Channels;
using StreamManager.Engine.Programs;

namespace StreamManager.Engine.Playback;

/// <summary>
/// The queue between a stream and one viewer. Bounded: a viewer that reads too slowly loses what comes until the next keyframe that finds room again. One reader; the program's loop writes.
/// </summary>
internal sealed class PlaybackQueue : IHubSubscriber
{
    /// <summary>Batches that may wait: about five seconds at 50 batches a second.</summary>
    internal const int Capacity = 256;

    /// <summary>
    /// Bytes of media that may wait: the largest cached group that a viewer can begin with (16 MiB) and as much again, which is ten seconds at 12 Mbit/s.
    /// </summary>
    internal const long MaxQueuedBytes = 2 * PacketHub.MaxCachedBytes;

    private readonly Channel<Item> _channel = Channel.CreateBounded<Item>(new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = false });
    private readonly Action<PlaybackQueue> _unsubscribe;
    private StreamHeader? _header;
    private bool _waitsForKeyframe = true;
    private long _dropped;
    private long _queuedBytes;

    /// <summary>Creates a queue; <paramref name="unsubscribe"/> is called once when the viewer leaves.</summary>
    public PlaybackQueue(Action<PlaybackQueue> unsubscribe)
    {
        _unsubscribe = unsubscribe;
    }

    /// <summary>Video frames that this viewer did not get.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Waits for <see cref="TryRead"/>; false: the stream has ended.</summary>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => _channel.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Takes what is next: packets, with a header before them when they are the first, or the first after it has changed. Those begin with a keyframe. Without pictures there is a header alone.</summary>
    public bool TryRead(out StreamHeader? header, out ReadOnlyMemory<ProgramPacket> packets)
    {
        var read = _channel.Reader.TryRead(out var item);
        (header, packets) = (item.Header, item.Packets);
        Interlocked.Add(ref _queuedBytes, -item.Bytes);
        return read;
    }

    /// <inheritdoc/>
    public void Join(HubJoin join)
    {
        _header = join.Header;
        _waitsForKeyframe = join.Cached.IsEmpty || !TryWrite(join.Cached.AsMemory());

        // No keyframe ever comes, and so no packet: the viewer learns at least what it is.
        if (join.Header.Video is null)
            TryWrite(default);
    }

    /// <inheritdoc/>
    public void Offer(PacketBatch batch)
    {
        var from = 0;
        if (_waitsForKeyframe)
        {
            from = Array.FindIndex(batch.Packets, static packet => packet.IsVideoKeyframe);
            if (from < 0)
            {
                Interlocked.Add(ref _dropped, batch.VideoFrames);
                return;
            }
        }
        _waitsForKeyframe = !TryWrite(batch.Packets.AsMemory(from));
        if (_waitsForKeyframe)
            Interlocked.Add(ref _dropped, batch.VideoFrames);
    }

    /// <inheritdoc/>
    public void End(HubEnd end) => _channel.Writer.TryComplete();

    /// <summary>The viewer leaves.</summary>
    public void Leave()
    {
        _channel.Writer.TryComplete();
        _unsubscribe(this);
    }

    private bool TryWrite(ReadOnlyMemory<ProgramPacket> packets)
    {
        var bytes = PacketBatch.CountBytes(packets.Span);
        if (Interlocked.Read(ref _queuedBytes) + bytes > MaxQueuedBytes)
            return false;
        // Counted before the reader can take it away again.
        Interlocked.Add(ref _queuedBytes, bytes);
        if (_channel.Writer.TryWrite(new Item(_header, packets, bytes)))
        {
            _header = null;
            return true;
        }
        Interlocked.Add(ref _queuedBytes, -bytes);
        return false;
    }

    private readonly record struct Item(StreamHeader? Header, ReadOnlyMemory<ProgramPacket> Packets, long Bytes);
}
