using System.Text.RegularExpressions;
using Xunit;

namespace StreamManager.Architecture.Tests;

/// <summary>What has no place in a repository that others clone.</summary>
public sealed partial class CleanlinessTests
{
    private static readonly string[] TextFiles =
        [".cs", ".csproj", ".props", ".targets", ".slnx", ".json", ".md", ".sh", ".yml", ".yaml", ".config", ".txt", ".html", ".ts", ".tsx", ".css", ".conf", ""];

    [Fact]
    public void Files_NameNoPackageRegistryAndNoBuildersMachine()
    {
        var offences = OwnText().SelectMany(file => Matches(file, Forbidden()));
        Assert.Empty(offences);
    }

    [Fact]
    public void Files_HoldNoPrivateKey()
    {
        // Tests make their certificates at run time.
        Assert.Empty(OwnText().SelectMany(file => Matches(file, PrivateKey())));
    }

    [Fact]
    public void Files_EndWithANewlineAndHaveNoCarriageReturn() => Assert.Empty(OwnText()
        .Select(file => (File: file, Text: SourceTree.Text(file)))
        .Where(entry => entry.Text.Length > 0 && (!entry.Text.EndsWith('\n') || entry.Text.Contains('\r', StringComparison.Ordinal)))
        .Select(entry => entry.File)
        .Where(file => !file.EndsWith("packages.lock.json", StringComparison.Ordinal)));

    private static IEnumerable<string> OwnText() => SourceTree.Files.Where(file =>
        TextFiles.Contains(Path.GetExtension(file), StringComparer.Ordinal) && !file.EndsWith("CleanlinessTests.cs", StringComparison.Ordinal) && !file.Contains("/fixtures/", StringComparison.Ordinal));

    private static IEnumerable<string> Matches(string file, Regex pattern) => SourceTree.Lines(file)
        .Select((line, index) => (line, Where: $"{file}:{index + 1}: {line.Trim()}"))
        .Where(entry => pattern.IsMatch(entry.line))
        .Select(entry => entry.Where);

    [GeneratedRegex(@"api\.nuget\.org|registry\.npmjs|registry\.yarnpkg|\.pkgs\.visualstudio|artifactory|""resolved"":\s*""http|Co-Authored-By|(?<![\w.])/(home|Users|root)/\w", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE KEY-----")]
    private static partial Regex PrivateKey();
}
