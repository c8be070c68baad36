using StreamManager.Server.Broadcasts;

namespace StreamManager.Server.Tests.Broadcasts;

/// <summary>What a drill calls a fault.</summary>
public sealed class DrillVerdictTests
{
    private static readonly SinkFigures Good = new(1, 60, 34, 24, 0, TimeSpan.FromMilliseconds(40));

    [Fact]
    public void Figures_LikeThoseBefore_AreNoFault() =>
        Assert.Empty(FailoverDrill.FindFaults(Good, Good with { LargestVideoStepMs = 36, LongestSilence = TimeSpan.FromSeconds(1.1) }, [new("a", "A", 1, 1)]));

    [Fact]
    public void EachFault_IsToldInWords()
    {
        var faults = FailoverDrill.FindFaults(Good, new SinkFigures(2, 60, 67, 48, 3, TimeSpan.FromSeconds(2)), [new("a", "Anna's show", 1, 2), new("b", "Other", 4, 4)]);
        Assert.Equal(5, faults.Length);
        Assert.Contains("connected 2 times", faults[0], StringComparison.Ordinal);
        Assert.Contains("picture has a hole: 67 ms", faults[1], StringComparison.Ordinal);
        Assert.Contains("sound has a hole: 48 ms", faults[2], StringComparison.Ordinal);
        Assert.Contains("3 times", faults[3], StringComparison.Ordinal);
        Assert.Equal("Anna's show reconnected.", faults[4]);
    }
}
