using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Tests.Security.Accounts;

namespace StreamManager.Server.Tests.Api;

/// <summary>Set-up, logins, sessions, tokens and users over HTTP, as a browser and a script see them.</summary>
public sealed class AccountApiTests : IAsyncLifetime
{
    private const string Password = StoredAccounts.Password;

    private static readonly string[] View = ["view"];
    private static readonly string[] All = ["view", "operate", "manage"];
    private static readonly string[] ViewAndOperate = ["view", "operate"];
    private static readonly string[] ViewAndAdminister = ["view", "administer"];

    private RunningServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Setup_ByThePrintedLink_LogsTheFirstOwnerInAndEnds()
    {
        Assert.True((await _server.SendAsync(HttpMethod.Get, "/api/setup", token: null)).Json.GetProperty("isNeeded").GetBoolean());
        var wrong = await SendAsync(HttpMethod.Post, "/api/setup", new { token = AccountSecret.Make(), name = "anna", password = Password });
        Assert.Equal((HttpStatusCode.Forbidden, "wrong_setup_token"), (wrong.Status, wrong.Code));
        var body = new { token = _server.Server.SetupToken!.Value, name = "anna", password = Password };
        var made = await SendAsync(HttpMethod.Post, "/api/setup", body);
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal("owner", made.Json.GetProperty("user").GetProperty("role").GetString());
        Assert.Equal("/api/users/" + made.Json.GetProperty("user").GetProperty("id").GetString(), made.Location);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Get, "/api/users", cookie: made.Cookie)).Status);

        var again = await SendAsync(HttpMethod.Post, "/api/setup", body);
        Assert.Equal((HttpStatusCode.Gone, "setup_done"), (again.Status, again.Code));
        Assert.False((await _server.SendAsync(HttpMethod.Get, "/api/setup", token: null)).Json.GetProperty("isNeeded").GetBoolean());
    }

    [Fact]
    public async Task Setup_Link_IsNewAtEachStartUntilItWasUsed()
    {
        using var folder = new TemporaryFolder();
        string first;
        await using (var server = await RunningServer.StartAsync(folder: folder))
            first = server.Server.SetupToken!.Value;
        await using (var server = await RunningServer.StartAsync(folder: folder))
        {
            Assert.NotEqual(first, server.Server.SetupToken!.Value);
            Assert.NotNull((await server.Server.Accounts.Users.SetUpAsync(server.Server.SetupToken.Value, "anna", Password, Cancel)).User);
        }

        await using (var server = await RunningServer.StartAsync(folder: folder))
            Assert.Null(server.Server.SetupToken);
    }

    [Fact]
    public async Task Login_Cookie_IsForThisServerAndNoScript()
    {
        await AddAsync("anna", Role.Owner);
        var login = await LogInAsync("anna");
        Assert.StartsWith("sm_session=", login.SetCookie, StringComparison.Ordinal);
        Assert.Contains("; httponly", login.SetCookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; samesite=strict", login.SetCookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; path=/", login.SetCookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; expires=", login.SetCookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("; secure", login.SetCookie, StringComparison.OrdinalIgnoreCase);
        var behindProxy = await SendAsync(HttpMethod.Post, "/api/login", new { name = "anna", password = Password }, header: ("X-Forwarded-Proto", "https"));
        Assert.Contains("; secure", behindProxy.SetCookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Session_ReadsByCookieAndChangesWithTheAntiforgeryToken()
    {
        await AddAsync("anna", Role.Operator);
        var login = await LogInAsync("anna");
        var me = await SendAsync(HttpMethod.Get, "/api/me", cookie: login.Cookie);
        Assert.Equal("anna", me.Json.GetProperty("user").GetProperty("name").GetString());
        Assert.Equal(["view", "operate", "manage"], me.Json.GetProperty("permissions").EnumerateArray().Select(word => word.GetString()));
        Assert.Equal(login.Csrf, me.Csrf);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Get, "/api/status", cookie: login.Cookie)).Status);

        var other = await LogInAsync("anna");
        foreach (var header in new[] { null, "", "wrong", other.Csrf, login.Csrf + "x" })
        {
            var refused = await SendAsync(HttpMethod.Post, "/api/stop", cookie: login.Cookie, csrf: header);
            Assert.Equal((HttpStatusCode.Forbidden, "antiforgery"), (refused.Status, refused.Code));
        }

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Post, "/api/stop", cookie: login.Cookie, csrf: login.Csrf)).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Post, "/api/stop", token: RunningServer.Token)).Status);
    }

    [Theory]
    [InlineData("http://HOST", 200)]
    [InlineData("https://HOST", 200)]
    [InlineData("http://evil.example", 403)]
    [InlineData("http://HOST.evil.example", 403)]
    [InlineData("null", 403)]
    [InlineData("", 403)]
    public async Task WebSocket_ByCookie_IsOpenedFromOwnPagesOnly(string origin, int status)
    {
        await AddAsync("anna", Role.Viewer);
        var login = await LogInAsync("anna");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/status");
        request.Headers.Add("Cookie", login.Cookie);
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.Add(new ProductHeaderValue("websocket"));
        if (origin.Length > 0)
            request.Headers.Add("Origin", origin.Replace("HOST", $"127.0.0.1:{_server.Server.BoundPorts.Api}", StringComparison.Ordinal));
        using var response = await _server.Client.SendAsync(request, Cancel);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Logout_EndsTheSessionOnTheServer()
    {
        await AddAsync("anna", Role.Viewer);
        var login = await LogInAsync("anna");
        var out1 = await SendAsync(HttpMethod.Post, "/api/logout", cookie: login.Cookie, csrf: login.Csrf);
        Assert.Equal(HttpStatusCode.NoContent, out1.Status);
        Assert.Contains("sm_session=;", out1.SetCookie, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(HttpMethod.Get, "/api/me", cookie: login.Cookie)).Status);
        var byToken = await SendAsync(HttpMethod.Post, "/api/logout", token: RunningServer.Token);
        Assert.Equal((HttpStatusCode.Conflict, "no_session"), (byToken.Status, byToken.Code));
    }

    [Fact]
    public async Task Sessions_AreListedAndEndedByTheirUserOnly()
    {
        await AddAsync("anna", Role.Viewer);
        await AddAsync("bert", Role.Viewer);
        var (one, two, other) = (await LogInAsync("anna"), await LogInAsync("anna"), await LogInAsync("bert"));
        var list = (await SendAsync(HttpMethod.Get, "/api/sessions", cookie: one.Cookie)).Json.EnumerateArray().ToArray();
        Assert.Equal(2, list.Length);
        var id = Assert.Single(list, session => !session.GetProperty("isCurrent").GetBoolean()).GetProperty("id").GetString();
        Assert.Equal("session_not_found", (await SendAsync(HttpMethod.Delete, $"/api/sessions/{id}", cookie: other.Cookie, csrf: other.Csrf)).Code);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, $"/api/sessions/{id}", cookie: one.Cookie, csrf: one.Csrf)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(HttpMethod.Get, "/api/me", cookie: two.Cookie)).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Get, "/api/me", cookie: one.Cookie)).Status);
    }

    [Fact]
    public async Task Sessions_AreNotEndedByTokensThatMayLess()
    {
        await AddAsync("anna", Role.Operator);
        var login = await LogInAsync("anna");
        var session = (await SendAsync(HttpMethod.Get, "/api/sessions", cookie: login.Cookie)).Json[0].GetProperty("id").GetString();
        var less = await SendAsync(HttpMethod.Post, "/api/tokens", new { name = "shown in the hall", scopes = View }, cookie: login.Cookie, csrf: login.Csrf);
        var refused = await SendAsync(HttpMethod.Delete, $"/api/sessions/{session}", token: less.Json.GetProperty("token").GetString());
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), (refused.Status, refused.Code));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Get, "/api/me", cookie: login.Cookie)).Status);

        var all = await SendAsync(HttpMethod.Post, "/api/tokens", new { name = "my own", scopes = All }, cookie: login.Cookie, csrf: login.Csrf);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, $"/api/sessions/{session}", token: all.Json.GetProperty("token").GetString())).Status);
    }

    [Fact]
    public async Task Tokens_GiveNoMoreThanTheirMakerHas()
    {
        await AddAsync("anna", Role.Operator);
        var login = await LogInAsync("anna");
        var tooMuch = await SendAsync(HttpMethod.Post, "/api/tokens", new { name = "ci", scopes = ViewAndAdminister }, cookie: login.Cookie, csrf: login.Csrf);
        Assert.Equal(["/scopes"], tooMuch.WrongFields);
        var made = await SendAsync(HttpMethod.Post, "/api/tokens", new { name = "ci", scopes = ViewAndOperate }, cookie: login.Cookie, csrf: login.Csrf);
        Assert.Equal(HttpStatusCode.Created, made.Status);
        var token = made.Json.GetProperty("token").GetString()!;
        Assert.Matches("^smt_[A-Za-z0-9_-]{43}$", token);
        Assert.Equal("token:ci", (await SendAsync(HttpMethod.Get, "/api/me", token: token)).Json.GetProperty("actor").GetString());
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Post, "/api/stop", token: token)).Status);
        var forbidden = await SendAsync(HttpMethod.Delete, "/api/destinations/x", token: token);
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), (forbidden.Status, forbidden.Code));
        Assert.Contains("manage", forbidden.Text, StringComparison.Ordinal);

        var list = await SendAsync(HttpMethod.Get, "/api/tokens", cookie: login.Cookie);
        Assert.DoesNotContain(token, list.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(token, _server.Log, StringComparison.Ordinal);
        Assert.NotEqual(JsonValueKind.Null, list.Json[0].GetProperty("usedAt").ValueKind);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, made.Location!, cookie: login.Cookie, csrf: login.Csrf)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(HttpMethod.Get, "/api/me", token: token)).Status);
    }

    [Fact]
    public async Task Token_ThatEnds_CannotMakeItselfEndless()
    {
        var end = DateTimeOffset.Parse("2099-01-01T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture);
        var short1 = (await _server.Server.Accounts.Tokens.MakeAsync(Caller.Administrator, "short", Permissions.View | Permissions.Operate, end, Cancel))!.Secret.Value;
        Assert.Equal(["/expiresAt"], (await SendAsync(HttpMethod.Post, "/api/tokens", new { name = "x", scopes = View }, token: short1)).WrongFields);
        Assert.Equal(["/expiresAt"], (await SendAsync(HttpMethod.Post, "/api/tokens", new { name = "x", scopes = View, expiresAt = "2099-01-01T00:00:01Z" }, token: short1)).WrongFields);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(HttpMethod.Post, "/api/tokens", new { name = "x", scopes = View, expiresAt = "2099-01-01T01:00:00+01:00" }, token: short1)).Status);
    }

    [Fact]
    public async Task Tokens_OfOthers_AreSeenByOwnersOnly()
    {
        await AddAsync("owner", Role.Owner);
        await AddAsync("anna", Role.Viewer);
        await AddAsync("bert", Role.Viewer);
        var (owner, anna, bert) = (await LogInAsync("owner"), await LogInAsync("anna"), await LogInAsync("bert"));
        var made = await SendAsync(HttpMethod.Post, "/api/tokens", new { name = "a", scopes = View }, cookie: anna.Cookie, csrf: anna.Csrf);
        Assert.Equal(0, (await SendAsync(HttpMethod.Get, "/api/tokens", cookie: bert.Cookie)).Json.GetArrayLength());
        Assert.Equal("token_not_found", (await SendAsync(HttpMethod.Delete, made.Location!, cookie: bert.Cookie, csrf: bert.Csrf)).Code);
        Assert.Equal(1, (await SendAsync(HttpMethod.Get, "/api/tokens", cookie: owner.Cookie)).Json.GetArrayLength());
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, made.Location!, cookie: owner.Cookie, csrf: owner.Csrf)).Status);
    }

    [Fact]
    public async Task Users_AreMadeChangedAndRemoved()
    {
        var made = await SendAsync(HttpMethod.Post, "/api/users", new { name = "anna", role = "viewer", password = Password }, token: RunningServer.Token);
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.DoesNotContain("hash", made.Text, StringComparison.OrdinalIgnoreCase);
        var login = await LogInAsync("anna");
        var changed = await SendAsync(HttpMethod.Put, made.Location!, new { role = "operator", name = "Anna" }, token: RunningServer.Token);
        Assert.Equal(("Anna", "operator"), (changed.Json.GetProperty("name").GetString(), changed.Json.GetProperty("role").GetString()));
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(HttpMethod.Get, "/api/me", cookie: login.Cookie)).Status);
        Assert.Equal(changed.Text, (await SendAsync(HttpMethod.Get, made.Location!, token: RunningServer.Token)).Text);
        Assert.Equal(1, (await SendAsync(HttpMethod.Get, "/api/users", token: RunningServer.Token)).Json.GetArrayLength());
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, made.Location!, token: RunningServer.Token)).Status);
        Assert.Equal("user_not_found", (await SendAsync(HttpMethod.Get, made.Location!, token: RunningServer.Token)).Code);
    }

    [Fact]
    public async Task OwnPassword_IsChangedWithTheOldOneAndNotByUsers()
    {
        var user = await AddAsync("anna", Role.Owner);
        var login = await LogInAsync("anna");
        Assert.Equal(["/password"], (await SendAsync(HttpMethod.Put, $"/api/users/{user}", new { password = "another long phrase" }, cookie: login.Cookie, csrf: login.Csrf)).WrongFields);
        var wrong = await SendAsync(HttpMethod.Post, "/api/me/password", new { currentPassword = "no", newPassword = "another long phrase" }, cookie: login.Cookie, csrf: login.Csrf);
        Assert.Equal(["/currentPassword"], wrong.WrongFields);
        var done = await SendAsync(HttpMethod.Post, "/api/me/password", new { currentPassword = Password, newPassword = "another long phrase" }, cookie: login.Cookie, csrf: login.Csrf);
        Assert.Equal(HttpStatusCode.OK, done.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(HttpMethod.Get, "/api/me", cookie: login.Cookie)).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Get, "/api/me", cookie: done.Cookie)).Status);
    }

    [Fact]
    public async Task Login_TooOften_IsToldHowLongToWait()
    {
        for (var i = 0; i < LoginThrottle.FreePerPair; i++)
        {
            var wrong = await SendAsync(HttpMethod.Post, "/api/login", new { name = "anna", password = "wrong" });
            Assert.Equal((HttpStatusCode.Unauthorized, "wrong_credentials"), (wrong.Status, wrong.Code));
        }

        var refused = await SendAsync(HttpMethod.Post, "/api/login", new { name = "anna", password = "wrong" });
        Assert.Equal((HttpStatusCode.TooManyRequests, "too_many_attempts"), (refused.Status, refused.Code));
        Assert.Equal("1", refused.RetryAfter);
    }

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private async Task<string> AddAsync(string name, Role role) => (await _server.Server.Accounts.Users.AddAsync(name, role, Password, true, "test", Cancel)).User!.Id;

    private async Task<Reply> LogInAsync(string name)
    {
        var reply = await SendAsync(HttpMethod.Post, "/api/login", new { name, password = Password });
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        return reply;
    }

    private async Task<Reply> SendAsync(
        HttpMethod method, string path, object? body = null, string? cookie = null, string? csrf = null, string? token = null, (string Name, string Value)? header = null)
    {
        // Not the server's own client: that one keeps cookies by itself.
        using var handler = new HttpClientHandler { UseCookies = false };
        using var client = new HttpClient(handler) { BaseAddress = _server.Client.BaseAddress };
        using var request = new HttpRequestMessage(method, path);
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        if (csrf is not null)
            request.Headers.Add("X-CSRF-Token", csrf);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (header is var (name, value))
            request.Headers.Add(name, value);
        if (body is not null)
            request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, Cancel);
        return new Reply(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(Cancel),
            response.Headers.Location?.ToString(),
            response.Headers.TryGetValues("Set-Cookie", out var cookies) ? string.Join('\n', cookies) : "",
            response.Headers.RetryAfter?.ToString());
    }

    private sealed record Reply(HttpStatusCode Status, string Text, string? Location, string SetCookie, string? RetryAfter)
    {
        public JsonElement Json => JsonDocument.Parse(Text).RootElement;

        public string? Code => Json.GetProperty("code").GetString();

        public string Cookie => SetCookie[..SetCookie.IndexOf(';', StringComparison.Ordinal)];

        public string? Csrf => Json.GetProperty("csrfToken").GetString();

        public IEnumerable<string?> WrongFields => Json.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("field").GetString());
    }
}
