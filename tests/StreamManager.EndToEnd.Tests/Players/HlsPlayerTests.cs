using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Players;

/// <summary>The program by HLS, with ffmpeg as the player: what an unknown implementation makes of playlists and segments.</summary>
public sealed class HlsPlayerTests
{
    private static readonly EncoderSettings Red = new() { Picture = TestPicture.Red, KeyframeInterval = 60, BFrames = 2 };

    private static readonly EncoderSettings Blue = Red with { Picture = TestPicture.Blue };

    [Fact]
    public async Task SourceKilledAndBack_ThenTheEnd_IsOneUnbrokenProgram()
    {
        await using var stage = await Stage.StartAsync();
        using var directory = new TemporaryDirectory();
        var first = await stage.PublishAsync(Red);
        await stage.Api.WaitForStateAsync("live");
        await using var player = FfmpegPlayer.Start($"http://127.0.0.1:{stage.Server.ApiPort}/hls/main/index.m3u8?token={ServerProcess.Token}", directory.File("played.flv"));
        await stage.Api.WaitAsync(status => status.Viewers == 1 || !player.IsRunning, "the viewer is not counted");
        Assert.True(player.IsRunning, player.Log);
        Assert.Equal("hls", Assert.Single(await stage.Api.StreamsAsync(), stream => stream.ConnectionType == "player").Protocol);

        first.Kill();
        await stage.Api.WaitForStateAsync("fallback");
        await stage.PublishAsync(Blue);
        var live = await stage.Api.WaitAsync(status => status is { State: "live", Program.Switches: 2 }, "the source is not back");
        await stage.Api.WaitAsync(status => status.Program.TimeMs >= live.Program.TimeMs + 2_500, "the program stands still");
        await stage.EndAsync();

        // The playlist ends with the broadcast, and so does the player, when it has had all of it.
        Assert.True(await player.Exited.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken) == 0, player.Log);
        var recording = await Unbroken.AssertAsync(player.File, Red);
        var colours = (await FfmpegJudge.ColoursAsync(player.File, perSecond: 4)).Select(colour => colour.Picture).ToArray();
        Assert.Equal((TestPicture.Red, TestPicture.Blue), (colours[0], colours[^1]));
        Assert.True(recording.Duration >= TimeSpan.FromSeconds(4), $"{recording.Duration}\n{player.Log}");
    }
}
