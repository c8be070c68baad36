using Microsoft.Playwright;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>The live page in a browser without Media Source Extensions, which plays HLS by itself.</summary>
public sealed class HlsPreviewTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly EncoderSettings Encoder = new() { Picture = TestPicture.Pattern };

    [Fact]
    public async Task PreviewByHls_MovesOnOverACutOfTheSource()
    {
        await using var server = await DashboardServer.StartAsync();
        await using var publisher = await FfmpegPublisher.StartAsync(server.PublishUrl, Encoder);
        await server.Api.WaitForStateAsync("live");
        List<string> problems = [];
        List<string> requests = [];
        var page = await browser.OpenAsync(server.ApiPort, problems);
        await using var context = page.Context;
        page.Request += (_, request) => requests.Add(request.Url);
        await page.AddInitScriptAsync("delete window.MediaSource; delete window.ManagedMediaSource; delete window.WebKitMediaSource;");
        await page.GotoAsync("/");
        await DashboardServer.LogInAsync(page);
        await Preview.MovesOnAsync(page);
        var viewer = Assert.Single(await server.Api.StreamsAsync(), stream => stream.ConnectionType == "player");
        Assert.Equal("hls", viewer.Protocol);

        publisher.Kill();
        await Assertions.Expect(page.GetByTestId("air-state")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^On fallback"));
        await Preview.MovesOnAsync(page);
        await using var again = await FfmpegPublisher.StartAsync(server.PublishUrl, Encoder);
        await Assertions.Expect(page.GetByTestId("air-state")).ToHaveTextAsync("Live");
        await Preview.MovesOnAsync(page);

        // One viewing over all of it, and nothing was fetched that could not be used.
        Assert.Equal(viewer.ClientId, Assert.Single(await server.Api.StreamsAsync(), stream => stream.ConnectionType == "player").ClientId);
        Assert.DoesNotContain(requests, url => url.Contains("mpegts", StringComparison.OrdinalIgnoreCase) || url.Contains(".flv", StringComparison.Ordinal));
        Assert.Empty(problems);
    }
}
