using System.Text.Json;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Sources;

/// <summary>What the journal tells of a real publish, a real player and a real destination, and that a restart forgets nothing of it.</summary>
public sealed class EventTests
{
    private static readonly EncoderSettings Encoder = new();

    [Fact]
    public async Task Publish_FromConnectToClose_IsToldInOrder_AndSurvivesAKill()
    {
        await using var stage = await Stage.StartAsync();
        var publisher = await stage.PublishAsync(Encoder);
        await stage.Api.WaitForStateAsync("live");
        await stage.Api.WaitAsync(status => status.Destination(Stage.Destination).State == "live", "the destination is not live");
        using (var directory = new TemporaryDirectory())
        {
            await using var player = FfmpegPlayer.Start(
                $"http://127.0.0.1:{stage.Server.ApiPort}/preview/main.flv?token={ServerProcess.Token}", directory.File("played.flv"), TimeSpan.FromSeconds(2));
            await player.Exited.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);
        }

        await publisher.StopAsync();
        await stage.Api.WaitForStateAsync("fallback");

        var connection = await WaitForAsync(stage, "connection", events => events.Count(happened => Type(happened) == "connection.doneConnect") == 2);
        var publish = connection.Where(happened => Data(happened, "protocol").GetString() == "rtmp").ToList();
        Assert.Equal(["preConnect", "postConnect", "prePublish", "postPublish", "donePublish", "doneConnect"], publish.Select(happened => Type(happened)["connection.".Length..]));
        Assert.Equal(["Pending", "Pending", "Publisher", "Publisher", "Publisher", "Publisher"], publish.Select(happened => Data(happened, "connectionType").GetString()));
        Assert.All(publish.Skip(2), happened => Assert.Equal("main/main", Data(happened, "streamPath").GetString()));
        Assert.Single(publish.Select(happened => Data(happened, "clientId").GetString()).Distinct());
        var published = Data(publish[4], "duration").GetDouble();
        Assert.InRange(published, 2, 120);
        Assert.InRange(Data(publish[5], "duration").GetDouble(), published, published + 60);
        Assert.Equal(
            ["preConnect", "postConnect", "prePlay", "postPlay", "donePlay", "doneConnect"],
            connection.Where(happened => Data(happened, "protocol").GetString() == "http-flv").Select(happened => Type(happened)["connection.".Length..]));

        var all = await WaitForAsync(stage, "source,program,destination", events => events.Any(happened => Type(happened) == "source.lost"));
        Assert.Equal(
            ["source.connected", "program.onAir", "program.switched", "destination.live", "source.lost", "program.switched"],
            all.Select(Type).Where(type => type is not ("program.fallbackPrepared" or "destination.connecting")));
        Assert.DoesNotContain(ServerProcess.MainKey, string.Join('\n', connection.Concat(all)), StringComparison.Ordinal);

        // What the server had told it had written.
        stage.Server.Kill();
        await stage.Server.RestartAsync();
        var after = await EventsAsync(stage, "connection,source,program,destination");
        Assert.Equal(
            connection.Concat(all).Select(happened => happened.GetProperty("id").GetString()).Order(StringComparer.Ordinal),
            after.Where(happened => connection.Concat(all).Any(before => before.GetProperty("id").GetString() == happened.GetProperty("id").GetString()))
                .Select(happened => happened.GetProperty("id").GetString()).Order(StringComparer.Ordinal));
    }

    private static async Task<List<JsonElement>> EventsAsync(Stage stage, string types) =>
        [.. (await stage.Api.GetAsync($"/api/events?since=2020-01-01T00:00:00Z&limit=1000&type={types}")).Body.GetProperty("events").EnumerateArray()];

    private static async Task<List<JsonElement>> WaitForAsync(Stage stage, string types, Func<List<JsonElement>, bool> wanted)
    {
        List<JsonElement> events = [];
        await Eventually.TrueAsync(async () => wanted(events = await EventsAsync(stage, types)), describe: () => string.Join('\n', events));
        return events;
    }

    private static string Type(JsonElement happened) => happened.GetProperty("type").GetString()!;

    private static JsonElement Data(JsonElement happened, string field) => happened.GetProperty("data").GetProperty(field);
}
