using StreamManager.Engine.Codecs.Clips;
using StreamManager.Media.Aac;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;

namespace StreamManager.Engine.Tests.Codecs;

[Collection(ClipBench.OneAtATime)]
public sealed class VideoClipTests : IDisposable
{
    private readonly ClipBench _bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Video_WithSound_KeepsBothOnOneTimeline()
    {
        // A beep of half a second at 2 s, beside a white picture: the two must stay together.
        await ClipBench.FfmpegAsync(
            "-f", "lavfi", "-i", "color=black:s=320x240:r=24:d=5,drawbox=c=white:t=fill:enable='between(t,2,2.499)'",
            "-f", "lavfi", "-i", "sine=r=44100:d=5,volume=enable='not(between(t,2,2.499))':volume=0", "-c:v", "libx264", "-c:a", "aac", _bench.File("video.mp4"));
        var format = ClipBench.Format(640, 360, 30, cts: 66) with { Audio = AudioSpecificConfig.CreateLowComplexity(48000, 2) };
        using var factory = _bench.Factory();
        var progress = new Recorder();

        var result = await factory.PrepareAsync(new ClipContent.Video(_bench.File("video.mp4")), format, progress, Cancel);

        Assert.True(result.IsSuccess, result.Words);
        var clip = result.Clip;
        Assert.InRange(clip.VideoFrameCount, 149, 151);
        Assert.Equal([0, 60, 120], Enumerable.Range(0, clip.VideoFrameCount).Where(clip.IsKeyframe));
        Assert.InRange(clip.AudioFrameCount, 230, 236);
        Assert.Equal(0, clip.AudioSamplePosition(0));
        Assert.Equal(10 * 1024, clip.AudioSamplePosition(10));
        Assert.True(clip.AudioSamplePosition(clip.AudioFrameCount - 1) < clip.Duration.Seconds * 48000);
        Assert.Equal(1, progress.Values[^1]);
        Assert.Equal(progress.Values.Order(), progress.Values);
        Assert.True(progress.Values.Count > 10);

        WriteAudible(clip, _bench.File("out.flv"));
        Assert.Equal("", await ClipBench.DecodeAsync(_bench.File("out.flv")));
        Assert.InRange(await FirstAsync("out.flv", "silencedetect=n=-40dB:d=0.5", "silence_end: "), 1.94, 2.06);
        Assert.InRange(await FirstAsync("out.flv", "negate,blackdetect=d=0.1:pix_th=0.5:pic_th=0.3", "black_start:"), 2.03, 2.10);
    }

    [Fact]
    public async Task Video_WithoutSound_IsSilent()
    {
        await ClipBench.FfmpegAsync("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=2", "-c:v", "libx264", _bench.File("video.mkv"));
        using var factory = _bench.Factory();

        var result = await factory.PrepareAsync(new ClipContent.Video(_bench.File("video.mkv")), ClipBench.Format(320, 180, 30000, 1001), cancel: Cancel);

        Assert.True(result.IsSuccess, result.Words);
        Assert.InRange(result.Clip.VideoFrameCount, 59, 61);
        Assert.Equal(0, result.Clip.AudioFrameCount);
    }

    [Theory]
    [InlineData("playlist.mp4", "#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n")]
    [InlineData("script.mp4", "ffconcat version 1.0\nfile /etc/hostname\n")]
    [InlineData("text.mp4", "only words")]
    public async Task Video_ThatIsNone_IsRefusedInWords(string name, string text)
    {
        await File.WriteAllTextAsync(_bench.File(name), text, Cancel);
        using var factory = _bench.Factory();

        var result = await factory.PrepareAsync(new ClipContent.Video(_bench.File(name)), ClipBench.Format(), cancel: Cancel);

        Assert.Equal(ClipFailure.FileNotUsable, result.Failure);
        Assert.NotEqual("", result.Words);
        _bench.AssertNoResidue();
    }

    [Fact]
    public async Task Video_OnlySound_IsRefusedInWords()
    {
        await ClipBench.FfmpegAsync("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", _bench.File("sound.mp4"));
        using var factory = _bench.Factory();

        var result = await factory.PrepareAsync(new ClipContent.Video(_bench.File("sound.mp4")), ClipBench.Format(), cancel: Cancel);

        Assert.Equal((ClipFailure.FileNotUsable, "The fallback video has no pictures."), (result.Failure, result.Words));
    }

    [Fact]
    public async Task Video_FfmpegKilledMidway_IsToldInWordsAndLeavesNothing()
    {
        using var factory = _bench.Factory();
        var preparing = factory.PrepareAsync(new ClipContent.Video(await LongVideoAsync()), ClipBench.Format(1920, 1080, 60, level: 42), cancel: Cancel);
        await Eventually.TrueAsync(() => HalfWritten() > 0);

        await ChildProcess.RunAsync("kill", ["-KILL", Children.Under(_bench.Work).Single().ToString()]);

        var result = await preparing.WaitAsync(ClipBench.Limit, Cancel);
        Assert.Equal(ClipFailure.EncodingFailed, result.Failure);
        Assert.Contains("signal 9", result.Words, StringComparison.Ordinal);
        AssertNothingLeft();
    }

