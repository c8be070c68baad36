using Microsoft.Playwright;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>Somebody without a mouse. Wherever the focus comes, it must be seen.</summary>
internal sealed class Keyboard(IPage page)
{
    /// <summary>More stops than any page has: only a test whose target cannot be reached gets there.</summary>
    private const int MostStops = 200;

    /// <summary>Goes on with Tab until something has the focus.</summary>
    public async Task TabToAsync(ILocator target)
    {
        await Assertions.Expect(target).ToBeVisibleAsync();
        for (var stop = 0; stop < MostStops && !await HasFocusAsync(target); stop++)
        {
            await page.Keyboard.PressAsync("Tab");
            await SeeFocusAsync();
        }

        Assert.True(await HasFocusAsync(target), $"Tab does not lead to {target}.");
    }

    /// <summary>Goes on with Tab to something, and presses Enter there.</summary>
    public async Task PressAsync(AriaRole role, string name)
    {
        await TabToAsync(page.GetByRole(role, new() { Name = name }).First);
        await page.Keyboard.PressAsync("Enter");
    }

    /// <summary>In the menu that is open: goes down to an entry, and presses Enter there.</summary>
    public async Task ChooseAsync(string entry)
    {
        var target = page.GetByRole(AriaRole.Menuitem, new() { Name = entry });
        await Assertions.Expect(target).ToBeVisibleAsync();
        for (var stop = 0; stop < MostStops && !await HasFocusAsync(target); stop++)
            await page.Keyboard.PressAsync("ArrowDown");
        Assert.True(await HasFocusAsync(target), $"The arrows do not lead to {entry}.");
        await page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Over the ways to the other pages to what is on this one, by the link that is there for it.</summary>
    public async Task SkipToPageAsync()
    {
        await page.Keyboard.PressAsync("Tab");
        var skip = page.GetByRole(AriaRole.Link, new() { Name = "Skip to the page" });
        Assert.True(await HasFocusAsync(skip), "The first stop is not the way to the page.");
        await SeeFocusAsync();
        await page.Keyboard.PressAsync("Enter");
        Assert.True(await HasFocusAsync(page.Locator("main")), "The skip link leads nowhere.");
    }

    /// <summary>Into the field with this label.</summary>
    public async Task TypeAsync(string label, string text)
    {
        await TabToAsync(page.GetByRole(AriaRole.Textbox, new() { Name = label, Exact = true }));
        await page.Keyboard.TypeAsync(text);
    }

    /// <summary>Does it have the focus?</summary>
    public static Task<bool> HasFocusAsync(ILocator target) => target.EvaluateAsync<bool>("element => element === document.activeElement");

    /// <summary>Fails when the focus is not seen: nothing has it, it has no ring, it is out of the window or under something else.</summary>
    private async Task SeeFocusAsync() => Assert.Null(await page.EvaluateAsync<string?>(
        """
        () => {
          const element = document.activeElement;
          if (element === document.body) return null; // Between the last stop of the page and the first.
          const said = element.outerHTML.slice(0, 200);
          const hasRing = one => getComputedStyle(one).outlineStyle !== 'none' && parseFloat(getComputedStyle(one).outlineWidth) >= 2;
          // An invisible control over what stands for it.
          const seen = element.closest('.tile, .lanes') ?? element;
          if (!hasRing(seen)) return `It has no ring: ${said}`;
          const box = seen.getBoundingClientRect();
          const x = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2;
          const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
          const top = document.elementFromPoint(x, y);
          if (top === null || !(seen.contains(top) || top.contains(seen))) return `It is not seen: ${said}, but ${top?.outerHTML.slice(0, 200)}`;
          return null;
        }
        """));
}
