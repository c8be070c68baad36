using System.Buffers;
using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Benchmarks;

/// <summary>
/// A whole server session over a pipe in memory: handshake, commands, two seconds of a 6 Mbit/s stream, the end. Its bytes are copied into the pipe in pieces as a socket would put them there;
/// what the kernel costs is in <c>bench/ingest.sh</c>.
/// </summary>
[MemoryDiagnoser]
public class SessionBenchmarks
{
    private const int PieceSize = 64 * 1024;

    private static readonly Handler Host = new();
    private static readonly RtmpServer Server = new(Host, new RtmpServerOptions(), new RtmpServerLimits(), new RtmpWireLimits(), TimeProvider.System, NullLogger<RtmpServer>.Instance);

    private byte[] _wire = [];
    private int _sessions;

    [Params(128, 4096)]
    public int ChunkSize { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var wire = new ArrayBufferWriter<byte>();
        Handshake.WriteClientHello(wire, 0);
        wire.Write(new byte[Handshake.PacketSize]); // The echo; servers do not compare it.
        var writer = new ChunkWriter();
        void Write(in RtmpMessage message) => writer.WriteMessage(wire, message);
        Write(new RtmpControlMessage.SetChunkSize(ChunkSize).ToMessage());
        writer.ChunkSize = ChunkSize;
        Write(new RtmpCommand("connect", 1, new AmfValue.Object([new("app", "live"), new("tcUrl", "rtmp://localhost/live")]), []).ToMessage());
        Write(RtmpCommand.Create("createStream", 2).ToMessage());
        Write(RtmpCommand.Create("publish", 3, "key", "live").ToMessage(1));
        _wire = [.. wire.WrittenSpan, .. SampleStream.Wire(ChunkSize)];
    }

    [Benchmark]
    public async Task<long> Publish()
    {
        Host.Bytes = 0;
        // Read in the call that flushes, as a session does on its own thread: what is measured is work, not waking up.
        var input = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var running = Server.RunSessionAsync(new Transport(input.Reader, PipeWriter.Create(Stream.Null)), $"session-{_sessions++}", "127.0.0.1");
        for (var at = 0; at < _wire.Length; at += PieceSize)
            await input.Writer.WriteAsync(_wire.AsMemory(at, Math.Min(PieceSize, _wire.Length - at)));
        await input.Writer.CompleteAsync();
        await running;
        return Host.Bytes == SampleStream.PayloadBytes ? Host.Bytes : throw new InvalidOperationException("Media is missing.");
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Grants every publish and counts its media.</summary>
    private sealed class Handler : IRtmpServerHandler, IRtmpPublishSink
    {
        public long Bytes { get; set; }

        public ValueTask<RtmpPublishDecision> AuthorizePublishAsync(RtmpStreamRequest request, CancellationToken cancellationToken) =>
            ValueTask.FromResult<RtmpPublishDecision>(new RtmpPublishDecision.Granted(this));

        public ValueTask<RtmpPlayDecision> AuthorizePlayAsync(RtmpStreamRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask WriteAsync(RtmpMessage message, CancellationToken cancellationToken)
        {
            Bytes += message.Body.Length;
            return ValueTask.CompletedTask;
        }

        public ValueTask EndAsync(RtmpPublishEnd end) => ValueTask.CompletedTask;
    }
}
