using Microsoft.Playwright;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>
/// Pictures of every page for people to look at, when the environment says where: <c>STREAM_MANAGER_PICTURES=/tmp/pictures ./test.sh EveryPage</c>. Nothing is compared with them; they change
/// with every change of the dashboard.
/// </summary>
internal static class Pictures
{
    /// <summary>Phones, a laptop, the screen of a control room; in pixels.</summary>
    private static readonly (int Width, int Height)[] Sizes = [(360, 780), (390, 844), (1440, 900), (3840, 2160)];

    private static readonly string? Folder = Environment.GetEnvironmentVariable("STREAM_MANAGER_PICTURES");

    /// <summary>Takes the page as it is now in every size, light and dark, into a folder for each.</summary>
    public static async Task TakeAsync(IPage page, Look look)
    {
        if (Folder is null)
            return;
        var before = page.ViewportSize!;
        foreach (var (width, height) in Sizes)
        {
            await page.SetViewportSizeAsync(width, height);
            foreach (var scheme in (ColorScheme[])[ColorScheme.Dark, ColorScheme.Light])
            {
                await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                var file = Path.Combine(Folder, $"{width}-{scheme}".ToLowerInvariant(), $"{look.Name}.png");
                await page.ScreenshotAsync(new PageScreenshotOptions { Path = file, FullPage = look.Presses.Count == 0, Animations = ScreenshotAnimations.Disabled });
            }
        }

        await page.SetViewportSizeAsync(before.Width, before.Height);
    }
}
