using System.Security.Cryptography;
using System.Text;
using StreamManager.Engine.Codecs.Ffmpeg;
using StreamManager.Engine.Codecs.Live;
using StreamManager.Engine.Codecs.Processes;
using StreamManager.Engine.Programs;
using StreamManager.Media;

namespace StreamManager.Engine.Codecs.Clips;

/// <summary>
/// Prepares clips: encodes once, at low priority, keeps the result on disk by content and format. Stills and videos have a queue of one each, so that the slate
/// is never behind an hour of video.
/// </summary>
public sealed class ClipFactory : IDisposable
{
    /// <summary>Largest picture file. A 100-megapixel PNG of noise is larger; nobody shows one on a stream.</summary>
    private const int MaxPictureBytes = 64 * 1024 * 1024;

    // Containers whose files carry all they need. Playlists and scripts (hls, concat, dash, …), which name other files, are not among them.
    private const string VideoContainers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,flv,avi,asf,mxf,ogg,gif,ivf";

    private readonly ClipFactoryOptions _options;
    private readonly FfmpegRunner _ffmpeg;
    private readonly ClipStore _store;
    private readonly SemaphoreSlim _stills = new(1);
    private readonly SemaphoreSlim _videos = new(1);

    /// <summary>Creates the factory and removes what an earlier process left half-written.</summary>
    public ClipFactory(ClipFactoryOptions options, FfmpegOptions ffmpeg, TimeProvider time)
    {
        _options = options;
        _ffmpeg = new(ffmpeg, time);
        _store = new(options, time);
        _store.Sweep();
    }

    /// <summary>The clip for a content and a format: from the cache, or encoded now.</summary>
    /// <param name="content">What to show.</param>
    /// <param name="format">What to match.</param>
    /// <param name="progress">Told 0 to 1 while a video is encoded, about once for each percent, on a thread of the encoder.</param>
    /// <param name="cancel">Stops the encoder and removes what it wrote.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<ClipResult> PrepareAsync(ClipContent content, ProgramFormat format, IProgress<double>? progress = null, CancellationToken cancel = default)
    {
        if (!X264Settings.TryCreate(format, out var settings, out var problem))
            return ClipResult.Failed(ClipFailure.FormatNotSupported, $"A fallback cannot be made to match: {problem}.");

        // Files are read and hashed, blocking: never on the caller's thread.
        var (material, failure) = await Task.Run(() => ReadMaterial(content, format), cancel);
        if (material is null) return failure!;

        var name = $"{material.Key[..32]}-{format.CacheKey[..32]}";
        if (await Task.Run(() => _store.TryLoad(name, format), cancel) is { } kept) return ClipResult.Made(kept, fromCache: true);

        var queue = material.IsStill ? _stills : _videos;
        await queue.WaitAsync(cancel);
        try
        {
            // Another caller may have made it meanwhile.
            if (await Task.Run(() => _store.TryLoad(name, format), cancel) is { } made) return ClipResult.Made(made, fromCache: true);
            return await EncodeAsync(material, settings!, name, progress, cancel);
        }
        finally
        {
            queue.Release();
        }
    }

    /// <summary>Looks whether a file can become a clip, without making one: it can be read, and ffmpeg finds a picture in it. Null: nothing speaks against it.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<ClipResult?> CheckAsync(ClipContent content, CancellationToken cancel)
    {
        var (material, failure) = await Task.Run(() => ReadMaterial(content, new ProgramFormat { Width = 1920, Height = 1080 }), cancel);
        if (material is null) return failure;
        if (material.VideoPath is { } path) return (await MediaFileProbe.RunAsync(_ffmpeg, path, VideoContainers, cancel)).Failure;
        var result = await _ffmpeg.RunAsync(
            new()
            {
                Arguments =
                [
                    .. FfmpegRunner.InputConfinement, "-max_pixels", _options.MaxPicturePixels.ToString(), "-f", material.Demuxer!, "-i", "pipe:0", "-frames:v", "1", "-f", "null", "-",
                ],
                TimeLimit = _options.StillTimeLimit,
                Limits = LimitsFor(isStill: true),
                Input = material.Picture,
            },
            cancel);
        return result.IsSuccess ? null : Failed(material, result);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stills.Dispose();
        _videos.Dispose();
    }

