using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine.Channels;
using StreamManager.Server.Broadcasts;
using StreamManager.Server.Tests.Channels;

namespace StreamManager.Server.Tests.Broadcasts;

/// <summary>For how long a drill is remembered.</summary>
public sealed class DrillMemoryTests
{
    [Fact]
    public async Task Drill_OfAChannelThatWasRemoved_IsForgotten_AlsoWhenAnotherGetsItsId()
    {
        await using var bench = await CatalogBench.StartAsync();
        await using var drills = new FailoverDrill(bench.Directory, TimeProvider.System, NullLoggerFactory.Instance);
        var second = new ChannelDefinition { Id = "second" };
        Assert.NotNull(drills.Begin(bench.Directory.Add(second), 2));
        Assert.Equal("second", drills.Find("second")?.Channel);
        Assert.Single(drills.All);

        await bench.Directory.RemoveAsync("second");
        Assert.Null(drills.Find("second"));
        Assert.Empty(drills.All);

        // The drill notices that its channel is gone, and what it says then is not said of the other one.
        bench.Directory.Add(second);
        await drills.Ended.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Null(drills.Find("second"));
        Assert.Empty(drills.All);
    }
}
