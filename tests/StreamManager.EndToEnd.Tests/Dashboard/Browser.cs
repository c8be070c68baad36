using Microsoft.Playwright;
using StreamManager.TestKit;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>One Chromium for the tests of a class: the distribution's own, driven by Playwright. Nothing is downloaded.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>A name of this machine by which pages are no secure context, as they are from another machine over plain HTTP.</summary>
    public const string OtherName = "studio.test";

    /// <summary>Only a failing test gets there: the machine may be busy with other builds.</summary>
    private const float TimeoutMs = 30_000;

    private static readonly string[] Programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright _playwright = null!;
    private IBrowser _chromium = null!;

    /// <summary>Where <c>test.sh</c> has built the dashboard.</summary>
    /// <exception cref="DirectoryNotFoundException">It was not built.</exception>
    public static string Built
    {
        get
        {
            var folder = Path.Combine(RepositoryFiles.Root, "artifacts", "web");
            return File.Exists(Path.Combine(folder, "index.html")) ? folder : throw new DirectoryNotFoundException("The dashboard was not built: run ./test.sh, or npm run build in web/.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _chromium = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Programs.FirstOrDefault(File.Exists) ?? throw new FileNotFoundException("There is no Chromium: apt-get install chromium."),
            Args = ["--no-sandbox", "--disable-dev-shm-usage", $"--host-resolver-rules=MAP {OtherName} 127.0.0.1"],
        });
        Assertions.SetDefaultExpectTimeout(TimeoutMs);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        _playwright.Dispose();
    }

    /// <summary>A window that knows nothing of other windows. Its context is the caller's to dispose.</summary>
    /// <param name="port">Of the server, on 127.0.0.1.</param>
    /// <param name="problems">Gets the errors of scripts, and what the content security policy forbade, and requests to other hosts.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    /// <param name="session">Cookies of another window in which somebody has logged in (<see cref="IBrowserContext.StorageStateAsync"/>).</param>
    internal async Task<IPage> OpenAsync(int port, List<string> problems, int width = 1280, int height = 800, string? session = null)
    {
        var context = await _chromium.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = $"http://127.0.0.1:{port}",
            ViewportSize = new ViewportSize { Width = width, Height = height },
            StorageState = session,
        });
        context.SetDefaultTimeout(TimeoutMs);
        var page = await context.NewPageAsync();
        page.PageError += (_, error) => problems.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
                problems.Add(message.Text);
        };
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { Scheme: "http" or "https", Host: not "127.0.0.1" } other)
                problems.Add($"a request to {other.Host}");
        };
        return page;
    }

    /// <summary>What is wrong with the page as it is now, for who cannot see it well and in a window of this width, in both colour schemes.</summary>
    internal static async Task<IReadOnlyList<string>> FindFlawsAsync(IPage page)
    {
        List<string> flaws = [];
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
            flaws.AddRange((await Flaws.OfAccessAsync(page)).Select(flaw => $"{scheme} {page.Url}: {flaw}"));
        }

        return [.. flaws, .. await Flaws.OfWidthAsync(page)];
    }
}
