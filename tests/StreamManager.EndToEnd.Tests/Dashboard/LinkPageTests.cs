using Microsoft.Playwright;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>Users who set their password by a link.</summary>
public sealed class LinkPageTests(Browser browser) : IClassFixture<Browser>
{
    private const string Hers = "a phrase that she chose";

    [Fact]
    public async Task NewUser_SetsThePasswordByALink_WhichWorksOnce()
    {
        await using var server = await DashboardServer.StartAsync();
        List<string> problems = [];
        var owner = await browser.OpenAsync(server, problems, "/access");
        await using var ownersContext = owner.Context;
        await owner.GetByRole(AriaRole.Button, new() { Name = "Add user" }).ClickAsync();
        var dialog = owner.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Name").FillAsync("Anna");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add user" }).ClickAsync();
        await Assertions.Expect(dialog.GetByText("Another user has this name.")).ToBeVisibleAsync();
        await dialog.GetByLabel("Name").FillAsync("berta");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add user" }).ClickAsync();
        var link = await LinkAsync(owner);
        await Assertions.Expect(owner.GetByText("no password yet, link ends in 47 h")).ToBeVisibleAsync();
        await Assertions.Expect(owner.GetByText(link)).ToHaveCountAsync(0);

        var berta = await browser.OpenAsync(server.ApiPort, problems, width: 360, height: 740);
        await using var bertasContext = berta.Context;
        await berta.GotoAsync(link);
        await Assertions.Expect(berta.GetByText("You are berta here, and come in as operator.")).ToBeVisibleAsync();
        await SetAsync(berta, "short");
        await Assertions.Expect(berta.GetByText("Must have 10 characters or more")).ToBeVisibleAsync();
        Assert.Empty(await Browser.FindFlawsAsync(berta));
        await SetAsync(berta, Hers);
        await Assertions.Expect(berta.GetByRole(AriaRole.Heading, new() { Name = "Live", Exact = true })).ToBeVisibleAsync();
        Assert.EndsWith("/", berta.Url, StringComparison.Ordinal);

        // The owner's page hears of it.
        await Assertions.Expect(owner.GetByText("no password yet")).ToHaveCountAsync(0);
        await berta.GotoAsync("about:blank");
        await berta.GotoAsync(link);
        await Assertions.Expect(berta.GetByText("This link does not work.")).ToBeVisibleAsync();

        // Who forgot: a new link, and the sessions end with the old password.
        await owner.GetByRole(AriaRole.Button, new() { Name = "Link for berta" }).ClickAsync();
        await owner.GetByRole(AriaRole.Button, new() { Name = "Make link" }).ClickAsync();
        var second = await LinkAsync(owner);
        await berta.GotoAsync("about:blank");
        await berta.GotoAsync(second);
        await Assertions.Expect(berta.GetByText("A new one for berta.")).ToBeVisibleAsync();
        await SetAsync(berta, Hers + " anew");
        await Assertions.Expect(berta.GetByRole(AriaRole.Heading, new() { Name = "Live", Exact = true })).ToBeVisibleAsync();
        Assert.Empty(problems);
    }

    private static async Task<string> LinkAsync(IPage page)
    {
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(dialog.GetByText("/join#sml_")).ToBeVisibleAsync();
        var link = await dialog.Locator(".copy-value").InnerTextAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
        return link;
    }

    private static async Task SetAsync(IPage page, string password)
    {
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(password);
        await page.GetByLabel("Password again").FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Set password and log in" }).ClickAsync();
    }
}
