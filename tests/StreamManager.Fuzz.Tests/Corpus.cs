using StreamManager.TestKit;

namespace StreamManager.Fuzz.Tests;

/// <summary>
/// The inputs of a target, one per file in <c>Corpus/target/</c>: well-formed seeds, and <c>find-*.bin</c>, which broke something once and must not
/// again.
/// </summary>
internal static class Corpus
{
    /// <summary>All inputs, in the order of their names.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> Load(FuzzTarget target) =>
    [
        .. Directory.EnumerateFiles(DirectoryOf(target), "*.bin")
            .Order(StringComparer.Ordinal)
            .Select(path => (Path.GetFileNameWithoutExtension(path), File.ReadAllBytes(path))),
    ];

    /// <summary>Keeps a find, so that it is replayed from now on.</summary>
    public static void Keep(FuzzTarget target, FuzzFind find) =>
        File.WriteAllBytes(Path.Combine(DirectoryOf(target), $"find-{FuzzRun.NameOf(find.Input)}.bin"), find.Input);

    private static string DirectoryOf(FuzzTarget target) =>
        Path.Combine(RepositoryFiles.Root, "tests", "StreamManager.Fuzz.Tests", "Corpus", target.Name);
}
