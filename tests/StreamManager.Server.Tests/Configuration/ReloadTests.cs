using System.Net;

namespace StreamManager.Server.Tests.Configuration;

public sealed class ReloadTests : IDisposable
{
    private const string First = """
        end_after: 600
        destinations:
          - { name: Stays, url: "rtmp://127.0.0.1:1/a", stream_key: k }
          - { name: Changes, url: "rtmp://127.0.0.1:1/a", stream_key: k }
          - { name: Goes, url: "rtmp://127.0.0.1:1/a", stream_key: k, enabled: false }
        channels:
          - { id: old, start: manual }
        """;

    private const string Second = """
        end_after: 900
        destinations:
          - { name: Stays, url: "rtmp://127.0.0.1:1/a", stream_key: k }
          - { name: Changes, url: "rtmp://127.0.0.1:1/b", stream_key: k }
          - { name: Comes, url: "rtmp://127.0.0.1:1/a", stream_key: k, enabled: false }
        channels:
          - { id: new, start: always, destinations: [ { name: There, url: "rtmp://127.0.0.1:1/a", stream_key: k } ] }
        """;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task File_ChangedOnAir_IsAppliedByItselfAndWhatIsOnAirGoesOn()
    {
        await using var server = await RunningServer.StartAsync(First, _folder);
        await server.PostAsync("/api/start");
        await server.WaitForStateAsync("fallback");
        await server.PostAsync("/api/destinations", """{ "name": "Mine", "url": "rtmp://127.0.0.1:1/a", "streamKey": "k", "enabled": false }""");
        var startedAt = (await server.GetAsync("/api/status")).Json.GetProperty("startedAt").GetString();

        await WriteAsync(Second);
        await server.WaitForAsync("/api/channels", channels => channels.EnumerateArray().Any(channel => channel.GetProperty("id").GetString() == "new"));
        await server.WaitForAsync("/api/destinations", all => all.GetArrayLength() == 5);

        Assert.Equal(
            ["stays", "changes", "comes", "new-there", "Mine"],
            (await server.GetAsync("/api/destinations")).Json.EnumerateArray().Select(one => one.GetProperty("origin").GetString() == "api" ? one.GetProperty("name").GetString() : one.GetProperty("id").GetString()));
        Assert.Equal("rtmp://127.0.0.1:1/b", (await server.GetAsync("/api/destinations/changes")).Json.GetProperty("url").GetString());
        Assert.Equal(900, (await server.GetAsync("/api/channels/main")).Json.GetProperty("settings").GetProperty("endAfterSeconds").GetDouble());
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync("/api/channels/old")).Status);
        await server.WaitForStateAsync("fallback", "/api/channels/new/status");
        Assert.Single((await server.GetAsync("/api/channels/new/status")).Json.GetProperty("destinations").EnumerateArray());
        var status = (await server.GetAsync("/api/status")).Json;
        Assert.Equal(("fallback", startedAt), (status.GetProperty("state").GetString(), status.GetProperty("startedAt").GetString()));
        Assert.Equal(["stays", "changes", "Mine", "comes"], status.GetProperty("destinations").EnumerateArray()
            .Select(one => one.GetProperty("name").GetString() is "Mine" ? "Mine" : one.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task File_WithMistakes_IsRefusedAsAWholeAndSaysEveryOne()
    {
        await using var server = await RunningServer.StartAsync(First, _folder);
        await WriteAsync(Second.Replace("end_after: 900", "end_after: soon\nfsp: 30", StringComparison.Ordinal));
        var refused = await server.PostAsync("/api/configuration/reload");
        Assert.Equal((HttpStatusCode.Conflict, "configuration_refused"), (refused.Status, refused.Code));
        Assert.Equal(["end_after", "fsp"], refused.WrongFields.Order(StringComparer.Ordinal));
        Assert.Equal(600, (await server.GetAsync("/api/channels/main")).Json.GetProperty("settings").GetProperty("endAfterSeconds").GetDouble());
        Assert.Equal(3, (await server.GetAsync("/api/destinations")).Json.GetArrayLength());
        var state = (await server.GetAsync("/api/configuration")).Json;
        Assert.Equal(("refused", 2), (state.GetProperty("state").GetString(), state.GetProperty("errors").GetArrayLength()));

        await WriteAsync(Second);
        Assert.Equal("current", (await server.PostAsync("/api/configuration/reload")).Json.GetProperty("state").GetString());
        Assert.Equal(4, (await server.GetAsync("/api/destinations")).Json.GetArrayLength());
    }

    [Fact]
    public async Task State_SaysExactlyWhenTheFileWasLookedAt_Read_AndChanged()
    {
        await using var server = await RunningServer.StartAsync(First, _folder);
        var before = TimeProvider.System.GetUtcNow().AddMilliseconds(-1);
        var first = await StateAsync();
        Assert.Equal("current", first.State);
        Assert.True(first.CheckedAt >= before && first.ReadAt < before && first.ChangedAt <= first.ReadAt && first.AppliedAt == first.ReadAt, $"{first}");

        // Whoever asks between two looks of the server's own is not told that all is as it was.
        var changed = new DateTime(2031, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        await WriteAsync(Second.Replace("end_after: 900", "end_after: soon", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(_folder.File("config.yml"), changed);
        Assert.True((await StateAsync()).State is "pending" or "refused");
        await server.PostAsync("/api/configuration/reload");
        var refused = await StateAsync();
        Assert.Equal(("refused", new DateTimeOffset(changed), first.AppliedAt), (refused.State, refused.ChangedAt, refused.AppliedAt));
        Assert.True(refused.ReadAt > first.ReadAt && refused.CheckedAt >= refused.ReadAt, $"{refused}");

        File.Delete(_folder.File("config.yml"));
        Assert.Null((await StateAsync()).ChangedAt);

        async Task<(string? State, DateTimeOffset AppliedAt, DateTimeOffset ReadAt, DateTimeOffset CheckedAt, DateTimeOffset? ChangedAt)> StateAsync()
        {
            var json = (await server.GetAsync("/api/configuration")).Json;
            var changedAt = json.GetProperty("changedAt");
            return (
                json.GetProperty("state").GetString(),
                json.GetProperty("appliedAt").GetDateTimeOffset(),
                json.GetProperty("readAt").GetDateTimeOffset(),
                json.GetProperty("checkedAt").GetDateTimeOffset(),
                changedAt.ValueKind is System.Text.Json.JsonValueKind.Null ? null : changedAt.GetDateTimeOffset());
        }
    }

    [Fact]
    public async Task File_ThatIsGone_ChangesNothing()
    {
        await using var server = await RunningServer.StartAsync(First, _folder);
        File.Delete(_folder.File("config.yml"));
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.Conflict, (await server.PostAsync("/api/configuration/reload")).Status);
        Assert.Equal(3, (await server.GetAsync("/api/destinations")).Json.GetArrayLength());

        await WriteAsync(Second);
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/api/configuration/reload")).Status);
        File.Delete(_folder.File("config.yml"));
        for (var i = 0; i < 2; i++)
            Assert.Equal(HttpStatusCode.Conflict, (await server.PostAsync("/api/configuration/reload")).Status);
        Assert.Equal(4, (await server.GetAsync("/api/destinations")).Json.GetArrayLength());
    }

    [Fact]
    public async Task File_WithoutAChannelThatIsOnAir_IsRefusedUntilItIsStopped()
    {
        await using var server = await RunningServer.StartAsync(First, _folder);
        await server.PostAsync("/api/channels/old/start");
        await server.WaitForStateAsync("fallback", "/api/channels/old/status");
        await WriteAsync(Second);
        var refused = await server.PostAsync("/api/configuration/reload");
        Assert.Equal(["channel old"], refused.WrongFields);
        Assert.Equal("fallback", (await server.GetAsync("/api/channels/old/status")).Json.GetProperty("state").GetString());
        await server.PostAsync("/api/channels/old/stop");
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/api/configuration/reload")).Status);
    }

    [Fact]
    public async Task Settings_OfTheServer_AreNamedAsNeedingARestart()
    {
        await using var server = await RunningServer.StartAsync(First, _folder);
        await WriteAsync(First + "\ncoalescing_ms: 50\nrtmp_max_connections: 99\n");
        var status = (await server.PostAsync("/api/configuration/reload")).Json;
        Assert.Equal(["coalescing_ms", "rtmp_max_connections"], status.GetProperty("needsRestart").EnumerateArray().Select(one => one.GetString()));
        await WriteAsync(First);
        Assert.Empty((await server.PostAsync("/api/configuration/reload")).Json.GetProperty("needsRestart").EnumerateArray());
    }

    [Fact]
    public async Task WhatUsersSaid_StaysOverANewConfiguration()
    {
        await using var server = await RunningServer.StartAsync(First, _folder);
        await server.SendAsync(HttpMethod.Put, "/api/channels/main", """{ "settings": { "endAfterSeconds": 60 } }""");
        await server.SendAsync(HttpMethod.Put, "/api/destinations/changes", """{ "enabled": false }""");
        await WriteAsync(Second);
        await server.PostAsync("/api/configuration/reload");
        Assert.Equal(60, (await server.GetAsync("/api/channels/main")).Json.GetProperty("settings").GetProperty("endAfterSeconds").GetDouble());
        var changed = (await server.GetAsync("/api/destinations/changes")).Json;
        Assert.Equal((false, "rtmp://127.0.0.1:1/b"), (changed.GetProperty("enabled").GetBoolean(), changed.GetProperty("url").GetString()));
    }

    [Fact]
    public async Task IngestKey_Changed_IsTheNewOneAtOnce()
    {
        await using var server = await RunningServer.StartAsync("ingest_key: first-key-of-the-show\n", _folder);
        await WriteAsync("ingest_key: second-key-of-the-show\n");
        await server.PostAsync("/api/configuration/reload");
        Assert.Equal("second-key-of-the-show", server.Server.Keys.KeyOf("main", "main")!.Value);
    }

    public void Dispose() => _folder.Dispose();

    private async Task WriteAsync(string yaml)
    {
        // As editors do it: a new file in the place of the old one.
        await File.WriteAllTextAsync(_folder.File("config.new"), yaml + "\n");
        File.Move(_folder.File("config.new"), _folder.File("config.yml"), overwrite: true);
    }
}
