using System.Net;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Continuity;

/// <summary>The rehearsal of a loss.</summary>
public sealed class DrillTests
{
    private const string Drill = "/api/channels/main/drill";

    private static readonly EncoderSettings Settings = new() { Picture = TestPicture.Green };

    [Fact]
    public async Task Drill_OnAir_CutsTheSourceOff_AndFindsThatNobodyReconnected()
    {
        await using var stage = await Stage.StartAsync();
        await stage.PublishAsync(Settings);
        await stage.Marks.AddAsync("live", TestPicture.Green);

        // Viewers would see it: that must be said.
        var refused = await stage.Api.PostAsync(Drill, new { seconds = 2 });
        Assert.Equal((HttpStatusCode.Conflict, "viewers_would_see_it"), (refused.Status, refused.Body.GetProperty("code").GetString()));

        Assert.Equal(HttpStatusCode.Accepted, (await stage.Api.PostAsync(Drill, new { seconds = 2, onAir = true })).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await stage.Api.PostAsync(Drill, new { onAir = true })).Status);
        var drill = (await stage.Api.GetAsync(Drill)).Body;
        await Eventually.TrueAsync(
            async () =>
            {
                // Nobody who looks meanwhile takes the sink for a destination.
                Assert.Single((await stage.Api.StatusAsync()).Destinations);
                return (drill = (await stage.Api.GetAsync(Drill)).Body).GetProperty("state").GetString() != "running";
            },
            TimeSpan.FromSeconds(60),
            () => drill.ToString());

        Assert.Equal("done", drill.GetProperty("state").GetString());
        Assert.Single((await stage.Api.GetAsync("/api/events?type=audit.channel.drillBegun")).Body.GetProperty("events").EnumerateArray());
        var result = drill.GetProperty("result");
        Assert.True(result.GetProperty("passed").GetBoolean(), drill.ToString());
        var destination = Assert.Single(result.GetProperty("destinations").EnumerateArray());
        Assert.Equal(
            (Stage.Destination, 1, 1),
            (destination.GetProperty("name").GetString(), destination.GetProperty("connectsBefore").GetInt32(), destination.GetProperty("connectsAfter").GetInt32()));
        var status = await stage.Api.StatusAsync();
        Assert.Equal(2, status.Program.Switches);
        Assert.Single(status.Destinations);
        var told = (await stage.Api.GetAsync("/api/events?type=destination")).Body.GetProperty("events").EnumerateArray();
        Assert.All(told, happened => Assert.Equal(destination.GetProperty("id").GetString(), happened.GetProperty("data").GetProperty("destination").GetString()));
        Assert.NotEmpty(told);
        var broadcast = Assert.Single((await stage.Api.GetAsync("/api/broadcasts")).Body.EnumerateArray());
        Assert.Equal(1, broadcast.GetProperty("destinations").GetInt32());
        await stage.EndAndJudgeAsync(Settings);
    }
}
