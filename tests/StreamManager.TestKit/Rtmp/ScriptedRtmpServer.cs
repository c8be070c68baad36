using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Wire;

namespace StreamManager.TestKit.Rtmp;

/// <summary>
/// A server on 127.0.0.1 that does with each connection what a script says, given the connection's number from 0. When the script returns, the connection is closed. What a script throws
/// comes out of <see cref="DisposeAsync"/>, but for the errors of a connection that the other side closed.
/// </summary>
public sealed class ScriptedRtmpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<ScriptedRtmpPeer, int, Task> _script;
    private readonly X509Certificate2? _certificate;
    private readonly Task _accepting;
    private int _connections;

    /// <summary>Starts to listen.</summary>
    /// <param name="script">What to do with each connection.</param>
    /// <param name="certificate">Set: TLS with this certificate.</param>
    public ScriptedRtmpServer(Func<ScriptedRtmpPeer, int, Task> script, X509Certificate2? certificate = null)
    {
        _script = script;
        _certificate = certificate;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Its port.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections accepted so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The name that a TLS client indicated last.</summary>
    public string ServerName { get; private set; } = "";

    /// <summary>Handshake, and everything up to the client's publish command; returns the connect command, whose object has what the client said of itself.</summary>
    public static async Task<RtmpCommand> GrantUntilPublishAsync(ScriptedRtmpPeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        var connect = await ReadConnectAsync(peer);
        await GrantConnectAsync(peer);
        var create = await peer.ReadCommandAsync("createStream");
        await peer.SendAsync(RtmpCommand.Result(create.TransactionId, AmfValue.NullValue, 1.0).ToMessage());
        await peer.ReadCommandAsync("publish");
        return connect;
    }

    /// <summary>Handshake, and the client's connect.</summary>
    public static async Task<RtmpCommand> ReadConnectAsync(ScriptedRtmpPeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        await peer.AcceptHandshakeAsync();
        return await peer.ReadCommandAsync("connect");
    }

    /// <summary>The usual answer to connect.</summary>
    public static ValueTask GrantConnectAsync(ScriptedRtmpPeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return peer.SendAsync(RtmpCommand.Result(
            1, AmfValue.NullValue, new RtmpStatus(RtmpStatus.StatusLevel, RtmpStatusCodes.ConnectSuccess, "").ToValue()).ToMessage());
    }

    /// <summary>The usual answer to publish.</summary>
    public static ValueTask GrantPublishAsync(ScriptedRtmpPeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return peer.SendAsync(RtmpCommand.OnStatus(new RtmpStatus(RtmpStatus.StatusLevel, RtmpStatusCodes.PublishStart, "")).ToMessage(1));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> running = [];
        try
        {
            while (true)
                running.Add(ServeAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // Disposed.
        }

        await Task.WhenAll(running);
    }

    private async Task ServeAsync(Socket socket)
    {
        var number = Interlocked.Increment(ref _connections) - 1;
        // Also ends what still waits in a script when the test is over.
        await using var closing = _stop.Token.Register(socket.Dispose);
        try
        {
            await using Stream stream = new NetworkStream(socket, ownsSocket: true);
            var secured = stream;
            if (_certificate is not null)
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
                {
                    ServerCertificateSelectionCallback = (_, name) =>
                    {
                        ServerName = name ?? "";
                        return _certificate;
                    },
                });
                secured = tls;
            }

            await using var peer = new ScriptedRtmpPeer(secured);
            // A script may wait for what never comes.
            await _script(peer, number).WaitAsync(_stop.Token);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
            // The client closed, or the test is over.
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // The same, in other words.
        }
    }
}
