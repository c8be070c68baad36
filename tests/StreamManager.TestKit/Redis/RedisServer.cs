using System.Globalization;
using System.Net.Sockets;
using System.Text;
using StreamManager.TestKit.Processes;

namespace StreamManager.TestKit.Redis;

/// <summary>How a <see cref="RedisServer"/> is set up.</summary>
public sealed record RedisServerSettings
{
    /// <summary>What clients must say; null: nothing.</summary>
    public string? Password { get; init; }

    /// <summary>Present: the port speaks TLS only, with this certificate.</summary>
    public TestCertificate? Certificate { get; init; }

    /// <summary>More lines of redis.conf.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];
}

/// <summary>
/// A real redis-server of a test's own, on a free port of 127.0.0.1 and with its data in a private directory: what was written is there after a restart, also after a kill.
/// Any number may run side by side.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private const string Program = "redis-server";
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    private readonly TemporaryDirectory _directory;
    private readonly RedisServerSettings _settings;
    private ChildProcess _process;

    private RedisServer(TemporaryDirectory directory, RedisServerSettings settings, int port)
    {
        _directory = directory;
        _settings = settings;
        Port = port;
        File.WriteAllText(directory.File("redis.conf"), Configuration());
        _process = Launch();
    }

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Where it is, without a password.</summary>
    public string Url => $"{(_settings.Certificate is null ? "redis" : "rediss")}://127.0.0.1:{Port}";

    /// <summary>What it wrote last.</summary>
    public string Log => _process.Tail.ToString();

    /// <summary>Starts one; completes when it listens.</summary>
    public static async Task<RedisServer> StartAsync(RedisServerSettings? settings = null)
    {
        var server = new RedisServer(new TemporaryDirectory(), settings ?? new RedisServerSettings(), FreePort.Next());
        try
        {
            await server.WaitUntilListeningAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command through redis-cli, as somebody else would, and returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public async Task<string> CommandAsync(params string[] words)
    {
        List<string> arguments = ["-e", "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture)];
        if (_settings.Password is { } password)
            arguments.AddRange(["--no-auth-warning", "-a", password]);
        if (_settings.Certificate is not null)
            arguments.AddRange(["--tls", "--insecure"]);
        var result = await ChildProcess.RunAsync("redis-cli", [.. arguments, .. words]);
        var output = Encoding.UTF8.GetString(result.Output).TrimEnd('\n');
        return result.ExitCode == 0 ? output : throw new InvalidOperationException($"redis-cli: {output} {result.ErrorTail}");
    }

    /// <summary>SIGTERM: it ends in order and keeps its data.</summary>
    public async Task StopAsync()
    {
        _process.Signal(ChildSignal.Terminate);
        await _process.WaitOrKillAsync(StopGrace);
    }

    /// <summary>SIGKILL: every connection breaks at once.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitOrKillAsync(StopGrace);
    }

    /// <summary>Stands still with its sockets open; the kernel goes on accepting connections for it.</summary>
    public void Freeze() => _process.Signal(ChildSignal.Stop);

    /// <summary>Goes on after <see cref="Freeze"/>.</summary>
    public void Resume() => _process.Signal(ChildSignal.Continue);

    /// <summary>Starts it again on its port with its data, after it was stopped or killed. It may still be loading when this completes.</summary>
    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = Launch();
        await WaitUntilListeningAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory.Dispose();
    }

    private ChildProcess Launch() => ChildProcess.Start(Program, [_directory.File("redis.conf")]);

    private Task WaitUntilListeningAsync() => Eventually.TrueAsync(
        async () =>
        {
            if (!_process.IsRunning)
                throw new InvalidOperationException($"{Program} ended at once:\n{Log}");
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync("127.0.0.1", Port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        },
        describe: () => $"{Program} does not listen.\n{Log}");

    private string Configuration()
    {
        // The append-only file reaches the kernel before a write is answered: a kill of the process loses nothing.
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"""
            bind 127.0.0.1
            dir {_directory.Path}
            save ""
            appendonly yes
            appendfsync no
            daemonize no
            """);
        if (_settings.Certificate is { } certificate)
        {
            File.WriteAllText(_directory.File("certificate.pem"), certificate.CertificatePem);
            File.WriteAllText(_directory.File("key.pem"), certificate.KeyPem);
            text.AppendLine(CultureInfo.InvariantCulture, $"""
                port 0
                tls-port {Port}
                tls-cert-file {_directory.File("certificate.pem")}
                tls-key-file {_directory.File("key.pem")}
                tls-auth-clients no
                tls-ca-cert-file {_directory.File("certificate.pem")}
                """);
        }
        else
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"port {Port}");
        }

        if (_settings.Password is { } password)
            text.AppendLine(CultureInfo.InvariantCulture, $"requirepass {password}");
        foreach (var line in _settings.Lines)
            text.AppendLine(line);
        return text.ToString();
    }
}
