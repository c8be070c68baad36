using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using StreamManager.TestKit;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>The API as a user's script sees it: typed where tests look often, raw for the rest.</summary>
internal sealed class ApiClient : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _client;

    /// <summary>For a server on 127.0.0.1.</summary>
    public ApiClient(int port, string? token)
    {
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        if (token is not null)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary><c>GET /api/status</c>.</summary>
    public async Task<StatusView> StatusAsync() => (await GetAsync("/api/status")).As<StatusView>();

    /// <summary><c>POST /api/start</c>.</summary>
    public async Task<StatusView> StartAsync() => (await PostAsync("/api/start")).As<StatusView>();

    /// <summary><c>POST /api/stop</c>.</summary>
    public async Task<StatusView> StopAsync() => (await PostAsync("/api/stop")).As<StatusView>();

    /// <summary>Selects <c>auto</c>, <c>fallback</c> or a source of <c>main</c>.</summary>
    public async Task<StatusView> SelectAsync(string what) => (await PostAsync("/api/channels/main/source", new { select = what })).As<StatusView>();

    /// <summary>Every destination.</summary>
    public async Task<IReadOnlyList<DestinationView>> DestinationsAsync() => (await GetAsync("/api/destinations")).As<DestinationView[]>();

    /// <summary>Adds a destination; returns its id.</summary>
    public async Task<string> AddDestinationAsync(string name, string url, string streamKey, bool enabled = true, object? settings = null)
    {
        var answer = await PostAsync("/api/destinations", new { name, platform = "custom", url, streamKey, enabled, settings });
        return answer.Status is HttpStatusCode.Created ? answer.As<DestinationView>().Id : throw new InvalidOperationException($"{answer.Status}: {answer.Text}");
    }

    /// <summary>Changes fields of a destination.</summary>
    public Task<ApiAnswer> ChangeDestinationAsync(string id, object fields) => SendAsync(HttpMethod.Put, $"/api/destinations/{id}", fields);

    /// <summary>Removes a destination.</summary>
    public Task<ApiAnswer> RemoveDestinationAsync(string id) => SendAsync(HttpMethod.Delete, $"/api/destinations/{id}");

    /// <summary>Publishers and players.</summary>
    public async Task<IReadOnlyList<StreamView>> StreamsAsync() => (await GetAsync("/api/streams")).As<StreamView[]>();

    /// <summary>Closes one of them.</summary>
    public Task<ApiAnswer> KickAsync(string clientId) => SendAsync(HttpMethod.Delete, $"/api/streams/{clientId}");

    /// <summary>Any GET.</summary>
    public Task<ApiAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    /// <summary>Any POST.</summary>
    public Task<ApiAnswer> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);

    /// <summary>Any request; <paramref name="body"/> is sent as JSON, a text as it is. An absolute address reaches another port.</summary>
    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body, Json), Encoding.UTF8, "application/json");
        using var response = await _client.SendAsync(request);
        return new ApiAnswer(response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Bytes of a preview picture or the like.</summary>
    public Task<byte[]> BytesAsync(string path) => _client.GetByteArrayAsync(new Uri(path, UriKind.Relative));

    /// <summary>Asks for the status until it is as wanted.</summary>
    public async Task<StatusView> WaitAsync(Func<StatusView, bool> wanted, string what, TimeSpan? timeout = null)
    {
        ApiAnswer? last = null;
        StatusView? status = null;
        await Eventually.TrueAsync(
            async () =>
            {
                last = await GetAsync("/api/status");
                status = last.As<StatusView>();
                return wanted(status);
            },
            timeout,
            () => $"{what}; the status is {last?.Text}");
        return status!;
    }

    /// <summary>Waits for <c>stopped</c>, <c>waiting</c>, <c>live</c> or <c>fallback</c>.</summary>
    public Task<StatusView> WaitForStateAsync(string state, TimeSpan? timeout = null) => WaitAsync(status => status.State == state, $"state is not {state}", timeout);

    /// <summary>Has it started, by <c>/health/ready</c>? False also when nothing answers. (A server without ffmpeg works, but calls itself not ready.)</summary>
    public async Task<bool> IsReadyAsync(int healthPort)
    {
        try
        {
            var health = (await GetAsync($"http://127.0.0.1:{healthPort}/health/ready")).Body;
            return health.GetProperty("checks").EnumerateArray().Any(check => check.GetProperty("name").GetString() == "started" && check.GetProperty("ok").GetBoolean());
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>What came back.</summary>
    internal sealed record ApiAnswer(HttpStatusCode Status, string Text)
    {
        /// <summary>As JSON.</summary>
        public JsonElement Body => JsonDocument.Parse(Text).RootElement;

        /// <summary>As a type; fails with the answer's text when it is an error.</summary>
        public T As<T>() => (int)Status is >= 200 and < 300
            ? JsonSerializer.Deserialize<T>(Text, Json)!
            : throw new InvalidOperationException($"{(int)Status}: {Text}");
    }
}

/// <summary>What tests read of the status.</summary>
internal sealed record StatusView(
    string Channel, string State, DateTimeOffset? StartedAt, double UptimeSeconds, IReadOnlyList<SourceView> Sources, SourceView Source, ProgramView Program,
    IReadOnlyList<DestinationStatusView> Destinations, int Viewers)
{
    /// <summary>A destination by name.</summary>
    public DestinationStatusView Destination(string name) => Destinations.Single(destination => destination.Name == name);
}

/// <summary>A source in the status.</summary>
internal sealed record SourceView(string Id, string State, string Selected, string Encoder, bool Transcoded, VideoView? Video, AudioView? Audio, IReadOnlyList<string> Warnings);

/// <summary>A source's video in the status.</summary>
internal sealed record VideoView(string Codec, int Width, int Height, double Fps);

/// <summary>A source's audio in the status.</summary>
internal sealed record AudioView(string Codec, int SampleRate, int Channels);

/// <summary>The program in the status.</summary>
internal sealed record ProgramView(
    string? ActiveSource, long TimeMs, int Switches, double SecondsOnFallback, double LargestVideoGapMs, double LargestAudioGapMs, string? FallbackNote);

/// <summary>A destination in the status.</summary>
internal sealed record DestinationStatusView(
    string Id, string Name, string State, string Verdict, int Connects, int Attempts, string? LastError, long FramesSent, long FramesDropped, long BytesSent, long QueueMs,
    DateTimeOffset? NextRetryAt, string PlaybackUrl);

/// <summary>A destination as it is kept.</summary>
internal sealed record DestinationView(string Id, string Name, string Platform, string Url, bool Enabled, string StreamKeyHint, string Origin, string State, string Verdict, string? LastError);

/// <summary>A publisher or player.</summary>
internal sealed record StreamView(string ClientId, string ConnectionType, string Protocol, string Channel, string? Source, string RemoteAddress);
