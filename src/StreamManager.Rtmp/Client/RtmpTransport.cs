using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace StreamManager.Rtmp.Client;

/// <summary>
/// One TCP connection with TLS where asked. Owns the socket. The socket is non-blocking from the start, so that a synchronous send never waits; the asynchronous operations of
/// socket and stream are not affected by that.
/// </summary>
internal sealed class RtmpTransport : IDisposable
{
    /// <summary>
    /// Bytes that the kernel may hold unsent. Its own limit grows to 4 MB, which is a minute of a small stream: for so long a peer that is too slow would look as if it took everything. A key
    /// frame of 8 Mbit/s still goes in with one call.
    /// </summary>
    internal const int MaxUnsentBytes = 256 * 1024;

    // include/uapi/linux/tcp.h: TCP_NOTSENT_LOWAT.
    private const int TcpLevel = 6;
    private const int NotSentLowWaterMark = 25;

    private RtmpTransport(Socket socket, Stream stream)
    {
        Socket = socket;
        Stream = stream;
    }

    public Socket Socket { get; }

    /// <summary>Reads and writes go through this one; for plain TCP it adds nothing to the socket.</summary>
    public Stream Stream { get; }

    public bool IsTls => Stream is SslStream;

    /// <summary>Looks the name up, tries its addresses in turn, then TLS. Every failure is a <see cref="RtmpStageException"/>, or OperationCanceledException by the stage's limit.</summary>
    public static async Task<RtmpTransport> ConnectAsync(RtmpPublishOptions options, RtmpDestinationUrl destination, RtmpStageTimer stage, TimeProvider time)
    {
        stage.Enter(RtmpConnectStage.Resolve, options.Limits.ConnectTimeout);
        var addresses = await ResolveAsync(destination.Host, stage.Token);
        stage.Continue(RtmpConnectStage.Connect);
        var socket = await ConnectAnyAsync(addresses, destination.Port, options.Limits, time, stage.Token);
        var stream = new NetworkStream(socket, ownsSocket: true);
        // After the stream was made: it wants to see a blocking socket, though its asynchronous operations do not care.
        socket.Blocking = false;
        try
        {
            if (!destination.IsTls)
                return new RtmpTransport(socket, stream);
            stage.Enter(RtmpConnectStage.Tls, options.Limits.TlsTimeout);
            return new RtmpTransport(socket, await AuthenticateAsync(stream, options, destination, stage.Token));
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    public void Dispose()
    {
        // Not SslStream.Dispose alone: that would wait behind a send that hangs. Closing the socket ends every pending operation.
        Socket.Dispose();
        Stream.Dispose();
    }

    private static async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
            return [literal];
        try
        {
            var found = await Dns.GetHostAddressesAsync(host, cancellationToken);
            return found.Length > 0 ? found : throw new RtmpStageException(RtmpFailureKind.Unreachable, "The server's name has no address.");
        }
        catch (SocketException e)
        {
            throw new RtmpStageException(RtmpFailureKind.Unreachable, e.SocketErrorCode switch
            {
                SocketError.HostNotFound or SocketError.NoData => "The server's name does not exist.",
                SocketError.TryAgain => "The server's name could not be looked up: the name service does not answer.",
                _ => $"The server's name could not be looked up ({e.SocketErrorCode}).",
            });
        }
    }

    private static async Task<Socket> ConnectAnyAsync(IPAddress[] addresses, int port, RtmpClientLimits limits, TimeProvider time, CancellationToken cancellationToken)
    {
        var last = "";
        var count = Math.Min(addresses.Length, limits.MaxAddresses);
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var limit = new CancellationTokenSource(i + 1 < count ? limits.AddressTimeout : Timeout.InfiniteTimeSpan, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                await socket.ConnectAsync(addresses[i], port, both.Token);
                LimitUnsentBytes(socket);
                return socket;
            }
            catch (SocketException e)
            {
                socket.Dispose();
                last = Words(e.SocketErrorCode);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                socket.Dispose();
                last = Words(SocketError.TimedOut);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw new RtmpStageException(RtmpFailureKind.Unreachable, last);
    }

    private static void LimitUnsentBytes(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            socket.SetRawSocketOption(TcpLevel, NotSentLowWaterMark, BitConverter.GetBytes(MaxUnsentBytes));
        }
        catch (SocketException)
        {
            // A kernel that does not know it: a slow peer is noticed later, that is all.
        }
    }

    private static string Words(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "The server refuses connections on this port.",
        SocketError.TimedOut => "The server does not answer on this port.",
        SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.NetworkDown or SocketError.HostDown => "There is no route to the server.",
        SocketError.ConnectionReset => "The server reset the connection at once.",
        _ => $"No connection to the server ({error}).",
    };

    private static async Task<SslStream> AuthenticateAsync(NetworkStream stream, RtmpPublishOptions options, RtmpDestinationUrl destination, CancellationToken cancellationToken)
    {
        var check = new RtmpCertificateCheck(options);
        var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = destination.Host, RemoteCertificateValidationCallback = check.Validate },
                cancellationToken);
            return tls;
        }
        catch (AuthenticationException e)
        {
            await tls.DisposeAsync();
            throw new RtmpStageException(
                RtmpFailureKind.Unreachable,
                check.Problem ?? "The TLS handshake failed: the server offers no protocol or cipher in common, or speaks no TLS.",
                e);
        }
        catch (IOException e)
        {
            await tls.DisposeAsync();
            throw new RtmpStageException(RtmpFailureKind.Unreachable, "The TLS handshake failed: the server closed the connection, or speaks no TLS on this port.", e);
        }
    }
}
