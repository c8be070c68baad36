using System.Text.Json;
using StreamManager.Engine.Codecs.Ffmpeg;
using StreamManager.Engine.Codecs.Processes;

namespace StreamManager.Engine.Codecs.Clips;

/// <summary>What ffprobe says about a file that shall become a clip.</summary>
internal sealed record MediaFileProbe(TimeSpan Duration, int Width, int Height, bool HasAudio)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    // ffprobe decodes a few frames of each stream; those of 8K video with their references take one and a half gigabyte.
    private static readonly ChildLimits Limits = new() { AddressSpaceBytes = 2L << 30, ProcessorSeconds = 30 };

    // ffprobe's answer for one video and one audio stream is below a kilobyte.
    private const int MaxAnswer = 64 * 1024;

    /// <summary>Probes a file, in a child that may open this file only. Null: the failure says why, in words.</summary>
    public static async Task<(MediaFileProbe? Probe, ClipResult? Failure)> RunAsync(FfmpegRunner ffmpeg, string path, string containers, CancellationToken cancel)
    {
        using var answer = new MemoryStream();
        var result = await ffmpeg.RunProbeAsync(
            new()
            {
                Arguments =
                [
                    .. FfmpegRunner.InputConfinement, "-format_whitelist", containers, "-of", "json",
                    "-show_entries", "format=duration:stream=codec_type,width,height,duration:stream_disposition=attached_pic", $"file:{path}",
                ],
                TimeLimit = Limit,
                Limits = Limits,
                ReadOutput = output =>
                {
                    var buffer = new byte[4096];
                    int read;
                    while ((read = output.Read(buffer)) > 0 && answer.Length < MaxAnswer) answer.Write(buffer, 0, read);
                },
            },
            cancel);
        if (!result.IsSuccess)
        {
            var failure = result.Outcome switch
            {
                FfmpegOutcome.NotInstalled or FfmpegOutcome.NotStarted => ClipFailure.FfmpegMissing,
                FfmpegOutcome.TimedOut => ClipFailure.TimedOut,
                FfmpegOutcome.BeyondMemory or FfmpegOutcome.BeyondProcessorTime => ClipFailure.BeyondLimits,
                _ => ClipFailure.FileNotUsable,
            };
            return (null, ClipResult.Failed(failure, $"The fallback video cannot be used: {result.Words}."));
        }

        var probe = Parse(answer.ToArray());
        return probe is null ? (null, ClipResult.Failed(ClipFailure.FileNotUsable, "The fallback video has no pictures.")) : (probe, null);
    }

    private static MediaFileProbe? Parse(byte[] answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            JsonElement? video = null;
            var audio = false;
            foreach (var stream in document.RootElement.GetProperty("streams").EnumerateArray())
            {
                var type = stream.TryGetProperty("codec_type", out var value) ? value.GetString() : null;
                var isCover = stream.TryGetProperty("disposition", out var disposition) && disposition.GetProperty("attached_pic").GetInt32() == 1;
                if (type == "video" && !isCover) video ??= stream.Clone();
                audio |= type == "audio";
            }

            if (video is not { } found) return null;
            var seconds = Seconds(document.RootElement.GetProperty("format")) ?? Seconds(found) ?? 0;
            return new(TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 1e6)), found.GetProperty("width").GetInt32(), found.GetProperty("height").GetInt32(), audio);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static double? Seconds(JsonElement element) =>
        element.TryGetProperty("duration", out var text) && double.TryParse(text.GetString(), out var seconds) && double.IsFinite(seconds) ? seconds : null;
}
