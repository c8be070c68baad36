using System.Net;
using System.Text.Json;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Tests.Library;
using StreamManager.Server.Tests.Security.Accounts;

namespace StreamManager.Server.Tests.Api;

/// <summary>Links for new and forgetful users, as the owner and the user see them.</summary>
public sealed class UserLinkApiTests : IAsyncLifetime
{
    private const string NewPassword = "a new phrase of hers";

    private RunningServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task User_MadeWithALink_SetsThePasswordAndIsLoggedIn_Once()
    {
        using var happened = _server.Server.Events.Subscribe("test");
        var made = await _server.PostAsync("/api/users", """{ "name": "berta", "role": "operator", "link": true }""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        var path = $"/api/users/{made.Json.GetProperty("id").GetString()}";
        var token = TokenOf(made);
        Assert.False(made.Json.GetProperty("hasPassword").GetBoolean());
        Assert.InRange(made.Json.GetProperty("linkExpiresAt").GetDateTime(), Now.AddHours(47.9), Now.AddHours(48));
        foreach (var seen in new[] { (await _server.GetAsync("/api/users")).Text, (await _server.GetAsync(path)).Text, _server.Log })
            Assert.DoesNotContain(token, seen, StringComparison.Ordinal);

        var look = await PostAsync("/api/user-link", new { token });
        Assert.Equal(("berta", "operator", false), (look.Json.GetProperty("name").GetString(), look.Json.GetProperty("role").GetString(), look.Json.GetProperty("hasPassword").GetBoolean()));

        // What is wrong with the password leaves the link good.
        var weak = await PostAsync("/api/user-link/password", new { token, password = "bertaberta" });
        Assert.Equal((HttpStatusCode.BadRequest, "/password"), (weak.Status, Assert.Single(weak.WrongFields)));
        var used = await PostAsync("/api/user-link/password", new { token, password = NewPassword });
        Assert.Equal((HttpStatusCode.OK, "user:berta"), (used.Status, used.Json.GetProperty("actor").GetString()));
        Assert.NotNull(used.Json.GetProperty("csrfToken").GetString());
        var told = await happened.NextAsync("audit.user.linkUsed");
        Assert.Equal(("user:berta", "berta"), (told.Actor, (string?)told.Data["name"]));
        Assert.DoesNotContain(token, told.Data.ToJsonString(), StringComparison.Ordinal);

        var user = (await _server.GetAsync(path)).Json;
        Assert.Equal((true, JsonValueKind.Null), (user.GetProperty("hasPassword").GetBoolean(), user.GetProperty("linkExpiresAt").ValueKind));
        foreach (var again in new[] { await PostAsync("/api/user-link", new { token }), await PostAsync("/api/user-link/password", new { token, password = "another long phrase" }) })
            Assert.Equal((HttpStatusCode.Forbidden, "wrong_link"), (again.Status, again.Code));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/api/login", new { name = "berta", password = NewPassword })).Status);
    }

    [Fact]
    public async Task User_WhoForgot_GetsALinkOfAnotherOwner_AndNotOfHerself()
    {
        var anna = (await _server.Server.Accounts.Users.AddAsync("anna", Role.Owner, StoredAccounts.Password, true, "test", Cancel)).User!;
        using var happened = _server.Server.Events.Subscribe("test");
        var before = (await _server.GetAsync($"/api/users/{anna.Id}")).Tag;
        var made = await _server.PostAsync($"/api/users/{anna.Id}/link");
        Assert.Equal(HttpStatusCode.OK, made.Status);
        Assert.NotEqual(before, made.Tag);
        Assert.Equal("admin-token", (await happened.NextAsync("audit.user.linkMade")).Actor);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/api/login", new { name = "anna", password = StoredAccounts.Password })).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/api/user-link/password", new { token = TokenOf(made), password = NewPassword })).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/api/login", new { name = "anna", password = StoredAccounts.Password })).Status);

        var user = (await _server.Server.Accounts.Directory.GetAsync(Cancel)).FindByName("anna")!;
        var caller = new Caller("user:anna", Server.Security.Permissions.Owner, user.Id);
        var hers = (await _server.Server.Accounts.Tokens.MakeAsync(caller, "hers", Server.Security.Permissions.Owner, null, Cancel))!.Secret.Value;
        var own = await _server.SendAsync(HttpMethod.Post, $"/api/users/{anna.Id}/link", token: hers);
        Assert.Equal((HttpStatusCode.Conflict, "own_account"), (own.Status, own.Code));
    }

    [Theory]
    [InlineData("""{ "name": "x", "role": "viewer", "link": true, "password": "a long phrase here" }""", "/password")]
    [InlineData("""{ "name": "x", "role": "viewer", "link": false }""", "/password")]
    [InlineData("""{ "name": "x", "role": "viewer", "link": "yes", "password": "a long phrase here" }""", "/link")]
    public async Task User_WithLinkAndPassword_OrNeither_IsRefused(string body, string field) =>
        Assert.Equal([field], (await _server.PostAsync("/api/users", body)).WrongFields.AsEnumerable());

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    private static string TokenOf(Answer made)
    {
        var link = made.Json.GetProperty("link").GetString()!;
        Assert.StartsWith("/join#sml_", link, StringComparison.Ordinal);
        return link["/join#".Length..];
    }

    /// <summary>As somebody who is not logged in.</summary>
    private Task<Answer> PostAsync(string path, object body) => _server.SendAsync(HttpMethod.Post, path, JsonSerializer.Serialize(body), token: null);
}
