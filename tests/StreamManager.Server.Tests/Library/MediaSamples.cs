using System.Collections.Concurrent;
using StreamManager.TestKit.Processes;

namespace StreamManager.Server.Tests.Library;

/// <summary>Files made by a real ffmpeg, each once for a run of the tests.</summary>
internal static class MediaSamples
{
    /// <summary>Two seconds of a moving picture with sound, and options to encode it.</summary>
    public static readonly string[] Video = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2", "-pix_fmt", "yuv420p"];

    private static readonly ConcurrentDictionary<string, Lazy<Task<byte[]>>> Made = new(StringComparer.Ordinal);

    /// <summary>The names of <see cref="GoodAsync"/>: file extension, type and codec that the library shall find.</summary>
    public static TheoryData<string, string, string, string> Good => new()
    {
        { "png", "image", "image/png", "png" },
        { "jpg", "image", "image/jpeg", "mjpeg" },
        { "webp", "image", "image/webp", "webp" },
        { "gif", "image", "image/gif", "gif" },
        { "mp4", "video", "video/mp4", "h264" },
        { "mov", "video", "video/quicktime", "mpeg4" },
        { "mkv", "video", "video/matroska", "h264" },
        { "webm", "video", "video/webm", "vp8" },
        { "ts", "video", "video/mp2t", "h264" },
        { "flv", "video", "video/x-flv", "h264" },
    };

    /// <summary>A good file of each kind: pictures of 64 x 48, videos of 320 x 180 and two seconds.</summary>
    public static Task<byte[]> GoodAsync(string extension) => extension switch
    {
        "png" => PictureAsync("red"),
        "jpg" or "webp" or "gif" => MakeAsync(extension, "-f", "lavfi", "-i", "color=c=red:s=64x48", "-frames:v", "1"),
        "mov" => MakeAsync("mov", [.. Video, "-c:v", "mpeg4", "-c:a", "aac"]),
        "webm" => MakeAsync("webm", [.. Video, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"]),
        _ => MakeAsync(extension, [.. Video, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]),
    };

    /// <summary>A PNG of one colour.</summary>
    public static Task<byte[]> PictureAsync(string colour, int width = 64, int height = 48) => MakeAsync("png", "-f", "lavfi", "-i", $"color=c={colour}:s={width}x{height}", "-frames:v", "1");

    /// <summary>What ffmpeg makes of these arguments.</summary>
    public static Task<byte[]> MakeAsync(string extension, params string[] arguments) =>
        Made.GetOrAdd($"{extension} {string.Join(' ', arguments)}", _ => new Lazy<Task<byte[]>>(() => RunAsync(extension, arguments))).Value;

    private static async Task<byte[]> RunAsync(string extension, string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File($"made.{extension}");
        var result = await ChildProcess.RunAsync("ffmpeg", ["-nostdin", "-v", "error", "-y", .. arguments, path]);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
        return await File.ReadAllBytesAsync(path);
    }
}
