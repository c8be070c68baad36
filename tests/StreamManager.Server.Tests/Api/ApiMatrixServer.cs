using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using StreamManager.Server.Api;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Tests.Security.Accounts;

namespace StreamManager.Server.Tests.Api;

/// <summary>One route as the tables call it.</summary>
/// <param name="Route">What it says about itself.</param>
/// <param name="Method">Its method.</param>
/// <param name="Pattern">Its address, with names for ids.</param>
/// <param name="Needed">The permission.</param>
/// <param name="Path">Its address with ids that are there; null: there is none, see <see cref="ApiMatrixServer.WithoutSample"/>.</param>
internal sealed record RouteCase(RouteDescription Route, string Method, string Pattern, Permissions Needed, string? Path)
{
    /// <summary>The address with an id that nobody has.</summary>
    public string PathWith(string id) => System.Text.RegularExpressions.Regex.Replace(Pattern, "\\{[^}]*\\}", id.Replace("$", "$$", StringComparison.Ordinal));

    /// <summary>Its address, or one that leads to it.</summary>
    public string AnyPath => Path ?? PathWith("nothing");

    public override string ToString() => $"{Method} {Pattern}";
}

/// <summary>A server with one thing of each kind, and every route of it. Whatever is answered may not be our own fault, and may not tell a secret.</summary>
internal sealed class ApiMatrixServer : IAsyncDisposable
{
    private const string StreamKey = "live_s3cret_of_twitch";

    private readonly RunningServer _server;
    private readonly Dictionary<string, string> _samples;
    private int _lastAddress;

    private ApiMatrixServer(RunningServer server, Dictionary<string, string> samples)
    {
        _server = server;
        _samples = samples;
        Routes = [.. server.Server.Routes.Select(Case)];
    }

    /// <summary>Every route.</summary>
    public ImmutableArray<RouteCase> Routes { get; }

    /// <summary>Routes of which no id is there, and why.</summary>
    public static IReadOnlyDictionary<string, string> WithoutSample { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["/api/streams/{clientId}"] = "nobody is connected",
        ["/api/broadcasts/{id}"] = "nothing was broadcast; BroadcastApiTests broadcast",
        ["/api/sessions/{id}"] = "the caller has no session",
        ["/api/media/{filename}"] = "the library is empty; MediaApiTests fill it",
        ["/api/media/{filename}/thumbnail"] = "the library is empty; MediaApiTests fill it",
        ["/hls/{channel}/{run}/{file}"] = "nobody watches; HlsApiTests do",
        ["/api/uploads/{id}"] = "one begins with headers; ResumableUploadTests begin some",
        ["/api/webhooks/{id}/deliveries/{deliveryId}/redeliver"] = "nothing was delivered; WebhookApiTests deliver",
    };

    public RunningServer Server => _server;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ApiMatrixServer> StartAsync()
    {
        var server = await RunningServer.StartAsync($"twitch_rtmp_url: rtmp://127.0.0.1:1/app\ntwitch_stream_key: {StreamKey}\n");
        await server.Server.Accounts.Users.AddAsync("owner", Role.Owner, StoredAccounts.Password, true, "test", Cancel);
        var samples = new Dictionary<string, string>(StringComparer.Ordinal) { ["/api/simulcast/{streamId}"] = "main", ["/preview/{channel}"] = "main", ["/hls/{channel}"] = "main" };
        foreach (var (pattern, body) in new[]
        {
            ("/api/channels/{id}", """{ "id": "sample" }"""),
            ("/api/destinations/{id}", """{ "name": "Sample", "url": "rtmp://127.0.0.1:1/app", "streamKey": "key", "enabled": false }"""),
            ("/api/keys/{id}", """{ "name": "sample" }"""),
            ("/api/tokens/{id}", """{ "name": "sample", "scopes": ["view"] }"""),
            ("/api/users/{id}", """{ "name": "sample", "role": "viewer", "password": "a long phrase here" }"""),
            ("/api/webhooks/{id}", """{ "url": "https://hooks.example.com/sample", "events": ["program.*"], "enabled": false }"""),
        })
        {
            var made = await server.PostAsync(pattern[..pattern.IndexOf("/{", StringComparison.Ordinal)], body);
            Assert.Equal(HttpStatusCode.Created, made.Status);
            samples[pattern] = made.Json.GetProperty("id").GetString()!;
        }

        return new ApiMatrixServer(server, samples);
    }

    /// <summary>A token with these permissions.</summary>
    public async Task<string> TokenAsync(Permissions permissions) =>
        (await _server.Server.Accounts.Tokens.MakeAsync(Caller.Administrator, "matrix", permissions, null, Cancel))!.Secret.Value;

