using System.Buffers;

namespace StreamManager.Rtmp.Wire;

/// <summary>What a reader keeps of one chunk stream: the last header, which the next may abbreviate, and the message under way.</summary>
internal sealed class ChunkStream(int id)
{
    /// <summary>Up to this size a body is allocated whole when its message begins. Beyond it the buffer follows the bytes that really came.</summary>
    public const int MaxInitialCapacity = 64 * 1024;

    private byte[]? _body;
    private bool _isPooled;

    public int Id { get; } = id;

    public RtmpMessageType Type { get; set; }

    public uint MessageStreamId { get; set; }

    public int Length { get; set; }

    /// <summary>Absolute time of the message under way or of the last one.</summary>
    public uint Timestamp { get; set; }

    /// <summary>
    /// The last timestamp or delta that stood on the wire, whole: a type 3 chunk that begins a message adds it once more, also when it was an
    /// absolute time (section 5.3.1.2.4).
    /// </summary>
    public uint TimestampField { get; set; }

    /// <summary>Whether that value was in the extended field.</summary>
    public bool IsExtended { get; set; }

    /// <summary>Bytes of the message under way.</summary>
    public int Received { get; private set; }

    public bool IsMessageUnderWay => Received > 0;

    /// <summary>Memory held by the message under way.</summary>
    public int Capacity => _body?.Length ?? 0;

    /// <summary>The buffer size wanted for <paramref name="count"/> more bytes; equal to <see cref="Capacity"/> when it is enough.</summary>
    public int CapacityFor(int count)
    {
        var needed = Received + count;
        if (needed <= Capacity)
            return Capacity;

        // Half of the message being there is reason enough to believe in the other half. From then on the bytes go into the final array.
        if (Length <= MaxInitialCapacity || needed >= Length / 2)
            return Length;

        return Math.Max(needed, Math.Max(MaxInitialCapacity, Capacity * 2));
    }

    /// <summary>
    /// Moves the message under way into a buffer of <paramref name="capacity"/> (as <see cref="CapacityFor"/> says) or somewhat more.
    /// </summary>
    public void Grow(int capacity)
    {
        var isFinal = capacity == Length;
        var grown = isFinal ? GC.AllocateUninitializedArray<byte>(capacity) : ArrayPool<byte>.Shared.Rent(capacity);
        _body.AsSpan(0, Received).CopyTo(grown);
        ReturnBuffer();
        _body = grown;
        _isPooled = !isFinal;
    }

    /// <summary>Where the next <paramref name="count"/> bytes go; they count as received.</summary>
    public Span<byte> Append(int count)
    {
        var span = _body.AsSpan(Received, count);
        Received += count;
        return span;
    }

    /// <summary>Gives the whole body away.</summary>
    public byte[] TakeBody()
    {
        var body = _body ?? [];
        _body = null;
        Received = 0;
        return body;
    }

    /// <summary>Forgets the message under way.</summary>
    public void Drop()
    {
        ReturnBuffer();
        _body = null;
        Received = 0;
    }

    private void ReturnBuffer()
    {
        if (_isPooled && _body is not null)
            ArrayPool<byte>.Shared.Return(_body);

        _isPooled = false;
    }
}
