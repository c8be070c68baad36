using StreamManager.Engine.Codecs;
using StreamManager.Engine.Programs;
using StreamManager.Media.Avc;
using StreamManager.Media.Formats;

namespace StreamManager.Engine.Tests.Codecs;

[Collection(ClipBench.OneAtATime)]
public sealed class X264SettingsTests : IDisposable
{
    private readonly ClipBench _bench = new();

    public static TheoryData<string> Names => [.. Formats.Keys];

    private static Dictionary<string, ProgramFormat> Formats { get; } = new(StringComparer.Ordinal)
    {
        ["baseline"] = ClipBench.Format(320, 180, 25, profile: 66, level: 13),
        ["main, bt.601, anamorphic"] = ClipBench.Format(352, 288, 25, profile: 77, level: 21) with
        {
            Colour = new(false, 5, 6, 5),
            SampleAspectRatio = (16, 11),
            UsedParameterSetIds = 1u << 31 | 1u << 30,
        },
        ["high, bt.709, NTSC"] = ClipBench.Format(640, 360, 30000, 1001, level: 30) with { Colour = new(false, 1, 1, 1), SampleAspectRatio = (1, 1) },
        ["high, full range, sRGB"] = ClipBench.Format(320, 240, 60, level: 31) with { Colour = new(true, 1, 13, 5) },
        ["high, level too low"] = ClipBench.Format(1280, 720, 30, level: 11),
        ["level 1b"] = ClipBench.Format(176, 144, 15, profile: 77, level: 9),
    };

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Sets_OfStillVideoAndLive_AreTheSameBytesAndSayTheFormat(string name)
    {
        var format = Formats[name];
        Assert.True(X264Settings.TryCreate(format, out var settings, out var problem), problem);

        var still = await EncodeAsync("still.flv", settings!, settings!.ForClip(800, still: true));
        var video = await EncodeAsync("video.flv", settings, settings.ForClip(2500, still: false));
        var live = await EncodeAsync("live.flv", settings, settings.ForLive(4500));

        Assert.Equal(still, video);
        Assert.Equal(still, live);
        var sps = AvcSequenceParameterSet.Read(Convert.FromHexString(still[0]));
        Assert.Equal((format.Width, format.Height, format.ProfileIdc), (sps.Width, sps.Height, sps.ProfileIdc));
        Assert.Equal(format.FrameRate, sps.FrameRate);
        Assert.Equal(format.SampleAspectRatio, sps.Usability!.SampleAspectRatio);
        Assert.Equal(format.Colour, sps.Usability.Colour ?? ColourDescription.Unspecified);
        Assert.Equal(0u, format.UsedParameterSetIds >> sps.Id & 1);
        Assert.Equal(settings.ParameterSetId, sps.Id);
        Assert.Equal(settings.ParameterSetId, AvcPictureParameterSet.ReadId(Convert.FromHexString(still[1])));
        // x264 writes level 1b of Main as level 11 with constraint_set3_flag (H.264 A.3.1).
        Assert.Equal(format.LevelIdc == 9 ? 11 : format.LevelIdc, sps.LevelIdc);
    }

    [Fact]
    public void ParameterSetId_IsTheHighestThatTheSourceDoesNotUse()
    {
        Assert.True(X264Settings.TryCreate(ClipBench.Format() with { UsedParameterSetIds = 0b1 }, out var usual, out _));
        Assert.True(X264Settings.TryCreate(ClipBench.Format() with { UsedParameterSetIds = 0xC000_0001 }, out var taken, out _));

        Assert.Equal((31, 29), (usual!.ParameterSetId, taken!.ParameterSetId));
    }

    [Theory]
    [InlineData("400x100", 1, 320, 80)]
    [InlineData("100x400", 1, 44, 180)]
    [InlineData("320x180", 1, 320, 180)]
    [InlineData("160x180", 2, 320, 180)]
    public async Task FitFilter_PictureOfAnotherShape_IsShownWholeOnBlack(string size, int sampleWidth, int shownWidth, int shownHeight)
    {
        Assert.True(X264Settings.TryCreate(ClipBench.Format(320, 180), out var settings, out _));
        await ClipBench.FfmpegAsync(
            "-f", "lavfi", "-i", $"color=white:s={size}", "-frames:v", "1", "-vf", $"setsar={sampleWidth}/1,{settings!.FitFilter()}", "-f", "rawvideo", _bench.File("out.yuv"));

        var luma = (await File.ReadAllBytesAsync(_bench.File("out.yuv"), TestContext.Current.CancellationToken))[..(320 * 180)];

        Assert.InRange(luma.Count(value => value > 128), (shownWidth - 2) * (shownHeight - 2), (shownWidth + 2) * (shownHeight + 2));
        Assert.True(luma[90 * 320 + 160] > 200);
        Assert.All(luma, value => Assert.InRange(value, 16, 235));
    }

    private async Task<List<string>> EncodeAsync(string file, X264Settings settings, IReadOnlyList<string> arguments)
    {
        var format = settings.Format;
        await ClipBench.FfmpegAsync(
        [
            "-loglevel", "fatal", "-f", "lavfi", "-i", $"testsrc2=s=400x300:r={format.FrameRate}", "-frames:v", "20", "-vf", settings.FitFilter(), .. arguments,
            "-f", "flv", _bench.File(file),
        ]);
        return [.. SourceFile.Read(_bench.File(file)).Avc.ParameterSets.Select(set => Convert.ToHexString(set.Span))];
    }
}
