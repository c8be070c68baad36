using System.Globalization;
using System.Net.Sockets;
using System.Text;
using StreamManager.TestKit.Processes;

namespace StreamManager.TestKit.Media;

/// <summary>One application of <see cref="NginxRtmp"/>.</summary>
public sealed record NginxApplication(string Name)
{
    /// <summary>Record each publish to an FLV file of its own.</summary>
    public bool Record { get; init; } = true;

    /// <summary>Refuse every publish, by the module's on_publish hook.</summary>
    public bool RefusePublish { get; init; }

    /// <summary>RTMP URLs to which the application pushes what it gets.</summary>
    public IReadOnlyList<string> PushTo { get; init; } = [];
}

/// <summary>
/// A destination that is not ours: a private nginx with the RTMP module, on a port and in a directory of its own. It records what it is sent, and its log
/// says how often somebody published. Any number may run side by side.
/// </summary>
public sealed class NginxRtmp : IAsyncDisposable
{
    private const int HeaderOnly = 13;
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);
    private static readonly string[] ModulePaths =
        ["/usr/lib/nginx/modules/ngx_rtmp_module.so", "/usr/lib64/nginx/modules/ngx_rtmp_module.so", "/usr/local/nginx/modules/ngx_rtmp_module.so"];

    private readonly TemporaryDirectory _directory;
    private readonly IReadOnlyList<NginxApplication> _applications;
    private readonly int _hookPort;
    private ChildProcess _process;

    private NginxRtmp(TemporaryDirectory directory, IReadOnlyList<NginxApplication> applications, int port, int hookPort, ChildProcess process)
    {
        _directory = directory;
        _applications = applications;
        Port = port;
        _hookPort = hookPort;
        _process = process;
    }

    /// <summary>Its RTMP port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The child.</summary>
    public ChildProcess Process => _process;

    /// <summary>Its error log at level info.</summary>
    public string Log => ReadShared(_directory.File("error.log")) + "\n" + _process.Tail;

    /// <summary>Starts one that accepts and records every publish to application <c>live</c>.</summary>
    public static Task<NginxRtmp> StartAsync() => StartAsync([new NginxApplication("live")]);

    /// <summary>Starts one with the given applications; completes when it listens.</summary>
    /// <param name="applications">At least one.</param>
    /// <param name="port">RTMP port; 0: a free one.</param>
    public static async Task<NginxRtmp> StartAsync(IReadOnlyList<NginxApplication> applications, int port = 0)
    {
        ArgumentNullException.ThrowIfNull(applications);
        var directory = new TemporaryDirectory();
        port = port == 0 ? FreePort.Next() : port;
        var hookPort = FreePort.Next();
        Directory.CreateDirectory(directory.File("recordings"));
        await File.WriteAllTextAsync(directory.File("nginx.conf"), Configuration(directory, applications, port, hookPort));
        var server = new NginxRtmp(directory, applications, port, hookPort, Launch(directory));
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

    /// <summary>Where to publish to (or play from).</summary>
    public string Url(string streamKey, string? application = null) => $"{ServerUrl(application)}/{streamKey}";

    /// <summary>The URL without the stream key.</summary>
    public string ServerUrl(string? application = null) => $"rtmp://127.0.0.1:{Port}/{application ?? _applications[0].Name}";

    /// <summary>Recordings so far, oldest first. The last one may still be growing.</summary>
    public IReadOnlyList<string> Recordings(string? streamKey = null) =>
        [.. Directory.EnumerateFiles(_directory.File("recordings"), "*.flv")
            .Where(file => streamKey is null || Path.GetFileName(file).StartsWith(streamKey + "-", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];

    /// <summary>The one recording of a stream.</summary>
    /// <exception cref="InvalidOperationException">There is none, or more than one publish left recordings.</exception>
    public string Recording(string streamKey) => Recordings(streamKey) is [var only]
        ? only
        : throw new InvalidOperationException($"{Recordings(streamKey).Count} recordings of {streamKey}; expected one.\n{Log}");

    /// <summary>How many times a stream was published, from the log: a reconnect shows here even when it falls into the same second and file.</summary>
    public int PublishCount(string streamKey) => Log.Split('\n').Count(line => line.Contains($" publish: name='{streamKey}'", StringComparison.Ordinal));

    /// <summary>Waits until a stream's recording holds at least <paramref name="bytes"/>.</summary>
    public Task WaitForRecordingAsync(string streamKey, long bytes = 50_000, TimeSpan? timeout = null) => Eventually.TrueAsync(
        () => Recordings(streamKey).Sum(file => new FileInfo(file).Length) >= bytes,
        timeout,
        () => $"nginx recorded too little of {streamKey}.\n{Log}");

    /// <summary>Waits until a stream's latest recording holds at least <paramref name="length"/> of media.</summary>
    public Task WaitForRecordingAsync(string streamKey, TimeSpan length, TimeSpan? timeout = null) => Eventually.TrueAsync(
        () => Recordings(streamKey) is [.., var file] && new FileInfo(file).Length > HeaderOnly && FlvRecording.Read(file).Duration >= length,
        timeout ?? length + Eventually.DefaultTimeout,
        () => $"nginx recorded too little of {streamKey}.\n{Log}");

    /// <summary>Waits until nobody publishes a stream any more: its recordings are closed.</summary>
    public Task WaitForEndAsync(string streamKey, TimeSpan? timeout = null) => Eventually.TrueAsync(
        () => Log.Split('\n').Count(line => line.Contains("deleteStream", StringComparison.Ordinal)) >= PublishCount(streamKey),
        timeout,
        () => $"nginx still has a publisher of {streamKey}.\n{Log}");

    /// <summary>SIGTERM; the recordings stay until disposal.</summary>
    public async Task StopAsync()
    {
        _process.Signal(ChildSignal.Terminate);
        await _process.WaitOrKillAsync(StopGrace);
    }

    /// <summary>SIGKILL: every connection breaks at once.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Stands still with its sockets open: a destination that accepts and no longer reads.</summary>
    public void Freeze() => _process.Signal(ChildSignal.Stop);

    /// <summary>Goes on after <see cref="Freeze"/>.</summary>
    public void Resume() => _process.Signal(ChildSignal.Continue);

    /// <summary>Starts it again on the same ports after it was stopped or killed.</summary>
    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = Launch(_directory);
        await WaitUntilListeningAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory.Dispose();
    }

    private static ChildProcess Launch(TemporaryDirectory directory) => ChildProcess.Start(
        File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx",
        ["-p", directory.Path, "-c", directory.File("nginx.conf"), "-e", directory.File("error.log")]);

    private async Task WaitUntilListeningAsync()
    {
        foreach (var port in (int[])[Port, _hookPort])
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    if (!_process.IsRunning)
                        throw new InvalidOperationException($"nginx ended at once:\n{Log}");
                    using var probe = new TcpClient();
                    try
                    {
                        await probe.ConnectAsync("127.0.0.1", port);
                        return true;
                    }
                    catch (SocketException)
                    {
                        return false;
                    }
                },
                describe: () => $"nginx does not listen.\n{Log}");
        }
    }

    // One process without a master: signals reach the one that holds the sockets, and running as root needs no other user.
    private static string Configuration(TemporaryDirectory directory, IReadOnlyList<NginxApplication> applications, int port, int hookPort)
    {
        var text = new StringBuilder();
        if (ModulePaths.FirstOrDefault(File.Exists) is { } module)
            text.AppendLine(CultureInfo.InvariantCulture, $"load_module {module};");
        text.AppendLine(CultureInfo.InvariantCulture, $$"""
            daemon off;
            master_process off;
            pid {{directory.File("nginx.pid")}};
            error_log {{directory.File("error.log")}} info;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_body_temp_path {{directory.File("body")}};
              proxy_temp_path {{directory.File("proxy")}};
              fastcgi_temp_path {{directory.File("fastcgi")}};
              uwsgi_temp_path {{directory.File("uwsgi")}};
              scgi_temp_path {{directory.File("scgi")}};
              server {
                listen 127.0.0.1:{{hookPort}};
                location /refuse { return 403; }
              }
            }
            rtmp {
              access_log off;
              server {
                listen 127.0.0.1:{{port}};
                chunk_size 4096;
            """);
        foreach (var application in applications)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    application {application.Name} {{ live on;");
            if (application.Record)
                text.AppendLine(CultureInfo.InvariantCulture, $"      record all; record_path {directory.File("recordings")}; record_unique on;");
            if (application.RefusePublish)
                text.AppendLine(CultureInfo.InvariantCulture, $"      on_publish http://127.0.0.1:{hookPort}/refuse;");
            foreach (var url in application.PushTo)
                text.AppendLine(CultureInfo.InvariantCulture, $"      push {url};");
            text.AppendLine("    }");
        }
        text.AppendLine("  }").AppendLine("}");
        return text.ToString();
    }

    private static string ReadShared(string path)
    {
        if (!File.Exists(path))
            return "";
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd();
    }
}
