using System.Text.RegularExpressions;
using StreamManager.Server.Events;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Events;

/// <summary>What <c>docs/operations/events.md</c> promises is what the code has.</summary>
public sealed partial class EventDocumentTests
{
    private static readonly string[] Document = File.ReadAllLines(Path.Combine(RepositoryFiles.Root, "docs", "operations", "events.md"));

    [Fact]
    public void Types_AndTheirFields_AreThoseOfTheDocument()
    {
        var documented = Document
            .Select(line => Row().Match(line))
            .Where(match => match.Success)
            .Select(match => $"{match.Groups["type"].Value}: {string.Join(", ", CodeSpan().Matches(match.Groups["fields"].Value).Select(field => field.Groups["text"].Value))}");
        var inCode = EventTypes.All.Select(type => $"{type.Name}: {string.Join(", ", type.Fields)}");
        Assert.Equal(inCode.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Document_NamesNoTypesThatThereAreNot()
    {
        var types = EventTypes.All.Select(type => type.Name).ToHashSet(StringComparer.Ordinal);
        var families = types.Select(type => type.Split('.')[0]).ToHashSet(StringComparer.Ordinal);
        var named = Document.SelectMany(line => CodeSpan().Matches(line)).Select(match => match.Groups["text"].Value)
            .Where(text => TypeName().IsMatch(text) && families.Contains(text.Split('.')[0]));
        Assert.Empty(named.Where(text => !types.Contains(text)));
    }

    [Fact]
    public void Events_AreMadeByTheirTypesOnly()
    {
        // And read back from the journal for a replay.
        var folder = Path.Combine(RepositoryFiles.Root, "src", "StreamManager.Server");
        var makers = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("new ServerEvent(", StringComparison.Ordinal))
            .Select(file => Path.GetFileName(file));
        Assert.Equal(["EventType.cs", "WebhookHistory.cs"], makers.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Types_AreEachThereOnce_AndInOneOfTheFamilies()
    {
        Assert.Equal(EventTypes.All.Length, EventTypes.All.Select(type => type.Name).Distinct().Count());
        Assert.Equal(
            ["audit", "connection", "destination", "key", "media", "program", "server", "source", "webhook"], EventTypes.All.Select(type => type.Name.Split('.')[0]).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Event_WithoutAValueForEachField_CannotBeMade() =>
        Assert.Throws<ArgumentException>(() => new EventType("program.test", "a", "b").At(DateTimeOffset.UnixEpoch, null, null, 1));

    [GeneratedRegex(@"^\| `(?<type>[a-z]+\.[A-Za-z.]+)` \|(?<fields>.*)\|$", RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"^[a-z]+\.[A-Za-z]+(\.[A-Za-z]+)?$")]
    private static partial Regex TypeName();
}
