using System.Globalization;
using System.Security.Cryptography;
using StreamManager.Fuzz.Tests.Targets;
using Xunit;

namespace StreamManager.Fuzz.Tests;

/// <summary>
/// Replays the corpus and mutates it for a moment, always in the same way. For a long run with a new seed set <c>STREAM_MANAGER_FUZZ_SECONDS</c>
/// (of processor time, for each target, or for <c>STREAM_MANAGER_FUZZ_TARGET</c> alone); what it finds is written into the corpus. <c>STREAM_MANAGER_FUZZ_SEED</c> repeats a run;
/// <c>-showLiveOutput</c> shows the counts.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int ShortRuns = 5_000;
    private const int ShortSeed = 20_260_101;

    public static TheoryData<string> Names => [.. AllTargets.List.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Corpus_Replayed_BreaksNothing(string name)
    {
        var target = AllTargets.Get(name);
        var corpus = Corpus.Load(target);
        Assert.NotEmpty(corpus);
        Assert.All(corpus, item => Assert.Null(FuzzRun.Try(target, item.Bytes, out _)?.Problem));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Corpus_EveryPrefix_BreaksNothing(string name)
    {
        var target = AllTargets.Get(name);
        foreach (var (_, bytes) in Corpus.Load(target))
        {
            for (var length = 0; length < Math.Min(bytes.Length, 400); length++)
                Assert.Null(FuzzRun.Try(target, bytes[..length], out _)?.Problem);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Mutations_BreakNothing(string name)
    {
        var target = AllTargets.Get(name);
        byte[][] corpus = [.. Corpus.Load(target).Select(c => c.Bytes)];
        var isMeant = Environment.GetEnvironmentVariable("STREAM_MANAGER_FUZZ_TARGET") is not { Length: > 0 } only || only == name;
        var seconds = isMeant ? Setting("STREAM_MANAGER_FUZZ_SECONDS") : null;
        var seed = Setting("STREAM_MANAGER_FUZZ_SEED") ?? (seconds is null ? ShortSeed : RandomNumberGenerator.GetInt32(int.MaxValue));
        var goOn = seconds is { } limit
            ? FuzzBudget.OfProcessorTime(TimeSpan.FromSeconds(limit), static () => Environment.CpuUsage.TotalTime)
            : runs => runs < ShortRuns;

        var report = FuzzRun.Mutations(target, corpus, seed, goOn);

        output.WriteLine(report.ToString());
        if (seconds is not null)
        {
            foreach (var find in report.Finds)
                Corpus.Keep(target, find);
        }

        Assert.True(report.Finds.Count == 0, report.ToString());
    }

    [Fact]
    public void Mutator_SameSeed_GivesTheSame()
    {
        byte[] input = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        var first = new Mutator(7);
        var second = new Mutator(7);
        for (var i = 0; i < 100; i++)
            Assert.Equal(first.Mutate(input, [1, 2, 3]), second.Mutate(input, [1, 2, 3]));
    }

    [Fact]
    public void Budget_IsSpentByTheProcessorOnly()
    {
        var used = TimeSpan.FromHours(1);
        var goOn = FuzzBudget.OfProcessorTime(TimeSpan.FromSeconds(2), () => used);
        Assert.All(Enumerable.Range(0, 10_000), run => Assert.True(goOn(run)));

        used += TimeSpan.FromSeconds(1.9);
        Assert.All(Enumerable.Range(10_000, 1_000), run => Assert.True(goOn(run)));

        used += TimeSpan.FromSeconds(0.1);
        Assert.Contains(false, Enumerable.Range(11_000, 1_000).Select(run => goOn(run)));
        Assert.False(goOn(12_001));
    }

    [Fact]
    public void Run_OfATargetThatBreaks_Finds()
    {
        // The net has no holes: each way of breaking a law is seen.
        AssertFinds(input => $"{input[input.Length]}");
        AssertFinds(_ => throw new FuzzLawException("no"));
        AssertFinds(_ => $"{new byte[4 * 1024 * 1024].Length}");
        AssertFinds(input => input.Length > 3 && input[3] == 0xFF ? throw new OverflowException() : "fine");
    }

    private static void AssertFinds(Func<byte[], string> run) =>
        Assert.NotEmpty(FuzzRun.Mutations(new FuzzTarget("broken", run), [[1, 2, 3, 4, 5]], ShortSeed, runs => runs < ShortRuns).Finds);

    private static int? Setting(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
