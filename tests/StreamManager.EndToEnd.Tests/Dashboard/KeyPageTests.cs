using System.Net;
using Microsoft.Playwright;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>Stream keys that are changed after they were made.</summary>
public sealed class KeyPageTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task Key_IsRestrictedUnderAPublisher_WhoStaysUntilItIsToBeClosed()
    {
        await using var server = await DashboardServer.StartAsync();
        await server.Api.PostAsync("/api/keys", new { name = "Other", alias = "taken" });
        var made = (await server.Api.PostAsync("/api/keys", new { name = "Studio A" })).Body;
        var path = $"/api/keys/{made.GetProperty("id").GetString()}";
        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, "/keys");
        await using var context = page.Context;

        await EditAsync(page);
        await page.GetByLabel("Alias").FillAsync("taken");
        await page.GetByLabel("Allowed addresses").FillAsync("10.0.0.0/8\nnowhere");
        await page.GetByLabel("Ends at").FillAsync("2020-01-01T10:00");
        await SaveAsync(page);
        await Assertions.Expect(page.GetByText("nowhere must be an IPv4 or IPv6 address")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Must be in the future")).ToBeVisibleAsync();
        await page.GetByLabel("Ends", new() { Exact = true }).SelectOptionAsync("never");
        await page.GetByLabel("Allowed addresses").FillAsync("127.0.0.0/8");
        await SaveAsync(page);
        await Assertions.Expect(page.GetByText("Is taken")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Alias")).ToBeFocusedAsync();
        await page.GetByLabel("Alias").FillAsync("studio");
        Assert.Empty(await Browser.FindFlawsAsync(page));
        await SaveAsync(page);
        await Assertions.Expect(page.GetByText("Works, no end").First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("only from 127.0.0.0/8")).ToBeVisibleAsync();

        await using var publisher = await FfmpegPublisher.StartAsync(server.PublishUrlOf("studio"), new EncoderSettings { Picture = TestPicture.Pattern });
        await server.Api.WaitForStateAsync("live");
        await EditAsync(page);

        // Somebody else is quicker, once the form has read what there is: nothing of either is lost.
        await page.GetByLabel("Allowed addresses").FillAsync("10.0.0.0/8");
        Assert.Equal(HttpStatusCode.OK, (await server.Api.SendAsync(HttpMethod.Put, path, new { name = "Studio B" })).Status);
        await SaveAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep mine" }).ClickAsync();
        await SaveAsync(page);
        await Assertions.Expect(page.GetByText("only from 10.0.0.0/8")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Studio B", new() { Exact = true })).ToBeVisibleAsync();
        await server.Api.WaitForStateAsync("live");

        await EditAsync(page);
        await page.GetByLabel("Allowed addresses").FillAsync("10.0.0.0/16");

        // Not "if it came with this key": the server says that it did.
        await page.GetByLabel("Close it, if it may not publish from there any more").CheckAsync();
        await SaveAsync(page);
        await server.Api.WaitForStateAsync("fallback");
        Assert.Empty(problems);
    }

    [Fact]
    public async Task OwnKey_IsAskedForOnce_AndAgainWhenItIsAnother()
    {
        // Without a fixed key the channel has one that the server made, and that an owner may see.
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["INGEST_KEY"] = null, ["DASHBOARD_DIR"] = Browser.Built };
        await using var server = await ServerProcess.StartAsync(new ServerSettings { Environment = environment });
        Assert.Equal(HttpStatusCode.Created, (await server.Api.PostAsync("/api/users", new { name = DashboardServer.Owner, password = DashboardServer.Password, role = "owner" })).Status);
        List<string> problems = [];
        var page = await browser.OpenAsync(server.ApiPort, problems);
        await using var context = page.Context;
        var asked = 0;
        page.Request += (_, request) => asked += request.Url.EndsWith("/reveal", StringComparison.Ordinal) ? 1 : 0;
        await page.GotoAsync("/start");
        await DashboardServer.LogInAsync(page);
        var id = (await server.Api.GetAsync("/api/keys")).Body.EnumerateArray().First(key => key.GetProperty("name").GetString() == "main/main").GetProperty("id").GetString();
        var first = (await server.Api.PostAsync($"/api/keys/{id}/reveal")).Body.GetProperty("key").GetString()!;
        await Assertions.Expect(page.GetByText(first)).ToBeVisibleAsync();

        // That somebody saw the key is an event about keys; the page must not see that as a reason to look once more.
        var second = (await server.Api.PostAsync($"/api/keys/{id}/rotate")).Body.GetProperty("key").GetString()!;
        await Assertions.Expect(page.GetByText(second)).ToBeVisibleAsync();
        Assert.Equal(2, asked);
        Assert.Empty(problems);
    }

    private static async Task EditAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "More for Studio" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Edit…" }).ClickAsync();
    }

    private static Task SaveAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Save changes" }).ClickAsync();
}