    /// <summary>A session of a user with this name.</summary>
    public async Task<(string Cookie, string Csrf)> SessionAsync(string name)
    {
        var user = (await _server.Server.Accounts.Directory.GetAsync(Cancel)).All.Single(user => user.Value.Name == name);
        var secret = (await _server.Server.Accounts.Sessions.MakeAsync(user, "127.0.0.1", "test", Cancel)).Secret.Value;
        return (SessionCookie.Name + "=" + secret, SessionCookie.AntiforgeryToken(secret));
    }

    /// <summary>Everything that can be listed, without what changes by being used.</summary>
    public async Task<string> StateAsync()
    {
        var text = new StringBuilder();
        foreach (var route in Routes.Where(route => route.Route.IsList && route.Pattern is not ("/api/tokens" or "/api/sessions")))
            text.AppendLine((await _server.GetAsync(route.Pattern)).Text);
        text.AppendLine((await _server.GetAsync("/api/status")).Json.GetProperty("state").GetString());
        return text.ToString();
    }

    /// <summary>Sends a request as it stands, from an address of its own: who guesses is slowed down by address.</summary>
    public async Task<MatrixReply> SendAsync(
        string method, string path, byte[]? body = null, string? token = RunningServer.Token, string? contentType = "application/json", (string Name, string Value)[]? headers = null, bool isChunked = false)
    {
        var address = Interlocked.Increment(ref _lastAddress);
        using var handler = new SocketsHttpHandler
        {
            UseCookies = false,
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(new IPAddress([127, 1, (byte)(address >> 8), (byte)address]), 0));
                await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler);
        var options = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri($"http://127.0.0.1:{PortOf(path)}{path}", options));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in headers ?? [])
            request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (contentType is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            request.Headers.TransferEncodingChunked = isChunked;
        }

        using var response = await client.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        var shown = text + response.Headers + response.Content.Headers;
        Assert.True((int)response.StatusCode is not 500, $"{method} {path} was answered by {(int)response.StatusCode}: {text}");
        foreach (var secret in new[] { RunningServer.Token, StreamKey, StoredAccounts.Password, "   at ", "Exception", "passwordHash" })
            Assert.DoesNotContain(secret, shown, StringComparison.Ordinal);
        return new MatrixReply((int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), text, [.. response.Content.Headers.Allow], response.Headers.ETag?.ToString(), response.Headers.WwwAuthenticate.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        Assert.DoesNotContain("Error StreamManager", _server.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(StreamKey, _server.Log, StringComparison.Ordinal);
        await _server.DisposeAsync();
    }

    private int PortOf(string path) => path.StartsWith("/metrics", StringComparison.Ordinal) ? _server.Server.BoundPorts.Metrics : _server.Server.BoundPorts.Api;

    private RouteCase Case(RouteEndpoint endpoint)
    {
        var pattern = endpoint.RoutePattern.RawText!;
        var path = pattern;
        foreach (var (start, id) in _samples)
        {
            if (path.StartsWith(start, StringComparison.Ordinal))
                path = start[..start.IndexOf('{', StringComparison.Ordinal)] + id + path[start.Length..];
        }

        // The one route with a second id.
        if (pattern == "/api/simulcast/{streamId}/destinations/{id}")
            path = path.Replace("{id}", "twitch", StringComparison.Ordinal);
        return new RouteCase(
            endpoint.Metadata.GetMetadata<RouteDescription>()!,
            endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Single(),
            pattern,
            endpoint.Metadata.GetMetadata<RouteAccess>()!.Needed,
            path.Contains('{', StringComparison.Ordinal) ? null : path);
    }
}

/// <summary>What came back.</summary>
internal sealed record MatrixReply(int Status, string? ContentType, string Text, ImmutableArray<string> Allow, string? Tag, string Challenge)
{
    /// <summary>The code, if it is a proper problem; else what it is.</summary>
    public string Code
    {
        get
        {
            if (ContentType != "application/problem+json")
                return $"no problem but {ContentType}: {Text}";
            var json = JsonDocument.Parse(Text).RootElement;
            return json.GetProperty("status").GetInt32() == Status && json.GetProperty("title").GetString() is { Length: > 0 } ? json.GetProperty("code").GetString()! : "a problem with another status";
        }
    }

    public ImmutableArray<(string Field, string Message)> Errors => JsonDocument.Parse(Text).RootElement.TryGetProperty("errors", out var errors)
        ? [.. errors.EnumerateArray().Select(error => (error.GetProperty("field").GetString()!, error.GetProperty("message").GetString()!))]
        : [];
}
