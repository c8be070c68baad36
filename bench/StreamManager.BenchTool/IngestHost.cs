using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;

namespace StreamManager.BenchTool;

/// <summary>
/// The product's RTMP sessions, granting every publish and throwing its media away, on three kinds of transport: Kestrel's connection handlers, the same with its continuations
/// run where the socket's event is, and plain sockets with pipes straight over their streams.
/// </summary>
internal static class IngestHost
{
    private const int Backlog = 512;

    public static async Task RunAsync(ToolOptions options, CancellationToken stop)
    {
        using var server = new RtmpServer(
            new GrantAll(), new RtmpServerOptions(), new RtmpServerLimits(), new RtmpWireLimits(), TimeProvider.System, NullLogger<RtmpServer>.Instance);
        var endPoint = new IPEndPoint(IPAddress.Loopback, options.Number("port", 19350));
        switch (options.Text("transport"))
        {
            case "kestrel":
                await RunKestrelAsync(server, endPoint, isInline: false, stop);
                break;
            case "kestrel-inline":
                await RunKestrelAsync(server, endPoint, isInline: true, stop);
                break;
            case "sockets":
                await RunSocketsAsync(server, endPoint, options.Number("buffer", 4096), stop);
                break;
            default:
                throw new ArgumentException("--transport is kestrel, kestrel-inline or sockets.", nameof(options));
        }
    }

    private static async Task RunKestrelAsync(RtmpServer server, IPEndPoint endPoint, bool isInline, CancellationToken stop)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore()
            .UseSockets(sockets => sockets.UnsafePreferInlineScheduling = isInline)
            .ConfigureKestrel(kestrel =>
            {
                kestrel.Limits.MaxConcurrentConnections = null;
                kestrel.Listen(endPoint, listen => listen.Run(connection => server.RunSessionAsync(connection.Transport, connection.ConnectionId, "127.0.0.1", connection.Abort)));
            });
        await using var application = builder.Build();
        await application.StartAsync(stop);
        await UntilAsync(stop);
        server.Stop();
        await application.StopAsync(CancellationToken.None);
    }

    private static async Task RunSocketsAsync(RtmpServer server, IPEndPoint endPoint, int bufferSize, CancellationToken stop)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(endPoint);
        listener.Listen(Backlog);
        var sessions = new List<Task>();
        try
        {
            while (true)
                sessions.Add(ServeAsync(server, await listener.AcceptAsync(stop), sessions.Count, bufferSize));
        }
        catch (OperationCanceledException)
        {
            server.Stop();
            await Task.WhenAll(sessions);
        }
    }

    private static async Task ServeAsync(RtmpServer server, Socket socket, int number, int bufferSize)
    {
        socket.NoDelay = true; // As Kestrel does.
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var transport = new Transport(
            PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: bufferSize, minimumReadSize: bufferSize / 2, leaveOpen: true)),
            PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true)));
        await server.RunSessionAsync(transport, $"socket-{number}", "127.0.0.1", socket.Dispose);
    }

    private static async Task UntilAsync(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.Register(stopped.SetResult);
        await stopped.Task;
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class GrantAll : IRtmpServerHandler
    {
        public ValueTask<RtmpPublishDecision> AuthorizePublishAsync(RtmpStreamRequest request, CancellationToken cancellationToken) =>
            ValueTask.FromResult<RtmpPublishDecision>(new RtmpPublishDecision.Granted(new Discard()));

        public ValueTask<RtmpPlayDecision> AuthorizePlayAsync(RtmpStreamRequest request, CancellationToken cancellationToken) =>
            ValueTask.FromResult<RtmpPlayDecision>(new RtmpPlayDecision.Refused("NetStream.Play.StreamNotFound", "Nothing is played here.") { MayPlay = true });
    }

    private sealed class Discard : IRtmpPublishSink
    {
        public ValueTask WriteAsync(RtmpMessage message, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask EndAsync(RtmpPublishEnd end) => ValueTask.CompletedTask;
    }
}
