using System.Net;
using System.Text;
using System.Text.Json;
using StreamManager.Server.Events;
using StreamManager.Server.Tests.Library;
using StreamManager.Server.Tests.Security.Accounts;

namespace StreamManager.Server.Tests.Api;

/// <summary>Whoever changes something is named: every route that is no GET leaves an event of who did it, or says here why not.</summary>
public sealed class AuditTests
{
    private const string Actor = "admin-token";

    /// <summary>Routes that leave none, and why.</summary>
    private static readonly Dictionary<string, string> Without = new(StringComparer.Ordinal)
    {
        ["testDestination"] = "it tries, and changes nothing",
        ["testWebhook"] = "it sends a trial, and changes nothing",
        ["logIn"] = "nobody is known before; the session that begins is told, see below",
        ["setUp"] = "nobody is known before; AccountApiTests look for audit.setup.completed",
        ["lookAtUserLink"] = "it reads, and changes nothing",
        ["useUserLink"] = "nobody is known before; UserLinkApiTests look for audit.user.linkUsed",
        ["logOut"] = "a token has no session to end; see below",
        ["changePassword"] = "a token has no password; see below",
        ["endSession"] = "the caller has no session; see below",
        ["beginUpload"] = "nothing is there until it ends: media.added and media.rejected say who sent it",
        ["continueUpload"] = "as beginUpload",
        ["deleteUpload"] = "as beginUpload; what it became stays",
    };

    /// <summary>Routes that are told by another event than an audit's, which names who did it all the same.</summary>
    private static readonly Dictionary<string, string> ByOthers = new(StringComparer.Ordinal)
    {
        ["reloadConfiguration"] = "server.configurationChanged",
    };

    /// <summary>Routes that cannot be called by their example alone, and where they are called.</summary>
    private static readonly Dictionary<string, string> NeedsMore = new(StringComparer.Ordinal)
    {
        ["uploadMedia"] = "see below",
        ["deleteMedia"] = "see below",
        ["closeStream"] = "see below",
        ["redeliver"] = "see below",
        ["deleteBroadcast"] = "BroadcastApiTests",
        ["beginDrill"] = "it needs a source; DrillTests, from end to end",
    };

