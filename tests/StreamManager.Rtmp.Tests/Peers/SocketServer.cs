using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Tests.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.Rtmp.Tests.Peers;

/// <summary>The product's server sessions on real sockets and the real clock.</summary>
internal sealed class SocketServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly RtmpServer _server;
    private readonly Task _accepting;
    private int _connections;

    public SocketServer()
    {
        _server = new RtmpServer(
            Host, new RtmpServerOptions(), new RtmpServerLimits(), RtmpWireLimits.Default, TimeProvider.System, NullLogger<RtmpServer>.Instance);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public TestHost Host { get; } = new();

    public ConcurrentQueue<RtmpEndReason> Ends { get; } = new();

    public string Url(string key) => $"rtmp://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/live/{key}";

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _server.Stop();
        await _accepting;
        _server.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> sessions = [];
        try
        {
            while (true)
                sessions.Add(ServeAsync(await _listener.AcceptSocketAsync()));
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // Disposed.
        }

        await Task.WhenAll(sessions);
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var pipe = new DuplexPipe(PipeReader.Create(stream), PipeWriter.Create(stream));
        Ends.Enqueue(await _server.RunSessionAsync(pipe, $"c{Interlocked.Increment(ref _connections)}", "127.0.0.1", socket.Dispose));
    }
}
