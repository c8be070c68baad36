using System.Reflection;
using Xunit;

namespace StreamManager.Architecture.Tests;

/// <summary>Which project may know which (docs/designs/0001-spine.md, "Arrows").</summary>
public sealed class ProjectArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Media"] = [],
        ["Rtmp"] = ["Media"],
        ["Composition"] = ["Media"],
        ["Engine"] = ["Media", "Rtmp", "Composition"],
        ["Platforms"] = [],
        ["Server"] = ["Media", "Rtmp", "Composition", "Engine", "Platforms"],
    };

    public static TheoryData<string> Projects => [.. SourceTree.Projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void ProjectFile_ReferencesOnlyWhatItsArrowsAllow(string project)
    {
        var references = SourceTree.ProjectFile(project).Descendants("ProjectReference")
            .Select(reference => SourceTree.ShortName(Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))));
        Assert.Empty(references.Except(Allowed[project], StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Assembly_ReferencesOnlyWhatItsArrowsAllow(string project)
    {
        var references = ProductAssemblies.Load(project).GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => name.StartsWith("StreamManager.", StringComparison.Ordinal))
            .Select(SourceTree.ShortName);
        Assert.Empty(references.Except(Allowed[project], StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Media")]
    [InlineData("Rtmp")]
    [InlineData("Engine")]
    public void Assembly_BelowTheServer_KnowsNeitherAspNetNorASettingsFormat(string project)
    {
        string[] forbidden = ["Microsoft.AspNetCore", "YamlDotNet", "System.CommandLine", "Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection"];
        var references = ProductAssemblies.Load(project).GetReferencedAssemblies().Select(reference => reference.Name!);
        Assert.DoesNotContain(references, name => forbidden.Any(prefix =>
            name.StartsWith(prefix, StringComparison.Ordinal) && !name.EndsWith(".Abstractions", StringComparison.Ordinal) && name != "Microsoft.AspNetCore.Connections.Abstractions"));
    }

    [Fact]
    public void Media_ReferencesNothingButTheRuntime()
    {
        var references = Assembly.Load("StreamManager.Media").GetReferencedAssemblies().Select(reference => reference.Name!);
        Assert.All(references, name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
    }
}
