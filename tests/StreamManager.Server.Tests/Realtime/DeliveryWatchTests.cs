using System.Collections.Immutable;
using StreamManager.Server.Broadcasts;
using StreamManager.Server.Realtime;

namespace StreamManager.Server.Tests.Realtime;

/// <summary>What has changed between two looks.</summary>
public sealed class DeliveryWatchTests
{
    [Fact]
    public void Deliveries_AreToldWhereTheNumberMoved()
    {
        var watch = new DeliveryWatch();
        Assert.Empty(watch.TakeChanged(Changes(("a", 5), ("b", 0))));
        Assert.Empty(watch.TakeChanged(Changes(("a", 5), ("b", 0))));
        Assert.Equal(["a"], watch.TakeChanged(Changes(("a", 6), ("b", 0))).AsEnumerable());

        // A new one is told with its first delivery; one that is gone is told by nobody.
        Assert.Empty(watch.TakeChanged(Changes(("a", 6), ("b", 0), ("c", 0))));
        Assert.Equal(["b", "c"], watch.TakeChanged(Changes(("b", 2), ("c", 1))).AsEnumerable());
    }

    [Fact]
    public void Drill_IsToldOnceInEachPhase()
    {
        var watch = new DrillWatch();
        var begun = new DrillStatus("main", "running", "connecting", default, 5, null);
        var other = begun with { Channel = "second" };
        Assert.Equal([begun], watch.TakeChanged([begun]).AsEnumerable());
        Assert.Empty(watch.TakeChanged([begun]));
        Assert.Equal([other], watch.TakeChanged([begun, other]).AsEnumerable());

        // The next drill of a channel may look like the one before.
        var again = begun with { };
        Assert.Same(again, Assert.Single(watch.TakeChanged([again, other])));
    }

    private static ImmutableArray<KeyValuePair<string, long>> Changes(params (string Id, long Count)[] changes) => [.. changes.Select(change => KeyValuePair.Create(change.Id, change.Count))];
}
