using System.Diagnostics.CodeAnalysis;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>What differs from server to server.</summary>
internal sealed record ServerSettings
{
    /// <summary>Text of <c>config.yml</c>; null: there is none. Relative paths in it are relative to <see cref="ServerProcess.Folder"/>.</summary>
    public string? Config { get; init; }

    /// <summary>More environment, or other values than the usual ones.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>True: RTMPS too, with the certificate and key files that <see cref="Environment"/> must name.</summary>
    public bool HasRtmps { get; init; }
}

/// <summary>
/// The server as a user runs it: a child process of its own, with a folder of its own, told everything by environment and <c>config.yml</c>. It can be ended in order, killed, and
/// started again over the same data and the same ports.
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    /// <summary>The owner's token.</summary>
    public const string Token = "t0ken-of-the-owner-for-tests";

    /// <summary>Publish key of the source <c>main</c>.</summary>
    public const string MainKey = "live-key-for-tests";

    /// <summary>Enough for everything that a test makes the server say.</summary>
    private const int LogLines = 5_000;

    /// <summary>An orderly end is bounded at about 8 s by the server itself.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(20);

    private static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "StreamManager.Server.dll");

    private readonly TemporaryDirectory _folder = new();
    private readonly ServerSettings _settings;
    private readonly List<string> _earlierLogs = [];
    private ChildProcess _process;

    private ServerProcess(ServerSettings settings)
    {
        _settings = settings;
        ApiPort = FreePort.Next();
        WebSocketPort = FreePort.Next();
        MetricsPort = FreePort.Next();
        HealthPort = FreePort.Next();
        RtmpPort = FreePort.Next();
        RtmpsPort = settings.HasRtmps ? FreePort.Next() : null;
        Api = new ApiClient(ApiPort, Token);
        if (settings.Config is { } text)
            File.WriteAllText(ConfigFile, text);
        Launch();
    }

    /// <summary>Port of the API and the previews, on 127.0.0.1, as are all.</summary>
    public int ApiPort { get; }

    /// <summary>Port of the WebSocket alone.</summary>
    public int WebSocketPort { get; }

    /// <summary>Port of <c>/metrics</c>.</summary>
    public int MetricsPort { get; }

    /// <summary>Port of <c>/health</c>.</summary>
    public int HealthPort { get; }

    /// <summary>Port for publishers and players.</summary>
    public int RtmpPort { get; }

    /// <summary>The same over TLS; null: off.</summary>
    public int? RtmpsPort { get; }

    /// <summary>With the owner's token. Its ports stay the same over restarts.</summary>
    public ApiClient Api { get; }

    /// <summary>The child that runs now.</summary>
    public ChildProcess Process => _process;

    /// <summary>The working directory; <c>config.yml</c> and <c>data/</c> are in it.</summary>
    public string Folder => _folder.Path;

    /// <summary>The server's data directory.</summary>
    public string DataDirectory => _folder.File("data");

    /// <summary>Where <c>config.yml</c> is or would be.</summary>
    public string ConfigFile => _folder.File("config.yml");

    /// <summary>Everything that it wrote on both outputs, those of earlier runs first.</summary>
    public string Log => string.Join('\n', [.. _earlierLogs, _process.Tail.ToString()]);

    /// <summary>Where to publish as <c>main</c>.</summary>
    public string PublishUrl => PublishUrlOf(MainKey);

    /// <summary>Starts a server and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(ServerSettings? settings = null)
    {
        var server = StartWithoutWaiting(settings);
        try
        {
            await server.WaitUntilReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a server with this <c>config.yml</c> and waits until it is ready.</summary>
    public static Task<ServerProcess> StartAsync(string config) => StartAsync(new ServerSettings { Config = config });

    /// <summary>Starts one that may not come up: read <see cref="Process"/> and <see cref="Log"/>.</summary>
    public static ServerProcess StartWithoutWaiting(ServerSettings? settings = null) => new(settings ?? new ServerSettings());

    /// <summary>Where to publish with a given key, or through a relay at another port.</summary>
    public string PublishUrlOf(string key, int? port = null) => $"rtmp://127.0.0.1:{port ?? RtmpPort}/live/{key}";

    /// <summary>Waits until it answers that it is ready.</summary>
    public Task WaitUntilReadyAsync() => Eventually.TrueAsync(
        async () => Process.IsRunning
            ? await Api.IsReadyAsync(HealthPort)
            : throw new InvalidOperationException($"The server ended at once with exit code {await Process.Exited}.\n{Log}"),
        describe: () => $"the server is not ready.\n{Log}");

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Process.Signal(ChildSignal.Terminate);
        return await Process.WaitOrKillAsync(StopGrace);
    }

    /// <summary>SIGKILL: no farewell to anybody.</summary>
    public void Kill() => Process.Kill();

    /// <summary>Starts it again with the same data, settings and ports, after <see cref="StopAsync"/> or <see cref="Kill"/> (or kills it first). Ready when this completes.</summary>
    public async Task RestartAsync()
    {
        Kill();
        await Process.Exited;
        _earlierLogs.Add(_process.Tail.ToString());
        await _process.DisposeAsync();
        Launch();
        await WaitUntilReadyAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Api.Dispose();
        _folder.Dispose();
    }

    [MemberNotNull(nameof(_process))]
    private void Launch()
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["BIND_ADDRESS"] = "127.0.0.1",
            ["PORT"] = $"{ApiPort}",
            ["WS_PORT"] = $"{WebSocketPort}",
            ["METRICS_PORT"] = $"{MetricsPort}",
            ["HEALTH_PORT"] = $"{HealthPort}",
            ["RTMP_PORT"] = $"{RtmpPort}",
            ["RTMPS_PORT"] = RtmpsPort is { } port ? $"{port}" : null,
            ["DATA_DIR"] = DataDirectory,
            ["CONFIG_FILE"] = _settings.Config is null ? null : ConfigFile,
            ["ADMIN_TOKEN"] = Token,
            ["INGEST_KEY"] = MainKey,
        };
        foreach (var (name, value) in _settings.Environment)
            environment[name] = value;
        _process = ChildProcess.Start("dotnet", [Assembly], _folder.Path, environment, LogLines);
    }
}
