using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace StreamManager.Server.Tests.Webhooks;

public sealed class WebhookApiTests : IAsyncLifetime
{
    private const string Nothing = "http://127.0.0.1:1/hook";

    private RunningServer _server = null!;
    private WebhookReceiver _receiver = null!;
    private string _id = "";

    /// <summary>Method, path behind <c>/api/webhooks</c>, a body that is right (empty: none is read), the status of a right call.</summary>
    public static TheoryData<string, string, string, int> Routes => new()
    {
        { "GET", "", "", 200 },
        { "POST", "", $$"""{ "url": "{{Nothing}}", "events": ["*"] }""", 201 },
        { "GET", "/ID", "", 200 },
        { "PUT", "/ID", """{ "events": ["program.*"] }""", 200 },
        { "DELETE", "/ID", "", 204 },
        { "POST", "/ID/test", "", 200 },
        { "POST", "/ID/rotate-secret", "", 200 },
        { "POST", "/ID/rotate-secret", """{ "overlapSeconds": 0 }""", 200 },
        { "GET", "/ID/deliveries", "", 200 },
        { "GET", "/ID/deliveries?limit=5&state=failed", "", 200 },
        { "POST", "/ID/deliveries/dlv_nothing/redeliver", "", 404 },
        { "POST", "/ID/replay", """{ "since": "2020-01-31T12:00:00Z" }""", 202 },
    };

