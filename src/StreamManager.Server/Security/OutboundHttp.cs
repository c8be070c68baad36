using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace StreamManager.Server.Security;

/// <summary>How <see cref="OutboundHttp"/> reaches others.</summary>
internal sealed record OutboundHttpSettings
{
    /// <summary>Setting <c>webhook_allow_private_addresses</c>, see <see cref="OutboundAddresses.IsAllowed"/>.</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>The addresses of a name. Default: the system's resolver.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Connects to an address that was found good. Default: TCP.</summary>
    public Func<IPEndPoint, CancellationToken, ValueTask<Stream>> Connect { get; init; } = ConnectByTcpAsync;

    /// <summary>Authorities to trust in place of the system's; none: the system's.</summary>
    public X509Certificate2Collection TrustedRoots { get; init; } = [];

    private static async ValueTask<Stream> ConnectByTcpAsync(IPEndPoint peer, CancellationToken cancellationToken)
    {
        var socket = new Socket(peer.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(peer, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>
/// The one way by which the server sends HTTP requests to addresses that users gave it. The addresses of a name are checked when a connection is made, and the connection goes to one of
/// those very addresses, so that a name that resolves to something else a moment later gains nothing. Redirects are answers like any other; proxies, cookies and stored credentials are not
/// used. Thread-safe.
/// </summary>
internal sealed class OutboundHttp : IDisposable
{
    /// <summary>A peer that does not take a connection within this time is away.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A connection is used again within this time, and then made anew, with another look at its address: names move.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2), ConnectionIdleTime = TimeSpan.FromSeconds(30);

    /// <summary>Connections to one peer: several endpoints may be on one host.</summary>
    private const int ConnectionsPerPeer = 32;

    /// <summary>Header of an answer, KB: usual servers send 1.</summary>
    private const int LargestHeaderKilobytes = 16;

    /// <summary>Addresses of a name that are tried: the next one only when one refuses.</summary>
    private const int MostAddresses = 8;

    private readonly OutboundHttpSettings _settings;
    private readonly HttpMessageInvoker _invoker;

    /// <summary>Creates the client; it makes no connection yet.</summary>
    public OutboundHttp(OutboundHttpSettings settings)
    {
        _settings = settings;
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            PooledConnectionIdleTimeout = ConnectionIdleTime,
            MaxConnectionsPerServer = ConnectionsPerPeer,
            MaxResponseHeadersLength = LargestHeaderKilobytes,
            // What was not read of an answer is thrown away with its connection.
            MaxResponseDrainSize = 0,
            // No trace ids for strangers.
            ActivityHeadersPropagator = null,
            ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, cancellationToken),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = ChainPolicy(settings.TrustedRoots) },
        });
    }

    /// <summary>Are this machine and private networks allowed?</summary>
    public bool AllowsPrivateAddresses => _settings.AllowPrivateAddresses;

    /// <summary>Sends a request; the body of the answer is not read yet. The caller disposes the answer.</summary>
    /// <exception cref="HttpRequestException">No answer; <see cref="OutboundAddressException"/> inside: the address is not allowed. <see cref="Describe"/> tells it in words.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or no connection in time.</exception>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _invoker.SendAsync(request, cancellationToken);

    /// <summary>Why there was no answer, in words that hold neither the URL nor what the peer sent.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        HttpRequestException { InnerException: OutboundAddressException inner } => inner.Message,
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "The name of the host cannot be resolved.",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } or AuthenticationException =>
            "TLS failed: the certificate is not trusted or not for this name, or the peer does not speak TLS.",
        HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } } =>
            "The name of the host cannot be resolved.",
        HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } => "Nobody listens at this host and port.",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "The host cannot be reached.",
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } => "The answer is no HTTP, or its header is too large.",
        OperationCanceledException => "No answer in time.",
        _ => "The connection broke before there was an answer.",
    };

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    private async ValueTask<Stream> ConnectAsync(DnsEndPoint peer, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(peer.Host, out var literal) ? [literal] : await _settings.Resolve(peer.Host, cancellationToken);
        if (addresses.Length == 0)
            throw new SocketException((int)SocketError.HostNotFound);

        // A name that has a forbidden address among its addresses is not trusted with the others.
        if (!Array.TrueForAll(addresses, address => OutboundAddresses.IsAllowed(address, _settings.AllowPrivateAddresses)))
            throw new OutboundAddressException();
        for (var i = 0; ; i++)
        {
            try
            {
                return await _settings.Connect(new IPEndPoint(addresses[i], peer.Port), cancellationToken);
            }
            catch (SocketException) when (i + 1 < Math.Min(addresses.Length, MostAddresses))
            {
                // The next one may be reachable: IPv6 that leads nowhere is usual.
            }
        }
    }

    /// <summary>Certificates name addresses from which others can be loaded, and lists of revoked ones: nothing is loaded from there, since nobody checks those addresses.</summary>
    private static X509ChainPolicy ChainPolicy(X509Certificate2Collection roots)
    {
        var policy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };
        if (roots.Count > 0)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(roots);
        }

        return policy;
    }
}

/// <summary>The address that a name stands for may not be connected to. The address itself is not told: names inside a network are nobody's business.</summary>
internal sealed class OutboundAddressException()
    : Exception("The host is on this machine, on a private network or at another address that is not allowed; see webhook_allow_private_addresses.");
