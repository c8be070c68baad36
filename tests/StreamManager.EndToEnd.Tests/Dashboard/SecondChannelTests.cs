using System.Net;
using Microsoft.Playwright;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>Pages that lead away from a channel's live page stay with that channel.</summary>
public sealed class SecondChannelTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task StartPages_KeepToTheChannelFromWhichTheyWereOpened()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var server = await DashboardServer.StartAsync();
        Assert.Equal(HttpStatusCode.Created, (await server.Api.PostAsync("/api/channels", new { id = "stage2" })).Status);
        var key = (await server.Api.PostAsync("/api/keys", new { name = "Second stage", channelId = "stage2" })).Body.GetProperty("key").GetString()!;
        List<string> problems = [];
        List<string> flaws = [];
        var page = await browser.OpenAsync(server, problems, "/live/stage2");
        await using var context = page.Context;

        // The encoder's page has the keys of the channel, and another one can be chosen.
        await page.GetByRole(AriaRole.Link, new() { Name = "How to connect" }).ClickAsync();
        var choice = page.GetByRole(AriaRole.Combobox, new() { Name = "Channel" });
        await Assertions.Expect(choice).ToHaveValueAsync("stage2");
        var own = (await server.Api.GetAsync("/api/keys")).Body.EnumerateArray()
            .Single(each => each.GetProperty("channelId").GetString() == "stage2" && each.GetProperty("sourceId").GetString() == "main" && each.GetProperty("origin").GetString() == "channel");
        var shown = (await server.Api.PostAsync($"/api/keys/{own.GetProperty("id").GetString()}/reveal")).Body.GetProperty("key").GetString()!;
        await Assertions.Expect(page.GetByText(shown)).ToBeVisibleAsync();
        await choice.SelectOptionAsync("main");
        await Assertions.Expect(page.GetByText(shown)).ToBeHiddenAsync();
        await choice.SelectOptionAsync("stage2");
        await Assertions.Expect(page.GetByText(shown)).ToBeVisibleAsync();
        await using var publisher = await FfmpegPublisher.StartAsync(server.PublishUrlOf(key), new EncoderSettings { Picture = TestPicture.Pattern });
        await Assertions.Expect(page.GetByText("H.264, 640×360")).ToBeVisibleAsync();
        flaws.AddRange(await Browser.FindFlawsAsync(page));

        // The destination is kept for the channel; another name is no reason to test it again.
        await page.GetByRole(AriaRole.Link, new() { Name = "Add a destination" }).ClickAsync();
        await Assertions.Expect(choice).ToHaveValueAsync("stage2");
        await page.GetByText("Any RTMP server").ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Name" }).FillAsync("Hall");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Server" }).FillAsync(nginx.ServerUrl());
        await page.GetByLabel("Stream key").FillAsync("second");
        await page.GetByRole(AriaRole.Button, new() { Name = "Test" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The test went well.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Step 3 of 3")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Name" }).FillAsync("Annex");
        await Assertions.Expect(page.GetByText("The test went well.")).ToBeVisibleAsync();
        await Assertions.Expect(choice).ToBeDisabledAsync();
        flaws.AddRange(await Browser.FindFlawsAsync(page));
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^(Go live|Send to it now)$") }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Live: stage2" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("li.destination", new() { HasText = "Annex" }).GetByText("Arrives")).ToBeVisibleAsync();
        var kept = Assert.Single((await server.Api.GetAsync("/api/destinations")).Body.EnumerateArray());
        Assert.Equal("stage2", kept.GetProperty("channelId").GetString());

        // The drill is that of the channel too.
        await page.GotoAsync("/drill");
        await choice.SelectOptionAsync("stage2");
        await Assertions.Expect(page.GetByText("The program goes to Annex")).ToBeVisibleAsync();
        await choice.SelectOptionAsync("main");
        await Assertions.Expect(page.GetByText("No encoder is connected.")).ToBeVisibleAsync();

        // The encoder is sent away by who may operate, after a question that names it.
        await page.GotoAsync("/live/stage2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Disconnect the encoder" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Disconnect the encoder of Main?" });
        await Assertions.Expect(dialog.GetByText("from 127.0.0.1 is disconnected")).ToBeVisibleAsync();
        flaws.AddRange(await Browser.FindFlawsAsync(page));
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Disconnect the encoder" }).ClickAsync();
        await Assertions.Expect(dialog).ToBeHiddenAsync();
        await Assertions.Expect(page.GetByText("No encoder is connected.")).ToBeVisibleAsync();
        Assert.Empty(flaws);
        Assert.Empty(problems);
    }
}
