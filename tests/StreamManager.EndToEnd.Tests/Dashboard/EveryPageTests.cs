using System.Text.RegularExpressions;
using Microsoft.Playwright;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>What holds for every page and every dialog: everybody can read and reach it, on a phone and on a large screen, light and dark, and nothing jumps while it comes.</summary>
[Collection(MediaCollection.Name)]
public sealed partial class EveryPageTests(UsedServer used) : IClassFixture<UsedServer>
{
    /// <summary>The narrowest phone that is supported.</summary>
    private const int Phone = 360;

    /// <summary>A laptop.</summary>
    private const int Laptop = 1440;

    /// <summary>Names of all that is looked at.</summary>
    public static TheoryData<string> Names => [.. Look.All.Select(look => look.Name)];

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
    [MemberData(nameof(Names))]
    public async Task Page_IsForEverybodyOnAnyScreen(string name)
    {
        var look = Look.All.Single(look => look.Name == name);
        List<string> flaws = [];
        var page = await used.OpenAsync(look, flaws, Phone, 780, ColorScheme.Light);
        await using var context = page.Context;
        if (look.Presses.Count == 0)
            flaws.AddRange(await Flaws.OfShiftAsync(page));
        foreach (var press in look.Presses)
            await page.GetByRole(press.Role, new() { Name = press.Name }).First.ClickAsync();
        if (look.Presses.Count > 0)
            await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await Pictures.TakeAsync(page, look);

        flaws.AddRange(await Flaws.OfWidthAsync(page));
        flaws.AddRange(await Flaws.OfAccessAsync(page));
        await page.SetViewportSizeAsync(Laptop, 900);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        flaws.AddRange(await Flaws.OfWidthAsync(page));
        flaws.AddRange(await Flaws.OfAccessAsync(page));
        Assert.Empty(flaws);
    }

    [GeneratedRegex(@"\{ path: '(?<path>/[^']*)'")]
    private static partial Regex RouteOfPage();

    [GeneratedRegex(@"useRoute\('(?<path>/[^']*)'\)")]
    private static partial Regex RouteOfGate();

    [GeneratedRegex(@":\w+")]
    private static partial Regex Parameter();
}
