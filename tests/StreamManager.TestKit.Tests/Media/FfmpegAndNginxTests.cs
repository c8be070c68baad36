using StreamManager.TestKit.Media;
using Xunit;

namespace StreamManager.TestKit.Tests.Media;

/// <summary>The judges judged: a plain ffmpeg → nginx run must pass what the product will have to pass, and broken runs must show.</summary>
public sealed class FfmpegAndNginxTests
{
    [Fact]
    public async Task PreparedPublish_LoopedOverItsEnd_RecordsWithoutAGapOrADecoderError()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        var settings = new EncoderSettings { BFrames = 2, Picture = TestPicture.Green };
        await using var publisher = await FfmpegPublisher.StartAsync(nginx.Url("k1"), settings);

        await nginx.WaitForRecordingAsync("k1", TimeSpan.FromSeconds(18));
        await publisher.StopAsync();

        var recording = FlvRecording.Read(nginx.Recording("k1"));
        Assert.Equal(1, nginx.PublishCount("k1"));
        Assert.True(recording.Video.IsStrictlyIncreasing && recording.Audio.IsStrictlyIncreasing);
        Assert.True(recording.Video.LargestStep <= 35, recording.Video.DescribeStepsOver(35));
        Assert.True(recording.Audio.LargestStep <= 24, recording.Audio.DescribeStepsOver(24));
        Assert.InRange(recording.Video.KeyframeTimes.Count, 18, 30);
        Assert.True(recording.HasEndOfSequence);
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(nginx.Recording("k1")));
        Assert.InRange((await FfmpegJudge.DurationAsync(nginx.Recording("k1")) - recording.Duration).TotalSeconds, -0.2, 0.2);
        Assert.All(await FfmpegJudge.ColoursAsync(nginx.Recording("k1")), colour => Assert.Equal(TestPicture.Green, colour.Picture));
    }

    [Fact]
    public async Task FrozenAndKilledPublisher_LeavesNoEndOfSequence()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var publisher = await FfmpegPublisher.StartAsync(nginx.Url("k1"), new EncoderSettings { AudioSampleRate = null });
        await nginx.WaitForRecordingAsync("k1");

        publisher.Freeze();
        Assert.True(publisher.IsRunning);
        publisher.Resume();
        publisher.Kill();
        await publisher.Process.Exited;

        Assert.False(FlvRecording.Read(nginx.Recording("k1")).HasEndOfSequence);
        Assert.Equal(0, FlvRecording.Read(nginx.Recording("k1")).Audio.Count);
    }

    [Fact]
    public async Task RefusingApplication_EndsThePublisherAndRecordsNothing()
    {
        await using var nginx = await NginxRtmp.StartAsync([new NginxApplication("live") { RefusePublish = true }]);
        await using var publisher = await FfmpegPublisher.StartAsync(nginx.Url("k1"));

        await Eventually.TrueAsync(() => !publisher.IsRunning, describe: () => nginx.Log);

        Assert.Empty(nginx.Recordings());
    }

    [Fact]
    public async Task Player_OfAnEncodingPublisher_RecordsThePictureForTheWantedTime()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        using var directory = new TemporaryDirectory();
        await using var publisher = FfmpegPublisher.StartEncoding(nginx.Url("k1"), new EncoderSettings { Picture = TestPicture.Blue, Width = 320, Height = 180 });
        await nginx.WaitForRecordingAsync("k1", bytes: 20_000);
        await using var player = FfmpegPlayer.Start(nginx.Url("k1"), directory.File("played.flv"), TimeSpan.FromSeconds(2));

        await Eventually.TrueAsync(() => !player.IsRunning, describe: () => player.Log);

        Assert.InRange(FlvRecording.Read(player.File).Duration.TotalSeconds, 1.5, 2.5);
        Assert.Equal(TestPicture.Blue, (await FfmpegJudge.ColourAtAsync(player.File, TimeSpan.FromSeconds(1))).Picture);
    }

    [Fact]
    public async Task StoppedNginx_Restarted_ListensOnTheSamePort()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await nginx.StopAsync();
        await using (var refused = await FfmpegPublisher.StartAsync(nginx.Url("k1")))
            await Eventually.TrueAsync(() => !refused.IsRunning);
        await nginx.RestartAsync();
        await using var publisher = await FfmpegPublisher.StartAsync(nginx.Url("k1"));
        await nginx.WaitForRecordingAsync("k1");
        Assert.Equal(1, nginx.PublishCount("k1"));
    }
}
