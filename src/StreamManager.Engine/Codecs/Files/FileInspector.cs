using System.Text.Json;
using StreamManager.Engine.Codecs.Ffmpeg;
using StreamManager.Engine.Codecs.Processes;
using StreamManager.Media;

namespace StreamManager.Engine.Codecs.Files;

/// <summary>
/// Looks into files that strangers made, in children that may open that file and nothing else: the container is named and not guessed, no protocol but <c>file</c>, decoders from a list,
/// and the kernel's limits on memory, processor time and files. One child at a time, at low priority.
/// </summary>
public sealed class FileInspector(FfmpegOptions options, TimeProvider time) : IDisposable
{
    /// <summary>Width of thumbnails in pixels.</summary>
    public const int ThumbnailWidth = 320;

    // A picture much taller than wide becomes narrower instead: two phone screens above each other still fit.
    private const int MaxThumbnailHeight = 640;

    // Far above a JPEG of that size: what more a child may make us keep.
    private const int MaxJpegBytes = 1024 * 1024;

    // ffprobe's answer for two streams is below a kilobyte, and a file with a hundred is no video for a stream.
    private const int MaxAnswerBytes = 64 * 1024;

    // A damaged or encrypted video shows within its first second.
    private const int FramesToCheck = 25;

    // Fade-ins are over by then.
    private static readonly TimeSpan LatestThumbnail = TimeSpan.FromSeconds(10);

    // A still of 64 megapixels takes three seconds at low priority on a busy machine with two cores.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // 64 megapixels at 16 bits in four channels are half a gigabyte, and the reference pictures of 8K video one and a half.
    private static readonly ChildLimits Limits = new() { AddressSpaceBytes = 2L << 30, ProcessorSeconds = 60 };

    // Decoders, by ffmpeg's names: a file may have a stream for any of the five hundred others, and not all of those are looked after.
    private const string Decoders =
        "png,mjpeg,webp,gif,h264,hevc,vp8,vp9,av1,libdav1d,libaom-av1,mpeg4,mpeg2video,prores,"
        + "aac,mp3float,mp3,opus,libopus,vorbis,ac3,eac3,mp2float,mp2,flac,alac,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,"
        // Subtitles are not shown, but ffprobe opens a decoder for each stream.
        + "mov_text,subrip,srt,ass,ssa,webvtt,pgssub,dvdsub,dvbsub";

    private readonly FfmpegRunner _ffmpeg = new(options, time);
    private readonly SemaphoreSlim _oneAtATime = new(1);

    /// <summary>Can the kernel's limits be set on this machine? Without them only the time limit holds.</summary>
    public static bool CanLimit => ChildLimits.Setter is not null;

    /// <summary>What is in the file. One of the two comes back.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<(FileContents? Contents, InspectionFault? Fault)> ProbeAsync(FileToInspect file, CancellationToken cancel)
    {
        using var answer = new MemoryStream();
        string[] arguments =
        [
            .. InputOptions(file), "-of", "json", "-show_entries",
            "format=duration:stream=codec_type,codec_name,codec_tag_string,width,height,duration:stream_disposition=attached_pic:stream_tags=enc_key_id:stream_side_data=rotation",
            $"file:{file.Path}",
        ];
        var result = await RunAsync(_ffmpeg.RunProbeAsync, arguments, output => ReadBounded(output, answer, MaxAnswerBytes, "an answer of too many streams"), cancel);
        if (!result.IsSuccess) return (null, Fault(file, result));
        return ProbeAnswer.Parse(answer.ToArray()) is { } contents ? (contents, null) : (null, new(InspectionFailure.Unreadable, "ffprobe found nothing in it that it can describe"));
    }

    /// <summary>Decodes the first pictures of a video. Null: they are good.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<InspectionFault?> CheckAsync(FileToInspect file, CancellationToken cancel)
    {
        string[] arguments = ["-xerror", .. InputOptions(file), "-i", $"file:{file.Path}", "-map", "0:V:0", "-frames:v", $"{FramesToCheck}", "-f", "null", "-"];
        var result = await RunAsync(_ffmpeg.RunAsync, arguments, null, cancel);
        return result.IsSuccess ? null : Fault(file, result);
    }

