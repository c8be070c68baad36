using System.Diagnostics;
using System.Net;
using Microsoft.Playwright;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>A show from one page.</summary>
public sealed class LivePageTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly EncoderSettings Encoder = new() { Picture = TestPicture.Pattern };

    /// <summary>What is promised to who looks at the page. Not a measurement: a machine that has something else to do at that moment gets further attempts, and only a page that is always late fails.</summary>
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(2);

    private const int Attempts = 3;

    [Fact]
    public async Task SourceCut_IsSeenAsFallback_WhileThePreviewMovesOn()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var server = await DashboardServer.StartAsync();
        await server.Api.AddDestinationAsync("good", nginx.ServerUrl(), "good-key");
        await server.Api.AddDestinationAsync("broken", $"rtmp://127.0.0.1:{FreePort.Next()}/app", "bad-key");
        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, "/");
        await using var context = page.Context;
        var air = page.GetByTestId("air-state");
        await Assertions.Expect(air).ToHaveTextAsync("Waiting for source");

        var publisher = await FfmpegPublisher.StartAsync(server.PublishUrl, Encoder);
        await Assertions.Expect(air).ToHaveTextAsync("Live");
        var good = page.Locator("li.destination", new() { HasText = "good" });
        var broken = page.Locator("li.destination", new() { HasText = "broken" });
        await Assertions.Expect(good.GetByText("Arrives")).ToBeVisibleAsync();
        await Assertions.Expect(broken.GetByText("Unreachable")).ToBeVisibleAsync();
        await Assertions.Expect(broken.GetByText("refuses connections")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("arrives at 1 of 2")).ToBeVisibleAsync();
        await Preview.MovesOnAsync(page);

        for (var attempt = 1; await CutAsync(page, publisher) is var taken && taken > Promised; attempt++)
        {
            Assert.True(attempt < Attempts, $"The fallback was seen after {taken.TotalSeconds:0.0} s, at the attempt {attempt}.");
            publisher = await FfmpegPublisher.StartAsync(server.PublishUrl, Encoder);
            await Assertions.Expect(air).ToHaveTextAsync("Live");
        }

        await Assertions.Expect(air).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^On fallback 00:\d\d$"));
        await Preview.MovesOnAsync(page);
        Assert.Empty(await Browser.FindFlawsAsync(page));
        await Assertions.Expect(page.GetByText("Now the fallback: the connection of the source broke")).ToBeVisibleAsync();
        await using var again = await FfmpegPublisher.StartAsync(server.PublishUrl, Encoder);
        await Assertions.Expect(air).ToHaveTextAsync("Live");
        await Preview.MovesOnAsync(page);

        // By keyboard: the switch of one destination, then the end of the broadcast, which asks.
        await page.GetByRole(AriaRole.Switch, new() { Name = "Send to broken" }).FocusAsync();
        await page.Keyboard.PressAsync("Space");
        await Assertions.Expect(broken.GetByText("Switched off")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "End broadcast" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "End the broadcast?" });
        await Assertions.Expect(dialog.GetByText("good is told that the stream is over.")).ToBeVisibleAsync();
        Assert.Empty(await Browser.FindFlawsAsync(page));
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(dialog).ToBeHiddenAsync();
        Assert.Equal(("live", 1), ((await server.Api.StatusAsync()).State, (await server.Api.StatusAsync()).Destination("good").Connects));
        await page.Keyboard.PressAsync("Enter");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "End broadcast" }).ClickAsync();
        await Assertions.Expect(air).ToHaveTextAsync("Off air");
        Assert.Empty(problems);
    }

    /// <summary>Kills the encoder; how long it took until the page said so.</summary>
    private static async Task<TimeSpan> CutAsync(IPage page, FfmpegPublisher publisher)
    {
        var seen = page.EvaluateAsync(
            """
            () => new Promise(done => {
              const look = () => document.querySelector('[data-testid=air-state]')?.textContent.startsWith('On fallback') && done();
              new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
              look();
            })
            """);
        var since = Stopwatch.GetTimestamp();
        publisher.Kill();
        await seen.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var taken = Stopwatch.GetElapsedTime(since);
        TestContext.Current.TestOutputHelper?.WriteLine($"The fallback was seen after {taken.TotalMilliseconds:0} ms.");
        await publisher.DisposeAsync();
        return taken;
    }

    [Fact]
    public async Task Session_WrongExpiredAndOverARestart_LeadsBackToThePage()
    {
        await using var server = await DashboardServer.StartAsync();
        List<string> problems = [];
        var page = await browser.OpenAsync(server.ApiPort, problems);
        await using var context = page.Context;
        await page.GotoAsync("/start/destination");
        Assert.Empty(await Browser.FindFlawsAsync(page));
        await DashboardServer.LogInAsync(page, "not her password");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("password");
        await Assertions.Expect(page.GetByLabel("Name")).ToHaveValueAsync("anna");
        await DashboardServer.LogInAsync(page);
        var title = page.GetByRole(AriaRole.Heading, new() { Name = "Add a destination" });
        await Assertions.Expect(title).ToBeVisibleAsync();

        // A restart: the page says that it knows nothing, and goes on by itself.
        server.Kill();
        await Assertions.Expect(page.GetByText("No connection to the server.")).ToBeVisibleAsync();
        await server.RestartAsync();
        await Assertions.Expect(page.GetByText("No connection to the server.")).ToBeHiddenAsync();
        await Assertions.Expect(title).ToBeVisibleAsync();

        // The session ends under the open page: the login stands over it, and nothing that was entered is lost.
        var user = (await server.Api.GetAsync("/api/users")).Body[0].GetProperty("id").GetString();
        Assert.Equal(HttpStatusCode.OK, (await server.Api.SendAsync(HttpMethod.Put, $"/api/users/{user}", new { password = DashboardServer.Password + " now" })).Status);
        await page.GetByLabel("Name").FillAsync("Somewhere");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Server" }).FillAsync("rtmp://127.0.0.1/app");
        await page.GetByLabel("Stream key").FillAsync("a-key");
        var test = page.GetByRole(AriaRole.Button, new() { Name = "Test" });
        await test.ClickAsync();
        var login = page.GetByRole(AriaRole.Dialog, new() { Name = "Log in" });
        await Assertions.Expect(login).ToContainTextAsync("The session of anna has ended.");
        await page.Keyboard.PressAsync("Escape");
        Assert.Empty(await Browser.FindFlawsAsync(page));
        await DashboardServer.LogInAsync(page, DashboardServer.Password + " now");
        await Assertions.Expect(login).ToBeHiddenAsync();
        await Assertions.Expect(title).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Name")).ToHaveValueAsync("Somewhere");
        await page.RunAndWaitForResponseAsync(() => test.ClickAsync(), response => response is { Status: 201, Request.Method: "POST" });
        Assert.EndsWith("/start/destination", page.Url, StringComparison.Ordinal);
        Assert.Empty(problems);
    }
}
