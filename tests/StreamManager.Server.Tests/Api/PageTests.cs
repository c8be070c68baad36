using System.Net;
using System.Text.Json;
using StreamManager.Server.Events;

namespace StreamManager.Server.Tests.Api;

/// <summary>Long lists by pages.</summary>
public sealed class PageTests
{
    [Fact]
    public async Task Pages_FollowedByTheirLinks_GiveEveryEntryOnce_AlsoWhenSomethingGoesMeanwhile()
    {
        await using var server = await RunningServer.StartAsync();
        for (var i = 0; i < 7; i++)
            Assert.Equal(HttpStatusCode.Created, (await server.PostAsync("/api/keys", $$"""{ "name": "k{{i}}" }""")).Status);
        var all = Ids((await server.GetAsync("/api/keys")).Text).Order(StringComparer.Ordinal).ToArray();

        var seen = new List<string>();
        var next = "/api/keys?limit=3";
        var pages = 0;
        while (next is not null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, next);
            request.Headers.Authorization = new("Bearer", RunningServer.Token);
            using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
            var page = Ids(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.InRange(page.Length, 1, 3);
            Assert.Equal($"{all.Length - (pages == 0 ? 0 : 1)}", response.Headers.GetValues("X-Total-Count").Single());
            seen.AddRange(page);
            next = response.Headers.TryGetValues("Link", out var links) ? links.Single().Split('>')[0].TrimStart('<') : null;

            // What the next page begins after is gone.
            if (pages++ == 0)
                Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, $"/api/keys/{Removable(page, server)}")).Status);
        }

        Assert.Equal(all, seen);
        Assert.True(pages >= 3);
    }

    [Fact]
    public async Task List_WithoutAPage_ComesWholeAndInItsOwnOrder()
    {
        await using var server = await RunningServer.StartAsync();
        foreach (var name in new[] { "c", "a", "b" })
            await server.PostAsync("/api/destinations", $$"""{ "name": "{{name}}", "url": "rtmp://127.0.0.1:1/app", "streamKey": "key", "enabled": false }""");
        var names = (await server.GetAsync("/api/destinations")).Json.EnumerateArray().Select(entry => entry.GetProperty("name").GetString());
        Assert.Equal(["c", "a", "b"], names);
        Assert.Empty(Ids((await server.GetAsync("/api/destinations?after=~")).Text));
    }

    [Fact]
    public async Task EveryList_OfTheDocument_HasPages()
    {
        await using var server = await ApiMatrixServer.StartAsync();
        var document = JsonDocument.Parse((await server.Server.GetAsync("/openapi/v1.json")).Text).RootElement;
        var lists = document.GetProperty("paths").EnumerateObject()
            .Where(path => path.Value.TryGetProperty("get", out var get) && IsList(get))
            .Select(path => (Path: path.Name, Get: path.Value.GetProperty("get"))).ToList();
        Assert.Contains("/api/webhooks/{id}/deliveries", lists.Select(list => list.Path));
        foreach (var (path, get) in lists)
        {
            var parameters = get.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()).ToList();
            Assert.True(parameters.Contains("limit") && parameters.Contains("after"), $"{path} has no pages");
            var address = server.Routes.Single(route => route.Method == "GET" && route.Pattern == path).AnyPath;
            var whole = await GetAsync(server.Server, address);
            Assert.True(whole.Total == $"{Ids(whole.Text).Length}", $"{path} says that there are {whole.Total}");
            Assert.Equal(Ids(whole.Text).Order(StringComparer.Ordinal), (await FollowAsync(server.Server, $"{address}?limit=1")).Order(StringComparer.Ordinal));
        }

        static bool IsList(JsonElement get) => get.GetProperty("responses").TryGetProperty("200", out var answer)
            && answer.TryGetProperty("content", out var content) && content.TryGetProperty("application/json", out var json)
            && json.TryGetProperty("schema", out var schema) && schema.TryGetProperty("type", out var type) && type.ToString() == "array";
    }

    [Fact]
    public async Task PagesOfALog_GoOnFromTheNewestToTheOldest_ByLinksAndByIds()
    {
        await using var server = await RunningServer.StartAsync(change: options => options with { WebhookAllowPrivateAddresses = true });
        var id = (await server.PostAsync("/api/webhooks", """{ "url": "http://127.0.0.1:1/", "events": ["server.*"] }""")).Json.GetProperty("id").GetString();
        for (var i = 0; i < 7; i++)
            server.Server.Events.Publish(ServerEvents.Started(TimeProvider.System.GetUtcNow().AddHours(i), $"{i}"));
        var address = $"/api/webhooks/{id}/deliveries";
        await server.WaitForAsync(address, all => all.GetArrayLength() == 7);
        var times = (await server.GetAsync(address)).Json.EnumerateArray().Select(one => one.GetProperty("createdAt").GetDateTimeOffset()).ToList();
        Assert.Equal(times.OrderDescending(), times);

        var all = await FollowAsync(server, $"{address}?limit=7");
        Assert.Equal(all, await FollowAsync(server, $"{address}?limit=3"));
        Assert.Equal(all[2..4], Ids((await server.GetAsync($"{address}?limit=2&after={all[1]}")).Text));

        // What it was asked for besides holds for the next page, too.
        Assert.Equal(all.Order(StringComparer.Ordinal), (await FollowAsync(server, $"{address}?limit=2&state=pending")).Order(StringComparer.Ordinal));
        Assert.Equal("0", (await GetAsync(server, $"{address}?limit=2&state=delivered")).Total);
    }

    /// <summary>The ids of a page and of all that its links lead to.</summary>
    private static async Task<string[]> FollowAsync(RunningServer server, string address)
    {
        var seen = new List<string>();
        for (string? next = address; next is not null;)
        {
            (var text, _, next) = await GetAsync(server, next);
            seen.AddRange(Ids(text));
        }

        return [.. seen];
    }

    private static async Task<(string Text, string? Total, string? Next)> GetAsync(RunningServer server, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Authorization = new("Bearer", RunningServer.Token);
        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            response.Headers.TryGetValues("X-Total-Count", out var totals) ? totals.Single() : null,
            response.Headers.TryGetValues("Link", out var links) ? links.Single().Split('>')[0].TrimStart('<') : null);
    }

    private static string[] Ids(string text) => [.. JsonDocument.Parse(text).RootElement.EnumerateArray().Select(entry => entry.TryGetProperty("id", out var id) ? id.GetString()! : entry.TryGetProperty("clientId", out id) ? id.GetString()! : entry.GetProperty("filename").GetString()!)];

    /// <summary>The last one of the page that is not a channel's own.</summary>
    private static string Removable(string[] page, RunningServer server) =>
        page.Last(id => server.GetAsync($"/api/keys/{id}").GetAwaiter().GetResult().Json.GetProperty("origin").GetString() == "api");
}
