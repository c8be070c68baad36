using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using StreamManager.Server.Api;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Tests.Api;

/// <summary>What makes something makes it once, however often it is asked with the same key.</summary>
public sealed class IdempotencyTests : IAsyncLifetime
{
    private const string Token = """{ "name": "ci", "scopes": ["view"] }""";

    private readonly TemporaryFolder _folder = new();
    private RunningServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/api/channels", """{ "id": "second" }""")]
    [InlineData("/api/destinations", """{ "name": "A", "url": "rtmp://127.0.0.1:1/app", "streamKey": "key", "enabled": false }""")]
    [InlineData("/api/keys", """{ "name": "studio" }""")]
    [InlineData("/api/tokens", Token)]
    [InlineData("/api/users", """{ "name": "anna", "role": "viewer", "password": "a long phrase here" }""")]
    [InlineData("/api/webhooks", """{ "url": "https://hooks.example.com/x", "events": ["program.*"], "enabled": false }""")]
    public async Task SameRequest_WithTheSameKey_GetsTheSameAnswer_AndNothingIsMadeTwice(string path, string body)
    {
        var before = await CountAsync(path);
        var first = await SendAsync(path, body, "k-1");
        var second = await SendAsync(path, body, "k-1");
        Assert.Equal(HttpStatusCode.Created, first.Status);
        Assert.Equal((first.Status, first.Text, first.Location, first.Tag, first.ContentType), (second.Status, second.Text, second.Location, second.Tag, second.ContentType));
        Assert.Equal((false, true), (first.IsReplayed, second.IsReplayed));
        Assert.Equal(before + 1, await CountAsync(path));
    }

    [Fact]
    public async Task AnswerWithASecret_IsSealedInTheStore_AndComesAgainAfterARestart()
    {
        var first = await SendAsync("/api/tokens", Token, "k-1");
        var secret = JsonDocument.Parse(first.Text).RootElement.GetProperty("token").GetString()!;
        await _server.DisposeAsync();
        foreach (var file in Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories))
            Assert.DoesNotContain(secret, Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Cancel)), StringComparison.Ordinal);
        _server = await RunningServer.StartAsync(folder: _folder);
        Assert.Equal(first.Text, (await SendAsync("/api/tokens", Token, "k-1")).Text);
    }

    [Fact]
    public async Task SameKey_WithAnotherBody_IsRefused()
    {
        await SendAsync("/api/tokens", Token, "k-1");
        var other = await SendAsync("/api/tokens", """{ "name": "other", "scopes": ["view"] }""", "k-1");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "idempotency_key_reused"), (other.Status, other.Code));
        Assert.Equal(1, await CountAsync("/api/tokens"));
    }

    [Fact]
    public async Task SameKey_OfAnotherCallerOrForAnotherAddress_IsAnotherKey()
    {
        var own = await SendAsync("/api/tokens", Token, "k-1");
        var other = (await _server.Server.Accounts.Tokens.MakeAsync(Caller.Administrator, "other", Permissions.Owner, null, Cancel))!.Secret.Value;
        var twin = (await _server.Server.Accounts.Tokens.MakeAsync(Caller.Administrator, "other", Permissions.Owner, null, Cancel))!.Secret.Value;
        Assert.NotEqual(own.Text, (await SendAsync("/api/tokens", Token, "k-1", other)).Text);
        Assert.False((await SendAsync("/api/tokens", Token, "k-1", twin)).IsReplayed);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync("/api/keys", """{ "name": "studio" }""", "k-1")).Status);
    }

    [Fact]
    public async Task ManyAtOnce_MakeOne_AndTheOthersGetItsAnswerOrAreToldToWait()
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync("/api/tokens", Token, "k-1")));
        Assert.Equal(1, await CountAsync("/api/tokens"));
        Assert.Single(replies, reply => reply.Status is HttpStatusCode.Created && !reply.IsReplayed);
        Assert.All(replies, reply => Assert.True(reply.Status is HttpStatusCode.Created || reply.Code == "idempotency_in_progress", $"{reply.Status} {reply.Text}"));
        Assert.Single(replies.Where(reply => reply.Status is HttpStatusCode.Created).Select(reply => reply.Text).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task RequestThatMadeNothing_LeavesItsKeyFree()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync("/api/tokens", "{}", "k-1")).Status);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await SendAsync("/api/tokens", Token, "k-1", contentType: "text/plain")).Status);
        var made = await SendAsync("/api/tokens", Token, "k-1");
        Assert.Equal((HttpStatusCode.Created, false), (made.Status, made.IsReplayed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("\"a\"")]
    [InlineData("a,b")]
    [InlineData("ä")]
    public async Task KeyThatIsNone_IsRefused(string key)
    {
        foreach (var wrong in new[] { key, new string('x', Idempotency.LongestKey + 1) })
        {
            var reply = await SendAsync("/api/tokens", Token, wrong);
            Assert.Equal((HttpStatusCode.BadRequest, "invalid_idempotency_key"), (reply.Status, reply.Code));
        }

        Assert.Equal(0, await CountAsync("/api/tokens"));
    }

    [Fact]
    public async Task RequestWithoutAKey_MakesEachTime()
    {
        await SendAsync("/api/tokens", Token, null);
        await SendAsync("/api/tokens", Token, null);
        Assert.Equal(2, await CountAsync("/api/tokens"));
    }

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(folder: _folder);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<int> CountAsync(string path) => (await _server.GetAsync(path)).Json.GetArrayLength();

    private async Task<Reply> SendAsync(string path, string body, string? key, string token = RunningServer.Token, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, contentType) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (key is not null)
            request.Headers.TryAddWithoutValidation(Idempotency.Header, key);
        using var handler = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 };
        using var client = new HttpClient(handler) { BaseAddress = _server.Client.BaseAddress };
        using var response = await client.SendAsync(request, Cancel);
        return new Reply(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(Cancel),
            response.Headers.Location?.ToString(),
            response.Headers.ETag?.ToString(),
            response.Content.Headers.ContentType?.ToString(),
            response.Headers.Contains("Idempotency-Replayed"));
    }

    private sealed record Reply(HttpStatusCode Status, string Text, string? Location, string? Tag, string? ContentType, bool IsReplayed)
    {
        public string? Code => JsonDocument.Parse(Text).RootElement.TryGetProperty("code", out var code) ? code.GetString() : null;
    }
}
