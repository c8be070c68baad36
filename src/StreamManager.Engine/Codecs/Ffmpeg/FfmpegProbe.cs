using System.Text;
using StreamManager.Engine.Codecs.Processes;

namespace StreamManager.Engine.Codecs.Ffmpeg;

/// <summary>A hardware encoder that this ffmpeg was built with, and whether it works on this machine.</summary>
/// <param name="Name">ffmpeg's name for it, such as <c>h264_nvenc</c>.</param>
/// <param name="Works">It encoded some frames just now.</param>
/// <param name="Words">Why it does not work; empty when it does.</param>
public sealed record HardwareEncoder(string Name, bool Works, string Words);

/// <summary>What the installed ffmpeg is and can do.</summary>
public sealed record FfmpegCapabilities
{
    /// <summary>It is there and runs.</summary>
    public bool IsInstalled => Problem.Length == 0;

    /// <summary>Why it is not usable at all, in words; empty when it is.</summary>
    public string Problem { get; init; } = "";

    /// <summary>Where it is.</summary>
    public string Path { get; init; } = "";

    /// <summary>Its version as it says it, such as <c>5.1.9-0+deb12u1</c>.</summary>
    public string Version { get; init; } = "";

    /// <summary>libx264 is there: without it there are no clips and no transcoding.</summary>
    public bool HasX264 { get; init; }

    /// <summary>An AAC encoder is there.</summary>
    public bool HasAac { get; init; }

    /// <summary>ffprobe is there: without it there are no video clips.</summary>
    public bool HasFfprobe { get; init; }

    /// <summary>Hardware encoders that were tried.</summary>
    public IReadOnlyList<HardwareEncoder> Hardware { get; init; } = [];
}

/// <summary>Asks ffmpeg what it is and can do: at start, and for <c>doctor</c>.</summary>
public static class FfmpegProbe
{
    private const string RenderNode = "/dev/dri/renderD128";

    // `-encoders` prints about 15 KiB.
    private const int MaxAnswerBytes = 256 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    // Options in front of the input, and the filter behind it, that each hardware encoder needs.
    private static readonly (string Name, string[] Before, string Filter)[] HardwareEncoders =
    [
        ("h264_nvenc", [], "format=yuv420p"),
        ("h264_qsv", ["-init_hw_device", "qsv=hw", "-filter_hw_device", "hw"], "format=nv12,hwupload=extra_hw_frames=16"),
        ("h264_vaapi", ["-vaapi_device", RenderNode], "format=nv12,hwupload"),
        ("h264_v4l2m2m", [], "format=yuv420p"),
    ];

    /// <summary>Probes. <paramref name="tryHardware"/>: also encode some frames with each hardware encoder that is built in, which may take seconds.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task<FfmpegCapabilities> RunAsync(FfmpegOptions options, TimeProvider time, bool tryHardware, CancellationToken cancel = default)
    {
        var ffmpeg = new FfmpegRunner(options, time);
        var (version, failure) = await AskAsync(ffmpeg, ["-version"], cancel);
        if (failure is not null) return new() { Problem = failure.Words };
        var (encoders, _) = await AskAsync(ffmpeg, ["-encoders"], cancel);
        var names = EncoderNames(encoders);
        var hardware = new List<HardwareEncoder>();
        foreach (var (name, before, filter) in HardwareEncoders)
        {
            if (tryHardware && names.Contains(name)) hardware.Add(await TryAsync(ffmpeg, name, before, filter, cancel));
        }

        return new()
        {
            Path = ExecutablePath.Find(options.Ffmpeg) ?? options.Ffmpeg,
            Version = VersionIn(version),
            HasX264 = names.Contains("libx264"),
            HasAac = names.Contains("aac"),
            HasFfprobe = (await ffmpeg.RunProbeAsync(new() { Arguments = ["-version"], TimeLimit = Limit }, cancel)).IsSuccess,
            Hardware = hardware,
        };
    }

    // "ffmpeg version 5.1.9-0+deb12u1 Copyright …"
    internal static string VersionIn(string answer) => answer.Split(' ', 4) is ["ffmpeg", "version", var version, ..] ? version : "unknown";

    // " V....D libx264              libx264 H.264 / AVC …", below a line of dashes.
    internal static HashSet<string> EncoderNames(string answer) =>
        answer.Split('\n')
            .SkipWhile(line => !line.TrimStart().StartsWith("---", StringComparison.Ordinal))
            .Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns.Length > 1)
            .Select(columns => columns[1])
            .ToHashSet(StringComparer.Ordinal);

    private static async Task<HardwareEncoder> TryAsync(FfmpegRunner ffmpeg, string name, string[] before, string filter, CancellationToken cancel)
    {
        var result = await ffmpeg.RunAsync(
            new()
            {
                Arguments = [.. before, "-f", "lavfi", "-i", "testsrc2=s=640x360:r=30", "-frames:v", "15", "-vf", filter, "-c:v", name, "-b:v", "1M", "-f", "null", "-"],
                TimeLimit = Limit,
            },
            cancel);
        return new(name, result.IsSuccess, result.Words);
    }

    private static async Task<(string Answer, FfmpegResult? Failure)> AskAsync(FfmpegRunner ffmpeg, string[] arguments, CancellationToken cancel)
    {
        using var answer = new MemoryStream();
        var job = new FfmpegJob
        {
            Arguments = arguments,
            TimeLimit = Limit,
            ReadOutput = output =>
            {
                var buffer = new byte[16 * 1024];
                int read;
                while ((read = output.Read(buffer)) > 0 && answer.Length < MaxAnswerBytes) answer.Write(buffer, 0, read);
            },
        };
        var result = await ffmpeg.RunAsync(job, cancel);
        return (Encoding.UTF8.GetString(answer.ToArray()), result.IsSuccess ? null : result);
    }
}
