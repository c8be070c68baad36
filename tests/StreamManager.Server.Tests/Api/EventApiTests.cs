using System.Net;
using System.Text.Json;

namespace StreamManager.Server.Tests.Api;

/// <summary><c>GET /api/events</c> of a whole server.</summary>
public sealed class EventApiTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    [Fact]
    public async Task Journal_TellsABroadcast_AndItsPagesFitTogetherInBothDirections()
    {
        await _server.WaitForAsync("/api/events?type=server.started", answer => Types(answer).Count == 1);
        await _server.PostAsync("/api/start");
        await _server.WaitForStateAsync("fallback");
        await _server.PostAsync("/api/stop");
        await _server.WaitForAsync("/api/events?type=program.ended", answer => Types(answer).Count == 1);

        var programs = (await _server.GetAsync("/api/events?type=program&channel=main&since=2020-01-01T00:00:00Z")).Json;
        Assert.Equal(["program.fallbackPrepared", "program.onAir", "program.ended"], Types(programs));
        Assert.Equal("operator", programs.GetProperty("events")[2].GetProperty("data").GetProperty("reason").GetString());
        Assert.Equal("main", programs.GetProperty("events")[2].GetProperty("channel").GetString());

        var all = Ids((await _server.GetAsync("/api/events?limit=1000")).Json);
        Assert.Equal(all, await CollectAsync("before"));
        Assert.Equal(all.AsEnumerable().Reverse(), await CollectAsync("since"));
    }

    [Fact]
    public async Task Filter_ThatFitsNothing_AnswersWithNothing()
    {
        foreach (var query in new[] { "type=program.nothing", "channel=other", "type=prog", "since=2100-01-01T00:00:00Z", "before=2000-01-01T00:00:00Z" })
        {
            var answer = (await _server.GetAsync($"/api/events?{query}")).Json;
            Assert.Empty(Types(answer));
            Assert.Equal(JsonValueKind.Null, answer.GetProperty("next").ValueKind);
        }
    }

    [Theory]
    [InlineData("since=yesterday", "since")]
    [InlineData("since=2026-13-01T00:00:00Z", "since")]
    [InlineData("since=", "since")]
    [InlineData("before=-1", "before")]
    [InlineData("before=1%20OR%201", "before")]
    [InlineData("since=1&before=2", "before")]
    [InlineData("since=1&since=2", "since")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("type=", "type")]
    [InlineData("type=a,,b", "type")]
    [InlineData("channel=", "channel")]
    [InlineData("kind=program", "kind")]
    public async Task Parameter_ThatIsWrong_IsNamed(string query, string name)
    {
        var answer = await _server.GetAsync($"/api/events?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(name, answer.WrongFields);
    }

    [Fact]
    public async Task Audit_IsForAdministratorsOnly()
    {
        var made = await _server.PostAsync("/api/tokens", """{ "name": "ci", "scopes": ["view", "operate", "manage"] }""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        var token = made.Json.GetProperty("token").GetString()!;
        await _server.WaitForAsync("/api/events?type=audit", answer => Types(answer).Contains("audit.token.created"));

        var seen = await _server.SendAsync(HttpMethod.Get, "/api/events", token: token);
        Assert.Equal(HttpStatusCode.OK, seen.Status);
        Assert.DoesNotContain("audit.", seen.Text, StringComparison.Ordinal);
        Assert.Contains("server.started", seen.Text, StringComparison.Ordinal);
        Assert.Empty(Types((await _server.SendAsync(HttpMethod.Get, "/api/events?type=audit.token.created", token: token)).Json));
    }

    [Fact]
    public async Task Restart_KeepsTheJournal_AndTellsTheStop()
    {
        using var folder = new TemporaryFolder();
        await using (var first = await RunningServer.StartAsync(folder: folder))
            await first.WaitForAsync("/api/events", answer => Types(answer).Contains("server.started"));
        await using var second = await RunningServer.StartAsync(folder: folder);
        await second.WaitForAsync("/api/events?type=server", answer => Types(answer).Count == 3);
        Assert.Equal(["server.started", "server.stopping", "server.started"], Types((await second.GetAsync("/api/events?type=server")).Json));
    }

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private static List<string> Types(JsonElement answer) => [.. answer.GetProperty("events").EnumerateArray().Select(happened => happened.GetProperty("type").GetString()!)];

    private static List<string> Ids(JsonElement answer) => [.. answer.GetProperty("events").EnumerateArray().Select(happened => happened.GetProperty("id").GetString()!)];

    private async Task<List<string>> CollectAsync(string direction)
    {
        var ids = new List<string>();
        var next = direction == "since" ? "2020-01-01T00:00:00Z" : "2100-01-01T00:00:00Z";
        while (true)
        {
            var page = (await _server.GetAsync($"/api/events?limit=2&{direction}={next}")).Json;
            ids.AddRange(Ids(page));
            if (page.GetProperty("next").GetString() is not { } more)
                return ids;
            next = more;
        }
    }
}