    [Fact]
    public async Task Video_Cancelled_LeavesNothing()
    {
        using var factory = _bench.Factory();
        using var cancel = new CancellationTokenSource();
        var preparing = factory.PrepareAsync(new ClipContent.Video(await LongVideoAsync()), ClipBench.Format(1920, 1080, 60, level: 42), cancel: cancel.Token);
        await Eventually.TrueAsync(() => HalfWritten() > 0);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => preparing.WaitAsync(ClipBench.Limit, Cancel));
        AssertNothingLeft();
    }

    [Fact]
    public async Task Video_TakesTooLong_IsToldInWordsAndLeavesNothing()
    {
        using var factory = _bench.Factory(change: options => options with { VideoTimeLimit = TimeSpan.FromMilliseconds(500) });

        var result = await factory.PrepareAsync(new ClipContent.Video(await LongVideoAsync()), ClipBench.Format(1920, 1080, 60, level: 42), cancel: Cancel);

        Assert.Equal(ClipFailure.TimedOut, result.Failure);
        AssertNothingLeft();
    }

    [Fact]
    public async Task Video_ThatTakesTooMuchProcessorTime_IsToldInWordsAndLeavesNothing()
    {
        using var factory = _bench.Factory(change: options => options with { VideoProcessorTime = TimeSpan.FromSeconds(1) });

        var result = await factory.PrepareAsync(new ClipContent.Video(await LongVideoAsync()), ClipBench.Format(1920, 1080, 60, level: 42), cancel: Cancel);

        Assert.Equal(ClipFailure.BeyondLimits, result.Failure);
        Assert.Contains("more than 1 s of processor time", result.Words, StringComparison.Ordinal);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(200)]
    [InlineData(300)]
    public async Task Video_ThatTakesTooMuchMemory_IsToldInWordsAndLeavesNothing(int megabytes)
    {
        var video = await LongVideoAsync();
        using var factory = _bench.Factory(change: options => options with { MemoryBytes = (long)megabytes << 20 });

        var result = await factory.PrepareAsync(new ClipContent.Video(video), ClipBench.Format(3840, 2160, 60, level: 52), cancel: Cancel);

        Assert.True(result.Failure is ClipFailure.BeyondLimits, $"{result.Failure}: {result.Words}");
        Assert.Contains($"needed more than {megabytes} MiB of memory", result.Words, StringComparison.Ordinal);
        AssertNothingLeft();
    }

    [Fact]
    public void Factory_Start_SweepsWhatACrashLeft()
    {
        Directory.CreateDirectory(_bench.Cache);
        File.WriteAllText(Path.Combine(_bench.Cache, "left.tmp"), "half");

        _bench.Factory().Dispose();

        _bench.AssertNoResidue();
    }

    [Fact]
    public async Task Reader_OfAFileBackedClip_ReadsAheadAndStartsOverAtOnce()
    {
        await ClipBench.FfmpegAsync("-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=20", "-f", "lavfi", "-i", "sine=d=20", "-c:v", "libx264", "-c:a", "aac", _bench.File("video.mp4"));
        var format = ClipBench.Format(320, 180, 10, cts: 100);
        Clip inMemory;
        using (var factory = _bench.Factory())
            inMemory = (await factory.PrepareAsync(new ClipContent.Video(_bench.File("video.mp4")), format, cancel: Cancel)).Clip!;
        using var small = _bench.Factory(change: options => options with { MaxInMemoryBytes = 1000 });
        var result = await small.PrepareAsync(new ClipContent.Video(_bench.File("video.mp4")), format, cancel: Cancel);
        Assert.True(result.IsSuccess && result.FromCache, result.Words);
        var clip = result.Clip;
        Assert.True(inMemory.IsInMemory);
        Assert.False(clip.IsInMemory);
        // The cache may drop the file while it is played.
        foreach (var file in Directory.GetFiles(_bench.Cache)) File.Delete(file);

        using var truth = inMemory.OpenReader();
        using var reader = clip.OpenReader();
        for (var round = 0; round < 2; round++)
        {
            var sound = 0;
            for (var i = 0; i < clip.VideoFrameCount; i++)
            {
                var body = ReadOnlyMemory<byte>.Empty;
                // The start is there without waiting; beyond it, in a player's place, the reader is given the time that the disk takes.
                if (i < 40) Assert.True(reader.TryGetVideo(i, out body));
                else await Eventually.TrueAsync(() => reader.TryGetVideo(i, out body));
                Assert.True(truth.TryGetVideo(i, out var expected));
                Assert.True(expected.Span.SequenceEqual(body.Span));
                for (; sound < clip.AudioFrameCount && clip.AudioSamplePosition(sound) <= clip.VideoTime(i).Seconds * 48000; sound++)
                {
                    await Eventually.TrueAsync(() => reader.TryGetAudio(sound, out body));
                    Assert.True(truth.TryGetAudio(sound, out expected) && expected.Span.SequenceEqual(body.Span));
                }
            }
        }

        Assert.Equal(0, truth.Misses);
        reader.Dispose();
        await reader.ReadAhead.WaitAsync(Eventually.DefaultTimeout, Cancel);
    }

    [Fact]
    public async Task Reader_AfterAJump_MissesAndThenFollows()
    {
        await ClipBench.FfmpegAsync("-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=60", "-c:v", "libx264", "-preset", "ultrafast", _bench.File("video.mp4"));
        using var factory = _bench.Factory(change: options => options with { MaxInMemoryBytes = 1000 });
        var clip = (await factory.PrepareAsync(new ClipContent.Video(_bench.File("video.mp4")), ClipBench.Format(160, 90, 10), cancel: Cancel)).Clip!;
        using var reader = clip.OpenReader();

        // Usually a miss; on a busy machine the read-ahead may win against this very call.
        var missed = !reader.TryGetVideo(400, out _);
        Assert.Equal(missed ? 1 : 0, reader.Misses);
        await Eventually.TrueAsync(() => reader.TryGetVideo(400, out _));
        await Eventually.TrueAsync(() => reader.TryGetVideo(445, out _));
        Assert.True(reader.TryGetVideo(0, out _) && reader.TryGetVideo(39, out _));
        // Played through, it never holds more than the start and what is near.
        for (var i = 0; i < clip.VideoFrameCount; i++)
        {
            await Eventually.TrueAsync(() => reader.TryGetVideo(i, out _));
            Assert.InRange(reader.LoadedSegments, 2, 2 + 4 + 1);
        }

        await Eventually.TrueAsync(() => reader.LoadedSegments <= 2 + 4);
    }

    private async Task<string> LongVideoAsync()
    {
        await ClipBench.FfmpegAsync("-f", "lavfi", "-i", "testsrc2=s=320x180:r=60:d=60", "-c:v", "libx264", "-preset", "ultrafast", _bench.File("long.mp4"));
        return _bench.File("long.mp4");
    }

    private long HalfWritten() => Directory.Exists(_bench.Cache) ? new DirectoryInfo(_bench.Cache).GetFiles("*.tmp").Sum(file => file.Length) : 0;

    private void AssertNothingLeft()
    {
        Assert.Empty(Children.Under(_bench.Work));
        Assert.Empty(Directory.EnumerateFiles(_bench.Cache));
        _bench.AssertNoResidue();
    }

    private static void WriteAudible(Clip clip, string path)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        Media.Flv.FlvWriter.WriteHeader(output, new(true, true));
        Media.Flv.FlvWriter.WriteTag(output, Media.Flv.FlvTagType.Video, 0, Media.Flv.AvcTag.Configuration(clip.Configuration.ToArray()));
        Media.Flv.FlvWriter.WriteTag(output, Media.Flv.FlvTagType.Audio, 0, Media.Flv.AacTag.Configuration(clip.Format.Audio.Bytes.Span));
        using var reader = clip.OpenReader();
        var sound = 0;
        for (var i = 0; i < clip.VideoFrameCount; i++)
        {
            Assert.True(reader.TryGetVideo(i, out var body));
            Media.Flv.FlvWriter.WriteTag(output, Media.Flv.FlvTagType.Video, (uint)clip.VideoTime(i).Milliseconds, body.Span);
            for (; sound < clip.AudioFrameCount && clip.AudioSamplePosition(sound) <= clip.VideoTime(i).Seconds * 48000; sound++)
            {
                Assert.True(reader.TryGetAudio(sound, out body));
                Media.Flv.FlvWriter.WriteTag(output, Media.Flv.FlvTagType.Audio, (uint)(clip.AudioSamplePosition(sound) * 1000 / 48000), body.Span);
            }
        }

        File.WriteAllBytes(path, output.WrittenSpan);
    }

    /// <summary>The first number that a detecting filter prints behind a word.</summary>
    private async Task<double> FirstAsync(string file, string filter, string word)
    {
        var option = filter.StartsWith("silence", StringComparison.Ordinal) ? "-af" : "-vf";
        var result = await ChildProcess.RunAsync("ffmpeg", ["-nostdin", "-hide_banner", "-copyts", "-i", _bench.File(file), option, filter, "-f", "null", "-"], ClipBench.Limit);
        var start = result.ErrorTail.IndexOf(word, StringComparison.Ordinal);
        Assert.True(start >= 0, result.ErrorTail);
        return double.Parse(result.ErrorTail[(start + word.Length)..].Split(' ', '\n', '|')[0]);
    }

    private sealed class Recorder : IProgress<double>
    {
        public List<double> Values { get; } = [];

        public void Report(double value) => Values.Add(value);
    }
}
