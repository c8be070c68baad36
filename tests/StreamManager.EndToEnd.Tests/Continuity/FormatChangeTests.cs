using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Continuity;

/// <summary>A source that comes back in another format.</summary>
public sealed class FormatChangeTests
{
    private static readonly EncoderSettings Small = new() { Picture = TestPicture.Red };

    private static readonly EncoderSettings Large = new()
    {
        Picture = TestPicture.Blue,
        Width = 1280,
        Height = 720,
        VideoKbps = 1000,
        BFrames = 2,
        AudioSampleRate = 44100,
        AudioChannels = 1,
        AudioKbps = 64,
    };

    [Fact]
    public async Task OtherSizeAndSound_ByDefault_IsTranscodedAndTheDestinationNoticesNothing()
    {
        await using var stage = await Stage.StartAsync();
        var publisher = await stage.PublishAsync(Small);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        publisher.Kill();
        await stage.Marks.AddAsync("fallback", null);

        publisher = await stage.PublishAsync(Large);
        await stage.Marks.AddAsync("live", TestPicture.Blue);
        var source = (await stage.Api.StatusAsync()).Source;
        Assert.True(source.Transcoded);
        Assert.Equal((1280, 720, 44100, 1), (source.Video!.Width, source.Video.Height, source.Audio!.SampleRate, source.Audio.Channels));
        publisher.Kill();
        await stage.Marks.AddAsync("fallback", null);

        // Pictures that fit, but with parameter sets of their own; only the sound is transcoded.
        publisher = await stage.PublishAsync(Small with { Picture = TestPicture.Green, BFrames = 2, AudioSampleRate = 44100 });
        await stage.Marks.AddAsync("live", TestPicture.Green);
        Assert.True((await stage.Api.StatusAsync()).Source.Transcoded);
        publisher.Kill();
        await stage.Marks.AddAsync("fallback", null);

        await stage.PublishAsync(Small);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        Assert.False((await stage.Api.StatusAsync()).Source.Transcoded);
        await stage.EndAndJudgeAsync(Small);
    }

    [Fact]
    public async Task OtherSizeAndSound_WithRestart_ConnectsTheDestinationAnewWithTheNewFormat()
    {
        // The source waits for these two seconds beside the fallback on the first connection; the second one begins at the keyframe with which it is shown.
        await using var stage = await Stage.StartAsync("on_format_change: restart\n", returnAfter: 2);
        var publisher = await stage.PublishAsync(Small);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        publisher.Kill();
        await stage.Marks.AddAsync("fallback", null);
        await stage.PublishAsync(Large);
        await stage.Marks.AddAsync("live", TestPicture.Blue);
        await Eventually.TrueAsync(() => stage.Nginx.PublishCount(Stage.Destination) == 2, describe: () => stage.Nginx.Log);
        await stage.Nginx.WaitForRecordingAsync(Stage.Destination, TimeSpan.FromSeconds(2));
        var last = await stage.EndAsync();

        Assert.Equal(2, last.Destination(Stage.Destination).Connects);
        var recordings = stage.Nginx.Recordings(Stage.Destination);
        Assert.Equal(2, recordings.Count);
        await Unbroken.AssertAsync(recordings[0], Small);
        await Unbroken.AssertAsync(recordings[1], Large);
        Assert.Equal("width=1280\nheight=720\nsample_rate=44100", await FfmpegJudge.ProbeAsync(recordings[1], "stream=width,height,sample_rate"));
    }
}
