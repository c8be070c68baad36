using Microsoft.Playwright;
using StreamManager.TestKit;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>What is done on each page, without a mouse. Dialogs are in <see cref="EveryPageTests"/>, a show in <see cref="LivePageTests"/>.</summary>
public sealed class KeyboardTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task EveryPagesAction_IsDoneByKeyboard()
    {
        await using var server = await DashboardServer.StartAsync("webhook_allow_private_addresses: true\n");
        List<string> problems = [];
        var page = await browser.OpenAsync(server.ApiPort, problems);
        await using var context = page.Context;
        var keyboard = new Keyboard(page);
        await page.GotoAsync("/");
        await keyboard.TypeAsync("Name", DashboardServer.Owner);
        await keyboard.TypeAsync("Password", DashboardServer.Password);
        await page.Keyboard.PressAsync("Enter");

        // The show: on air with the fallback.
        await Assertions.Expect(page.GetByTestId("air-state")).ToHaveTextAsync("Waiting for source");
        await keyboard.SkipToPageAsync();
        await keyboard.PressAsync(AriaRole.Button, "Go on air with the fallback");
        await Assertions.Expect(page.GetByTestId("air-state")).ToContainTextAsync("On fallback");

        await GoAsync("Connect OBS");
        await keyboard.PressAsync(AriaRole.Button, "Copy server");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Copy server" })).ToContainTextAsync("Copied");
        await keyboard.PressAsync(AriaRole.Link, "Add a destination");

        // One stop for all tiles; the arrows choose among them.
        await keyboard.TabToAsync(page.GetByRole(AriaRole.Radio, new() { Name = "Twitch" }));
        await page.Keyboard.PressAsync("ArrowLeft");
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "Any RTMP server" })).ToBeCheckedAsync();
        await keyboard.TypeAsync("Name", "Church hall");
        await keyboard.TypeAsync("Server", $"rtmp://127.0.0.1:{FreePort.Next()}/app");
        await keyboard.TypeAsync("Stream key", "hall");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("There is no connection to the server.")).ToBeVisibleAsync();

        await GoAsync("Destinations");
        await keyboard.PressAsync(AriaRole.Link, "Church hall");
        await keyboard.TypeAsync("New stream key", "another");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("Saved.")).ToBeVisibleAsync();

        await GoAsync("Stream keys");
        await keyboard.PressAsync(AriaRole.Button, "New key");
        await keyboard.TypeAsync("Name", "Studio B");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByTestId("shown-key")).ToBeVisibleAsync();
        await keyboard.PressAsync(AriaRole.Button, "Done");
        await Assertions.Expect(page.GetByText("Studio B")).ToBeVisibleAsync();

        // Asked for before the page opens: a busy browser may take the key first, and the wish to be told of choosers afterwards.
        var chooser = new TaskCompletionSource<IFileChooser>(TaskCreationOptions.RunContinuationsAsynchronously);
        page.FileChooser += (_, opened) => chooser.TrySetResult(opened);
        await GoAsync("Media");
        await keyboard.TabToAsync(page.GetByRole(AriaRole.Button, new() { Name = "Choose files" }));
        await page.Keyboard.PressAsync("Space");
        Assert.True((await chooser.Task.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken)).IsMultiple);

        await GoAsync("Channels");
        await keyboard.PressAsync(AriaRole.Button, "New channel");
        await keyboard.TypeAsync("Id", "second");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Channel second" })).ToBeVisibleAsync();

        await GoAsync("Live");
        await keyboard.TabToAsync(page.GetByRole(AriaRole.Combobox, new() { Name = "Channel" }));
        await page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Live: second" })).ToBeVisibleAsync();

        await GoAsync("Failover drill");
        await keyboard.TypeAsync("Seconds without the source", "3");

        await GoAsync("Broadcasts");
        await keyboard.TabToAsync(page.GetByRole(AriaRole.Cell).GetByRole(AriaRole.Link).First);
        await page.Keyboard.PressAsync("Enter");
        var slider = page.GetByRole(AriaRole.Slider);
        await keyboard.TabToAsync(slider);
        var before = await slider.InputValueAsync();
        await page.Keyboard.PressAsync("End");
        Assert.NotEqual(before, await slider.InputValueAsync());

        await GoAsync("Users and tokens");
        await keyboard.PressAsync(AriaRole.Button, "Make token");
        await keyboard.TypeAsync("Name", "script");
        await page.Keyboard.PressAsync("Enter");
        await keyboard.PressAsync(AriaRole.Button, "Done");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Revoke script" })).ToBeVisibleAsync();

        await GoAsync("Webhooks");
        await keyboard.PressAsync(AriaRole.Button, "Add webhook");
        await keyboard.TypeAsync("Address", $"http://127.0.0.1:{FreePort.Next()}/hook");
        await page.Keyboard.PressAsync("Enter");
        await keyboard.PressAsync(AriaRole.Button, "Go on to test it");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Send a test" })).ToBeVisibleAsync();

        await GoAsync("Journal");
        await keyboard.TabToAsync(page.Locator("main").GetByRole(AriaRole.Button, new() { Expanded = false }).Filter(new() { HasText = "anna" }).First);
        await page.Keyboard.PressAsync("Space");
        await Assertions.Expect(page.Locator(".event-details")).ToBeVisibleAsync();
        await keyboard.PressAsync(AriaRole.Link, "Server log");
        await keyboard.TabToAsync(page.GetByRole(AriaRole.Combobox, new() { Name = "Show" }));
        await page.Keyboard.PressAsync("End");
        await Assertions.Expect(page.GetByText("Nothing of this kind")).ToBeVisibleAsync();

        await GoAsync("System");
        await keyboard.TabToAsync(page.GetByRole(AriaRole.Checkbox, new() { Name = "Only what is set" }));
        await page.Keyboard.PressAsync("Space");
        await Assertions.Expect(page.GetByRole(AriaRole.Row, new() { Name = "gop_cache" })).ToHaveCountAsync(0);

        await keyboard.PressAsync(AriaRole.Button, "Account anna");
        await keyboard.ChooseAsync("Dark colours");
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        var account = page.GetByRole(AriaRole.Button, new() { Name = "Account anna" });
        await Eventually.TrueAsync(() => Keyboard.HasFocusAsync(account), describe: () => "the menu does not give the focus back");
        await keyboard.PressAsync(AriaRole.Button, "Account anna");
        await keyboard.ChooseAsync("Log out");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Log in" })).ToBeVisibleAsync();
        Assert.Empty(problems);

        async Task GoAsync(string name)
        {
            await keyboard.TabToAsync(page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = name, Exact = true }));
            await page.Keyboard.PressAsync("Enter");
            var main = page.Locator("main");
            await Eventually.TrueAsync(() => Keyboard.HasFocusAsync(main), describe: () => $"the page {name} has not got the focus");
        }
    }
}
