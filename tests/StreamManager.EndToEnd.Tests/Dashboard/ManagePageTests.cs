using System.Net;
using Microsoft.Playwright;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;
using StreamManager.TestKit.Processes;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>What is set up between two shows: keys, media, destinations, channels.</summary>
public sealed class ManagePageTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task Key_IsMadeRotatedAndRevoked_AndSaysWhomThatKicks()
    {
        await using var server = await DashboardServer.StartAsync();
        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, "/keys");
        await using var context = page.Context;

        await page.GetByRole(AriaRole.Button, new() { Name = "New key" }).ClickAsync();
        await page.GetByText("Restrict it, give it an alias").ClickAsync();
        await page.GetByLabel("Allowed addresses").FillAsync("127.0.0.0/8\nnowhere");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Name" }).FillAsync("Studio A");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create key" }).ClickAsync();
        await Assertions.Expect(page.GetByText("nowhere must be an IPv4 or IPv6 address")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Textbox, new() { Name = "Name" })).ToHaveValueAsync("Studio A");
        await page.GetByLabel("Allowed addresses").FillAsync("127.0.0.0/8");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create key" }).ClickAsync();
        var first = await page.GetByTestId("shown-key").Locator("code").InnerTextAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();

        await ActAsync(page, "Studio A", "Rotate…");
        await page.GetByRole(AriaRole.Button, new() { Name = "Rotate key" }).ClickAsync();
        var second = await page.GetByTestId("shown-key").Locator("code").InnerTextAsync();
        Assert.NotEqual(first, second);
        await page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Replaced, ends in")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText(second)).ToHaveCountAsync(0);

        await using var publisher = await FfmpegPublisher.StartAsync(server.PublishUrlOf(second), new EncoderSettings { Picture = TestPicture.Pattern });
        await server.Api.WaitForStateAsync("live");
        await ActAsync(page, $"Studio A …{second[^4..]}", "Revoke…");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog).GetByText("kicked")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Revoke (key|and kick)$") }).ClickAsync();
        await server.Api.WaitForStateAsync("fallback");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "More for Studio A" })).ToHaveCountAsync(1);
        Assert.Empty(await Browser.FindFlawsAsync(page));
        Assert.Empty(problems);
    }

    [Fact]
    public async Task Picture_IsUploadedAndChosenAsFallback_AndInUseItCannotBeDeleted()
    {
        await using var server = await DashboardServer.StartAsync();
        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, "/media", width: 390, height: 844);
        await using var context = page.Context;
        using var folder = new TemporaryDirectory();
        var picture = folder.File("pause.png");
        await ChildProcess.RunAsync("ffmpeg", ["-f", "lavfi", "-i", "color=teal:s=320x180", "-frames:v", "1", picture]);
        var broken = folder.File("broken.png");
        await File.WriteAllTextAsync(broken, "no picture", TestContext.Current.CancellationToken);

        await page.GetByLabel("Files to upload").SetInputFilesAsync([picture, broken]);
        var uploads = page.GetByRole(AriaRole.List, new() { Name = "Uploads" });
        await Assertions.Expect(uploads.GetByText("In the library")).ToBeVisibleAsync();
        await Assertions.Expect(uploads.GetByText("The file is not taken.")).ToBeVisibleAsync();

        await page.GetByLabel("main", new() { Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = "pause.png (picture)" });
        await Assertions.Expect(page.GetByText("Fallback of main", new() { Exact = true })).ToBeVisibleAsync();
        var settings = (await server.Api.GetAsync("/api/channels/main")).Body.GetProperty("settings");
        Assert.Equal("image", settings.GetProperty("fallbackType").GetString());
        Assert.EndsWith(".png", settings.GetProperty("fallbackMedia").GetString(), StringComparison.Ordinal);

        await ActAsync(page, "pause.png", "Delete…");
        await Assertions.Expect(page.GetByText("It is the fallback of main")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Dialog).GetByText("Close", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("main", new() { Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = "Built-in slate" });
        await Assertions.Expect(page.GetByText("Fallback of main", new() { Exact = true })).ToHaveCountAsync(0);
        Assert.Empty(await Browser.FindFlawsAsync(page));
        await ActAsync(page, "pause.png", "Delete…");
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete file" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The library is empty")).ToBeVisibleAsync();
        Assert.Empty(problems);
    }

    [Fact]
    public async Task Destination_IsAddedCorrectedTestedAndDeleted()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var server = await DashboardServer.StartAsync();
        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, "/destinations/new");
        await using var context = page.Context;

        await page.GetByText("Any RTMP server").ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Name" }).FillAsync("Church hall");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Server" }).FillAsync("http://nowhere");
        await page.GetByLabel("Stream key").FillAsync("hall");
        await page.GetByLabel("Watch page").FillAsync("javascript:alert(1)");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add destination" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Must be an rtmp:// or rtmps:// address")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Must be an http:// or https:// address")).ToBeVisibleAsync();
        await page.GetByLabel("Watch page").FillAsync("https://hall.example/watch");
        await Assertions.Expect(page.GetByLabel("Stream key")).ToHaveValueAsync("hall");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Server" }).FillAsync($"rtmp://127.0.0.1:{FreePort.Next()}/live");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add destination" }).ClickAsync();

        var now = page.GetByRole(AriaRole.Region, new() { Name = "Right now" });
        await Assertions.Expect(now.GetByText("Nothing is sent there, whatever is on air.")).ToBeVisibleAsync();
        var watch = now.GetByRole(AriaRole.Link, new() { Name = "Watch Church hall" });
        await Assertions.Expect(watch).ToHaveAttributeAsync("href", "https://hall.example/watch");
        await Assertions.Expect(watch).ToHaveAttributeAsync("rel", "noopener noreferrer");
        await page.GetByRole(AriaRole.Button, new() { Name = "Test connection" }).ClickAsync();
        await Assertions.Expect(page.GetByText("There is no connection to the server. The server refuses connections on this port. Look at")).ToBeVisibleAsync();
        Assert.Empty(await Browser.FindFlawsAsync(page));
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Server" }).FillAsync(nginx.ServerUrl());
        await page.GetByLabel("Watch page").FillAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save changes" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Saved.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Test connection" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The test went well.")).ToBeVisibleAsync();
        await Assertions.Expect(watch).ToHaveCountAsync(0);

        // Switched on, on air: the page hears what becomes of it.
        await page.GetByRole(AriaRole.Switch, new() { Name = "Send to Church hall" }).ClickAsync();
        await Assertions.Expect(now.GetByText("It is connected as soon as the channel is on air.")).ToBeVisibleAsync();
        await server.Api.StartAsync();
        await Assertions.Expect(now.GetByText("The server takes the program as it is made.")).ToBeVisibleAsync();
        await Assertions.Expect(now.GetByText("Arrives")).ToBeVisibleAsync();
        await Assertions.Expect(now.Locator("dt:text-is('Connects') + dd")).ToHaveTextAsync("1");
        await Assertions.Expect(now.Locator("dt:text-is('Frames sent') + dd")).Not.ToHaveTextAsync("0");
        Assert.Empty(await Browser.FindFlawsAsync(page));

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete destination" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(dialog.GetByText("Delete the destination Church hall?")).ToBeVisibleAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Delete destination" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The program goes nowhere yet")).ToBeVisibleAsync();
        Assert.Empty(await server.Api.DestinationsAsync());
        Assert.Empty(problems);
    }

    [Fact]
    public async Task SomebodyElseChangedIt_KeepsWhatBothEntered()
    {
        await using var server = await DashboardServer.StartAsync();
        var id = await server.Api.AddDestinationAsync("Church hall", "rtmp://127.0.0.1:1/live", "hall", enabled: false);
        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, $"/destinations/{id}");
        await using var context = page.Context;
        var name = page.GetByRole(AriaRole.Textbox, new() { Name = "Name" });
        // The login has a name, too.
        await Assertions.Expect(name).ToHaveValueAsync("Church hall");
        await name.FillAsync("Mine");
        Assert.Equal(HttpStatusCode.OK, (await server.Api.ChangeDestinationAsync(id, new { name = "Theirs", url = "rtmp://127.0.0.1:2/live" })).Status);

        await page.GetByRole(AriaRole.Button, new() { Name = "Save changes" }).ClickAsync();
        await Assertions.Expect(page.GetByText("You both changed: Name.")).ToBeVisibleAsync();
        await Assertions.Expect(name).ToHaveValueAsync("Mine");
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep mine" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save changes" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Saved.")).ToBeVisibleAsync();
        var saved = Assert.Single(await server.Api.DestinationsAsync());
        Assert.Equal(("Mine", "rtmp://127.0.0.1:2/live"), (saved.Name, saved.Url));
        Assert.Empty(problems);
    }

    [Fact]
    public async Task Channel_IsMadeSetAndDeleted()
    {
        await using var server = await DashboardServer.StartAsync();
        List<string> problems = [];
        var page = await browser.OpenAsync(server, problems, "/channels");
        await using var context = page.Context;
        await page.GetByRole(AriaRole.Button, new() { Name = "New channel" }).ClickAsync();
        await page.GetByLabel("Id").FillAsync("Second Stage");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create channel" }).ClickAsync();
        await Assertions.Expect(page.GetByText("lower-case letters, digits and dashes, beginning")).ToBeVisibleAsync();
        await page.GetByLabel("Id").FillAsync("second");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create channel" }).ClickAsync();

        await page.GetByLabel("Return when good for").FillAsync("900");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save changes" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Return when good for")).ToHaveAttributeAsync("aria-invalid", "true");
        await page.GetByLabel("Return when good for").FillAsync("5");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save changes" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Saved.")).ToBeVisibleAsync();
        Assert.Equal(5, (await server.Api.GetAsync("/api/channels/second")).Body.GetProperty("settings").GetProperty("returnAfterSeconds").GetDouble());
        Assert.Empty(await Browser.FindFlawsAsync(page));

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete channel" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Delete channel" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("channel-main")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByTestId("channel-second")).ToHaveCountAsync(0);
        Assert.Empty(problems);
    }

    /// <summary>Chooses from the menu of a row whose name begins so.</summary>
    private static async Task ActAsync(IPage page, string row, string action)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = $"More for {row}" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = action }).ClickAsync();
    }
}
