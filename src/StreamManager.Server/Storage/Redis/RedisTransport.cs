using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace StreamManager.Server.Storage.Redis;

/// <summary>Opens the socket to a Redis, with TLS where the URL asks for it.</summary>
internal static class RedisTransport
{
    /// <summary>The caller owns the socket and the stream, and disposes of the socket first: that ends whatever waits.</summary>
    /// <exception cref="RedisConnectException">It cannot be reached, or its certificate was not taken.</exception>
    public static async Task<(Socket Socket, Stream Stream)> OpenAsync(RedisOptions options, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(options.Url.Host, options.Url.Port, cancellationToken);
            var stream = new NetworkStream(socket, ownsSocket: false);
            return (socket, options.Url.IsTls ? await AuthenticateAsync(stream, options, cancellationToken) : stream);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new RedisConnectException(RedisFailure.OfConnecting(e.SocketErrorCode), e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<SslStream> AuthenticateAsync(NetworkStream stream, RedisOptions options, CancellationToken cancellationToken)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck };
        if (options.TrustedRoots.Count > 0)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(options.TrustedRoots);
        }

        var problem = "The TLS handshake failed: the port speaks no TLS, or offers no protocol or cipher in common.";
        var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = options.Url.Host,
                    CertificateChainPolicy = policy,
                    RemoteCertificateValidationCallback = (_, _, chain, errors) =>
                    {
                        problem = errors == SslPolicyErrors.None ? problem : Words(chain, errors);
                        return errors == SslPolicyErrors.None;
                    },
                },
                cancellationToken);
            return tls;
        }
        catch (AuthenticationException e)
        {
            await tls.DisposeAsync();
            throw new RedisConnectException(new RedisFailure(RedisFailureKind.Certificate, problem), e);
        }
        catch (IOException e)
        {
            await tls.DisposeAsync();
            throw new RedisConnectException(new RedisFailure(RedisFailureKind.Closed, "Redis closed the connection in the TLS handshake: it was stopped, or the port speaks no TLS."), e);
        }
        catch (OperationCanceledException e)
        {
            await tls.DisposeAsync();
            // A Redis without TLS takes the handshake for the beginning of a long line.
            throw new RedisConnectException(new RedisFailure(RedisFailureKind.TimedOut, "The TLS handshake is not answered: Redis stands still, or the port speaks no TLS (redis://)."), e);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private static string Words(X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            return "Redis showed no certificate.";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return "The certificate of Redis is for another name.";
        var status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        return status.HasFlag(X509ChainStatusFlags.NotTimeValid)
            ? "The certificate of Redis has expired or is not valid yet."
            : "The certificate of Redis is not signed by a known authority.";
    }
}
