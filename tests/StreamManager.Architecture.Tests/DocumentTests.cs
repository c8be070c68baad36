using System.Text.RegularExpressions;
using Xunit;

namespace StreamManager.Architecture.Tests;

/// <summary>Documents do not rot.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Documents => [.. SourceTree.Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_InTheRepository_Resolve(string document)
    {
        var folder = Path.GetDirectoryName(document)!;
        var broken = Link().Matches(WithoutCodeBlocks(SourceTree.Text(document)))
            .Select(match => match.Groups["target"].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal))
            .Where(target => !Resolves(document, folder, target));
        Assert.Empty(broken);
    }

    /// <summary>Code spans that look like a path into the repository must be one; a pattern or a placeholder (capitals, *, …) is none.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void Paths_NamedInADocument_Exist(string document)
    {
        var missing = RepositoryPath().Matches(WithoutCodeBlocks(SourceTree.Text(document)))
            .Select(match => match.Groups["path"].Value.TrimEnd('/'))
            .Where(path => !SourceTree.Exists(path));
        Assert.Empty(missing);
    }

    private static bool Resolves(string document, string folder, string target)
    {
        var parts = target.Split('#', 2);
        var file = parts[0].Length == 0 ? document : Path.GetRelativePath(".", Path.Combine(folder, parts[0])).Replace('\\', '/');
        return SourceTree.Exists(file) && (parts.Length == 1 || !file.EndsWith(".md", StringComparison.Ordinal) || Anchors(file).Contains(parts[1], StringComparer.Ordinal));
    }

    private static IEnumerable<string> Anchors(string document) => SourceTree.Lines(document)
        .Where(line => line.StartsWith('#'))
        .Select(line => NotInAnchors().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    private static string WithoutCodeBlocks(string text) => CodeBlock().Replace(text, "");

    [GeneratedRegex(@"\[[^\]]*\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`(?<path>(?:src|tests|docs|bench|scripts|deploy|web)/[A-Za-z0-9_./-]+)`")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchors();
}
