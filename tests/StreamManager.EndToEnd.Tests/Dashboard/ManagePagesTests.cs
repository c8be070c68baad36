using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>What is done before and after a show: reports, tokens, webhooks, the journal, the system.</summary>
public sealed class ManagePagesTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly EncoderSettings Encoder = new() { Picture = TestPicture.Pattern };

    [Fact]
    public async Task Report_OfABroadcastWhoseSourceBroke_ShowsTheFallback()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var server = await DashboardServer.StartAsync();
        await server.Api.AddDestinationAsync("good", nginx.ServerUrl(), "good-key");
        var publisher = await FfmpegPublisher.StartAsync(server.PublishUrl, Encoder);
        await server.Api.WaitAsync(status => status.State == "live" && status.Destination("good").FramesSent > 0, "nothing is on air");
        publisher.Kill();
        await publisher.DisposeAsync();
        await server.Api.WaitForStateAsync("fallback");

        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, "/broadcasts");
        await using var context = page.Context;
        await page.GetByRole(AriaRole.Cell).GetByRole(AriaRole.Link).ClickAsync();

        // On air: it grows under one's eyes.
        var program = page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^Program: Main source for .*, Fallback for ") });
        await Assertions.Expect(program).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("The connection of the source broke.")).ToBeVisibleAsync();
        await using (await FfmpegPublisher.StartAsync(server.PublishUrl, Encoder))
        {
            await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^Program: .*Fallback for .*, Main source for ") })).ToBeVisibleAsync();
            await server.Api.StopAsync();
        }

        await Assertions.Expect(page.GetByText("Ended by somebody")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^good: .*Live for ") })).ToBeVisibleAsync();
        Assert.Empty(await Browser.FindFlawsAsync(page));
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "JSON" }).ClickAsync());
        using var file = JsonDocument.Parse(await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken));
        Assert.Equal(["source", "fallback", "source"], file.RootElement.GetProperty("segments").EnumerateArray().Select(segment => segment.GetProperty("shows").GetString()));

        await page.GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        var removed = page.GetByText("No broadcast yet");

        // For some seconds after the end the report is still being saved, and the dialog says so and stays. A click takes those words away: what is there next is what came of it.
        await Eventually.TrueAsync(async () =>
        {
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Remove report" }).ClickAsync();
            await Assertions.Expect(removed.Or(dialog.GetByRole(AriaRole.Alert))).ToBeVisibleAsync();
            return await removed.IsVisibleAsync();
        });
        Assert.Empty(problems);
    }

    [Fact]
    public async Task Token_MadeAndRevoked_WorksAndThenDoesNot()
    {
        await using var server = await DashboardServer.StartAsync();
        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, "/access", 390, 844);
        await using var context = page.Context;
        await page.GetByRole(AriaRole.Button, new() { Name = "Make token" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        var make = dialog.GetByRole(AriaRole.Button, new() { Name = "Make token" });

        // The server's words are at the field, and what was chosen stays.
        await dialog.GetByRole(AriaRole.Checkbox, new() { NameRegex = new Regex("^Operate") }).CheckAsync();
        await make.ClickAsync();
        await Assertions.Expect(dialog.GetByText("Must be 1 to 64")).ToBeVisibleAsync();
        await Assertions.Expect(dialog.GetByRole(AriaRole.Checkbox, new() { Checked = true })).ToHaveCountAsync(2);
        await dialog.GetByLabel("Name").FillAsync("backup script");
        await make.ClickAsync();
        await Assertions.Expect(dialog.GetByText("it is not shown again")).ToBeVisibleAsync();
        var token = await dialog.Locator("code").InnerTextAsync();
        using var script = new ApiClient(server.ApiPort, token);
        Assert.Equal(HttpStatusCode.OK, (await script.GetAsync("/api/status")).Status);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
        Assert.Empty(await Browser.FindFlawsAsync(page));

        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke backup script" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog, new() { Name = "Revoke the token backup script?" }).GetByRole(AriaRole.Button, new() { Name = "Revoke token" }).ClickAsync();
        await Assertions.Expect(page.GetByText("No tokens")).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await script.GetAsync("/api/status")).Status);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Remove anna" })).ToBeDisabledAsync();
        Assert.Empty(problems);
    }

    [Fact]
    public async Task Webhook_AddedTestedAndTold_ShowsItsDelivery()
    {
        await using var receiver = new HookReceiver();
        await using var server = await DashboardServer.StartAsync("webhook_allow_private_addresses: true\n");
        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, "/webhooks");
        await using var context = page.Context;
        await page.GetByRole(AriaRole.Button, new() { Name = "Add webhook" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        var add = dialog.GetByRole(AriaRole.Button, new() { Name = "Add webhook" });
        await dialog.GetByLabel("Address", new() { Exact = true }).FillAsync("ftp://example.com");
        await add.ClickAsync();
        await Assertions.Expect(dialog.GetByText("Must be an address of http or https")).ToBeVisibleAsync();
        await Assertions.Expect(dialog.GetByLabel("Address", new() { Exact = true })).ToHaveValueAsync("ftp://example.com");
        await dialog.GetByLabel("Address", new() { Exact = true }).FillAsync(receiver.Url);
        await add.ClickAsync();
        await Assertions.Expect(dialog.GetByText(new Regex("^whsec_"))).ToBeVisibleAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Go on to test it" }).ClickAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Send a test" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The receiver took the test.")).ToBeVisibleAsync();
        Assert.Contains("webhook.test", Assert.Single(receiver.Bodies), StringComparison.Ordinal);

        await server.Api.StartAsync();
        var id = (await server.Api.GetAsync("/api/webhooks")).Body[0].GetProperty("id").GetString();
        await Eventually.TrueAsync(
            async () => (await server.Api.GetAsync($"/api/webhooks/{id}/deliveries?state=delivered")).Text.Contains("program.onAir", StringComparison.Ordinal),
            describe: () => string.Join('\n', receiver.Bodies));

        // The page hears of it by itself.
        var delivery = page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("Delivered.*program\\.onAir") });
        await delivery.ClickAsync();
        await Assertions.Expect(page.GetByText("\"type\": \"program.onAir\"")).ToBeVisibleAsync();
        Assert.Empty(await Browser.FindFlawsAsync(page));
        Assert.Empty(problems);
    }

    [Fact]
    public async Task JournalAndSystem_ShowWhatHappensAndWhereSettingsComeFrom()
    {
        await using var server = await DashboardServer.StartAsync();
        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, "/journal");
        await using var context = page.Context;
        await Assertions.Expect(page.GetByText("anna logged in").First).ToBeVisibleAsync();
        await page.GetByLabel("About").SelectOptionAsync("program");
        await Assertions.Expect(page.GetByText("Nothing of this kind")).ToBeVisibleAsync();
        await server.Api.StartAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("On air.*program\\.onAir") })).ToBeVisibleAsync();
        Assert.Empty(await Browser.FindFlawsAsync(page));

        await page.GetByRole(AriaRole.Link, new() { Name = "System" }).ClickAsync();
        await page.GetByLabel("Find a setting").FillAsync("return_after");
        await Assertions.Expect(page.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("return_after.*line 1") })).ToBeVisibleAsync();

        // A mistake in the file is told with the words of the server, by itself or at once.
        await File.WriteAllTextAsync(server.ConfigFile, "return_after: soon\n", TestContext.Current.CancellationToken);
        await page.GetByRole(AriaRole.Button, new() { Name = "Read it now" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The file was refused as a whole")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Listitem).GetByText(new Regex("return_after.*soon"))).ToBeVisibleAsync();
        Assert.Empty(await Browser.FindFlawsAsync(page));
        await page.GetByRole(AriaRole.Link, new() { Name = "Server log" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.List, new() { Name = "Entries" }).GetByText("return_after").First).ToBeVisibleAsync();
        Assert.Empty(await Browser.FindFlawsAsync(page));
        Assert.Empty(problems);
    }
}
