using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;
using StreamManager.TestKit.Processes;

namespace StreamManager.EndToEnd.Tests.Continuity;

/// <summary>What is seen and heard while no source is good.</summary>
public sealed class FallbackTests
{
    private static readonly EncoderSettings Red = new() { Picture = TestPicture.Red };

    [Fact]
    public async Task NoFfmpeg_TheLastPictureIsHeldAtFullRateAndTheStatusSaysWhy()
    {
        await using var stage = await Stage.StartAsync(environment: new Dictionary<string, string?>(StringComparer.Ordinal) { ["FFMPEG_PATH"] = "/nonexistent" });
        var publisher = await stage.PublishAsync(Red with { BFrames = 2 });
        await stage.Marks.AddAsync("live", TestPicture.Red);
        publisher.Kill();
        await stage.Marks.AddAsync("fallback", TestPicture.Red);
        var note = (await stage.Api.StatusAsync()).Program.FallbackNote;
        Assert.Contains("/nonexistent", note, StringComparison.Ordinal);
        Assert.Contains("last picture", note, StringComparison.Ordinal);
        await stage.PublishAsync(Red with { BFrames = 2 });
        await stage.Marks.AddAsync("live", TestPicture.Red);
        await stage.EndAndJudgeAsync(Red);
    }

    [Fact]
    public async Task Image_FromTheConfiguration_IsSeenInSilence()
    {
        using var files = new TemporaryDirectory();
        var image = files.File("back soon.png");
        await MakeAsync(["-f", "lavfi", "-i", "color=c=0x10B010:size=800x450", "-frames:v", "1", image]);
        await using var stage = await Stage.StartAsync($"fallback_type: image\nfallback_image: \"{image}\"\n");
        var publisher = await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        publisher.Kill();
        var shown = await stage.Marks.AddAsync("fallback", TestPicture.Green);
        Assert.Null((await stage.Api.StatusAsync()).Program.FallbackNote);
        await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        var (_, file) = await stage.EndAndJudgeAsync(Red);
        Assert.False(await Sound.IsHeardAsync(file, shown - stage.RecordingBegin), "an image has no sound");
    }

    [Fact]
    public async Task Video_FromTheConfiguration_LoopsWithItsSoundAndIsReadyAtOnceAtTheNextStart()
    {
        using var files = new TemporaryDirectory();
        var video = files.File("loop.mp4");
        await MakeAsync([
            "-f", "lavfi", "-i", "color=c=0x1010D0:size=480x270:rate=25", "-f", "lavfi", "-i", "sine=frequency=880:sample_rate=44100", "-t", "2",
            "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", video]);
        await using var stage = await Stage.StartAsync($"fallback_type: video\nfallback_video: {video}\n");
        var publisher = await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        await Eventually.TrueAsync(() => stage.Server.Log.Contains("is ready: Video", StringComparison.Ordinal), describe: () => stage.Server.Log);
        Assert.Null((await stage.Api.StatusAsync()).Program.FallbackNote);
        publisher.Kill();
        var shown = await stage.Marks.AddAsync("fallback", TestPicture.Blue);

        // Longer than the clip.
        await stage.Api.WaitAsync(status => status.Program.SecondsOnFallback > 2.5, "the fallback ends");
        await stage.Marks.AddAsync("fallback", TestPicture.Blue);
        var (_, file) = await stage.EndAndJudgeAsync(Red);
        Assert.True(await Sound.IsHeardAsync(file, shown - stage.RecordingBegin), "the clip's sound is missing");

        await stage.Server.RestartAsync();
        await stage.Nginx.RestartAsync();
        await stage.Api.StartAsync();
        await stage.Api.WaitForStateAsync("fallback");
        await Eventually.TrueAsync(() => stage.Server.Log.Contains("is ready: Video (from cache: True)", StringComparison.Ordinal), describe: () => stage.Server.Log);
    }

    [Fact]
    public async Task UnreadableFile_IsReportedAtOnceAndTheSlateIsUsed()
    {
        using var files = new TemporaryDirectory();
        var image = files.File("broken.png");
        await File.WriteAllTextAsync(image, "This is no picture.", TestContext.Current.CancellationToken);
        await using var stage = await Stage.StartAsync($"fallback_type: image\nfallback_image: {image}\n");

        // Nobody has published yet: who set it up is still there to mend it.
        var status = await stage.Api.WaitAsync(status => status.Program.FallbackNote is not null, "nothing is said of the file");
        Assert.Equal("waiting", status.State);
        Assert.Contains("slate", status.Program.FallbackNote, StringComparison.Ordinal);

        var publisher = await stage.PublishAsync(Red);
        await stage.Marks.AddAsync("live", TestPicture.Red);
        publisher.Kill();
        await stage.Marks.AddAsync("fallback", null);
        Assert.Contains("slate", (await stage.Api.StatusAsync()).Program.FallbackNote, StringComparison.Ordinal);
        await stage.EndAndJudgeAsync(Red);
    }

    private static async Task MakeAsync(string[] arguments)
    {
        var result = await ChildProcess.RunAsync("ffmpeg", ["-nostdin", "-v", "error", "-y", .. arguments]);
        Assert.Equal((0, ""), (result.ExitCode, result.ErrorTail));
    }
}
