using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Tests.Security.Accounts;

namespace StreamManager.Server.Tests.Api;

/// <summary>Every route of accounts, and everything that may be wrong about a call of it: the right status and code, never our own fault, and nothing changed.</summary>
public sealed class AccountTableTests : IAsyncLifetime
{
    private RunningServer _server = null!;
    private string _owner = "";
    private string _before = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Method, path, the permission that is needed (empty: open), a body with everything that is required (empty: none is read).</summary>
    public static TheoryData<string, string, string, string> Routes => new()
    {
        { "GET", "/api/setup", "", "" },
        { "POST", "/api/setup", "", """{ "token": "x", "name": "x", "password": "a long phrase here" }""" },
        { "POST", "/api/login", "", """{ "name": "nobody", "password": "x" }""" },
        { "POST", "/api/logout", "view", "" },
        { "GET", "/api/me", "view", "" },
        { "POST", "/api/me/password", "view", """{ "currentPassword": "x", "newPassword": "a long phrase here" }""" },
        { "GET", "/api/sessions", "view", "" },
        { "DELETE", "/api/sessions/ses_nothing", "view", "" },
        { "GET", "/api/tokens", "view", "" },
        { "POST", "/api/tokens", "view", """{ "name": "x", "scopes": ["view"] }""" },
        { "DELETE", "/api/tokens/tok_nothing", "view", "" },
        { "GET", "/api/users", "administer", "" },
        { "POST", "/api/users", "administer", """{ "name": "x", "role": "viewer", "password": "a long phrase here" }""" },
        { "GET", "/api/users/USER", "administer", "" },
        { "PUT", "/api/users/USER", "administer", """{ "name": "x" }""" },
        { "POST", "/api/users/USER/link", "administer", "" },
        { "DELETE", "/api/users/USER", "administer", "" },
        { "POST", "/api/user-link", "", """{ "token": "x" }""" },
        { "POST", "/api/user-link/password", "", """{ "token": "x", "password": "a long phrase here" }""" },
    };

