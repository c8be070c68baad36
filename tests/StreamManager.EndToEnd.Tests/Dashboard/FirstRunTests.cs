using System.Text.RegularExpressions;
using Microsoft.Playwright;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>From the link that the server prints to a program that arrives, in three screens.</summary>
public sealed partial class FirstRunTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task Link_LeadsThroughThreeScreensToLive()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var server = await ServerProcess.StartAsync(new ServerSettings
        {
            // No key is set: the one that the server made is what the page shows.
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["INGEST_KEY"] = null, ["DASHBOARD_DIR"] = Browser.Built },
        });
        List<string> problems = [];
        List<string> flaws = [];
        var page = await browser.OpenAsync(server.ApiPort, problems, width: 390, height: 844);
        await using var context = page.Context;

        await page.GotoAsync(SetupLink().Match(server.Log).Value);
        await page.GetByLabel("Name").FillAsync("anna");
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync("short");
        await page.GetByLabel("Password again").FillAsync("short");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the owner" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Password", new() { Exact = true })).ToHaveAttributeAsync("aria-invalid", "true");
        await Assertions.Expect(page.GetByLabel("Name")).ToHaveValueAsync("anna");
        flaws.AddRange(await Browser.FindFlawsAsync(page));
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync("a long phrase of hers");
        await page.GetByLabel("Password again").FillAsync("a long phrase of hers");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the owner" }).ClickAsync();

        await Assertions.Expect(page.GetByText("Waiting for your encoder")).ToBeVisibleAsync();
        Assert.DoesNotContain('#', page.Url);
        await Assertions.Expect(page.Locator(".copy-value")).ToHaveCountAsync(2);
        var entered = await page.Locator(".copy-value").AllInnerTextsAsync();
        flaws.AddRange(await Browser.FindFlawsAsync(page));
        await using var publisher = await FfmpegPublisher.StartAsync($"{entered[0]}/{entered[1]}", new EncoderSettings { Picture = TestPicture.Pattern });
        await Assertions.Expect(page.GetByText("H.264, 640×360")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("every 1 s")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Ready to go live")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Add a destination" }).ClickAsync();
        await page.GetByText("Any RTMP server").ClickAsync();
        await page.GetByLabel("Name").FillAsync("Church hall");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Server" }).FillAsync("http://nowhere");
        await page.GetByLabel("Stream key").FillAsync("hall");
        await page.GetByRole(AriaRole.Button, new() { Name = "Test" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Must be an rtmp:// or rtmps:// address")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Stream key")).ToHaveValueAsync("hall");
        flaws.AddRange(await Browser.FindFlawsAsync(page));
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Server" }).FillAsync(nginx.ServerUrl());
        await page.GetByRole(AriaRole.Button, new() { Name = "Test" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The test went well.")).ToBeVisibleAsync();
        Assert.Equal("disabled", (await server.Api.StatusAsync()).Destination("Church hall").State);
        await page.GetByRole(AriaRole.Button, new() { Name = "Send to it now" }).ClickAsync();

        await Assertions.Expect(page.GetByTestId("air-state")).ToHaveTextAsync("Live");
        var row = page.Locator("li.destination", new() { HasText = "Church hall" });
        await Assertions.Expect(row.GetByText("Arrives")).ToBeVisibleAsync();
        await nginx.WaitForRecordingAsync("hall", TimeSpan.FromSeconds(1));
        await Preview.MovesOnAsync(page);
        flaws.AddRange(await Browser.FindFlawsAsync(page));

        // The link again: nothing to fill in that would be refused.
        await page.GotoAsync("/");
        await page.GotoAsync(SetupLink().Match(server.Log).Value);
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "The set-up is done" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Name")).ToHaveCountAsync(0);
        flaws.AddRange(await Browser.FindFlawsAsync(page));
        await page.GetByRole(AriaRole.Link, new() { Name = "Open the dashboard" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("air-state")).ToHaveTextAsync("Live");
        Assert.Empty(flaws);
        Assert.Empty(problems);
    }

    [GeneratedRegex(@"/setup#\S+")]
    private static partial Regex SetupLink();
}
