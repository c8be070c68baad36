using Xunit;

namespace StreamManager.Architecture.Tests;

/// <summary>House rules that a machine can check.</summary>
public sealed class ShapeTests
{
    private const int LongestFile = 700;

    private static readonly string[] EmptyNames = ["Common", "Contracts", "Abstractions", "Helpers", "Managers", "Services", "Utils", "Utilities", "Misc"];

    [Fact]
    public void Folders_OfTheProduct_SayWhatIsInThem()
    {
        var folders = SourceTree.Files.Where(file => file.StartsWith("src/", StringComparison.Ordinal)).Select(file => Path.GetDirectoryName(file)!).Distinct(StringComparer.Ordinal);
        Assert.DoesNotContain(folders, folder => folder.Split('/').Any(IsEmptyName) && !folder.EndsWith("StreamManager.Platforms/Common", StringComparison.Ordinal));
    }

    [Fact]
    public void Namespaces_OfTheProduct_SayWhatIsInThem() => Assert.DoesNotContain(
        ProductAssemblies.WrittenTypes().Select(type => type.Namespace!).Distinct(StringComparer.Ordinal),
        name => name.Split('.').Any(IsEmptyName) && name != "StreamManager.Platforms.Common");

    [Fact]
    public void Classes_OfTheProduct_AreSealedUnlessTheyAreMadeToBeDerivedFrom() => Assert.Empty(
        ProductAssemblies.WrittenTypes().Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false }).Select(type => type.FullName));

    [Fact]
    public void Files_OfTheProduct_AreNotOver700Lines() => Assert.Empty(
        SourceTree.CSharp("src/").Select(file => (file, SourceTree.Lines(file).Length)).Where(entry => entry.Length > LongestFile));

    [Fact]
    public void UnsafeCode_IsInCompositionOnly() => Assert.Empty(SourceTree.Projects
        .Where(project => project != "Composition")
        .Where(project => SourceTree.ProjectFile(project).Descendants("AllowUnsafeBlocks").Any(element => bool.Parse(element.Value))));

    [Fact]
    public void Tests_AreNeverSkipped() => Assert.Empty(
        SourceTree.CSharp("tests/").Where(file => SourceTree.Lines(file).Any(line => line.Contains("Skip" + " =", StringComparison.Ordinal) || line.Contains("Skip" + "=", StringComparison.Ordinal))));

    [Fact]
    public void TestProjects_OneForEachProjectOfTheProduct() => Assert.All(
        SourceTree.Projects, project => Assert.Contains($"tests/StreamManager.{project}.Tests/StreamManager.{project}.Tests.csproj", SourceTree.Files));

    private static bool IsEmptyName(string name) => EmptyNames.Contains(name, StringComparer.Ordinal);
}
