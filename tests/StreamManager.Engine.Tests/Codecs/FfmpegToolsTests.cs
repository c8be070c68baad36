using StreamManager.Engine.Codecs;
using StreamManager.Engine.Codecs.Ffmpeg;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.TestKit.Processes;

namespace StreamManager.Engine.Tests.Codecs;

[Collection(ClipBench.OneAtATime)]
public sealed class FfmpegToolsTests : IDisposable
{
    private readonly ClipBench _bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("1920x1080", 640, 360)]
    [InlineData("608x1080", 608, 1080)]
    [InlineData("320x180", 320, 180)]
    public async Task Thumbnail_OfAKeyframe_IsASmallJpeg(string size, int width, int height)
    {
        var source = await SourceFile.MakeAsync(_bench.File("source.flv"), size, 30, 1, bframes: 3);
        using var thumbnailer = new Thumbnailer(_bench.Ffmpeg(), TimeProvider.System);

        var thumbnail = await thumbnailer.MakeAsync(source.VideoConfiguration!, source.Pictures[0], Cancel);

        Assert.True(thumbnail.Jpeg is not null, thumbnail.Words);
        await File.WriteAllBytesAsync(_bench.File("thumbnail.jpg"), thumbnail.Jpeg, Cancel);
        var probed = await ChildProcess.RunAsync("ffprobe", ["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", _bench.File("thumbnail.jpg")]);
        Assert.Equal($"mjpeg,{width},{height}", System.Text.Encoding.ASCII.GetString(probed.Output).Trim());
        _bench.AssertNoResidue();
    }

    [Fact]
    public async Task Thumbnail_OfGarbage_IsRefusedInWords()
    {
        var source = await SourceFile.MakeAsync(_bench.File("source.flv"), "320x180", 30, 1);
        using var thumbnailer = new Thumbnailer(_bench.Ffmpeg(), TimeProvider.System);
        var garbage = new MediaPacket
        {
            Kind = MediaKind.Video,
            Content = PacketContent.Frame,
            Codec = FourCc.Avc,
            IsKeyframe = true,
            Body = AvcTag.Frame(true, 0, new byte[5000]),
            HeaderLength = 5,
        };

        var thumbnail = await thumbnailer.MakeAsync(source.VideoConfiguration!, garbage, Cancel);

        Assert.Null(thumbnail.Jpeg);
        Assert.StartsWith("No thumbnail: ", thumbnail.Words, StringComparison.Ordinal);
        _bench.AssertNoResidue();
    }

    [Fact]
    public async Task Probe_InstalledFfmpeg_TellsWhatItCanDo()
    {
        var found = await FfmpegProbe.RunAsync(_bench.Ffmpeg(), TimeProvider.System, tryHardware: true, Cancel);

        Assert.True(found.IsInstalled, found.Problem);
        Assert.Matches(@"^n?\d+\.\d+", found.Version);
        Assert.True(Path.IsPathRooted(found.Path));
        Assert.True(found is { HasX264: true, HasAac: true, HasFfprobe: true });
        Assert.All(found.Hardware, encoder => Assert.Equal(encoder.Works, encoder.Words.Length == 0));
        _bench.AssertNoResidue();
    }

    [Fact]
    public async Task Probe_NoFfmpeg_SaysSo()
    {
        var found = await FfmpegProbe.RunAsync(_bench.Ffmpeg("/nowhere/ffmpeg"), TimeProvider.System, tryHardware: true, Cancel);

        Assert.False(found.IsInstalled);
        Assert.Contains("/nowhere/ffmpeg", found.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Probe_EncoderTable_IsReadBelowItsLegend() => Assert.Equal(
        ["aac", "libx264"],
        FfmpegProbe.EncoderNames("Encoders:\n V..... = Video\n A..... = Audio\n ------\n V....D libx264   H.264\n A....D aac   AAC\n").Order(StringComparer.Ordinal));
}
