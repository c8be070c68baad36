using BenchmarkDotNet.Attributes;
using StreamManager.Engine.Outputs;
using StreamManager.Engine.Programs;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Client;

namespace StreamManager.Benchmarks;

/// <summary>
/// One batch of a program (a picture and its sound, 1/30 s of 6 Mbit/s) to N outputs in step, whose sockets take everything at once and cost nothing: what remains is
/// our own part of the work. The kernel's part is in <c>bench/fanout.sh</c>.
/// </summary>
[MemoryDiagnoser]
public class FanOutBenchmarks
{
    private static readonly MediaTime Frame = MediaTime.FromUnits(1, 30);

    private readonly PacketHub _hub = new();
    private readonly MediaPacket _key = Packet(MediaKind.Video, 150_000, isKeyframe: true);
    private readonly MediaPacket _inter = Packet(MediaKind.Video, 22_000);
    private readonly MediaPacket _audio = Packet(MediaKind.Audio, 341);
    private Func<long> _sent = () => 0;
    private MediaTime _now;
    private int _frames;

    [Params(1, 8, 32, 100)]
    public int Outputs { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _hub.Begin(new StreamHeader(default, Packet(MediaKind.Video, 50, content: PacketContent.Configuration), Packet(MediaKind.Audio, 4, content: PacketContent.Configuration)));
        var connection = new NullConnection();
        _sent = () => connection.Bytes;
        for (var i = 0; i < Outputs; i++)
            _hub.Subscribe(new OutputSender(connection, TimeSpan.FromSeconds(5), TimeProvider.System));
        Batch();
    }

    [Benchmark]
    public long Batch()
    {
        var before = _sent();
        _hub.Add(new ProgramPacket(_frames++ % 60 == 0 ? _key : _inter, _now));
        _hub.Add(new ProgramPacket(_audio, _now));
        _hub.Flush();
        _now += Frame;
        var sent = _sent() - before;
        return sent > 22_000L * Outputs ? sent : throw new InvalidOperationException("An output is not in step.");
    }

    private static MediaPacket Packet(MediaKind kind, int size, bool isKeyframe = false, PacketContent content = PacketContent.Frame) => new()
    {
        Kind = kind,
        Content = content,
        Codec = kind == MediaKind.Video ? FourCc.Avc : FourCc.Aac,
        IsKeyframe = isKeyframe,
        Body = new byte[size],
    };

    /// <summary>Takes everything at once.</summary>
    private sealed class NullConnection : IRtmpPublishConnection
    {
        public long Bytes { get; private set; }

        public uint MessageStreamId => 1;

        public int OutgoingChunkSize => PacketBatch.OutgoingChunkSize;

        public bool SupportsDirectSend => true;

        public Task<RtmpFailure> Completion { get; } = new TaskCompletionSource<RtmpFailure>().Task;

        public int TrySend(ReadOnlySpan<byte> wire)
        {
            Bytes += wire.Length;
            return wire.Length;
        }

        public ValueTask<bool> SendAsync(ReadOnlyMemory<byte> wire, CancellationToken cancellationToken)
        {
            Bytes += wire.Length;
            return ValueTask.FromResult(true);
        }

        public RtmpTransportStatistics GetStatistics() => new(Bytes, 0, TimeSpan.Zero);

        public Task EndAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
