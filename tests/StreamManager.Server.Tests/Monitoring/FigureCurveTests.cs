using StreamManager.Server.Monitoring;

namespace StreamManager.Server.Tests.Monitoring;

/// <summary>The ring of seconds.</summary>
public sealed class FigureCurveTests
{
    private const long Start = 1_800_000_000;

    [Fact]
    public void Seconds_AreKeptForAsLongAsItSays_WithHolesWhereNobodyMeasured()
    {
        var curve = new FigureCurve();
        Assert.Null(curve[Start]);
        foreach (var second in (long[])[0, 1, 4])
            Add(curve, Start + second);
        Assert.Equal([null, 0, 1, null, null, 4, null], Values(curve, Start - 1, 7));

        Add(curve, Start + FigureCurve.Kept);
        Assert.Equal([null, 1], Values(curve, Start, 2));
        Add(curve, Start + FigureCurve.Kept + 1);
        Assert.Equal([null, null, null, null, 4], Values(curve, Start, 5));
        Assert.Equal(600, curve[Start + FigureCurve.Kept]!.Value.BitrateKbps);
    }

    [Fact]
    public void LongHole_LeavesNothingOfBefore()
    {
        var curve = new FigureCurve();
        for (var second = 0; second < FigureCurve.Kept; second++)
            Add(curve, Start + second);
        Add(curve, Start + (3 * FigureCurve.Kept) + 7);
        Assert.Equal(1, Enumerable.Range(0, 4 * FigureCurve.Kept).Count(second => curve[Start + second] is not null));
    }

    [Fact]
    public void ClockSetBack_ALittleIsLeftOut_AndMuchBeginsAnew()
    {
        var curve = new FigureCurve();
        Add(curve, Start);
        Add(curve, Start - 5);
        Add(curve, Start);
        Assert.Null(curve[Start - 5]);
        Assert.NotNull(curve[Start]);
        Add(curve, Start - 3_600);
        Add(curve, Start - 3_598);
        Assert.Equal([null, -3_600, null, -3_598, null], Values(curve, Start - 3_601, 5));
        Assert.Null(curve[Start]);
    }

    private static void Add(FigureCurve curve, long second) => curve.Add(second, new Figures((int)(second - Start), 0, 0));

    private static IEnumerable<int?> Values(FigureCurve curve, long from, int count) => Enumerable.Range(0, count).Select(second => curve[from + second]?.BitrateKbps);
}
