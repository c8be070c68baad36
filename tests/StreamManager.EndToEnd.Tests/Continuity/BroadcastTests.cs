using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Continuity;

/// <summary>When a broadcast begins and ends, and who is on it.</summary>
public sealed class BroadcastTests
{
    private const string BackupKey = "backup-key-for-tests";

    private static readonly EncoderSettings Red = new() { Picture = TestPicture.Red };

    private static readonly EncoderSettings Blue = new() { Picture = TestPicture.Blue };

    [Fact]
    public async Task Start_Always_IsOnAirWithoutASourceAndTurnsToItWhenItComes()
    {
        await using var stage = await Stage.StartAsync("start: always\nresolution: 640x360\nfps: 30\n");
        await stage.Marks.AddAsync("fallback", null);
        await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        await stage.EndAndJudgeAsync(Red);
    }

    [Fact]
    public async Task Start_Manual_WaitsForTheOperatorHoweverLongAnEncoderPublishes()
    {
        await using var stage = await Stage.StartAsync("start: manual\n");
        await stage.PublishAsync(Red);
        await stage.Api.WaitAsync(status => status.Source is { State: "connected", Video: not null, Audio: not null }, "no source");
        Assert.Equal("stopped", (await stage.Api.StatusAsync()).State);

        await stage.Api.StartAsync();
        await stage.Marks.AddAsync("live", TestPicture.Red);
        await stage.Api.StartAsync();
        await stage.EndAndJudgeAsync(Red);
    }

    [Fact]
    public async Task Stop_WithTheEncoderStillPublishing_StaysOffAirUntilStartedOrPublishedAnew()
    {
        await using var stage = await Stage.StartAsync();
        var publisher = await stage.PublishAsync(Red);
        await stage.Nginx.WaitForRecordingAsync(Stage.Destination, TimeSpan.FromSeconds(1));
        Assert.Equal("stopped", (await stage.Api.StopAsync()).State);
        Assert.Equal("stopped", (await stage.Api.StopAsync()).State);

        // The encoder goes on for several key frames, as the preview of the source shows, and nothing comes of it.
        await stage.Api.WaitAsync(status => status is { Source.State: "connected", Destinations: [{ State: "idle" }] }, "not off air");
        await stage.Nginx.WaitForEndAsync(Stage.Destination);
        var preview = $"http://127.0.0.1:{stage.Server.ApiPort}/preview/main.flv?source=main";
        await using (var viewer = FfmpegPlayer.Start(preview, Path.Combine(stage.Server.Folder, "seen.flv"), TimeSpan.FromSeconds(3), [$"Authorization: Bearer {ServerProcess.Token}"]))
        {
            Assert.Equal(0, await viewer.Exited);
            Assert.True(FlvRecording.Read(viewer.File).Video.KeyframeTimes.Count > 2, viewer.Log);
        }

        Assert.Equal("stopped", (await stage.Api.StatusAsync()).State);
        Assert.True(publisher.IsRunning);
        Assert.Equal(1, stage.Nginx.PublishCount(Stage.Destination));

        await stage.Api.StartAsync();
        await stage.Api.WaitForStateAsync("live");
        await Eventually.TrueAsync(() => stage.Nginx.PublishCount(Stage.Destination) == 2, describe: () => stage.Nginx.Log);
        await stage.Nginx.WaitForRecordingAsync(Stage.Destination, TimeSpan.FromSeconds(1));
        await stage.Api.StopAsync();

        publisher.Kill();
        await stage.Api.WaitAsync(status => status.Source.State == "absent", "the source is still there");
        await stage.PublishAsync(Red);
        await stage.Api.WaitForStateAsync("live");
        await Eventually.TrueAsync(() => stage.Nginx.PublishCount(Stage.Destination) == 3, describe: () => stage.Nginx.Log);
        await stage.Nginx.WaitForRecordingAsync(Stage.Destination, TimeSpan.FromSeconds(1));
        await stage.EndAsync();
        foreach (var file in stage.Nginx.Recordings(Stage.Destination))
            Assert.True((await Unbroken.AssertAsync(file, Red)).HasEndOfSequence, $"{file} has no end of sequence");
    }

    [Fact]
    public async Task EndAfter_OnFallbackThatLong_EndsTheBroadcastInOrder()
    {
        await using var stage = await Stage.StartAsync("end_after: 2\n");
        var publisher = await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        publisher.Kill();
        await stage.Marks.AddAsync("fallback", null);
        await stage.Api.WaitForStateAsync("stopped");
        await stage.Api.WaitAsync(status => status.Destinations is [{ State: "idle" }], "the destination is not told");
        await stage.Nginx.StopAsync();
        var recording = await Unbroken.AssertAsync(stage.Nginx.Recording(Stage.Destination), Red);
        Assert.True(recording.HasEndOfSequence, "an intended end must say so");
    }

    [Fact]
    public async Task OnCleanEnd_End_EndsWhenTheEncoderStopsAndNotWhenItCrashes()
    {
        await using var stage = await Stage.StartAsync("on_clean_end: end\n");
        var publisher = await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        publisher.Kill();
        await stage.Marks.AddAsync("fallback", null);
        publisher = await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        await publisher.StopAsync();
        await stage.Api.WaitForStateAsync("stopped");
        await stage.Api.WaitAsync(status => status.Destinations is [{ State: "idle" }], "the destination is not told");
        await stage.Nginx.StopAsync();
        var recording = await Unbroken.AssertAsync(stage.Nginx.Recording(Stage.Destination), Red);
        Assert.True(recording.HasEndOfSequence, "an intended end must say so");
    }

    [Fact]
    public async Task Select_SourcesAndFallback_HoldsUntilAuto()
    {
        await using var stage = await Stage.StartAsync($"backup_ingest_key: {BackupKey}\n");
        var main = await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red, "main");
        await stage.PublishAsync(Blue, BackupKey);
        await stage.Api.WaitAsync(status => status.Sources.Count(source => source.State == "connected") == 2, "no backup");

        Assert.Equal("backup", (await stage.Api.SelectAsync("backup")).Source.Selected);
        await stage.Marks.AddAsync("live", TestPicture.Blue, "backup");
        await stage.Api.SelectAsync("fallback");
        await stage.Marks.AddAsync("fallback", null);
        await stage.Api.SelectAsync("auto");
        await stage.Marks.AddAsync("live", TestPicture.Red, "main");

        // By itself: the backup while the main source is gone, and back.
        main.Kill();
        await stage.Marks.AddAsync("live", TestPicture.Blue, "backup");
        await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red, "main");

        Assert.Equal(System.Net.HttpStatusCode.BadRequest, (await stage.Api.PostAsync("/api/channels/main/source", new { select = "nobody" })).Status);
        await stage.EndAndJudgeAsync(Red);
    }
}
