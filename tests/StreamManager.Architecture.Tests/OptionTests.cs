using System.Text.RegularExpressions;
using Xunit;

namespace StreamManager.Architecture.Tests;

/// <summary>Every setting that the server reads is in the manual, and the manual names none that it does not read.</summary>
public sealed partial class OptionTests
{
    private const string Manual = "docs/operations/configuration.md";

    [Fact]
    public void Settings_ReadByTheServer_AreInTheManual() => Assert.Empty(ReadByTheServer().Except(InTheManual(), StringComparer.Ordinal));

    [Fact]
    public void Settings_InATableOfTheManual_AreReadByTheServer() => Assert.Empty(InTablesOfTheManual().Except(ReadByTheServer(), StringComparer.Ordinal));

    private static HashSet<string> ReadByTheServer()
    {
        var names = SourceTree.CSharp("src/StreamManager.Server/Options/").SelectMany(file => ReadCall().Matches(SourceTree.Text(file))).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        Assert.Contains("RTMP_PORT", names);
        Assert.Contains("fallback_type", names);
        return names;
    }

    private static IEnumerable<string> InTheManual() => CodeSpan().Matches(SourceTree.Text(Manual)).Select(match => match.Groups["name"].Value);

    private static IEnumerable<string> InTablesOfTheManual() => SourceTree.Lines(Manual)
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .SelectMany(line => CodeSpan().Matches(line.Split('|')[1]))
        .Select(match => match.Groups["name"].Value);

    [GeneratedRegex(@"\.Read(NotYet|Required|List|Section)?(<[^>]*>)?\(\s*""(?<name>\w+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex ReadCall();

    [GeneratedRegex(@"`(?<name>\w+)`")]
    private static partial Regex CodeSpan();
}
