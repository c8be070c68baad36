using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>A private nginx in front of a server, with the configuration that is handed out in <c>deploy/</c>: only names, ports and files are this machine's.</summary>
internal sealed class NginxFront : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TestCertificateAuthority _authority = new();
    private readonly int _port = FreePort.Next();
    private ChildProcess? _process;

    /// <summary>Where browsers go.</summary>
    public string Name => $"localhost:{_port}";

    public static async Task<NginxFront> StartAsync(int serverPort)
    {
        var front = new NginxFront();
        try
        {
            await front.LaunchAsync(serverPort);
            return front;
        }
        catch
        {
            await front.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client on an address of its own.</summary>
    /// <param name="address">One of 127.0.0.0/8.</param>
    public SocketsHttpHandler ClientFrom(string address) => new()
    {
        UseCookies = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { _authority.Certificate }, RevocationMode = X509RevocationMode.NoCheck },
        },
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
                await socket.ConnectAsync(IPAddress.Loopback, _port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
            await process.DisposeAsync();
        _authority.Dispose();
        _directory.Dispose();
    }

    private async Task LaunchAsync(int serverPort)
    {
        var (certificate, key) = _authority.IssueServer("localhost").WriteTo(_directory, "front");
        var handedOut = (await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "deploy", "nginx", "stream-manager.conf")))
            .Replace("listen 443 ssl", $"listen 127.0.0.1:{_port} ssl", StringComparison.Ordinal)
            .Replace("stream.example.com;", "localhost;", StringComparison.Ordinal)
            .Replace("/etc/letsencrypt/live/stream.example.com/fullchain.pem", certificate, StringComparison.Ordinal)
            .Replace("/etc/letsencrypt/live/stream.example.com/privkey.pem", key, StringComparison.Ordinal)
            .Replace("127.0.0.1:4200", $"127.0.0.1:{serverPort}", StringComparison.Ordinal);
        await File.WriteAllTextAsync(_directory.File("nginx.conf"), $$"""
            daemon off;
            master_process off;
            pid {{_directory.File("nginx.pid")}};
            events { worker_connections 512; }
            http {
              access_log off;
              client_body_temp_path {{_directory.File("body")}};
              proxy_temp_path {{_directory.File("proxy")}};
              fastcgi_temp_path {{_directory.File("fastcgi")}};
              uwsgi_temp_path {{_directory.File("uwsgi")}};
              scgi_temp_path {{_directory.File("scgi")}};
              {{handedOut}}
            }
            """);
        _process = ChildProcess.Start(
            File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx", ["-p", _directory.Path, "-c", _directory.File("nginx.conf"), "-e", _directory.File("error.log")]);
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.True(_process.IsRunning, $"nginx ended at once: {_process.Tail}");
                using var probe = new TcpClient();
                try
                {
                    await probe.ConnectAsync(IPAddress.Loopback, _port);
                    return true;
                }
                catch (SocketException)
                {
                    return false;
                }
            },
            describe: () => $"nginx does not listen: {_process.Tail}");
    }
}
