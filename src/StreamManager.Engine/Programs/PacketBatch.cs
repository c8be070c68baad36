using System.Buffers;
using StreamManager.Media.Packets;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Engine.Programs;

/// <summary>
/// Packets that a program hands on together, and the bytes that they take on any RTMP connection that is in step: written once, sent by all.
/// Immutable after <see cref="PacketHub"/> has published it; the arrays belong to the garbage collector.
/// </summary>
internal sealed class PacketBatch
{
    private PacketBatch(ProgramPacket[] packets, byte[] wire)
    {
        Packets = packets;
        Wire = wire;
        foreach (var packet in packets)
            VideoFrames += packet.IsVideoFrame ? 1 : 0;
    }

    /// <summary>The packets, in the order in which they are sent. Never empty.</summary>
    public ProgramPacket[] Packets { get; }

    /// <summary>
    /// The packets as chunks of <see cref="OutgoingChunkSize"/>, every message with a type 1 header whose delta counts from the program's message before it on the same chunk stream.
    /// </summary>
    public ReadOnlyMemory<byte> Wire { get; }

    /// <summary>Video frames among the packets.</summary>
    public int VideoFrames { get; }

    /// <summary>
    /// Chunk size of everything that we send: nearly every message fits into one chunk, and a player's or platform's limit (65,536 in some) is kept.
    /// </summary>
    public const int OutgoingChunkSize = 60_000;

    /// <summary>Makes a batch; <paramref name="clock"/> carries the deltas from batch to batch.</summary>
    public static PacketBatch Create(ReadOnlySpan<ProgramPacket> packets, ref WireClock clock)
    {
        var length = 0;
        var measure = clock;
        foreach (var packet in packets)
            length += ChunkWriter.MeasureDeltaMessage(WireClock.ChunkStreamOf(packet.Packet.Kind), measure.Advance(packet), packet.Packet.Body.Length, OutgoingChunkSize);

        var output = new ExactBuffer(length);
        foreach (var packet in packets)
        {
            ChunkWriter.WriteDeltaMessage(
                output, WireClock.ChunkStreamOf(packet.Packet.Kind), clock.Advance(packet), WireClock.TypeOf(packet.Packet.Kind), packet.Packet.Body.Span, OutgoingChunkSize);
        }
        return new PacketBatch(packets.ToArray(), output.Array);
    }

    /// <summary>Bytes of the packets' bodies.</summary>
    public static long CountBytes(ReadOnlySpan<ProgramPacket> packets)
    {
        var bytes = 0L;
        foreach (var packet in packets)
            bytes += packet.Packet.Body.Length;
        return bytes;
    }

    /// <summary>A buffer of a size known before: no growing, no copy at the end. A header may ask for more than is left, so it gets scratch space then.</summary>
    private sealed class ExactBuffer(int length) : IBufferWriter<byte>
    {
        private readonly byte[] _scratch = new byte[32];
        private int _written;
        private bool _usedScratch;

        public byte[] Array { get; } = new byte[length];

        public void Advance(int count)
        {
            if (_usedScratch)
                _scratch.AsSpan(0, count).CopyTo(Array.AsSpan(_written));
            _written += count;
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            _usedScratch = Array.Length - _written < Math.Max(sizeHint, 1);
            return _usedScratch ? _scratch : Array.AsMemory(_written);
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}

/// <summary>The program's last timestamp on each chunk stream: what the next delta counts from.</summary>
internal struct WireClock
{
    private long _video;
    private long _audio;
    private long _data;

    /// <summary>Moves the clock of the packet's chunk stream on to the packet and gives the step in milliseconds, modulo 2^32.</summary>
    public uint Advance(in ProgramPacket packet)
    {
        ref var last = ref _video;
        if (packet.Packet.Kind is MediaKind.Audio)
            last = ref _audio;
        else if (packet.Packet.Kind is MediaKind.Data)
            last = ref _data;
        var delta = unchecked((uint)(packet.Milliseconds - last));
        last = packet.Milliseconds;
        return delta;
    }

    /// <summary>The RTMP message type of a kind.</summary>
    public static RtmpMessageType TypeOf(MediaKind kind) => kind switch
    {
        MediaKind.Video => RtmpMessageType.Video,
        MediaKind.Audio => RtmpMessageType.Audio,
        _ => RtmpMessageType.DataAmf0,
    };

    /// <summary>The chunk stream of a kind.</summary>
    public static int ChunkStreamOf(MediaKind kind) => RtmpChunkStreamIds.For(TypeOf(kind));
}