    private async Task<ClipResult> EncodeAsync(Material material, X264Settings settings, string name, IProgress<double>? progress, CancellationToken cancel)
    {
        var expectedFrames = settings.KeyframeInterval;
        var hasSound = false;
        if (material.VideoPath is { } path)
        {
            var (probed, failure) = await MediaFileProbe.RunAsync(_ffmpeg, path, VideoContainers, cancel);
            if (probed is null) return failure!;
            // Only plain AAC-LC can be made to match; with any other the program's own silence is heard.
            hasSound = probed.HasAudio && LiveTranscoder.CanMatch(settings.Format.Audio);
            expectedFrames = (int)Math.Clamp(probed.Duration.TotalSeconds * settings.Format.FrameRate.PerSecond, 1, int.MaxValue);
        }

        try
        {
            using var written = _store.Create();
            var reported = -1;
            var writer = new ClipFileWriter(written.Stream, settings.Format, frames =>
            {
                var percent = Math.Min(99, (int)(100L * frames / expectedFrames));
                if (percent <= reported) return;
                reported = percent;
                progress?.Report(percent / 100.0);
            });
            Exception? storage = null;
            var result = await _ffmpeg.RunAsync(
                new()
                {
                    Arguments = material.VideoPath is null ? StillArguments(material, settings) : VideoArguments(material, settings, hasSound),
                    TimeLimit = material.IsStill ? _options.StillTimeLimit : _options.VideoTimeLimit,
                    Limits = LimitsFor(material.IsStill),
                    Input = material.Picture,
                    ReadOutput = flv =>
                    {
                        try
                        {
                            writer.Consume(flv);
                        }
                        catch (IOException e)
                        {
                            storage = e;
                            throw;
                        }
                    },
                },
                cancel);
            if (storage is not null) return NotStored(storage);
            if (!result.IsSuccess) return Failed(material, result);
            var clip = await Task.Run(() => _store.Keep(written, name, settings.Format), cancel);
            progress?.Report(1);
            return ClipResult.Made(clip, fromCache: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return NotStored(e);
        }
        catch (MediaFormatException e)
        {
            return ClipResult.Failed(ClipFailure.EncodingFailed, $"The fallback was encoded wrongly: {e.Message}");
        }
    }

    // The clip comes through a pipe: no file is written.
    private ChildLimits LimitsFor(bool isStill) => new()
    {
        AddressSpaceBytes = _options.MemoryBytes,
        ProcessorSeconds = (int)(isStill ? _options.StillProcessorTime : _options.VideoProcessorTime).TotalSeconds,
    };

    private List<string> StillArguments(Material material, X264Settings settings)
    {
        var rate = settings.Format.FrameRate;
        // Fitted once, then repeated. Transparent parts become black, not whatever colour lies beneath them.
        var filter = $"select=eq(n\\,0),format=gbrap,premultiply=inplace=1,{settings.FitFilter()},loop=loop=-1:size=1:start=0,"
            + $"settb={rate.Denominator}/{rate.Numerator},setpts=N,fps={rate}";
        return
        [
            .. FfmpegRunner.InputConfinement, "-max_pixels", _options.MaxPicturePixels.ToString(), "-f", material.Demuxer!, "-i", "pipe:0",
            "-vf", filter, "-frames:v", settings.KeyframeInterval.ToString(), "-an", .. settings.ForClip(_options.VideoBitrateKbps, still: true), .. Output,
        ];
    }

    private List<string> VideoArguments(Material material, X264Settings settings, bool hasSound)
    {
        var format = settings.Format;
        var rate = format.FrameRate;
        string[] sound =
        [
            "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0", "-c:a", "aac", "-b:a", $"{_options.AudioBitrateKbps}k",
            "-ar", format.Audio.SampleRate.ToString(), "-ac", format.Audio.Channels.ToString(),
        ];
        return
        [
            .. FfmpegRunner.InputConfinement, "-format_whitelist", VideoContainers, "-max_pixels", _options.MaxPicturePixels.ToString(), "-i", $"file:{material.VideoPath}",
            "-map", "0:V:0", .. hasSound ? sound : [], "-sn", "-dn",
            "-vf", $"fps=fps={rate}:start_time=0,{settings.FitFilter()}",
            .. settings.ForClip(material.BitrateKbps, still: false), .. Output,
        ];
    }

    private static string[] Output => ["-map_metadata", "-1", "-flvflags", "no_duration_filesize", "-f", "flv", "pipe:1"];

    private (Material? Material, ClipResult? Failure) ReadMaterial(ClipContent content, ProgramFormat format)
    {
        try
        {
            return content switch
            {
                ClipContent.Slate => (FromPicture(BuiltInSlate.Read(BuiltInSlate.NameFor(format.Width, format.Height))), null),
                ClipContent.Picture picture => ReadPicture(picture.Path),
                ClipContent.Video video => RefuseEmpty(video.Path) is { } empty ? (null, empty) : (FromVideo(video), null),
                _ => throw new ArgumentException("An unknown content.", nameof(content)),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, ClipResult.Failed(ClipFailure.FileMissing, $"The fallback file cannot be read: {e.Message}"));
        }
    }

    // Pipes and devices say that they are empty. To open a pipe waits for its writer for ever, and to read a device has no end: neither is opened.
    private static ClipResult? RefuseEmpty(string path)
    {
        var file = new FileInfo(path);
        if (file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target) file = target;
        return file is { Exists: true, Length: 0 }
            ? ClipResult.Failed(ClipFailure.FileNotUsable, $"{Path.GetFileName(path)} is empty, or not an ordinary file.")
            : null;
    }

    private (Material? Material, ClipResult? Failure) ReadPicture(string path)
    {
        if (RefuseEmpty(path) is { } empty) return (null, empty);
        using (var stream = File.OpenRead(path))
        {
            if (stream.Length > MaxPictureBytes)
                return (null, ClipResult.Failed(ClipFailure.FileNotUsable, $"The fallback picture has {stream.Length >> 20} MiB; at most {MaxPictureBytes >> 20} are read."));
        }

        var material = FromPicture(File.ReadAllBytes(path));
        return material.Demuxer is null
            ? (null, ClipResult.Failed(ClipFailure.FileNotUsable, $"{Path.GetFileName(path)} is not a PNG, JPEG, WebP, GIF or BMP picture, whatever its name says."))
            : (material, null);
    }

    private Material FromPicture(byte[] file)
    {
        var key = KeyOf($"still {Convert.ToHexStringLower(SHA256.HashData(file))} {_options.VideoBitrateKbps}");
        return new(key, _options.VideoBitrateKbps, file, PictureFormat.DemuxerFor(file.AsSpan(0, Math.Min(file.Length, PictureFormat.SniffLength))), null);
    }

    private Material FromVideo(ClipContent.Video video)
    {
        var path = Path.GetFullPath(video.Path);
        using var file = File.OpenRead(path);
        var bitrate = video.BitrateKbps ?? _options.VideoBitrateKbps;
        var key = KeyOf($"video {Convert.ToHexStringLower(SHA256.HashData(file))} {bitrate} {_options.AudioBitrateKbps}");
        return new(key, bitrate, default, null, path);
    }

    private static string KeyOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static ClipResult NotStored(Exception e) => ClipResult.Failed(ClipFailure.NotStored, $"The prepared fallback cannot be stored: {e.Message}");

    private static ClipResult Failed(Material material, FfmpegResult result)
    {
        if (result.Words.Contains("Unknown encoder", StringComparison.OrdinalIgnoreCase))
            return ClipResult.Failed(ClipFailure.EncoderMissing, "This ffmpeg has no libx264, without which no fallback can be made.");
        return result.Outcome switch
        {
            FfmpegOutcome.NotInstalled or FfmpegOutcome.NotStarted => ClipResult.Failed(ClipFailure.FfmpegMissing, $"The fallback cannot be prepared: {result.Words}."),
            FfmpegOutcome.TimedOut => ClipResult.Failed(ClipFailure.TimedOut, $"The fallback cannot be prepared: {result.Words}."),
            FfmpegOutcome.BeyondMemory or FfmpegOutcome.BeyondProcessorTime =>
                ClipResult.Failed(ClipFailure.BeyondLimits, $"The fallback cannot be prepared: {result.Words}. Take a smaller file."),
            // A picture goes through ffmpeg in one go, so its refusal is about the file; a video was probed before.
            FfmpegOutcome.Failed when result.ExitCode < 128 && material.IsStill =>
                ClipResult.Failed(ClipFailure.FileNotUsable, $"The fallback picture cannot be decoded: {result.Words}."),
            _ => ClipResult.Failed(ClipFailure.EncodingFailed, $"The fallback cannot be prepared: {result.Words}."),
        };
    }

    /// <summary>A content that was found: its key, and either a picture's bytes with the demuxer for them, or a video's path.</summary>
    private sealed record Material(string Key, int BitrateKbps, ReadOnlyMemory<byte> Picture, string? Demuxer, string? VideoPath)
    {
        public bool IsStill => VideoPath is null;
    }
}
