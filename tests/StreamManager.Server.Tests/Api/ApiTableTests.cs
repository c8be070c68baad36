using System.Net;
using StreamManager.Server.Api;
using StreamManager.Server.Security;

namespace StreamManager.Server.Tests.Api;

/// <summary>Every route, and everything that may be wrong about a call of it.</summary>
public sealed class ApiTableTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    /// <summary>Method, path, a body that is right (empty: none is read), the status of a right call.</summary>
    public static TheoryData<string, string, string, int> Routes => new()
    {
        { "GET", "/api/status", "", 200 },
        { "POST", "/api/start", "", 200 },
        { "POST", "/api/stop", "", 200 },
        { "GET", "/api/channels", "", 200 },
        { "GET", "/api/channels/main", "", 200 },
        { "GET", "/api/channels/main/status", "", 200 },
        { "POST", "/api/channels/main/start", "", 200 },
        { "POST", "/api/channels/main/stop", "", 200 },
        { "POST", "/api/channels/main/source", """{ "select": "fallback" }""", 200 },
        { "GET", "/api/destinations", "", 200 },
        { "POST", "/api/destinations", """{ "name": "A", "url": "rtmp://127.0.0.1:1/app", "streamKey": "key", "enabled": false }""", 201 },
        { "GET", "/api/destinations/twitch", "", 200 },
        { "PUT", "/api/destinations/twitch", """{ "enabled": false }""", 200 },
        { "DELETE", "/api/destinations/twitch", "", 409 },
        { "POST", "/api/destinations/twitch/test-connection", "", 200 },
        { "GET", "/api/keys", "", 200 },
        { "POST", "/api/keys", """{ "name": "Studio" }""", 201 },
        { "GET", "/api/keys/k_unknown", "", 404 },
        { "DELETE", "/api/keys/k_unknown", "", 404 },
        { "POST", "/api/keys/k_unknown/rotate", """{ "overlapSeconds": 60 }""", 404 },
        { "POST", "/api/keys/k_unknown/reveal", "", 404 },
        { "POST", "/api/keys/sign", """{ "action": "play" }""", 200 },
        { "POST", "/api/keys/sign/rotate", "", 204 },
        { "GET", "/api/events", "", 200 },
        { "GET", "/api/streams", "", 200 },
        { "DELETE", "/api/streams/rtmp-999", "", 404 },
        { "GET", "/api/media", "", 200 },
        { "POST", "/api/upload", "{}", 415 },
        { "POST", "/api/set_fallback", """{ "type": "slate" }""", 200 },
        { "POST", "/api/delete_media", """{ "filename": "none.png" }""", 404 },
        { "GET", "/api/media/none.png", "", 404 },
        { "GET", "/api/media/none.png/thumbnail", "", 404 },
        { "GET", "/preview/main.flv", "", 404 },
        { "GET", "/preview/main.jpg", "", 404 },
        { "GET", "/hls/main/index.m3u8", "", 404 },
    };

    public static TheoryData<string, string> Bodies => new()
    {
        { "POST", "/api/channels/main/source" },
        { "POST", "/api/destinations" },
        { "PUT", "/api/destinations/twitch" },
        { "POST", "/api/set_fallback" },
        { "POST", "/api/delete_media" },
        { "POST", "/api/keys" },
        { "POST", "/api/keys/sign" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_CalledRightly_Answers(string method, string path, string body, int status)
    {
        var answer = await _server.SendAsync(new HttpMethod(method), path, body.Length == 0 ? null : body);
        Assert.Equal(status, (int)answer.Status);
        if (status >= 400)
            AssertProblem(answer);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithoutOrWithWrongToken_IsRefused(string method, string path, string body, int status)
    {
        _ = status;
        foreach (var token in new[] { null, "wrong", RunningServer.Token + "x", RunningServer.Token[..^1] })
        {
            var answer = await _server.SendAsync(new HttpMethod(method), path, body.Length == 0 ? null : body, token);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
            AssertProblem(answer, "unauthorized");
        }
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithAnotherMethod_NamesTheRightOnes(string method, string path, string body, int status)
    {
        _ = (method, body, status);
        var answer = await _server.SendAsync(HttpMethod.Patch, path, "{}");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.Status);
        AssertProblem(answer, "method_not_allowed");
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithUnknownId_IsNotFound(string method, string path, string body, int status)
    {
        _ = status;
        var other = path.Replace("/main", "/nothing", StringComparison.Ordinal).Replace("/twitch", "/nothing", StringComparison.Ordinal);
        if (other == path)
            return;
        var answer = await _server.SendAsync(new HttpMethod(method), other, body.Length == 0 ? null : body);
        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        AssertProblem(answer, path.Contains("destinations", StringComparison.Ordinal) ? "destination_not_found" : "channel_not_found");
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_ThatIsNotRight_IsRefusedInWords(string method, string path)
    {
        foreach (var (body, code) in new[]
        {
            ("", "malformed_json"), ("{", "malformed_json"), ("nonsense s3cret", "malformed_json"), ("{}{}", "malformed_json"), ("{ \"a\": 1, \"a\": 2 }", "malformed_json"),
            (new string('[', 100), "malformed_json"), ("[]", "invalid_request"), ("null", "invalid_request"), ("\"text\"", "invalid_request"),
            ("{ \"name\": \"\\ud800\" }", "malformed_json"), ("{ \"\\ud800\": 1 }", "malformed_json"), ("{ \"settings\": { \"name\": \"\\udc00\" } }", "malformed_json"),
        })
        {
            var answer = await _server.SendAsync(new HttpMethod(method), path, body);
            Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
            AssertProblem(answer, code);
            Assert.DoesNotContain("s3cret", answer.Text, StringComparison.Ordinal);
        }

        var large = await _server.SendAsync(new HttpMethod(method), path, "{ \"name\": \"" + new string('x', 70_000) + "\" }");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.Status);
        AssertProblem(large, "too_large");
        var form = await _server.SendAsync(new HttpMethod(method), path, "{}", contentType: "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.Status);
        AssertProblem(form, "unsupported_media_type");
        var unknown = await _server.SendAsync(new HttpMethod(method), path, "{ \"nothingLikeThat\": 1 }");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.Status);
        Assert.Contains("/nothingLikeThat", unknown.WrongFields);
    }

    [Theory]
    [InlineData("/api")]
    [InlineData("/api/nothing")]
    [InlineData("/metrics")]
    [InlineData("/preview/main")]
    [InlineData("/preview/..%2f..%2fetc%2fpasswd.flv")]
    public async Task Path_ThatIsNotThere_IsNotFoundAndNeedsTheTokenToSay(string path)
    {
        var answer = await _server.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        AssertProblem(answer);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.SendAsync(HttpMethod.Get, path, token: null)).Status);
    }

    [Theory]
    [InlineData("/favicon.ico")]
    [InlineData("/robots.txt")]
    [InlineData("/index.php")]
    [InlineData("/setup/more")]
    [InlineData("/assets/nothing.js")]
    [InlineData("/apis")]
    [InlineData("/.env")]
    public async Task Path_ThatIsNoneOfTheApi_IsNotFound_WhoeverAsks(string path)
    {
        foreach (var token in new[] { null, "wrong", RunningServer.Token })
        {
            var answer = await _server.SendAsync(HttpMethod.Get, path, token: token);
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            AssertProblem(answer, "not_found");
        }
    }

    [Fact]
    public void EveryRoute_SaysWhatItNeeds_AndOnlyTheOpenOnesNeedNothing()
    {
        var routes = _server.Server.Routes.ToArray();
        Assert.NotEmpty(routes);
        Assert.Empty(routes.Where(route => route.Metadata.GetMetadata<RouteAccess>() is null).Select(route => route.RoutePattern.RawText));
        var open = routes.Where(route => route.Metadata.GetMetadata<RouteAccess>()!.Needed is Permissions.None).Select(route => route.RoutePattern.RawText!);
        // Of HLS all but the first playlist: the address of one viewing is what is needed.
        Assert.Equal(
            [
                "/api/login", "/api/setup", "/api/user-link", "/api/user-link/password", "/health", "/health/live", "/health/ready", "/hls/{channel}/program.m3u8", "/hls/{channel}/{run}/{file}", "/setup", "/setup.css",
                "/setup.js", "/ws",
            ],
            open.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Port_OfHealthAndMetrics_ServesNothingElse()
    {
        var ports = _server.Server.BoundPorts;
        foreach (var port in new[] { ports.Health, ports.Metrics })
            Assert.Equal(HttpStatusCode.NotFound, (await _server.SendAsync(HttpMethod.Get, "/api/status", port: port)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.SendAsync(HttpMethod.Get, "/health", port: ports.Metrics)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.SendAsync(HttpMethod.Get, "/metrics", port: ports.Health)).Status);
    }

    [Fact]
    public async Task Preview_TokenInTheQuery_IsTakenThereOnly()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await _server.SendAsync(HttpMethod.Get, $"/preview/main.jpg?token={RunningServer.Token}", token: null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.SendAsync(HttpMethod.Get, $"/api/status?token={RunningServer.Token}", token: null)).Status);
    }

    [Fact]
    public async Task WrongTokens_Repeated_AreSlowedAndTheRightOneIsNot()
    {
        for (var i = 0; i < 3; i++)
            await _server.SendAsync(HttpMethod.Get, "/api/status", token: "guess");
        var slow = _server.SendAsync(HttpMethod.Get, "/api/status", token: "guess");
        Assert.Equal(HttpStatusCode.OK, (await _server.GetAsync("/api/status")).Status);
        Assert.False(slow.IsCompleted);
        Assert.Equal(HttpStatusCode.Unauthorized, (await slow).Status);
    }

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(Yaml);

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private const string Yaml = "twitch_rtmp_url: rtmp://127.0.0.1:1/app\ntwitch_stream_key: live_s3cret\n";

    private static void AssertProblem(Answer answer, string? code = null)
    {
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Equal((int)answer.Status, answer.Json.GetProperty("status").GetInt32());
        Assert.NotEmpty(answer.Json.GetProperty("title").GetString()!);
        if (code is not null)
            Assert.Equal(code, answer.Code);
        else
            Assert.NotEmpty(answer.Code!);
    }
}
