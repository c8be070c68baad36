using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Continuity;

/// <summary>The server's own end, in order and not.</summary>
public sealed class RestartTests
{
    private static readonly EncoderSettings Red = new() { Picture = TestPicture.Red };

    [Fact]
    public async Task Kill_OnAir_IsOnAirAgainByItselfWithEveryDestination()
    {
        await using var stage = await Stage.StartAsync();
        await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        var before = await stage.Api.DestinationsAsync();

        await stage.Server.RestartAsync();
        Assert.Equal(before.Select(destination => (destination.Id, destination.Name, destination.Url)), (await stage.Api.DestinationsAsync()).Select(destination => (destination.Id, destination.Name, destination.Url)));
        stage.BeginMarks();
        await stage.Marks.AddAsync("fallback", null);
        Assert.Contains("(from cache: True)", stage.Server.Log, StringComparison.Ordinal);
        await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        var last = await stage.EndAsync();

        Assert.Equal(2, stage.Nginx.PublishCount(Stage.Destination));
        var recordings = stage.Nginx.Recordings(Stage.Destination);
        Assert.Equal(2, recordings.Count);
        Assert.False(FlvRecording.Read(recordings[0]).HasEndOfSequence, "a crash must not look like an end");
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(recordings[0]));
        var recording = await Unbroken.AssertAsync(recordings[1], Red);
        await stage.Marks.AssertAsync(recordings[1], TimeSpan.FromMilliseconds(last.Program.TimeMs) - recording.Duration);
    }

    [Fact]
    public async Task Sigterm_OnAir_TellsTheDestinationAndExitsWith0AndGoesOnAtTheNextStart()
    {
        await using var stage = await Stage.StartAsync();
        await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red);

        Assert.Equal(0, await stage.Server.StopAsync());
        await Eventually.TrueAsync(
            () => stage.Nginx.Log.Contains("deleteStream", StringComparison.Ordinal) && !FlvRecording.Read(stage.Nginx.Recording(Stage.Destination)).IsTruncated,
            describe: () => $"nginx was not told.\n{stage.Nginx.Log}");
        Assert.True((await Unbroken.AssertAsync(stage.Nginx.Recording(Stage.Destination), Red)).HasEndOfSequence, "an intended end must say so");

        await stage.Server.RestartAsync();
        await stage.Api.WaitForStateAsync("fallback");
        await Eventually.TrueAsync(() => stage.Nginx.PublishCount(Stage.Destination) == 2, describe: () => stage.Nginx.Log);
    }

    [Fact]
    public async Task Stop_BeforeARestart_IsRememberedToo()
    {
        await using var stage = await Stage.StartAsync();
        await stage.PublishAsync(Red);
        await stage.Api.WaitForStateAsync("live");
        await stage.Api.StopAsync();
        await stage.Server.RestartAsync();
        Assert.Equal("waiting", (await stage.Api.StatusAsync()).State);
    }
}
