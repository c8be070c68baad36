using System.Security.Cryptography;
using StreamManager.Media;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Fuzz.Tests;

/// <summary>What came of fuzzing a target.</summary>
internal sealed record FuzzReport(string Target, int Seed, long Runs, int Outcomes, IReadOnlyList<FuzzFind> Finds)
{
    public override string ToString() => string.Join(
        Environment.NewLine,
        [
            $"{Target}: {Runs} runs, seed {Seed}, {Outcomes} outcomes, {Finds.Count} finds",
            .. Finds.Select(f => $"{f.Problem}: {Convert.ToHexString(f.Input)}"),
        ]);
}

/// <summary>An input that broke something.</summary>
internal sealed record FuzzFind(string Problem, byte[] Input);

/// <summary>Runs inputs against a target and mutates those that were interesting.</summary>
internal static class FuzzRun
{
    /// <summary>Enough to see a pattern; a broken parser would otherwise fill the disk.</summary>
    private const int MaxFinds = 20;

    /// <summary>Inputs kept for mutation, the corpus apart. Outcomes are few words; a target with more of them says too much.</summary>
    private const int MaxKept = 2000;

    /// <summary>Runs one input. Null: all is well; <paramref name="outcome"/> then says what became of it.</summary>
    public static FuzzFind? Try(FuzzTarget target, byte[] input, out string outcome)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            outcome = target.Run(input);
        }
        catch (MediaFormatException e)
        {
            outcome = WithoutNumbers(e.Message);
        }
        catch (RtmpProtocolException e)
        {
            outcome = e.Error.ToString();
        }
        catch (Exception e)
        {
            outcome = "";
            return new FuzzFind($"{e.GetType().Name} {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()?.Trim()}", input);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var allowed = target.AllocationBase + (target.AllocationPerByte * input.Length);
        return allocated <= allowed ? null : new FuzzFind($"allocated {allocated} bytes, allowed were {allowed}", input);
    }

    /// <summary>Mutates the corpus until <paramref name="goOn"/>, given the number of runs, says no.</summary>
    public static FuzzReport Mutations(FuzzTarget target, IReadOnlyList<byte[]> corpus, int seed, Func<long, bool> goOn)
    {
        var mutator = new Mutator(seed);
        List<byte[]> pool = [.. corpus];
        var outcomes = new HashSet<string>(StringComparer.Ordinal);
        var finds = new Dictionary<string, FuzzFind>(StringComparer.Ordinal);
        foreach (var input in corpus)
        {
            if (Try(target, input, out var outcome) is null)
                outcomes.Add(outcome);
        }

        long runs = 0;
        while (goOn(runs) && finds.Count < MaxFinds)
        {
            runs++;
            var input = mutator.Mutate(mutator.Pick(pool), mutator.Pick(pool));
            if (Try(target, input, out var outcome) is { } find)
            {
                finds.TryAdd(WithoutNumbers(find.Problem), find);
                continue;
            }

            if (outcomes.Count >= MaxKept || !outcomes.Add(outcome))
                continue;

            pool.Add(input);
        }

        return new FuzzReport(target.Name, seed, runs, outcomes.Count, [.. finds.Values]);
    }

    /// <summary>A file name for an input.</summary>
    public static string NameOf(byte[] input) => Convert.ToHexStringLower(SHA256.HashData(input))[..12];

    private static string WithoutNumbers(string text) => new([.. text.Where(c => !char.IsAsciiDigit(c))]);
}