    /// <summary>A JPEG of the picture, or of the video near its start. One of the two comes back.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<(byte[]? Jpeg, InspectionFault? Fault)> MakeThumbnailAsync(FileToInspect file, TimeSpan duration, CancellationToken cancel)
    {
        var seek = TimeSpan.FromTicks(Math.Min(duration.Ticks / 10, LatestThumbnail.Ticks));
        var made = await MakeThumbnailAtAsync(file, seek, cancel);
        // A video with its only keyframe at the start has nothing to show from the middle.
        return made.Jpeg is null && seek > TimeSpan.Zero ? await MakeThumbnailAtAsync(file, TimeSpan.Zero, cancel) : made;
    }

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private async Task<(byte[]? Jpeg, InspectionFault? Fault)> MakeThumbnailAtAsync(FileToInspect file, TimeSpan seek, CancellationToken cancel)
    {
        using var jpeg = new MemoryStream();
        string[] strict = ["-xerror", "-err_detect", "explode"];
        string[] start = ["-ss", FormattableString.Invariant($"{seek.TotalSeconds:0.###}")];
        var scale = $"scale=w={ThumbnailWidth}:h={MaxThumbnailHeight}:force_original_aspect_ratio=decrease:flags=area,setsar=1";
        // Transparent parts become black, as they do on the program.
        var filter = file.IsStill ? $"{scale},format=gbrap,premultiply=inplace=1,format=yuvj420p" : $"scale=w=iw*sar:h=ih,{scale},format=yuvj420p";
        string[] arguments =
        [
            .. file.IsStill ? strict : start, .. InputOptions(file), "-i", $"file:{file.Path}", "-map", "0:V:0", "-frames:v", "1", "-filter_threads", "1", "-vf", filter,
            "-map_metadata", "-1", "-q:v", "5", "-f", "mjpeg", "pipe:1",
        ];
        var result = await RunAsync(_ffmpeg.RunAsync, arguments, output => ReadBounded(output, jpeg, MaxJpegBytes, "a thumbnail of more than a megabyte"), cancel);
        if (!result.IsSuccess) return (null, Fault(file, result));
        return jpeg.Length > 0 ? (jpeg.ToArray(), null) : (null, new(InspectionFailure.Unreadable, "there is no picture in it"));
    }

    private static string[] InputOptions(FileToInspect file) => ["-protocol_whitelist", "file", "-codec_whitelist", Decoders, "-threads", "1", "-f", file.Demuxer];

    private async Task<FfmpegResult> RunAsync(
        Func<FfmpegJob, CancellationToken, Task<FfmpegResult>> run, IReadOnlyList<string> arguments, Action<Stream>? readOutput, CancellationToken cancel)
    {
        await _oneAtATime.WaitAsync(cancel);
        try
        {
            return await run(new() { Arguments = arguments, TimeLimit = Limit, Limits = Limits, ReadOutput = readOutput }, cancel);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private static InspectionFault Fault(FileToInspect file, FfmpegResult result) => new(
        result.Outcome switch
        {
            FfmpegOutcome.NotInstalled or FfmpegOutcome.NotStarted => InspectionFailure.NoTool,
            FfmpegOutcome.TimedOut or FfmpegOutcome.BeyondProcessorTime => InspectionFailure.TooSlow,
            // Stuck in one picture, it did not heed the first signal; or the machine ran out of memory.
            FfmpegOutcome.Failed when result.ExitCode is 128 + 9 => InspectionFailure.TooSlow,
            FfmpegOutcome.BeyondMemory => InspectionFailure.TooLarge,
            FfmpegOutcome.Failed when result.Words.Contains("not on whitelist", StringComparison.Ordinal) => InspectionFailure.OtherCodec,
            _ => InspectionFailure.Unreadable,
        },
        result.Words.Replace($"file:{file.Path}", "the file", StringComparison.Ordinal).Replace(file.Path, "the file", StringComparison.Ordinal));

    private static void ReadBounded(Stream output, MemoryStream into, int limit, string what)
    {
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = output.Read(buffer)) > 0)
        {
            if (into.Length + read > limit) throw new MediaFormatException(what);
            into.Write(buffer, 0, read);
        }
    }

    /// <summary>Reads ffprobe's JSON.</summary>
    private static class ProbeAnswer
    {
        /// <summary>What is in it; null: it is not what ffprobe writes.</summary>
        public static FileContents? Parse(byte[] answer)
        {
            try
            {
                using var document = JsonDocument.Parse(answer);
                var streams = document.RootElement.GetProperty("streams").EnumerateArray().ToArray();
                var encrypted = streams.Any(stream => Text(stream, "codec_tag_string") is "encv" or "enca" || (stream.TryGetProperty("tags", out var tags) && tags.TryGetProperty("enc_key_id", out _)));
                var audio = streams.Where(stream => Text(stream, "codec_type") == "audio").Select(stream => Text(stream, "codec_name") ?? "unknown").ToArray();
                var video = streams.Where(stream => Text(stream, "codec_type") == "video" && !IsCover(stream)).Select(stream => (JsonElement?)stream).FirstOrDefault();
                var format = document.RootElement.TryGetProperty("format", out var found) ? Seconds(found) : null;
                if (video is not { } picture) return new(null, 0, 0, format, audio, encrypted);
                var (width, height) = (Number(picture, "width"), Number(picture, "height"));
                if (IsTurned(picture)) (width, height) = (height, width);
                return new(Text(picture, "codec_name") ?? "unknown", width, height, format ?? Seconds(picture), audio, encrypted);
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                return null;
            }
        }

        private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

        private static int Number(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetInt32() : 0;

        private static bool IsCover(JsonElement stream) => stream.TryGetProperty("disposition", out var disposition) && Number(disposition, "attached_pic") == 1;

        private static bool IsTurned(JsonElement stream) =>
            stream.TryGetProperty("side_data_list", out var list) && list.EnumerateArray().Any(data => data.TryGetProperty("rotation", out var angle) && Math.Abs(angle.GetInt32()) % 180 == 90);

        private static TimeSpan? Seconds(JsonElement element) =>
            Text(element, "duration") is { } text && double.TryParse(text, out var seconds) && seconds is > 0 and < 1e8 ? TimeSpan.FromSeconds(seconds) : null;
    }
}
