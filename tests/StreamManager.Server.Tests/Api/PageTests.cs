using System.Net;
using System.Text.Json;

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

    private static string[] Ids(string text) => [.. JsonDocument.Parse(text).RootElement.EnumerateArray().Select(entry => entry.GetProperty("id").GetString()!)];

    /// <summary>The last one of the page that is not a channel's own.</summary>
    private static string Removable(string[] page, RunningServer server) =>
        page.Last(id => server.GetAsync($"/api/keys/{id}").GetAwaiter().GetResult().Json.GetProperty("origin").GetString() == "api");
}
