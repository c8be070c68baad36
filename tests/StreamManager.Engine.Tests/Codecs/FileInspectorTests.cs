using System.Runtime.Versioning;
using System.Text;
using StreamManager.Engine.Codecs.Ffmpeg;
using StreamManager.Engine.Codecs.Files;
using StreamManager.Engine.Codecs.Processes;
using StreamManager.TestKit;

namespace StreamManager.Engine.Tests.Codecs;

[SupportedOSPlatform("linux")]
public sealed class FileInspectorTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FileInspector _inspector;

    public FileInspectorTests() => _inspector = new FileInspector(new FfmpegOptions { WorkDirectory = Path.Combine(_directory.Path, "work") }, TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _inspector.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Child_WithLimits_HasThemFromItsFirstInstant()
    {
        var start = new ChildProcessStart
        {
            Program = "/bin/sh",
            Arguments = ["-c", "grep -E 'cpu time|file size|address space|open files|core file' /proc/self/limits | tr -s ' '; nice"],
            Directory = _directory.Path,
            LowPriority = true,
            Limits = new ChildLimits { AddressSpaceBytes = 1 << 30, ProcessorSeconds = 7, FileBytes = 4096, OpenFiles = 33 },
        };
        Assert.True(ChildProcess.TryStart(start, TimeProvider.System, out var child, out var problem), problem);
        await using (child)
        {
            using var reader = new StreamReader(child!.Output);
            var text = await Task.Run(reader.ReadToEnd, Cancel);
            Assert.Contains("Max cpu time 7 12 ", text, StringComparison.Ordinal);
            Assert.Contains("Max file size 4096 4096 ", text, StringComparison.Ordinal);
            Assert.Contains("Max address space 1073741824 1073741824 ", text, StringComparison.Ordinal);
            Assert.Contains("Max open files 33 33 ", text, StringComparison.Ordinal);
            Assert.Contains("Max core file size 0 0 ", text, StringComparison.Ordinal);
            Assert.EndsWith("10\n", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Child_BeyondItsProcessorTime_IsEndedByTheKernel()
    {
        var start = new ChildProcessStart
        {
            Program = "/bin/sh",
            Arguments = ["-c", "while :; do :; done"],
            Directory = _directory.Path,
            Limits = new ChildLimits { AddressSpaceBytes = 1 << 30, ProcessorSeconds = 1 },
        };
        Assert.True(ChildProcess.TryStart(start, TimeProvider.System, out var child, out var problem), problem);
        await using (child)
            Assert.True(await child!.Completion.WaitAsync(Eventually.DefaultTimeout, Cancel) is 128 + 24);
    }

    [Fact]
    public async Task Probe_OfAFileThatNamesAnother_OpensNeither()
    {
        var secret = await MakeAsync("secret.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", "-c:v", "libx264");
        foreach (var (demuxer, text) in new[]
        {
            ("mov", $"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n"),
            ("matroska", $"ffconcat version 1.0\nfile '{secret}'\n"),
            ("mpegts", "v=0\r\nm=video 5004 RTP/AVP 96\r\n"),
        })
        {
            var path = Path.Combine(_directory.Path, $"list.{demuxer}");
            await File.WriteAllTextAsync(path, text, Cancel);
            var file = new FileToInspect(path, demuxer, IsStill: false);
            var (contents, fault) = await _inspector.ProbeAsync(file, Cancel);
            Assert.Null(contents?.VideoCodec);
            Assert.NotNull(await _inspector.CheckAsync(file, Cancel));
            Assert.DoesNotContain(_directory.Path, fault?.Words ?? "", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Probe_OfAVideoThatIsTurned_TellsItAsShown()
    {
        var plain = await MakeAsync("plain.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", "-f", "lavfi", "-i", "sine=d=1", "-c:v", "libx264", "-c:a", "aac");
        var turned = await MakeAsync("turned.mp4", "-i", plain, "-c", "copy", "-metadata:s:v", "rotate=90");
        var (contents, fault) = await _inspector.ProbeAsync(new FileToInspect(turned, "mov", IsStill: false), Cancel);
        Assert.Null(fault);
        Assert.Equal(("h264", 48, 64, "aac", false), (contents!.VideoCodec, contents.Width, contents.Height, Assert.Single(contents.AudioCodecs), contents.IsEncrypted));
        Assert.InRange(contents.Duration!.Value.TotalSeconds, 0.9, 1.2);
    }

    [Fact]
    public async Task Inspection_LeavesNoDirectoryBehind()
    {
        var video = await MakeAsync("plain.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", "-c:v", "libx264");
        var file = new FileToInspect(video, "mov", IsStill: false);
        Assert.Null(await _inspector.CheckAsync(file, Cancel));
        Assert.NotNull((await _inspector.MakeThumbnailAsync(file, TimeSpan.FromSeconds(1), Cancel)).Jpeg);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_directory.Path, "work")));
    }

    [Fact]
    public async Task Inspection_WithoutTheProgram_SaysThatNothingIsKnown()
    {
        using var inspector = new FileInspector(new FfmpegOptions { Ffmpeg = "/nowhere/ffmpeg", Ffprobe = "/nowhere/ffprobe", WorkDirectory = _directory.Path }, TimeProvider.System);
        var (_, fault) = await inspector.ProbeAsync(new FileToInspect("/dev/null", "mov", IsStill: false), Cancel);
        Assert.Equal(InspectionFailure.NoTool, fault!.Failure);
    }

    private async Task<string> MakeAsync(string name, params string[] arguments)
    {
        var path = Path.Combine(_directory.Path, name);
        var result = await TestKit.Processes.ChildProcess.RunAsync("ffmpeg", ["-nostdin", "-v", "error", "-y", .. arguments, path]);
        Assert.True(result.ExitCode == 0, Encoding.UTF8.GetString(result.Output) + result.ErrorTail);
        return path;
    }
}
