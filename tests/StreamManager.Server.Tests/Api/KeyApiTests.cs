using System.Net;
using System.Text.Json;
using StreamManager.Server.Tests.Library;

namespace StreamManager.Server.Tests.Api;

/// <summary>Stream keys through the API.</summary>
public sealed class KeyApiTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    [Fact]
    public async Task Created_ShowsItsKeyOnceAndNeverAgain()
    {
        var made = await _server.PostAsync("/api/keys", """{ "name": "Studio", "alias": "studio", "allowedAddresses": [ "203.0.113.0/24", "::ffff:10.0.0.1" ] }""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        var key = made.Json.GetProperty("key").GetString()!;
        var id = made.Json.GetProperty("id").GetString()!;
        Assert.Equal((43, $"/api/keys/{id}"), (key.Length, made.Location));
        Assert.Equal(["203.0.113.0/24", "10.0.0.1"], made.Json.GetProperty("allowedAddresses").EnumerateArray().Select(range => range.GetString()!));
        Assert.InRange(made.Json.GetProperty("expiresAt").GetDateTime(), Now.AddDays(29.9), Now.AddDays(30));
        Assert.Equal(("main", "main", "regular", "api", "active", "…" + key[^4..]), (Text(made, "channelId"), Text(made, "sourceId"), Text(made, "kind"), Text(made, "origin"), Text(made, "state"), Text(made, "keyHint")));

        foreach (var path in (string[])["/api/keys", $"/api/keys/{id}", "/api/channels", "/api/status"])
            Assert.DoesNotContain(key, (await _server.GetAsync(path)).Text, StringComparison.Ordinal);
        Assert.False((await _server.GetAsync($"/api/keys/{id}")).Json.TryGetProperty("key", out _));
        Assert.DoesNotContain(key, _server.Log, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.Conflict, "key_not_kept"), Outcome(await _server.PostAsync($"/api/keys/{id}/reveal")));
    }

    [Theory]
    [InlineData("""{ "name": "" }""", "/name")]
    [InlineData("""{ "name": 5 }""", "/name")]
    [InlineData("""{ "name": "a", "channelId": "nothing" }""", "/channelId")]
    [InlineData("""{ "name": "a", "channelId": "../main" }""", "/channelId")]
    [InlineData("""{ "name": "a", "channelId": 1 }""", "/channelId")]
    [InlineData("""{ "name": "a", "sourceId": "third" }""", "/sourceId")]
    [InlineData("""{ "name": "a", "kind": "other" }""", "/kind")]
    [InlineData("""{ "name": "a", "expiresAt": "tomorrow" }""", "/expiresAt")]
    [InlineData("""{ "name": "a", "expiresAt": "2020-01-01T00:00:00Z" }""", "/expiresAt")]
    [InlineData("""{ "name": "a", "expiresAt": "2030-01-01T00:00:00" }""", "/expiresAt")]
    [InlineData("""{ "name": "a", "expiresAt": "9999-01-01T00:00:00Z" }""", "/expiresAt")]
    [InlineData("""{ "name": "a", "alias": "Studio" }""", "/alias")]
    [InlineData("""{ "name": "a", "alias": "../obs" }""", "/alias")]
    [InlineData("""{ "name": "a", "allowedAddresses": "10.0.0.1" }""", "/allowedAddresses")]
    [InlineData("""{ "name": "a", "allowedAddresses": [ "10.0.0.1", "10.0.0.1/8" ] }""", "/allowedAddresses/1")]
    [InlineData("""{ "name": "a", "allowedAddresses": [ 7 ] }""", "/allowedAddresses")]
    [InlineData("""{ "name": "a", "kind": "development", "allowedAddresses": [ "10.0.0.1" ] }""", "/allowedAddresses")]
    [InlineData("""{ "name": "a", "kind": "development", "expiresAt": "never" }""", "/expiresAt")]
    [InlineData("""{ "name": "a", "key": "my-own" }""", "/key")]
    public async Task Create_WithAWrongField_NamesItAndMakesNothing(string body, string field)
    {
        var before = (await _server.GetAsync("/api/keys")).Json.GetArrayLength();
        var answer = await _server.PostAsync("/api/keys", body);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), Outcome(answer));
        Assert.Equal([field], answer.WrongFields.AsEnumerable());
        Assert.Equal(before, (await _server.GetAsync("/api/keys")).Json.GetArrayLength());
    }

    [Fact]
    public async Task Create_WithTooManyRanges_IsRefused()
    {
        var ranges = string.Join(", ", Enumerable.Range(0, 17).Select(i => $"\"10.0.0.{i}\""));
        Assert.Equal(["/allowedAddresses"], (await _server.PostAsync("/api/keys", $$"""{ "name": "a", "allowedAddresses": [ {{ranges}} ] }""")).WrongFields.AsEnumerable());
    }

    [Theory]
    [InlineData("""{ "name": "a", "expiresAt": "never" }""", null)]
    [InlineData("""{ "name": "a", "kind": "development" }""", 1d)]
    public async Task Create_OfAKind_EndsWhenItShould(string body, double? days)
    {
        var made = await _server.PostAsync("/api/keys", body);
        var end = made.Json.GetProperty("expiresAt");
        if (days is null)
            Assert.Equal(JsonValueKind.Null, end.ValueKind);
        else
            Assert.InRange(end.GetDateTime(), Now.AddDays(days.Value - 0.1), Now.AddDays(days.Value));
    }

    [Fact]
    public async Task Alias_ThatIsTaken_IsAConflict()
    {
        await _server.PostAsync("/api/keys", """{ "name": "a", "alias": "studio" }""");
        Assert.Equal((HttpStatusCode.Conflict, "alias_taken"), Outcome(await _server.PostAsync("/api/keys", """{ "name": "b", "alias": "studio" }""")));
    }

    [Fact]
    public async Task Rotate_MakesANewKeyAndShowsTheOldOneAsReplaced()
    {
        var id = Text(await _server.PostAsync("/api/keys", """{ "name": "a" }"""), "id");
        var next = await _server.PostAsync($"/api/keys/{id}/rotate");
        Assert.Equal((HttpStatusCode.Created, id), (next.Status, Text(next, "rotatedFrom")));
        Assert.Equal(43, Text(next, "key")!.Length);
        var old = await _server.GetAsync($"/api/keys/{id}");
        Assert.Equal(("replaced", Text(next, "id")), (Text(old, "state"), Text(old, "replacedBy")));
        Assert.InRange(old.Json.GetProperty("validUntil").GetDateTime(), Now.AddMinutes(59), Now.AddMinutes(60));
        Assert.Equal((HttpStatusCode.Conflict, "key_is_replaced"), Outcome(await _server.PostAsync($"/api/keys/{id}/rotate")));

        var last = await _server.PostAsync($"/api/keys/{Text(next, "id")}/rotate", """{ "overlapSeconds": 0 }""");
        Assert.Equal(HttpStatusCode.Created, last.Status);
        Assert.Equal("expired", Text(await _server.GetAsync($"/api/keys/{Text(next, "id")}"), "state"));
    }

    [Theory]
    [InlineData("""{ "overlapSeconds": -1 }""", "/overlapSeconds")]
    [InlineData("""{ "overlapSeconds": 604801 }""", "/overlapSeconds")]
    [InlineData("""{ "overlapSeconds": "1" }""", "/overlapSeconds")]
    [InlineData("""{ "overlapSeconds": 5, "kick": true }""", "/overlapSeconds")]
    [InlineData("""{ "kick": 1 }""", "/kick")]
    [InlineData("""{ "overlap": 1 }""", "/overlap")]
    public async Task Rotate_WithAWrongField_NamesItAndChangesNothing(string body, string field)
    {
        var id = Text(await _server.PostAsync("/api/keys", """{ "name": "a" }"""), "id");
        Assert.Equal([field], (await _server.PostAsync($"/api/keys/{id}/rotate", body)).WrongFields.AsEnumerable());
        Assert.Equal("active", Text(await _server.GetAsync($"/api/keys/{id}"), "state"));
    }

    [Fact]
    public async Task Change_TakesWhatIsGivenAndLeavesTheRest()
    {
        var made = await _server.PostAsync("/api/keys", """{ "name": "a", "alias": "studio", "allowedAddresses": [ "10.0.0.0/8" ] }""");
        var path = $"/api/keys/{Text(made, "id")}";
        using var happened = _server.Server.Events.Subscribe("test");
        var changed = await _server.SendAsync(HttpMethod.Put, path, """{ "name": "b", "expiresAt": "never", "alias": "" }""");
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.Equal(("b", null, null), (Text(changed, "name"), Text(changed, "expiresAt"), Text(changed, "alias")));
        Assert.Equal(["10.0.0.0/8"], changed.Json.GetProperty("allowedAddresses").EnumerateArray().Select(range => range.GetString()!));
        Assert.Equal(changed.Text, (await _server.GetAsync(path)).Text);
        var told = await happened.NextAsync("audit.key.changed");
        Assert.Equal(("""["name","expiresAt","alias"]""", 0), (told.Data["changed"]!.ToJsonString(), (int)told.Data["kicked"]!));
        Assert.False(changed.Json.TryGetProperty("key", out _));
    }

    [Theory]
    [InlineData("""{ "name": "" }""", "/name")]
    [InlineData("""{ "expiresAt": "2020-01-01T00:00:00Z" }""", "/expiresAt")]
    [InlineData("""{ "expiresAt": "soon" }""", "/expiresAt")]
    [InlineData("""{ "alias": "Studio" }""", "/alias")]
    [InlineData("""{ "allowedAddresses": [ "10.0.0.1", "10.0.0.1/8" ] }""", "/allowedAddresses/1")]
    [InlineData("""{ "kick": "yes" }""", "/kick")]
    [InlineData("""{ "channelId": "main" }""", "/channelId")]
    [InlineData("""{ "kind": "development" }""", "/kind")]
    public async Task Change_WithAWrongField_NamesItAndChangesNothing(string body, string field)
    {
        var path = $"/api/keys/{Text(await _server.PostAsync("/api/keys", """{ "name": "a" }"""), "id")}";
        var before = (await _server.GetAsync(path)).Text;
        var answer = await _server.SendAsync(HttpMethod.Put, path, body);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), Outcome(answer));
        Assert.Equal([field], answer.WrongFields.AsEnumerable());
        Assert.Equal(before, (await _server.GetAsync(path)).Text);
    }

    [Fact]
    public async Task Change_OfAnAliasThatIsTaken_NamesTheField()
    {
        await _server.PostAsync("/api/keys", """{ "name": "a", "alias": "studio" }""");
        var answer = await _server.SendAsync(HttpMethod.Put, $"/api/keys/{Text(await _server.PostAsync("/api/keys", """{ "name": "b" }"""), "id")}", """{ "alias": "studio" }""");
        Assert.Equal((HttpStatusCode.Conflict, "alias_taken"), Outcome(answer));
        Assert.Equal(["/alias"], answer.WrongFields.AsEnumerable());
    }

    [Fact]
    public async Task Change_OfAReplacedKey_OrOfWhatAKindDoesNotHave_IsRefused()
    {
        var old = Text(await _server.PostAsync("/api/keys", """{ "name": "a" }"""), "id");
        await _server.PostAsync($"/api/keys/{old}/rotate");
        Assert.Equal((HttpStatusCode.Conflict, "key_is_replaced"), Outcome(await _server.SendAsync(HttpMethod.Put, $"/api/keys/{old}", """{ "name": "b" }""")));

        var development = $"/api/keys/{Text(await _server.PostAsync("/api/keys", """{ "name": "a", "kind": "development" }"""), "id")}";
        var answer = await _server.SendAsync(HttpMethod.Put, development, """{ "expiresAt": "never", "allowedAddresses": [ "10.0.0.1" ] }""");
        Assert.Equal(["/expiresAt", "/allowedAddresses"], answer.WrongFields.AsEnumerable());
        Assert.Equal(HttpStatusCode.OK, (await _server.SendAsync(HttpMethod.Put, development, """{ "name": "b", "alias": "trial", "allowedAddresses": [] }""")).Status);

        var own = (await _server.GetAsync("/api/keys")).Json.EnumerateArray().First(key => key.GetProperty("origin").GetString() == "channel").GetProperty("id").GetString();
        answer = await _server.SendAsync(HttpMethod.Put, $"/api/keys/{own}", """{ "name": "b", "expiresAt": "2030-01-01T00:00:00Z" }""");
        Assert.Equal(["/name", "/expiresAt"], answer.WrongFields.AsEnumerable());
        Assert.Equal(HttpStatusCode.OK, (await _server.SendAsync(HttpMethod.Put, $"/api/keys/{own}", """{ "expiresAt": "never", "allowedAddresses": [ "10.0.0.0/8" ] }""")).Status);
    }

    [Fact]
    public async Task TagOfAKey_StaysWhenTheKeyIsUsed()
    {
        var made = await _server.PostAsync("/api/keys", """{ "name": "a" }""");
        var tag = (await _server.GetAsync($"/api/keys/{Text(made, "id")}")).Tag;
        _server.Server.Keys.RecordUse(Server.Keys.KeyHash.Of(Text(made, "key")!), TimeProvider.System.GetUtcNow());
        var used = await _server.GetAsync($"/api/keys/{Text(made, "id")}");
        Assert.Equal((1, tag), (used.Json.GetProperty("useCount").GetInt32(), used.Tag));
    }

    [Fact]
    public async Task OwnKey_OfAChannel_CannotBeRemovedAndCanBeShownAgain()
    {
        var own = (await _server.GetAsync("/api/keys")).Json.EnumerateArray().Single(key => key.GetProperty("name").GetString() == "main/main");
        var id = own.GetProperty("id").GetString();
        Assert.Equal(("channel", JsonValueKind.Null), (own.GetProperty("origin").GetString(), own.GetProperty("expiresAt").ValueKind));
        Assert.Equal((HttpStatusCode.Conflict, "key_is_the_channels_own"), Outcome(await _server.SendAsync(HttpMethod.Delete, $"/api/keys/{id}")));
        Assert.Equal(_server.Server.Keys.KeyOf("main", "main")!.Value, Text(await _server.PostAsync($"/api/keys/{id}/reveal"), "key"));

        var next = await _server.PostAsync($"/api/keys/{id}/rotate");
        Assert.Equal((Text(next, "key"), "channel"), (_server.Server.Keys.KeyOf("main", "main")!.Value, Text(next, "origin")));
        Assert.EndsWith(Text(next, "keyHint")!, (await _server.GetAsync("/api/status")).Json.GetProperty("ingest").GetProperty("keyHint").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await _server.SendAsync(HttpMethod.Delete, $"/api/keys/{id}")).Status);
    }

    [Fact]
    public async Task Channel_MadeLater_HasKeysOfItsOwn()
    {
        Assert.Equal(HttpStatusCode.Created, (await _server.PostAsync("/api/channels", """{ "id": "later" }""")).Status);
        Assert.Equal(43, _server.Server.Keys.KeyOf("later", "main")!.Value.Length);
        Assert.Contains("later/backup", (await _server.GetAsync("/api/keys")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_RemovesItOnce()
    {
        var id = Text(await _server.PostAsync("/api/keys", """{ "name": "a" }"""), "id");
        Assert.Equal(HttpStatusCode.NoContent, (await _server.SendAsync(HttpMethod.Delete, $"/api/keys/{id}")).Status);
        Assert.Equal((HttpStatusCode.NotFound, "key_not_found"), Outcome(await _server.SendAsync(HttpMethod.Delete, $"/api/keys/{id}")));
        Assert.Equal(HttpStatusCode.NotFound, (await _server.GetAsync("/api/keys/..%2f..%2fstatus")).Status);
    }

    [Fact]
    public async Task Signed_PlayAddress_OpensThePreviewOfItsStreamOnly()
    {
        var signed = await _server.PostAsync("/api/keys/sign", """{ "action": "play", "expiresInSeconds": 60 }""");
        Assert.Equal(HttpStatusCode.OK, signed.Status);
        var token = Text(signed, "token");
        Assert.Equal($"/preview/main.flv?token={token}", Text(signed, "previewPath"));
        Assert.Equal($"/hls/main/index.m3u8?token={token}", Text(signed, "hlsPath"));

        // Off air there is nothing to show, but that is only said to those who may look.
        Assert.Equal(HttpStatusCode.NotFound, (await _server.SendAsync(HttpMethod.Get, $"/preview/main.jpg?token={token}", token: null)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.SendAsync(HttpMethod.Get, $"/hls/main/index.m3u8?token={token}", token: null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.SendAsync(HttpMethod.Get, $"/preview/main.jpg?token={token}", token: null, port: _server.Server.BoundPorts.Health)).Status);
        foreach (var path in (string[])[$"/preview/main.jpg?source=main&token={token}", $"/preview/other.jpg?token={token}", $"/preview/main.jpg?token={token}x", $"/api/status?token={token}", $"/hls/main/index.m3u8?source=main&token={token}", $"/hls/other/index.m3u8?token={token}"])
            Assert.Equal(HttpStatusCode.Unauthorized, (await _server.SendAsync(HttpMethod.Get, path, token: null)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await _server.PostAsync("/api/keys/sign/rotate")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.SendAsync(HttpMethod.Get, $"/preview/main.jpg?token={token}", token: null)).Status);
    }

    [Fact]
    public async Task Signed_PublishAddress_SaysWhatToPasteIntoObs()
    {
        var signed = await _server.PostAsync("/api/keys/sign", """{ "action": "publish", "sourceId": "backup", "allowedAddresses": [ "10.0.0.0/8" ] }""");
        Assert.Equal(("main", "backup", $"main?token={Text(signed, "token")}"), (Text(signed, "channelId"), Text(signed, "sourceId"), Text(signed, "streamKey")));
        Assert.Equal($"{Text(signed, "server")}/{Text(signed, "streamKey")}", Text(signed, "url"));
        Assert.InRange(signed.Json.GetProperty("expiresAt").GetDateTime(), Now.AddMinutes(59), Now.AddMinutes(61));
        Assert.DoesNotContain(Text(signed, "token")!, _server.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ }", "/action")]
    [InlineData("""{ "action": "watch" }""", "/action")]
    [InlineData("""{ "action": "play", "expiresInSeconds": 0 }""", "/expiresInSeconds")]
    [InlineData("""{ "action": "play", "expiresInSeconds": 2592001 }""", "/expiresInSeconds")]
    [InlineData("""{ "action": "play", "expiresInSeconds": 60, "expiresAt": "2020-01-01T00:00:00Z" }""", "/expiresAt")]
    [InlineData("""{ "action": "play", "expiresAt": "never" }""", "/expiresAt")]
    [InlineData("""{ "action": "play", "sourceId": "third" }""", "/sourceId")]
    [InlineData("""{ "action": "play", "allowedAddresses": [ "everywhere" ] }""", "/allowedAddresses/0")]
    public async Task Sign_WithAWrongField_NamesIt(string body, string field)
    {
        var answer = await _server.PostAsync("/api/keys/sign", body);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), Outcome(answer));
        Assert.Contains(field, answer.WrongFields);
    }

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    private static string? Text(Answer answer, string field) => answer.Json.GetProperty(field).GetString();

    private static (HttpStatusCode Status, string? Code) Outcome(Answer answer) => (answer.Status, answer.Code);
}
