using Microsoft.Playwright;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>Copying over plain HTTP from another machine: there browsers give pages no clipboard.</summary>
public sealed class CopyTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task Key_IsCopiedOnAPageThatIsNoSecureContext_OutOfADialog()
    {
        await using var server = await DashboardServer.StartAsync();
        List<string> problems = [];
        var page = await browser.OpenAsync(server.ApiPort, problems);
        await using var context = page.Context;
        await page.GotoAsync($"http://{Browser.OtherName}:{server.ApiPort}/keys");
        await DashboardServer.LogInAsync(page);
        var newKey = page.GetByRole(AriaRole.Button, new() { Name = "New key" });
        await newKey.ClickAsync();
        Assert.False(await page.EvaluateAsync<bool>("() => window.isSecureContext || 'clipboard' in navigator"));
        var name = page.GetByRole(AriaRole.Textbox, new() { Name = "Name" });
        await name.FillAsync("Studio");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create key" }).ClickAsync();
        var key = await page.GetByTestId("shown-key").Locator("code").InnerTextAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy stream key" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Copied", new() { Exact = true })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();

        // What was copied is what is pasted.
        await newKey.ClickAsync();
        await name.FocusAsync();
        await page.Keyboard.PressAsync("Control+V");
        await Assertions.Expect(name).ToHaveValueAsync(key);
        Assert.All(problems, problem => Assert.Equal($"a request to {Browser.OtherName}", problem));
    }
}
