using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace StreamManager.TestKit;

/// <summary>Takes TLS off: what nginx-rtmp cannot do itself. Accepts TLS connections and passes what is in them on to a plain loopback port.</summary>
public sealed class TlsRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2 _certificate;
    private readonly int _targetPort;
    private readonly Task _accepting;
    private int _established;

    private TlsRelay(int targetPort, TestCertificate certificate)
    {
        _targetPort = targetPort;
        _certificate = certificate.ToX509();
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where to connect to, on 127.0.0.1.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>TLS handshakes that the client carried to their end.</summary>
    public int Established => Volatile.Read(ref _established);

    /// <summary>Starts one in front of a loopback port.</summary>
    public static TlsRelay Start(int targetPort, TestCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return new TlsRelay(targetPort, certificate);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _certificate.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> running = [];
        try
        {
            while (true)
                running.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }

        await Task.WhenAll(running);
    }

    private async Task RelayAsync(TcpClient client)
    {
        try
        {
            using (client)
            using (var target = new TcpClient { NoDelay = true })
            {
                client.NoDelay = true;
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
                // With TLS 1.3 a client that does not trust us says so after we are done: only its first bytes are proof that it does.
                var first = new byte[1];
                await tls.ReadExactlyAsync(first, _stop.Token);
                Interlocked.Increment(ref _established);
                await target.ConnectAsync(IPAddress.Loopback, _targetPort, _stop.Token);
                var plain = target.GetStream();
                await plain.WriteAsync(first, _stop.Token);
                await Task.WhenAny(tls.CopyToAsync(plain, _stop.Token), plain.CopyToAsync(tls, _stop.Token));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or AuthenticationException or ObjectDisposedException)
        {
            // One side is gone or does not trust us; the other follows.
        }
    }
}
