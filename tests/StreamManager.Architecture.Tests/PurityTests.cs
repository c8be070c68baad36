using System.Text.RegularExpressions;
using Xunit;

namespace StreamManager.Architecture.Tests;

/// <summary>Parsers are functions of bytes: no I/O, no tasks, no clock, no log.</summary>
public sealed partial class PurityTests
{
    [Theory]
    [InlineData("src/StreamManager.Media/")]
    [InlineData("src/StreamManager.Rtmp/Wire/")]
    public void PureCode_NamesNothingThatWaitsReadsOrLogs(string folder)
    {
        var files = SourceTree.CSharp(folder).ToList();
        Assert.NotEmpty(files);
        var offences = files.SelectMany(file => SourceTree.Lines(file)
            .Select((line, index) => (Code: Code(line), Where: $"{file}:{index + 1}: {line.Trim()}"))
            .Where(line => Impure().IsMatch(line.Code))
            .Select(line => line.Where));
        Assert.Empty(offences);
    }

    // Comments may speak of what the code must not do.
    private static string Code(string line) => line.IndexOf("//", StringComparison.Ordinal) is var comment and >= 0 ? line[..comment] : line;

    [GeneratedRegex(@"\b(Stream|FileStream|NetworkStream|File|Socket|PipeReader|PipeWriter|Task|ValueTask|async|await|ILogger|TimeProvider|Thread)\b(?!\s*=)")]
    private static partial Regex Impure();
}
