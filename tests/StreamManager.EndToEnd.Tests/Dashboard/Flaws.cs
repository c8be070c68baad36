using System.Text.Json;
using Microsoft.Playwright;
using StreamManager.TestKit;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>What can be found wrong with a page as it stands, in words.</summary>
internal static class Flaws
{
    /// <summary>A page script, to be there before the page: adds up how much jumped without anybody having done something.</summary>
    public const string WatchShifts =
        """
        window.shifts = [];
        window.shiftObserver = new PerformanceObserver(list => window.shifts.push(...list.getEntries()));
        window.shiftObserver.observe({ type: 'layout-shift', buffered: true });
        """;

    /// <summary>What is good by the common measure (Cumulative Layout Shift).</summary>
    private const double MostShift = 0.1;

    /// <summary>What axe finds serious or critical in a part of the page, given by a selector.</summary>
    public static async Task<IEnumerable<string>> OfAccessAsync(IPage page, string part = "html")
    {
        var axe = await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "web", "node_modules", "axe-core", "axe.min.js"));

        // As an expression, which the content security policy has no word in.
        await page.EvaluateAsync(axe + "\n;undefined");
        return await FindAsync(
            page,
            $$"""
            async () => (await axe.run('{{part}}', { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })).violations
              .filter(violation => violation.impact === 'serious' || violation.impact === 'critical')
              .flatMap(violation => violation.nodes.map(node => `${violation.id}: ${node.html.slice(0, 160)} ${node.any.map(check => check.message).join(' ')}`))
            """);
    }

    /// <summary>What is wider than its window, or than the dialog that it is in. What is meant to scroll (a log's long lines) has a scrollbar of its own.</summary>
    public static Task<IEnumerable<string>> OfWidthAsync(IPage page) => FindAsync(
        page,
        """
        () => {
          const root = document.documentElement;
          const wide = root.scrollWidth > root.clientWidth ? [`the page is ${root.scrollWidth} pixels wide in a window of ${root.clientWidth}`] : [];
          for (const dialog of document.querySelectorAll('[role=dialog], [role=menu]')) {
            const box = dialog.getBoundingClientRect();
            if (dialog.scrollWidth > dialog.clientWidth || box.left < 0 || box.right > root.clientWidth || box.top < 0 || box.bottom > root.clientHeight)
              wide.push(`the ${dialog.role} is out of its place: ${JSON.stringify(box)}, ${dialog.scrollWidth} pixels wide inside`);
          }
          return wide;
        }
        """);

    /// <summary>How much jumped since the page was opened, when that is too much. Needs <see cref="WatchShifts"/>.</summary>
    public static Task<IEnumerable<string>> OfShiftAsync(IPage page) => FindAsync(
        page,
        $$"""
        async () => {
          await document.fonts.ready;
          await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
          const shifts = [...window.shifts, ...window.shiftObserver.takeRecords()].filter(shift => !shift.hadRecentInput);
          const sum = shifts.reduce((most, shift) => most + shift.value, 0);
          const what = shifts.flatMap(shift => shift.sources.map(source => `${source.node?.nodeName}.${source.node?.className} from ${source.previousRect.y} to ${source.currentRect.y}`));
          return sum >= {{MostShift}} ? [`what is seen jumped by ${sum.toFixed(3)}: ${what.join('; ')}`] : [];
        }
        """);

    private static async Task<IEnumerable<string>> FindAsync(IPage page, string script) =>
        (await page.EvaluateAsync<JsonElement>(script)).EnumerateArray().Select(flaw => flaw.GetString()!).ToList();
}
