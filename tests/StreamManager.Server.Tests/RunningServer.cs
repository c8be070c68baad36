using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;

namespace StreamManager.Server.Tests;

/// <summary>The whole server in this process, on free ports, with everything that it logs.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    public const string Token = "t0ken-of-the-owner";

    private readonly TemporaryFolder _folder;
    private readonly bool _ownsFolder;
    private readonly CapturedLog _log;
    private readonly ILoggerFactory _loggers;

    private RunningServer(TemporaryFolder folder, bool ownsFolder, CapturedLog log, ILoggerFactory loggers, StreamManagerServer server)
    {
        _folder = folder;
        _ownsFolder = ownsFolder;
        _log = log;
        _loggers = loggers;
        Server = server;
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.BoundPorts.Api}") };
    }

    public StreamManagerServer Server { get; }

    /// <summary>Without a token.</summary>
    public HttpClient Client { get; }

    public string Log => string.Join('\n', _log.Lines);

    public static async Task<RunningServer> StartAsync(string? yaml = null, TemporaryFolder? folder = null, Func<ServerOptions, ServerOptions>? change = null)
    {
        var own = folder ?? new TemporaryFolder();
        if (yaml is not null)
            await File.WriteAllTextAsync(own.File("config.yml"), yaml);
        var variables = new Dictionary<string, string>
        {
            ["PORT"] = "0",
            ["WS_PORT"] = "0",
            ["METRICS_PORT"] = "0",
            ["HEALTH_PORT"] = "0",
            ["RTMP_PORT"] = "0",
            ["BIND_ADDRESS"] = "127.0.0.1",
            ["ADMIN_TOKEN"] = Token,
        };
        var options = Assert.IsType<OptionsResult.Loaded>(Load()).Options;
        var log = new CapturedLog();
        var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log));
        try
        {
            var server = await StreamManagerServer.StartAsync(options, Load, TimeProvider.System, loggers, CancellationToken.None);
            return new RunningServer(own, folder is null, log, loggers, server);
        }
        catch
        {
            loggers.Dispose();
            if (folder is null)
                own.Dispose();
            throw;
        }

        OptionsResult Load() => OptionsLoader.Load(variables, own.Path) switch
        {
            OptionsResult.Loaded loaded when change is not null => loaded with { Options = change(loaded.Options) },
            var other => other,
        };
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? json = null, string? token = Token, string contentType = "application/json", int? port = null)
    {
        using var request = new HttpRequestMessage(method, port is null ? new Uri(path, UriKind.Relative) : new Uri($"http://127.0.0.1:{port}{path}"));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, contentType);
        using var response = await Client.SendAsync(request);
        return new Answer(response.StatusCode, response.Content.Headers.ContentType?.ToString() ?? "", await response.Content.ReadAsStringAsync(), response.Headers.Location?.ToString(), response.Headers.ETag?.ToString());
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, string? json = null) => SendAsync(HttpMethod.Post, path, json);

    /// <summary>Asks until the answer is as wanted.</summary>
    public async Task<JsonElement> WaitForAsync(string path, Func<JsonElement, bool> wanted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var json = (await GetAsync(path)).Json;
            if (wanted(json))
                return json;
            Assert.False(limit.IsCancellationRequested, $"{path} never became as wanted; it is {json}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
        }
    }

    /// <summary>Waits for a channel's state.</summary>
    public Task<JsonElement> WaitForStateAsync(string state, string path = "/api/status") => WaitForAsync(path, status => status.GetProperty("state").GetString() == state);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        _loggers.Dispose();
        if (_ownsFolder)
            _folder.Dispose();
    }
}

/// <summary>What came back.</summary>
internal sealed record Answer(HttpStatusCode Status, string ContentType, string Text, string? Location, string? Tag = null)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public string? Code => Json.GetProperty("code").GetString();

    public ImmutableArray<string> WrongFields => [.. Json.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("field").GetString()!)];
}

/// <summary>Keeps every line.</summary>
internal sealed class CapturedLog : ILoggerProvider
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Sink(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Sink(CapturedLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Lines.Enqueue($"{logLevel} {category} {formatter(state, exception)} {exception}");
    }
}