    public static TheoryData<string, string> Bodies => new()
    {
        { "POST", "" },
        { "PUT", "/ID" },
        { "POST", "/ID/rotate-secret" },
        { "POST", "/ID/replay" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_CalledRightly_Answers(string method, string path, string body, int status)
    {
        var answer = await SendAsync(method, path, body);
        Assert.Equal(status, (int)answer.Status);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithoutToken_OrWithoutThePermission_IsRefusedAndChangesNothing(string method, string path, string body, int status)
    {
        _ = status;
        var before = (await SendAsync("GET", "")).Text;
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(method, path, body, token: null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(method, path, body, token: "wrong")).Status);
        var operate = await TokenAsync("view", "operate");
        var refused = await SendAsync(method, path, body, operate);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Equal("forbidden", refused.Code);
        Assert.Equal(before, (await SendAsync("GET", "")).Text);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithUnknownId_IsNotFound(string method, string path, string body, int status)
    {
        _ = status;
        if (path.Length == 0)
            return;
        foreach (var id in new[] { "wh_nothing", "..%2f..%2fetc%2fpasswd", new string('x', 1_000) })
        {
            var answer = await SendAsync(method, path.Replace("ID", id, StringComparison.Ordinal), body);
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            Assert.Equal("webhook_not_found", answer.Code);
        }
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithAnotherMethod_IsRefused(string method, string path, string body, int status)
    {
        _ = (method, body, status);
        var answer = await SendAsync("PATCH", path, "{}");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.Status);
        Assert.Equal("method_not_allowed", answer.Code);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_ThatIsNotRight_IsRefusedInWords(string method, string path)
    {
        var before = (await SendAsync("GET", "")).Text;
        foreach (var (body, code) in new[]
        {
            ("{", "malformed_json"), ("nonsense s3cret", "malformed_json"), ("{ \"url\": 1, \"url\": 2 }", "malformed_json"), (new string('[', 100), "malformed_json"),
            ("[]", "invalid_request"), ("null", "invalid_request"), ("{ \"url\": \"\\ud800\" }", "malformed_json"), ("{ \"nothingLikeThat\": 1 }", "invalid_request"),
        })
        {
            var answer = await SendAsync(method, path, body);
            Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
            Assert.Equal(code, answer.Code);
            Assert.DoesNotContain("s3cret", answer.Text, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync(method, path, "{ \"url\": \"" + new string('x', 70_000) + "\" }")).Status);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await _server.SendAsync(new HttpMethod(method), Path(path), "{}", contentType: "text/plain")).Status);
        Assert.Equal(before, (await SendAsync("GET", "")).Text);
    }

    public static TheoryData<string, string, string, string[]> WrongFields => new()
    {
        { "POST", "", "{}", ["/url"] },
        { "POST", "", $$"""{ "url": "{{Nothing}}" }""", ["/events"] },
        { "POST", "", $$"""{ "url": "{{Nothing}}", "events": [] }""", ["/events"] },
        { "POST", "", """{ "url": 1, "events": "program.*", "channelId": 5, "enabled": "yes", "decides": {}, "decisionTimeoutMs": "2", "onDecisionFailure": true }""",
            ["/channelId", "/decides", "/decisionTimeoutMs", "/enabled", "/events", "/onDecisionFailure", "/url"] },
        { "POST", "", """{ "url": "ftp://h/", "events": ["*", 7], "decides": ["program.onAir"], "decisionTimeoutMs": 5001, "onDecisionFailure": "maybe" }""",
            ["/decides", "/decisionTimeoutMs", "/events", "/onDecisionFailure", "/url"] },
        { "POST", "", """{ "url": "http://user:s3cret@h/", "events": ["a b"], "channelId": "nothing" }""", ["/channelId", "/events", "/url"] },
        { "POST", "", """{ "url": "http://h/#part", "events": ["*"], "secret": "whsec_x" }""", ["/secret", "/url"] },
        { "POST", "", """{ "url": "/relative", "events": ["*"] }""", ["/url"] },
        { "PUT", "/ID", """{ "url": "javascript:alert(1)", "decisionTimeoutMs": 99 }""", ["/decisionTimeoutMs", "/url"] },
        { "PUT", "/ID", """{ "events": [] }""", ["/events"] },
        { "POST", "/ID/rotate-secret", """{ "overlapSeconds": 604801 }""", ["/overlapSeconds"] },
        { "POST", "/ID/replay", "{}", ["/since"] },
        { "POST", "/ID/replay", """{ "since": "yesterday" }""", ["/since"] },
        { "GET", "/ID/deliveries?limit=5&state=lost", "", ["state"] },
        { "GET", "/ID/deliveries?limit=100000", "", ["limit"] },
    };

    [Theory]
    [MemberData(nameof(WrongFields))]
    public async Task Fields_ThatAreWrong_AreNamed(string method, string path, string body, string[] fields)
    {
        var before = (await SendAsync("GET", "")).Text;
        var answer = await SendAsync(method, path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(fields, answer.WrongFields.Order(StringComparer.Ordinal));
        Assert.DoesNotContain("s3cret", answer.Text, StringComparison.Ordinal);
        Assert.Equal(before, (await SendAsync("GET", "")).Text);
    }

    [Fact]
    public async Task Added_ShowsItsSecretOnce_AndSurvivesARestart()
    {
        using var folder = new TemporaryFolder();
        string id;
        string secret;
        await using (var server = await RunningServer.StartAsync(Yaml, folder))
        {
            var body = $$"""{ "url": "{{_receiver.Url}}?token=s3cret", "events": ["program.*"], "decides": ["connection.prePublish"], "decisionTimeoutMs": 900, "onDecisionFailure": "allow", "channelId": "main" }""";
            var added = await server.PostAsync("/api/webhooks", body);
            Assert.Equal(HttpStatusCode.Created, added.Status);
            id = added.Json.GetProperty("id").GetString()!;
            secret = added.Json.GetProperty("secret").GetString()!;
            Assert.Equal($"/api/webhooks/{id}", added.Location);
            Assert.Contains("http", Assert.Single(added.Json.GetProperty("warnings").EnumerateArray()).GetString(), StringComparison.Ordinal);
        }

        await using (var server = await RunningServer.StartAsync(Yaml, folder))
        {
            var read = await server.GetAsync($"/api/webhooks/{id}");
            Assert.False(read.Json.TryGetProperty("secret", out _));
            Assert.DoesNotContain(secret, read.Text, StringComparison.Ordinal);
            Assert.Equal("…" + secret[^4..], read.Json.GetProperty("secretHint").GetString());
            Assert.Equal("connection.prePublish", Assert.Single(read.Json.GetProperty("decides").EnumerateArray()).GetString());
            Assert.Equal(900, read.Json.GetProperty("decisionTimeoutMs").GetInt32());
            Assert.Equal("allow", read.Json.GetProperty("onDecisionFailure").GetString());
            var test = (await server.PostAsync($"/api/webhooks/{id}/test")).Json;
            Assert.True(test.GetProperty("ok").GetBoolean());
            var received = Assert.Single(_receiver.Received);
            Assert.Equal("webhook.test", received.Json.GetProperty("type").GetString());
            Assert.True(received.IsSignedWith(secret));

            var rotated = (await server.PostAsync($"/api/webhooks/{id}/rotate-secret")).Json;
            await server.PostAsync($"/api/webhooks/{id}/test");
            Assert.True(_receiver.Received.Last().IsSignedWith(secret));
            Assert.True(_receiver.Received.Last().IsSignedWith(rotated.GetProperty("secret").GetString()!));
            Assert.DoesNotContain("s3cret", server.Log, StringComparison.Ordinal);
            Assert.DoesNotContain(secret["whsec_".Length..], server.Log, StringComparison.Ordinal);
        }

        foreach (var file in Directory.EnumerateFiles(folder.Path, "state.db*", SearchOption.AllDirectories))
        {
            var text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            Assert.DoesNotContain("s3cret", text, StringComparison.Ordinal);
            Assert.DoesNotContain(secret["whsec_".Length..], text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Changed_WithAnOldTag_IsRefused()
    {
        var (_, tag) = await TaggedAsync("GET", null, null);
        Assert.Equal(HttpStatusCode.OK, (await TaggedAsync("PUT", tag, """{ "events": ["program.*"] }""")).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await TaggedAsync("PUT", tag, """{ "events": ["*"] }""")).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await TaggedAsync("DELETE", tag, null)).Status);
        Assert.Equal("program.*", (await SendAsync("GET", "/ID")).Json.GetProperty("events")[0].GetString());
        Assert.Equal(HttpStatusCode.NoContent, (await TaggedAsync("DELETE", (await TaggedAsync("GET", null, null)).Tag, null)).Status);
    }

    [Fact]
    public async Task Changed_FieldsThatAreAbsent_Stay()
    {
        await SendAsync("PUT", "/ID", """{ "channelId": "main" }""");
        var changed = (await SendAsync("PUT", "/ID", """{ "enabled": false }""")).Json;
        Assert.Equal("main", changed.GetProperty("channelId").GetString());
        Assert.Equal(_receiver.Url, changed.GetProperty("url").GetString());
        Assert.Equal(JsonValueKind.Null, (await SendAsync("PUT", "/ID", """{ "channelId": "" }""")).Json.GetProperty("channelId").ValueKind);
        Assert.Equal("webhook_is_disabled", (await SendAsync("POST", "/ID/replay", """{ "since": "2020-01-31T12:00:00Z" }""")).Code);
        Assert.Equal("webhook_is_disabled", (await SendAsync("POST", "/ID/deliveries/dlv_1/redeliver")).Code);
    }

    [Fact]
    public async Task Event_OfTheServer_IsDeliveredAndShownInTheLog()
    {
        var owner = await SendAsync("POST", "", $$"""{ "url": "{{_receiver.Url}}", "events": ["audit.token.*"] }""");
        _id = owner.Json.GetProperty("id").GetString()!;
        await TokenAsync("view");
        await _receiver.WaitForAsync(1);
        var log = await _server.WaitForAsync($"/api/webhooks/{_id}/deliveries", deliveries => deliveries.GetArrayLength() == 1 && deliveries[0].GetProperty("state").GetString() == "delivered");
        Assert.Equal(_receiver.Received.Last().Id, log[0].GetProperty("eventId").GetString());
        Assert.Equal(204, log[0].GetProperty("attempts")[0].GetProperty("status").GetInt32());
        var again = await SendAsync("POST", $"/ID/deliveries/{log[0].GetProperty("id").GetString()}/redeliver");
        Assert.Equal(HttpStatusCode.Accepted, again.Status);
        await _receiver.WaitForAsync(2);
        Assert.Equal(_receiver.Received.First().Id, _receiver.Received.Last().Id);
    }

    [Fact]
    public async Task Viewer_WhomAWebhookRefuses_IsToldItsReason()
    {
        _receiver.AnswerWith(200, body: """{ "allow": false, "reason": "Not before eight." }""");
        var decider = await SendAsync("POST", "", $$"""{ "url": "{{_receiver.Url}}", "decides": ["connection.prePlay"] }""");
        await _server.PostAsync("/api/start");
        await _server.WaitForStateAsync("fallback");
        foreach (var address in (string[])["/preview/main.flv", "/hls/main/index.m3u8"])
        {
            var refused = await _server.GetAsync(address);
            Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
            Assert.Contains("Not before eight.", refused.Text, StringComparison.Ordinal);
        }

        _id = decider.Json.GetProperty("id").GetString()!;
        Assert.Equal("Not before eight.", (await SendAsync("GET", "/ID")).Json.GetProperty("lastDecision").GetProperty("reason").GetString());
        _receiver.AnswerWith(200, body: """{ "allow": true }""");
        using var allowed = await _server.Client.GetAsync(
            new Uri($"/preview/main.flv?token={RunningServer.Token}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
    }

    [Fact]
    public async Task WebhookOfAuditEvents_BelongsToOwners()
    {
        var manage = await TokenAsync("view", "manage");
        var body = $$"""{ "url": "{{Nothing}}", "events": ["audit.user.*"] }""";
        Assert.Equal("forbidden", (await SendAsync("POST", "", body, manage)).Code);
        Assert.Equal("forbidden", (await SendAsync("PUT", "/ID", """{ "events": ["audit.*"] }""", manage)).Code);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("PUT", "/ID", """{ "events": ["audit.*"] }""")).Status);
        foreach (var (method, path, text) in new[]
        {
            ("GET", "/ID", ""), ("PUT", "/ID", """{ "url": "http://elsewhere.example/" }"""), ("DELETE", "/ID", ""), ("POST", "/ID/test", ""), ("POST", "/ID/rotate-secret", ""), ("GET", "/ID/deliveries", ""),
            ("POST", "/ID/deliveries/dlv_1/redeliver", ""), ("POST", "/ID/replay", """{ "since": "2020-01-31T12:00:00Z" }"""),
        })
            Assert.Equal("forbidden", (await SendAsync(method, path, text, manage)).Code);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync("POST", "", $$"""{ "url": "{{Nothing}}", "events": ["*"] }""", manage)).Status);

        // Its address may hold a token: who may not use it does not see it.
        Assert.Equal(["*"], Assert.Single((await SendAsync("GET", "", token: manage)).Json.EnumerateArray()).GetProperty("events").EnumerateArray().Select(type => type.GetString()));
        Assert.Equal(2, (await SendAsync("GET", "")).Json.GetArrayLength());
    }

    [Fact]
    public async Task Added_TooMany_IsRefused()
    {
        Answer answer;
        var count = 1;
        while ((answer = await SendAsync("POST", "", $$"""{ "url": "{{Nothing}}", "events": ["program.*"] }""")).Status == HttpStatusCode.Created)
            count++;
        Assert.Equal("too_many_webhooks", answer.Code);
        Assert.Equal(32, count);
    }

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://localhost:8080/")]
    [InlineData("http://a.localhost./")]
    [InlineData("http://2130706433/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("https://192.168.1.10/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    public async Task Address_OfThisMachineOrNetwork_IsRefusedUnlessItIsAllowed(string url)
    {
        await using var server = await RunningServer.StartAsync();
        var answer = await server.PostAsync("/api/webhooks", $$"""{ "url": "{{url}}", "events": ["*"] }""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(["/url"], answer.WrongFields);
    }

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(Yaml);
        _receiver = await WebhookReceiver.StartAsync();
        _id = (await SendAsync("POST", "", $$"""{ "url": "{{_receiver.Url}}", "events": ["destination.*"] }""")).Json.GetProperty("id").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    private const string Yaml = "webhook_allow_private_addresses: true\n";

    private string Path(string path) => "/api/webhooks" + path.Replace("ID", _id, StringComparison.Ordinal);

    private Task<Answer> SendAsync(string method, string path, string body = "", string? token = RunningServer.Token) =>
        _server.SendAsync(new HttpMethod(method), Path(path), body.Length == 0 ? null : body, token);

    private async Task<string> TokenAsync(params string[] scopes)
    {
        var answer = await _server.PostAsync("/api/tokens", JsonSerializer.Serialize(new { name = "ci", scopes }));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return answer.Json.GetProperty("token").GetString()!;
    }

    private async Task<(HttpStatusCode Status, string? Tag)> TaggedAsync(string method, string? tag, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Path("/ID"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", RunningServer.Token);
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, response.Headers.ETag?.ToString());
    }
}
