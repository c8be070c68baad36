using System.Text.RegularExpressions;
using Microsoft.Playwright;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>Charts of what runs, and the drill, as the WebSocket tells them.</summary>
public sealed class RunningShowTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task Charts_ShowWhatIsMeasured_AndTheDrillMovesByTheWebSocket()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var server = await DashboardServer.StartAsync();
        var id = await server.Api.AddDestinationAsync("Twitch", nginx.ServerUrl(), "show");
        await using var publisher = await FfmpegPublisher.StartAsync(server.PublishUrl, new EncoderSettings { Picture = TestPicture.Pattern });
        await server.Api.WaitForStateAsync("live");
        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, $"/destinations/{id}");
        await using var context = page.Context;

        foreach (var measure in (string[])["Bitrate", "Frames per second", "Queue"])
            await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex($"^{measure} in the last minute: now ") })).ToBeVisibleAsync();
        var chart = page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^Bitrate") });
        await Assertions.Expect(page.Locator("figure", new() { HasText = "Bitrate" })).ToContainTextAsync(new Regex(@"[1-9][\d.]* [kM]bit/s"));
        await chart.Locator(".u-over").HoverAsync();
        await Assertions.Expect(page.Locator("figure", new() { HasText = "Queue" })).ToContainTextAsync(new Regex(@" at \d\d:\d\d:\d\d"));
        Assert.Empty(await Browser.FindFlawsAsync(page));

        // A page that is opened in the middle of a show has its curves at once: the server has kept them.
        await page.RunAndWaitForResponseAsync(() => page.GotoAsync("/"), answer => answer is { Status: 200 } && answer.Url.EndsWith("/api/channels/main/history", StringComparison.Ordinal));
        foreach (var measure in (string[])["Bitrate", "Frames per second"])
            await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { Name = $"{measure} of Twitch in the last two minutes" }).Locator(".sparkline-line")).ToBeVisibleAsync();
        await page.GetByText("Over time").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^Frames per second in the last minute: now ") })).ToBeVisibleAsync();

        var asked = 0;
        page.Request += (_, request) => asked += request is { Method: "GET" } && request.Url.EndsWith("/drill", StringComparison.Ordinal) && request.Url.Contains("/api/", StringComparison.Ordinal) ? 1 : 0;
        await page.GotoAsync("/drill");
        await page.GetByLabel("Seconds without the source").FillAsync("2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Begin the drill" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(dialog.GetByText("Viewers on Twitch will see the fallback")).ToBeVisibleAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cut the source off" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "The drill runs" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Passed", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("Twitch kept") })).ToBeVisibleAsync();

        // It was asked for when the page was opened, and there was none: all else was told.
        Assert.Equal(1, asked);
        Assert.Empty(problems);
    }
}
