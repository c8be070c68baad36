using StreamManager.Engine.Codecs.Clips;
using StreamManager.Engine.Programs;
using StreamManager.Media.Avc;

namespace StreamManager.Engine.Tests.Codecs;

[Collection(ClipBench.OneAtATime)]
public sealed class ClipFactoryTests : IDisposable
{
    private readonly ClipBench _bench = new();

    public static TheoryData<int, int, uint, uint, byte, byte> Formats => new()
    {
        { 1280, 720, 30, 1, 100, 31 },
        { 1920, 1080, 60, 1, 100, 42 },
        { 854, 480, 25, 1, 66, 30 },
        { 608, 1080, 30, 1, 77, 31 },
        { 1280, 720, 30000, 1001, 100, 31 },
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(80)]
    [InlineData(400)]
    public async Task Picture_ThatTakesTooMuchMemory_IsToldInWords(int megabytes)
    {
        // 36 megapixels: nothing that anybody's camera could not make.
        var path = _bench.File("large.png");
        await ClipBench.FfmpegAsync(["-f", "lavfi", "-i", "color=c=red:s=7200x5000", "-frames:v", "1", "-pix_fmt", "rgba64be", path]);
        using var small = _bench.Factory(change: options => options with { MemoryBytes = (long)megabytes << 20 });
        var format = ClipBench.Format(1280, 720, 30);
        foreach (var result in new[] { await small.PrepareAsync(new ClipContent.Picture(path), format, cancel: Cancel), await small.CheckAsync(new ClipContent.Picture(path), Cancel) })
        {
            Assert.True(result?.Failure is ClipFailure.BeyondLimits, $"{result?.Failure}: {result?.Words}");
            Assert.Contains($"needed more than {megabytes} MiB of memory", result!.Words, StringComparison.Ordinal);
        }

        using var usual = _bench.Factory();
        Assert.Equal("", (await usual.PrepareAsync(new ClipContent.Picture(path), format, cancel: Cancel)).Words);
        _bench.AssertNoResidue();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Slate_AnyFormat_MatchesItAndDecodesInALoop(int width, int height, uint fps, uint per, byte profile, byte level)
    {
        var format = ClipBench.Format(width, height, fps, per, profile, level, cts: 67);
        using var factory = _bench.Factory();

        var result = await factory.PrepareAsync(new ClipContent.Slate(), format, cancel: Cancel);

        Assert.True(result.IsSuccess, result.Words);
        var clip = result.Clip;
        var sps = AvcSequenceParameterSet.Read(clip.Configuration.SequenceParameterSets[0].Span);
        Assert.Equal((width, height, profile, level, 31), (sps.Width, sps.Height, sps.ProfileIdc, sps.LevelIdc, sps.Id));
        Assert.Equal(format.FrameRate, sps.FrameRate);
        Assert.Equal(31, AvcPictureParameterSet.ReadId(clip.Configuration.PictureParameterSets[0].Span));
        Assert.Equal((int)Math.Round(2.0 * fps / per), clip.VideoFrameCount);
        Assert.Equal(format.FrameRate.TimeOf(clip.VideoFrameCount), clip.Duration);
        Assert.Equal(0, clip.AudioFrameCount);
        Assert.True(clip.IsKeyframe(0));
        Assert.All(Enumerable.Range(1, clip.VideoFrameCount - 1), index => Assert.False(clip.IsKeyframe(index)));
        using (var reader = clip.OpenReader())
        {
            for (var i = 0; i < clip.VideoFrameCount; i++)
            {
                Assert.True(reader.TryGetVideo(i, out var body));
                Assert.Equal<byte>([(byte)(i == 0 ? 0x17 : 0x27), 1, 0, 0, 67], body.Span[..5].ToArray());
            }

            Assert.True(reader.TryGetVideo(0, out var key));
            Assert.Equal(clip.Configuration.ParameterSets.Select(set => Convert.ToHexString(set.Span)), ParameterSetsIn(key));
        }

        ClipBench.WriteFlv(clip, _bench.File("loop.flv"), rounds: 3);
        Assert.Equal("", await ClipBench.DecodeAsync(_bench.File("loop.flv")));
        _bench.AssertNoResidue();
    }

    [Fact]
    public async Task Slate_PreparedBefore_ComesFromTheCacheWithoutFfmpeg()
    {
        using (var factory = _bench.Factory()) Assert.False((await factory.PrepareAsync(new ClipContent.Slate(), ClipBench.Format(320, 180), cancel: Cancel)).FromCache);
        using var without = _bench.Factory(program: _bench.File("no-such-ffmpeg"));

        var again = await without.PrepareAsync(new ClipContent.Slate(), ClipBench.Format(320, 180, cts: -5), cancel: Cancel);

        Assert.True(again.IsSuccess && again.FromCache, again.Words);
        using var reader = again.Clip.OpenReader();
        Assert.True(reader.TryGetVideo(1, out var body));
        Assert.Equal<byte>([0x27, 1, 0xFF, 0xFF, 0xFB], body.Span[..5].ToArray());
    }

    [Theory]
    [InlineData("*.flv", 3000)]
    [InlineData("*.flv", -1)]
    [InlineData("*.json", -1)]
    public async Task Slate_CacheDamaged_IsMadeAnew(string files, int at)
    {
        using var factory = _bench.Factory();
        Assert.True((await factory.PrepareAsync(new ClipContent.Slate(), ClipBench.Format(320, 180), cancel: Cancel)).IsSuccess);
        var damaged = Assert.Single(Directory.GetFiles(_bench.Cache, files));
        var bytes = await File.ReadAllBytesAsync(damaged, Cancel);
        if (at < 0) bytes = bytes[..(bytes.Length / 2)];
        else bytes[at] ^= 0x10;
        await File.WriteAllBytesAsync(damaged, bytes, Cancel);

        var anew = await factory.PrepareAsync(new ClipContent.Slate(), ClipBench.Format(320, 180), cancel: Cancel);

        Assert.True(anew.IsSuccess, anew.Words);
        Assert.False(anew.FromCache);
        Assert.True((await factory.PrepareAsync(new ClipContent.Slate(), ClipBench.Format(320, 180), cancel: Cancel)).FromCache);
    }

    [Theory]
    [InlineData("png")]
    [InlineData("jpg")]
    [InlineData("gif")]
    [InlineData("webp")]
    [InlineData("bmp")]
    public async Task Picture_OfAnyKind_IsKnownByItsBytes(string extension)
    {
        var encoded = _bench.File($"picture.{extension}");
        await ClipBench.FfmpegAsync("-f", "lavfi", "-i", "testsrc=s=401x301", "-frames:v", "1", encoded);
        var path = _bench.File("picture.without-a-name");
        File.Move(encoded, path);
        using var factory = _bench.Factory();

        var result = await factory.PrepareAsync(new ClipContent.Picture(path), ClipBench.Format(320, 180, fps: 10), cancel: Cancel);

        Assert.True(result.IsSuccess, result.Words);
        Assert.Equal(20, result.Clip.VideoFrameCount);
        ClipBench.WriteFlv(result.Clip, _bench.File("out.flv"));
        Assert.Equal("", await ClipBench.DecodeAsync(_bench.File("out.flv")));
    }

    [Fact]
    public async Task Picture_TextFileNamedPng_IsRefusedInWords()
    {
        await File.WriteAllTextAsync(_bench.File("fallback.png"), "#EXTM3U\nfile:///etc/passwd\n", Cancel);
        using var factory = _bench.Factory();

        var result = await factory.PrepareAsync(new ClipContent.Picture(_bench.File("fallback.png")), ClipBench.Format(), cancel: Cancel);

        Assert.Equal(ClipFailure.FileNotUsable, result.Failure);
        Assert.Contains("fallback.png is not a PNG, JPEG", result.Words, StringComparison.Ordinal);
        _bench.AssertNoResidue();
    }

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("/dev/tty")]
    public async Task DeviceOrPipe_IsRefusedUnopened(string device)
    {
        var link = _bench.File("fallback");
        File.CreateSymbolicLink(link, device);
        using var factory = _bench.Factory();
        foreach (var content in (ClipContent[])[new ClipContent.Picture(link), new ClipContent.Video(link)])
        {
            var result = await factory.PrepareAsync(content, ClipBench.Format(), cancel: Cancel);
            Assert.Equal(ClipFailure.FileNotUsable, result.Failure);
            Assert.Contains("not an ordinary file", result.Words, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Picture_CutOff_IsRefusedInWords()
    {
        await File.WriteAllBytesAsync(_bench.File("cut.png"), BuiltInSlate.Read("slate-landscape.png")[..200], Cancel);
        using var factory = _bench.Factory();

        var result = await factory.PrepareAsync(new ClipContent.Picture(_bench.File("cut.png")), ClipBench.Format(320, 180), cancel: Cancel);

        Assert.Equal(ClipFailure.FileNotUsable, result.Failure);
        Assert.Contains("cannot be decoded", result.Words, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_bench.Cache));
        _bench.AssertNoResidue();
    }

    [Fact]
    public async Task Picture_Missing_IsToldInWords()
    {
        using var factory = _bench.Factory();

        var result = await factory.PrepareAsync(new ClipContent.Picture(_bench.File("nothing.jpg")), ClipBench.Format(), cancel: Cancel);

        Assert.Equal(ClipFailure.FileMissing, result.Failure);
        Assert.Contains("nothing.jpg", result.Words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slate_FfmpegMissing_IsToldInWordsAndLeavesNothing()
    {
        using var factory = _bench.Factory(program: "ffmpeg-that-nobody-has");

        var result = await factory.PrepareAsync(new ClipContent.Slate(), ClipBench.Format(), cancel: Cancel);

        Assert.Equal(ClipFailure.FfmpegMissing, result.Failure);
        Assert.Contains("ffmpeg-that-nobody-has is not installed", result.Words, StringComparison.Ordinal);
        _bench.AssertNoResidue();
    }

    [Fact]
    public async Task Slate_FormatThatX264CannotMeet_SaysSo()
    {
        using var factory = _bench.Factory();
        foreach (var (format, word) in (IEnumerable<(ProgramFormat, string)>)
        [
            (ClipBench.Format(profile: 110), "profile"),
            (ClipBench.Format() with { ChromaFormat = 2 }, "4:2:0"),
            (ClipBench.Format() with { VideoCodec = Media.Packets.FourCc.Hevc }, "hvc1"),
            (ClipBench.Format(width: 1279), "odd"),
            (ClipBench.Format() with { UsedParameterSetIds = uint.MaxValue }, "id"),
            (ClipBench.Format() with { NalLengthSize = 2 }, "lengths"),
        ])
        {
            var result = await factory.PrepareAsync(new ClipContent.Slate(), format, cancel: Cancel);

            Assert.Equal(ClipFailure.FormatNotSupported, result.Failure);
            Assert.Contains(word, result.Words, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Slate_CacheFull_TheLeastRecentlyUsedGoes()
    {
        using var factory = _bench.Factory(change: options => options with { MaxCacheBytes = 1 });
        Assert.True((await factory.PrepareAsync(new ClipContent.Slate(), ClipBench.Format(320, 180), cancel: Cancel)).IsSuccess);

        Assert.True((await factory.PrepareAsync(new ClipContent.Slate(), ClipBench.Format(160, 90), cancel: Cancel)).IsSuccess);

        Assert.Single(Directory.GetFiles(_bench.Cache, "*.flv"));
        Assert.True((await factory.PrepareAsync(new ClipContent.Slate(), ClipBench.Format(160, 90), cancel: Cancel)).FromCache);
    }

    private static List<string> ParameterSetsIn(ReadOnlyMemory<byte> body)
    {
        var payload = body.Span[5..];
        var sets = new List<string>();
        foreach (var range in NalUnits.ReadLengthPrefixed(payload, 4))
        {
            if (NalUnits.TypeOf(payload[range]) is NalUnitType.SequenceParameterSet or NalUnitType.PictureParameterSet) sets.Add(Convert.ToHexString(payload[range]));
        }

        return sets;
    }
}
