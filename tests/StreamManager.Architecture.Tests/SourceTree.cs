using System.Diagnostics;
using System.Xml.Linq;
using StreamManager.TestKit;

namespace StreamManager.Architecture.Tests;

/// <summary>The files of the checkout that are ours: everything but build output and what git ignores.</summary>
internal static class SourceTree
{
    private static readonly string[] NotOurs = ["bin", "obj", "artifacts", "data", "node_modules", ".git", ".vs", ".idea", "TestResults", "BenchmarkDotNet.Artifacts"];

    /// <summary>Paths relative to the root, with forward slashes, in a fixed order.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Walk(RepositoryFiles.Root)
        .Select(path => Path.GetRelativePath(RepositoryFiles.Root, path).Replace('\\', '/'))
        .Order(StringComparer.Ordinal)];

    public static IEnumerable<string> CSharp(string folder) =>
        Files.Where(file => file.StartsWith(folder, StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>Names of the product's projects without the common prefix: Media, Rtmp, …</summary>
    public static IEnumerable<string> Projects => Files
        .Where(file => file.StartsWith("src/", StringComparison.Ordinal) && file.EndsWith(".csproj", StringComparison.Ordinal))
        .Select(file => ShortName(Path.GetFileNameWithoutExtension(file)));

    public static XDocument ProjectFile(string project) => XDocument.Parse(Text($"src/StreamManager.{project}/StreamManager.{project}.csproj"));

    public static string Text(string file) => File.ReadAllText(Path.Combine(RepositoryFiles.Root, file));

    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(RepositoryFiles.Root, file));

    public static bool Exists(string path) => Path.Combine(RepositoryFiles.Root, path) is var full && (File.Exists(full) || Directory.Exists(full));

    public static string ShortName(string project)
    {
        const string prefix = "StreamManager.";
        Debug.Assert(project.StartsWith(prefix, StringComparison.Ordinal));
        return project[prefix.Length..];
    }

    private static IEnumerable<string> Walk(string directory) => Directory.EnumerateFiles(directory)
        .Concat(Directory.EnumerateDirectories(directory).Where(child => !NotOurs.Contains(Path.GetFileName(child), StringComparer.Ordinal)).SelectMany(Walk));
}
