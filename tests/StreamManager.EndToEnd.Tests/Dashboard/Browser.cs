using System.Text.Json;
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

    /// <summary>A window that knows nothing of other windows. <paramref name="problems"/> gets what a page must never do.</summary>
    internal async Task<IPage> OpenAsync(int port, List<string> problems, int width = 1280, int height = 800)
    {
        var context = await _chromium.NewContextAsync(new BrowserNewContextOptions { BaseURL = $"http://127.0.0.1:{port}", ViewportSize = new ViewportSize { Width = width, Height = height } });
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

    /// <summary>What axe finds serious or critical on the page as it is now, in both colour schemes; and whether the page is wider than the window.</summary>
    internal static async Task<IReadOnlyList<string>> FindFlawsAsync(IPage page)
    {
        var axe = await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "web", "node_modules", "axe-core", "axe.min.js"));
        List<string> flaws = [];
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });

            // As an expression, which the content security policy has no word in.
            await page.EvaluateAsync(axe + "\n;undefined");
            var found = await page.EvaluateAsync<JsonElement>(
                """
                async () => (await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })).violations
                  .filter(violation => violation.impact === 'serious' || violation.impact === 'critical')
                  .flatMap(violation => violation.nodes.map(node => `${violation.id}: ${node.html.slice(0, 160)} ${node.any.map(check => check.message).join(' ')}`))
                """);
            flaws.AddRange(found.EnumerateArray().Select(flaw => $"{scheme} {page.Url}: {flaw.GetString()}"));
            if (await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > document.documentElement.clientWidth"))
                flaws.Add($"{page.Url} is wider than its window");
        }

        return flaws;
    }
}