    /// <summary>Bodies in place of the examples, which are of things that are not there.</summary>
    private static readonly Dictionary<string, string> Special = new(StringComparer.Ordinal)
    {
        ["changeWebhook"] = """{ "enabled": true }""",
        ["setFallback"] = """{ "type": "slate" }""",
        ["selectSource"] = """{ "select": "fallback" }""",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryRouteThatChangesSomething_SaysWhoDidIt()
    {
        await using var server = await ApiMatrixServer.StartAsync();
        using var happened = server.Server.Server.Events.Subscribe("test");
        var wrong = new List<string>();

        // What ends something comes last, so that all is there for the others.
        var routes = server.Routes.Where(route => route.Method is not "GET" && !Without.ContainsKey(route.Route.Id)).Where(route => !NeedsMore.ContainsKey(route.Route.Id))
            .OrderBy(route => route.Method == "DELETE").ThenByDescending(route => route.Method == "DELETE" ? route.Pattern.Length : 0);
        var own = (await server.Server.Server.Keys.ListAsync(Cancel)).First(key => key.IsChannelsOwn).Id;
        foreach (var route in routes)
        {
            if ((route.Route.Id is "revealKey" ? $"/api/keys/{own}/reveal" : route.Path) is not { } path)
            {
                wrong.Add($"{route} ({route.Route.Id}) cannot be called by its example: test it below, and name it in NeedsMore");
                continue;
            }

            Drain(happened);
            var body = Special.GetValueOrDefault(route.Route.Id) ?? (route.Route.Body?.Example is { Length: > 0 } example ? example : null);
            var reply = await server.SendAsync(route.Method, path, body is null ? null : Encoding.UTF8.GetBytes(body));
            var told = Drain(happened).Where(one => one.Actor == Actor).Select(one => one.Type).ToList();
            if (reply.Status is < 200 or > 299)
                wrong.Add($"{route} ({route.Route.Id}) is answered by {reply.Status} {reply.Text}");
            else if (!told.Any(type => EventTypes.IsAudit(type) || type == ByOthers.GetValueOrDefault(route.Route.Id)))
                wrong.Add($"{route} ({route.Route.Id}) is told by nothing but {string.Join(", ", told)}");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task Session_FromItsLoginToItsEnd_IsToldWithItsUser()
    {
        await using var server = await ApiMatrixServer.StartAsync();
        using var happened = server.Server.Server.Events.Subscribe("test");
        Assert.Equal(200, (await server.SendAsync("POST", "/api/login", Encoding.UTF8.GetBytes($$"""{ "name": "owner", "password": "{{StoredAccounts.Password}}" }"""), token: null)).Status);
        Assert.Equal([("audit.session.created", "user:owner")], Told());

        var (first, second) = (await server.SessionAsync("owner"), await server.SessionAsync("owner"));
        Drain(happened);
        Assert.Equal(204, (await SendAsync("POST", "/api/logout", second)).Status);
        Assert.Equal([("audit.session.ended", "user:owner")], Told());
        var left = JsonDocument.Parse((await SendAsync("GET", "/api/sessions", first)).Text).RootElement.EnumerateArray().First(session => !session.GetProperty("isCurrent").GetBoolean());
        Assert.Equal(204, (await SendAsync("DELETE", $"/api/sessions/{left.GetProperty("id").GetString()}", first)).Status);
        Assert.Equal([("audit.session.ended", "user:owner")], Told());
        Assert.Equal(200, (await SendAsync("POST", "/api/me/password", first, $$"""{ "currentPassword": "{{StoredAccounts.Password}}", "newPassword": "another long phrase" }""")).Status);
        Assert.Contains(("audit.user.changed", "user:owner"), Told());

        List<(string, string?)> Told() => [.. Drain(happened).Select(one => (one.Type, one.Actor))];
        Task<MatrixReply> SendAsync(string method, string path, (string Cookie, string Csrf) session, string? body = null) => server.SendAsync(
            method, path, body is null ? null : Encoding.UTF8.GetBytes(body), token: null, headers: [("Cookie", session.Cookie), ("X-CSRF-Token", session.Csrf)]);
    }

    [Fact]
    public async Task File_OfTheLibrary_IsToldWithWhoSentAndWhoRemovedIt()
    {
        await using var server = await RunningServer.StartAsync();
        using var happened = server.Server.Events.Subscribe("test");
        var name = (await server.UploadAsync(await MediaSamples.PictureAsync("red"))).FileName();
        Assert.Equal(Actor, (await happened.NextAsync("media.added")).Actor);
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/api/set_fallback", $$"""{ "type": "image", "filename": "{{name}}" }""")).Status);
        Assert.Equal((Actor, "main"), ((await happened.NextAsync("audit.channel.updated")) is var told ? (told.Actor, told.ChannelId) : default));
        await server.PostAsync("/api/set_fallback", """{ "type": "slate" }""");
        Assert.Equal(HttpStatusCode.NoContent, (await server.PostAsync("/api/delete_media", $$"""{ "filename": "{{name}}" }""")).Status);
        Assert.Equal(Actor, (await happened.NextAsync("media.removed")).Actor);
    }

    [Fact]
    public async Task ConnectionThatIsClosed_AndDeliveryThatIsMadeAgain_AreToldWithWhoWantedIt()
    {
        await using var server = await RunningServer.StartAsync(change: options => options with { WebhookAllowPrivateAddresses = true });
        using var happened = server.Server.Events.Subscribe("test");
        await server.PostAsync("/api/start");
        await server.WaitForStateAsync("fallback");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/preview/main.flv");
        request.Headers.Authorization = new("Bearer", RunningServer.Token);
        using var viewer = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        var streams = await server.WaitForAsync("/api/streams", all => all.GetArrayLength() == 1);
        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, $"/api/streams/{streams[0].GetProperty("clientId").GetString()}")).Status);
        Assert.Equal(Actor, (await happened.NextAsync("audit.stream.kicked")).Actor);

        var id = (await server.PostAsync("/api/webhooks", """{ "url": "http://127.0.0.1:1/", "events": ["audit.token.*"] }""")).Json.GetProperty("id").GetString();
        await server.PostAsync("/api/tokens", """{ "name": "ci", "scopes": ["view"] }""");
        var deliveries = await server.WaitForAsync($"/api/webhooks/{id}/deliveries", all => all.GetArrayLength() == 1);
        Assert.Equal(HttpStatusCode.Accepted, (await server.PostAsync($"/api/webhooks/{id}/deliveries/{deliveries[0].GetProperty("id").GetString()}/redeliver")).Status);
        Assert.Equal(Actor, (await happened.NextAsync("audit.webhook.redelivered")).Actor);
    }

    private static List<ServerEvent> Drain(EventSubscription happened)
    {
        var all = new List<ServerEvent>();
        while (happened.Reader.TryRead(out var one))
            all.Add(one);
        return all;
    }
}
