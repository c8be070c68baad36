using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;
using StreamManager.TestKit.Processes;

namespace StreamManager.EndToEnd.Tests.Continuity;

/// <summary>Sources whose sound is missing or late: destinations get sound without a hole all the same.</summary>
public sealed class SoundTests
{
    private static readonly EncoderSettings Red = new() { Picture = TestPicture.Red };

    [Fact]
    public async Task NoSoundAndThenSound_OneContinuousTrack()
    {
        await using var stage = await Stage.StartAsync();
        var publisher = await stage.PublishAsync(Red with { AudioSampleRate = null });
        var silent = await stage.Marks.AddAsync("live", TestPicture.Red);
        publisher.Kill();
        await stage.Marks.AddAsync("fallback", null);
        await stage.PublishAsync(Red);
        var heard = await stage.Marks.AddAsync("live", TestPicture.Red);
        var (_, file) = await stage.EndAndJudgeAsync(Red);
        Assert.False(await Sound.IsHeardAsync(file, silent - stage.RecordingBegin), "a source without sound is heard");
        Assert.True(await Sound.IsHeardAsync(file, heard - stage.RecordingBegin), "the source's sound is missing");
    }

    [Fact]
    public async Task SoundSomeSecondsLate_SilenceTakesItsPlaceUntilItComes()
    {
        using var files = new TemporaryDirectory();
        var late = files.File("late.flv");
        var prepared = await PreparedFlv.GetAsync(Red);
        var made = await ChildProcess.RunAsync("ffmpeg", [
            "-nostdin", "-v", "error", "-i", prepared, "-itsoffset", "3", "-i", prepared, "-map", "0:v", "-map", "1:a", "-t", "60", "-c", "copy", "-f", "flv", late]);
        Assert.Equal((0, ""), (made.ExitCode, made.ErrorTail));

        await using var stage = await Stage.StartAsync();
        await using var publisher = FfmpegPublisher.StartFile(stage.Server.PublishUrl, late, "-max_interleave_delta", "1000");
        var silent = await stage.Marks.AddAsync("live", TestPicture.Red);
        await stage.Api.WaitAsync(status => status.Program.TimeMs > 4500, "the program stands still");
        var heard = await stage.Marks.AddAsync("live", TestPicture.Red);
        var (_, file) = await stage.EndAndJudgeAsync(Red);
        Assert.False(await Sound.IsHeardAsync(file, silent - stage.RecordingBegin), "sound before it came");
        Assert.True(await Sound.IsHeardAsync(file, heard - stage.RecordingBegin), "the source's sound is missing");
    }
}