    /// <summary>Method, path, body, the fields that are wrong.</summary>
    public static TheoryData<string, string, string, string> WrongFields => new()
    {
        { "POST", "/api/setup", "{}", "/token /name /password" },
        { "POST", "/api/setup", """{ "token": 1, "name": [], "password": {} }""", "/token /name /password" },
        { "POST", "/api/setup", """{ "token": "x", "name": "\u202e", "password": "short" }""", "/name /password" },
        { "POST", "/api/login", "{}", "/name /password" },
        { "POST", "/api/login", """{ "name": null, "password": 5, "remember": true }""", "/name /password /remember" },
        { "POST", "/api/me/password", "{}", "/currentPassword /newPassword" },
        { "POST", "/api/me/password", """{ "currentPassword": "x", "newPassword": "password123" }""", "/newPassword" },
        { "POST", "/api/tokens", "{}", "/name /scopes" },
        { "POST", "/api/tokens", """{ "name": "", "scopes": [] }""", "/name /scopes" },
        { "POST", "/api/tokens", """{ "name": "x", "scopes": "view" }""", "/scopes" },
        { "POST", "/api/tokens", """{ "name": "x", "scopes": ["everything"] }""", "/scopes" },
        { "POST", "/api/tokens", """{ "name": "x", "scopes": [1] }""", "/scopes" },
        { "POST", "/api/tokens", """{ "name": "x", "scopes": ["view","view","view","view","view"] }""", "/scopes" },
        { "POST", "/api/tokens", """{ "name": "x", "scopes": ["view"], "expiresAt": "tomorrow" }""", "/expiresAt" },
        { "POST", "/api/tokens", """{ "name": "x", "scopes": ["view"], "expiresAt": 5 }""", "/expiresAt" },
        { "POST", "/api/tokens", """{ "name": "x", "scopes": ["view"], "expiresAt": "2001-01-01T00:00:00Z" }""", "/expiresAt" },
        { "POST", "/api/tokens", """{ "name": "x", "scopes": ["view"], "expiresAt": "2099-01-01T00:00:00" }""", "/expiresAt" },
        { "POST", "/api/users", "{}", "/name /role /password" },
        { "POST", "/api/users", """{ "name": " x", "role": "Owner", "password": "x", "enabled": "yes", "id": "usr_1" }""", "/enabled /id /name /password /role" },
        { "POST", "/api/users", """{ "name": "margarethe", "role": "viewer", "password": "Margarethe1" }""", "/password" },
        { "POST", "/api/user-link", "{}", "/token" },
        { "POST", "/api/user-link", """{ "token": "" }""", "/token" },
        { "POST", "/api/user-link/password", "{}", "/token /password" },
        { "POST", "/api/user-link/password", """{ "token": [], "password": 5, "name": "x" }""", "/name /token /password" },
        { "PUT", "/api/users/USER", """{ "name": 1, "role": "", "password": true, "enabled": 0, "stamp": "" }""", "/enabled /name /password /role /stamp" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithoutOrWithAWrongCredential_IsRefused(string method, string path, string permission, string body)
    {
        if (permission.Length == 0)
            return;
        foreach (var (token, cookie) in new[] { (null, null), ("wrong", null), (AccountSecret.Make("smt_"), null), (null, "sm_session=" + AccountSecret.Make()), ((string?)null, "sm_session=%00") })
        {
            var answer = await SendAsync(method, path, body, token, cookie);
            Assert.Equal((HttpStatusCode.Unauthorized, "unauthorized"), (answer.Status, answer.Code));
        }
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithTooFewPermissions_NamesTheMissingOne(string method, string path, string permission, string body)
    {
        if (permission.Length == 0)
            return;
        Assert.True(PermissionNames.TryParse(permission, out var needed));
        var token = (await _server.Server.Accounts.Tokens.MakeAsync(Caller.Administrator, "all but one", Permissions.Owner & ~needed, null, Cancel))!.Secret.Value;
        var answer = await SendAsync(method, path, body, token);
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), (answer.Status, answer.Code));
        Assert.Contains(permission, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithAnotherMethod_NamesTheRightOnes(string method, string path, string permission, string body)
    {
        _ = (method, permission, body);
        var answer = await SendAsync("PATCH", path, "{}", RunningServer.Token);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "method_not_allowed"), (answer.Status, answer.Code));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithABodyThatIsNoGoodJson_SaysWhat(string method, string path, string permission, string body)
    {
        _ = permission;
        if (body.Length == 0)
            return;
        var session = await SessionAsync();
        foreach (var (wrong, status, code) in new[]
        {
            ("", 400, "malformed_json"), ("{", 400, "malformed_json"), ("{ \"name\": \"\\ud800\" }", 400, "malformed_json"), ("{ \"a\": 1, \"a\": 2 }", 400, "malformed_json"),
            (new string('[', 100), 400, "malformed_json"), ("[]", 400, "invalid_request"), ("null", 400, "invalid_request"), ("{ \"name\": \"" + new string('x', 70_000) + "\" }", 413, "too_large"),
        })
        {
            var answer = await SendAsync(method, path, wrong, null, session.Cookie, session.Csrf, always: true);
            Assert.Equal((status, code), ((int)answer.Status, answer.Code));
        }

        var form = await SendAsync(method, path, body, null, session.Cookie, session.Csrf, contentType: "application/x-www-form-urlencoded");
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "unsupported_media_type"), (form.Status, form.Code));
        var unknown = await SendAsync(method, path, body[..^1] + ", \"nothingLikeThat\": 1 }", null, session.Cookie, session.Csrf);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (unknown.Status, unknown.Code));
        Assert.Contains("/nothingLikeThat", unknown.Fields);
    }

    [Theory]
    [MemberData(nameof(WrongFields))]
    public async Task Field_ThatIsMissingOrWrong_IsNamed(string method, string path, string body, string fields)
    {
        var session = await SessionAsync();
        var answer = await SendAsync(method, path, body, null, session.Cookie, session.Csrf);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Code));
        Assert.Equal(fields.Split(' ').Order(StringComparer.Ordinal), answer.Fields.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/api/users/", "user")]
    [InlineData("PUT", "/api/users/", "user")]
    [InlineData("DELETE", "/api/users/", "user")]
    [InlineData("DELETE", "/api/tokens/", "token")]
    [InlineData("DELETE", "/api/sessions/", "session")]
    public async Task Id_ThatIsNobodys_IsNotFound(string method, string path, string kind)
    {
        foreach (var id in new[] { "nothing", "usr_0000000000000000", "..%2fsetup", "*", "%F0%9F%98%80", new string('x', 2_000) })
        {
            var answer = await SendAsync(method, path + id, method == "PUT" ? "{}" : "", RunningServer.Token);
            Assert.Equal((HttpStatusCode.NotFound, kind + "_not_found"), (answer.Status, answer.Code));
        }
    }

    [Theory]
    [InlineData("POST", "/api/users", """{ "name": "OWNER", "role": "viewer", "password": "a long phrase here" }""", 409, "name_taken")]
    [InlineData("PUT", "/api/users/USER", """{ "role": "viewer" }""", 409, "last_owner")]
    [InlineData("PUT", "/api/users/USER", """{ "enabled": false }""", 409, "last_owner")]
    [InlineData("DELETE", "/api/users/USER", "", 409, "last_owner")]
    [InlineData("POST", "/api/setup", """{ "token": "x", "name": "x", "password": "a long phrase here" }""", 410, "setup_done")]
    [InlineData("POST", "/api/user-link", """{ "token": "x" }""", 403, "wrong_link")]
    [InlineData("POST", "/api/user-link/password", """{ "token": "x", "password": "short" }""", 403, "wrong_link")]
    [InlineData("POST", "/api/login", """{ "name": "owner", "password": "x" }""", 401, "wrong_credentials")]
    [InlineData("POST", "/api/logout", "", 409, "no_session")]
    [InlineData("POST", "/api/me/password", """{ "currentPassword": "x", "newPassword": "a long phrase here" }""", 409, "no_session")]
    public async Task Call_ThatCannotBe_SaysWhy(string method, string path, string body, int status, string code)
    {
        var answer = await SendAsync(method, path, body, RunningServer.Token);
        Assert.Equal((status, code), ((int)answer.Status, answer.Code));
    }

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        _owner = (await _server.Server.Accounts.Users.AddAsync("owner", Role.Owner, StoredAccounts.Password, true, "test", Cancel)).User!.Id;
        _before = (await SendAsync("GET", "/api/users", "", RunningServer.Token)).Text;
    }

    public async ValueTask DisposeAsync()
    {
        // Whatever was sent was refused, so that nothing has changed; and nothing was our own fault.
        Assert.Equal(_before, (await SendAsync("GET", "/api/users", "", RunningServer.Token)).Text);
        Assert.DoesNotContain("Error StreamManager", _server.Log, StringComparison.Ordinal);
        await _server.DisposeAsync();
    }

    private async Task<(string Cookie, string Csrf)> SessionAsync()
    {
        var user = (await _server.Server.Accounts.Directory.GetAsync(Cancel)).Find(_owner)!;
        var secret = (await _server.Server.Accounts.Sessions.MakeAsync(user, "127.0.0.1", "test", Cancel)).Secret.Value;
        return ("sm_session=" + secret, SessionCookie.AntiforgeryToken(secret));
    }

    private async Task<Reply> SendAsync(
        string method, string path, string body, string? token, string? cookie = null, string? csrf = null, string contentType = "application/json", bool always = false)
    {
        using var handler = new HttpClientHandler { UseCookies = false };
        using var client = new HttpClient(handler) { BaseAddress = _server.Client.BaseAddress };
        using var request = new HttpRequestMessage(new HttpMethod(method), path.Replace("USER", _owner, StringComparison.Ordinal));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        if (csrf is not null)
            request.Headers.Add("X-CSRF-Token", csrf);
        if (body.Length > 0 || always)
            request.Content = new StringContent(body, Encoding.UTF8, contentType);
        using var response = await client.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        if (!response.IsSuccessStatusCode)
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        return new Reply(response.StatusCode, text);
    }

    private sealed record Reply(HttpStatusCode Status, string Text)
    {
        public string? Code => JsonDocument.Parse(Text).RootElement.GetProperty("code").GetString();

        public IEnumerable<string> Fields => JsonDocument.Parse(Text).RootElement.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("field").GetString()!);
    }
}
