using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection.Extensions;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Options;
using StreamManager.Server.Realtime;
using StreamManager.Server.Security;

namespace StreamManager.Server.Hosting;

/// <summary>Every port of the server, on one Kestrel.</summary>
internal sealed class Ports
{
    /// <summary>
    /// HTTP connections at once and port, previews and WebSockets among them: room for all clients of the WebSocket and as many others. Beyond it new ones are closed; RTMP has limits of its own.
    /// </summary>
    private const int MostHttpConnections = 2 * RealtimeLimits.MostClients;

    /// <summary>HTTP connections of one address and port: whoever holds them all open must not lock out the rest. A proxy in front has half of all, which is more than it needs.</summary>
    private const int MostHttpConnectionsOfAnAddress = MostHttpConnections / 2;

    /// <summary>
    /// Bytes that a peer may send ahead of whoever reads them, HTTP and RTMP: what a stranger's connection can hold while its answer is held up. Kestrel's own 1 MB, times the connections
    /// of one address, would be all the memory there is; uploads (400 MB/s) and ingest (a hundredth of a second of 25 Mbit/s) are as fast with this.
    /// </summary>
    private const int MostBytesAhead = 32 * 1024;

    /// <summary>Headers of a request, all of them: a browser's with its cookies and a proxy's additions are a quarter of it.</summary>
    private const int MostHeaderBytes = 16 * 1024;

    /// <summary>Until the headers are there: ten round trips on a bad mobile link.</summary>
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A TLS handshake: two round trips on a bad mobile link.</summary>
    private static readonly TimeSpan TlsHandshakeTimeout = TimeSpan.FromSeconds(10);

    private readonly ServerOptions _options;
    private readonly RtmpConnectionHandler _rtmp;
    private readonly List<Listener> _listeners = [];

    /// <summary>Plans the ports of <paramref name="options"/>.</summary>
    public Ports(ServerOptions options, RtmpConnectionHandler rtmp)
    {
        _options = options;
        _rtmp = rtmp;
    }

    /// <summary>The ports as they were bound. Only after <see cref="StartAsync"/>.</summary>
    public BoundPorts Bound => new(PortOf("PORT")!.Value, PortOf("METRICS_PORT")!.Value, PortOf("HEALTH_PORT")!.Value, PortOf("RTMP_PORT")!.Value, PortOf("RTMPS_PORT"), PortOf("WS_PORT")!.Value);

    /// <summary>Makes the application that listens on them. Nothing of ASP.NET Core's own configuration is read: ours is the only one.</summary>
    /// <exception cref="StartupException">The certificate cannot be used.</exception>
    public WebApplication Build(ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "StreamManager.Server" });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        OpenApiDescriber.AddTo(builder.Services);
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, SignalsElsewhere>());
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.MaxReadBufferSize = MostBytesAhead).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = null;
            kestrel.Limits.MaxRequestBodySize = 1 << 20;
            kestrel.Limits.MaxRequestBufferSize = MostBytesAhead;
            kestrel.Limits.MaxRequestHeadersTotalSize = MostHeaderBytes;
            kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
            Http(kestrel, "PORT", _options.ApiPort, ListenerRole.Api);
            Http(kestrel, "WS_PORT", _options.WebSocketPort, ListenerRole.WebSocket);
            Http(kestrel, "METRICS_PORT", _options.MetricsPort, ListenerRole.Metrics);
            Http(kestrel, "HEALTH_PORT", _options.HealthPort, ListenerRole.Health);
            Listen(kestrel, "RTMP_PORT", _options.RtmpPort, listen => listen.Run(connection => _rtmp.RunAsync(connection, isTls: false)));
            if (_options.RtmpsPort is { } rtmps)
            {
                var certificate = LoadCertificate();
                Listen(kestrel, "RTMPS_PORT", rtmps, listen =>
                {
                    listen.UseHttps(new HttpsConnectionAdapterOptions
                    {
                        ServerCertificate = certificate,
                        HandshakeTimeout = TlsHandshakeTimeout,
                        SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    });
                    listen.Run(connection => _rtmp.RunAsync(connection, isTls: true));
                });
            }
        });
        return builder.Build();
    }

    /// <summary>Opens them.</summary>
    /// <exception cref="StartupException">One is taken or not allowed.</exception>
    public async Task StartAsync(WebApplication application, CancellationToken cancellationToken)
    {
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw Taken(e);
        }
        catch (SocketException e)
        {
            throw new StartupException(e.SocketErrorCode switch
            {
                SocketError.AddressNotAvailable => $"BIND_ADDRESS {_options.BindAddress} is not an address of this machine. Set 0.0.0.0 to listen everywhere.",
                SocketError.AccessDenied => $"A port below 1024 needs rights that the server does not have ({Planned()}). Choose ports of 1024 and above.",
                _ => $"The ports cannot be opened ({Planned()}): {e.Message}",
            }, e);
        }
    }

    private StartupException Taken(IOException cause)
    {
        var taken = _listeners.Where(listener => listener.WantedPort != 0 && cause.Message.Contains($":{listener.WantedPort}", StringComparison.Ordinal)).Select(listener => listener.Variable);
        var names = string.Join(" or ", taken) is { Length: > 0 } found ? found : "one of the ports";
        return new StartupException($"Another program listens on the port of {names} already ({cause.Message.TrimEnd('.')}). End it, or set {names} to another number (0: any free one).", cause);
    }

    private string Planned() => string.Join(", ", _listeners.Select(listener => $"{listener.Variable}={listener.WantedPort}"));

    private int? PortOf(string variable) => _listeners.Find(listener => listener.Variable == variable)?.Options.IPEndPoint?.Port;

    private void Http(KestrelServerOptions kestrel, string variable, int port, ListenerRole role)
    {
        var feature = new ListenerFeature(role);
        var limiter = new ConnectionLimiter(MostHttpConnections, MostHttpConnectionsOfAnAddress);
        Listen(kestrel, variable, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => async connection =>
            {
                var address = Addresses.Text(connection.RemoteEndPoint);
                if (!limiter.TryEnter(address))
                {
                    connection.Abort(new ConnectionAbortedException("Too many connections."));
                    return;
                }

                try
                {
                    connection.Features.Set(feature);
                    await next(connection);
                }
                finally
                {
                    limiter.Leave(address);
                }
            });
        });
    }

    private void Listen(KestrelServerOptions kestrel, string variable, int port, Action<ListenOptions> configure) =>
        kestrel.Listen(new IPEndPoint(_options.BindAddress, port), listen =>
        {
            _listeners.Add(new Listener(variable, port, listen));
            configure(listen);
        });

    private X509Certificate2 LoadCertificate()
    {
        try
        {
            using var pem = X509Certificate2.CreateFromPemFile(_options.TlsCertificateFile!, _options.TlsKeyFile);

            // Some TLS stacks take a key only from a store in this form.
            return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"TLS_CERTIFICATE and TLS_KEY cannot be used: {e.Message} They must be PEM files that belong together.", e);
        }
    }

    private sealed record Listener(string Variable, int WantedPort, ListenOptions Options);

    /// <summary>Signals are the program's business, not that of a part of it.</summary>
    private sealed class SignalsElsewhere : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
