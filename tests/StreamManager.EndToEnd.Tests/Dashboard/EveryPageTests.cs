using System.Text.RegularExpressions;
using Microsoft.Playwright;
using StreamManager.TestKit;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>What holds for every page and every dialog: everybody can read and reach it, on a phone and on a large screen, light and dark, and nothing jumps while it comes.</summary>
public sealed partial class EveryPageTests(UsedServer used) : IClassFixture<UsedServer>
{
    /// <summary>The narrowest phone that is supported.</summary>
    private const int Phone = 360;

    /// <summary>A laptop.</summary>
    private const int Laptop = 1440;

    /// <summary>Names of the pages that are looked at.</summary>
    public static TheoryData<string> Pages => [.. Look.All.Where(look => look.Presses.Count == 0).Select(look => look.Name)];

    /// <summary>Names of the dialogs.</summary>
    public static TheoryData<string> Dialogs => [.. Look.All.Where(look => look.Presses.Count > 0).Select(look => look.Name)];

    [Fact]
    public void EveryPageOfTheRouter_IsLookedAt()
    {
        var app = Path.Combine(RepositoryFiles.Root, "web", "src", "app");
        var routes = RouteOfPage().Matches(File.ReadAllText(Path.Combine(app, "pages.tsx"))).Concat(RouteOfGate().Matches(File.ReadAllText(Path.Combine(app, "app.tsx"))))
            .Select(match => match.Groups["path"].Value)
            .SelectMany(path => path.EndsWith('?') ? [path[..path.LastIndexOf('/')], path[..^1]] : (string[])[path])
            .ToList();
        Assert.Contains("/setup", routes);
        Assert.Contains("/destinations/:id", routes);
        Assert.Empty(routes.Where(route => !Look.All.Any(look => Regex.IsMatch(look.Path.Split('#')[0], $"^{Parameter().Replace(route, "[^/]+")}$"))));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Page_IsForEverybodyOnAnyScreen(string name)
    {
        var look = Look.All.Single(look => look.Name == name);
        List<string> flaws = [];
        var page = await used.OpenAsync(look, flaws, Phone, 780, ColorScheme.Light);
        await using var context = page.Context;
        flaws.AddRange(await Flaws.OfShiftAsync(page));
        await Pictures.TakeAsync(page, look);
        await LookAsync(page, flaws);
        Assert.Empty(flaws);
    }

    [Theory]
    [MemberData(nameof(Dialogs))]
    public async Task Dialog_IsForEverybodyOnAnyScreen_AndKeepsTheFocusAndGivesItBack(string name)
    {
        var look = Look.All.Single(look => look.Name == name);
        List<string> flaws = [];
        var page = await used.OpenAsync(look, flaws, Phone, 780, ColorScheme.Light);
        await using var context = page.Context;
        var keyboard = new Keyboard(page);
        await keyboard.SkipToPageAsync();
        await keyboard.PressAsync(AriaRole.Button, look.Presses[0].Name);
        foreach (var entry in look.Presses.Skip(1))
            await keyboard.ChooseAsync(entry.Name);
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(dialog).ToBeVisibleAsync();
        await Eventually.TrueAsync(() => HasFocusInsideAsync(dialog), describe: () => "the dialog does not take the focus");
        await Pictures.TakeAsync(page, look);

        // More steps than it has controls, in both directions.
        var stops = await dialog.Locator("button, a, input, select, textarea, summary, video").CountAsync() + 2;
        for (var stop = 0; stop < 2 * stops; stop++)
        {
            await page.Keyboard.PressAsync(stop < stops ? "Tab" : "Shift+Tab");
            Assert.True(await HasFocusInsideAsync(dialog), "The focus leaves the dialog.");
        }

        await LookAsync(page, flaws, "[role=dialog]");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(dialog).ToBeHiddenAsync();
        var opener = page.GetByRole(AriaRole.Button, new() { Name = look.Presses[0].Name }).First;
        await Eventually.TrueAsync(() => Keyboard.HasFocusAsync(opener), describe: () => "the dialog does not give the focus back");
        Assert.Empty(flaws);
    }

    private static Task<bool> HasFocusInsideAsync(ILocator dialog) => dialog.EvaluateAsync<bool>("element => element.contains(document.activeElement)");

    /// <summary>On the phone as it is now, light; and on a laptop, dark.</summary>
    private static async Task LookAsync(IPage page, List<string> flaws, string part = "html")
    {
        flaws.AddRange(await Flaws.OfWidthAsync(page));
        flaws.AddRange(await Flaws.OfAccessAsync(page, part));
        await page.SetViewportSizeAsync(Laptop, 900);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        flaws.AddRange(await Flaws.OfWidthAsync(page));
        flaws.AddRange(await Flaws.OfAccessAsync(page, part));
    }

    [GeneratedRegex(@"\{ path: '(?<path>/[^']*)'")]
    private static partial Regex RouteOfPage();

    [GeneratedRegex(@"useRoute\('(?<path>/[^']*)'\)")]
    private static partial Regex RouteOfGate();

    [GeneratedRegex(@":\w+")]
    private static partial Regex Parameter();
}
