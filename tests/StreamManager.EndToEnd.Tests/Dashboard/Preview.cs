using System.Text.Json;
using Microsoft.Playwright;
using StreamManager.TestKit;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>What the page's video has decoded.</summary>
internal sealed record Preview(double Time, int Frames, bool HasError)
{
    /// <summary>Reads it.</summary>
    public static async Task<Preview> OfAsync(IPage page)
    {
        var state = await page.EvaluateAsync<JsonElement>(
            "() => { const v = document.querySelector('video'); return { time: v.currentTime, frames: v.getVideoPlaybackQuality().totalVideoFrames, error: v.error !== null }; }");
        return new Preview(state.GetProperty("time").GetDouble(), state.GetProperty("frames").GetInt32(), state.GetProperty("error").GetBoolean());
    }

    /// <summary>Waits until a second more of it has been decoded and played, without an error and without a new beginning.</summary>
    public static async Task<Preview> MovesOnAsync(IPage page)
    {
        await Assertions.Expect(page.Locator("video[data-playing=true]")).ToBeVisibleAsync();
        var before = await OfAsync(page);
        var now = before;
        await Eventually.TrueAsync(
            async () => (now = await OfAsync(page)) is var state && state.Time >= before.Time + 1 && state.Frames >= before.Frames + 15,
            describe: () => $"the preview stands still: {before}, then {now}");
        Assert.False(now.HasError);
        return now;
    }
}
