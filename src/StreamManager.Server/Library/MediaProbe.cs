using StreamManager.Engine.Codecs.Files;

namespace StreamManager.Server.Library;

/// <summary>What was found in a good file.</summary>
/// <param name="Format">What it is.</param>
/// <param name="Codec">ffmpeg's name of its picture's codec.</param>
/// <param name="Width">Pixels as shown.</param>
/// <param name="Height">Pixels as shown.</param>
/// <param name="Duration">How long a video plays; null: a picture.</param>
/// <param name="HasAudio">There is sound.</param>
/// <param name="Thumbnail">A JPEG.</param>
internal sealed record MediaFacts(MediaFormat Format, string Codec, int Width, int Height, TimeSpan? Duration, bool HasAudio, byte[] Thumbnail);

/// <summary>
/// Decides whether a file is taken, from cheap to dear: its first bytes, the size that its header says, whether it is there to the end; then ffprobe and a decoder in confined children.
/// </summary>
internal sealed class MediaProbe(FileInspector inspector)
{
    private static readonly HashSet<string> VideoCodecs = new(["h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "prores"], StringComparer.Ordinal);

    private static readonly HashSet<string> AudioCodecs = new(
        ["aac", "mp3", "mp2", "opus", "vorbis", "ac3", "eac3", "flac", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"], StringComparer.Ordinal);

    /// <summary>Looks into the file at <paramref name="path"/>, one of ours. One of the two comes back.</summary>
    /// <exception cref="IOException">The disk does not give it.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<(MediaFacts? Facts, MediaRefusal? Refusal)> InspectAsync(string path, CancellationToken cancellationToken)
    {
        var (format, refusal) = await Task.Run(() => LookAtBytes(path), cancellationToken);
        if (format is null)
            return (null, refusal);
        var file = new FileToInspect(path, format.Demuxer, format.Kind is MediaKind.Image);
        var (contents, fault) = await inspector.ProbeAsync(file, cancellationToken);
        if (contents is null)
            return (null, Refuse(format, fault!));
        if (format.Kind is MediaKind.Video)
        {
            if (Judge(contents) is { } wrong)
                return (null, wrong);
            if (await inspector.CheckAsync(file, cancellationToken) is { } broken)
                return (null, await RefuseVideoAsync(path, format, broken, cancellationToken));
        }

        var (thumbnail, noPicture) = await inspector.MakeThumbnailAsync(file, contents.Duration ?? TimeSpan.Zero, cancellationToken);
        if (thumbnail is null)
            return (null, Refuse(format, noPicture!));
        var duration = format.Kind is MediaKind.Video ? contents.Duration : null;
        return (new MediaFacts(format, contents.VideoCodec ?? "unknown", contents.Width, contents.Height, duration, format.Kind is MediaKind.Video && contents.AudioCodecs.Count > 0, thumbnail), null);
    }

    /// <summary>A thumbnail of a file that was taken before; null: it cannot be made any more.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<byte[]?> MakeThumbnailAsync(string path, MediaRecord record, CancellationToken cancellationToken)
    {
        var file = new FileToInspect(path, record.FormatInfo.Demuxer, record.Kind is MediaKind.Image);
        return (await inspector.MakeThumbnailAsync(file, TimeSpan.FromSeconds(record.DurationSeconds ?? 0), cancellationToken)).Jpeg;
    }

    private static (MediaFormat? Format, MediaRefusal? Refusal) LookAtBytes(string path)
    {
        using var file = File.OpenHandle(path);
        var start = new byte[(int)Math.Min(RandomAccess.GetLength(file), PictureHeader.Length)];
        var read = 0;
        int got;
        while (read < start.Length && (got = RandomAccess.Read(file, start.AsSpan(read), read)) > 0)
            read += got;
        var (format, refusal) = MediaSignature.Identify(start.AsSpan(0, Math.Min(read, MediaSignature.SniffLength)));
        if (format is null)
            return (null, refusal);
        if (format.Kind is MediaKind.Image && JudgePicture(format, start, RandomAccess.GetLength(file)) is { } wrong)
            return (null, wrong);
        return FileEnd.IsWhole(file, format)
            ? (format, null)
            : (null, new MediaRefusal(MediaRefusalReason.Damaged, $"The {format.Name} file is cut off: it says that it is longer than it is, or its end is missing. Was it copied to the end?"));
    }

    private static MediaRefusal? JudgePicture(MediaFormat format, ReadOnlySpan<byte> start, long length)
    {
        if (length > MediaLimits.LargestPicture)
            return Beyond($"A picture file may have {MediaLimits.LargestPicture >> 20} MiB; this one has {length >> 20}.");
        if (PictureHeader.Read(format, start) is not { } size || size.Width == 0 || size.Height == 0)
            return new MediaRefusal(MediaRefusalReason.Damaged, $"The {format.Name} picture does not say how large it is: its header is missing or damaged.");
        if (size.Width > MediaLimits.LongestPictureSide || size.Height > MediaLimits.LongestPictureSide || size.Width * size.Height > MediaLimits.MostPicturePixels)
        {
            return Beyond($"The picture says that it has {size.Width} x {size.Height} pixels; at most {MediaLimits.MostPicturePixels / 1_000_000} million are taken, "
                + $"and {MediaLimits.LongestPictureSide} on a side.");
        }

        return format == MediaFormat.WebP && PictureHeader.IsAnimatedWebP(start)
            ? new MediaRefusal(MediaRefusalReason.NotAccepted, "The WebP picture is animated. Save one picture of it, or make it a video.")
            : null;
    }

    private static MediaRefusal? Judge(FileContents contents)
    {
        if (contents.IsEncrypted)
            return Encrypted;
        if (contents.VideoCodec is not { } codec)
        {
            return new MediaRefusal(MediaRefusalReason.NoPicture, contents.AudioCodecs.Count > 0
                ? "There is only sound in the file; a video needs a picture."
                : "There is no picture in the file.");
        }

        if (!VideoCodecs.Contains(codec))
            return OtherCodec;
        if (contents.AudioCodecs.Any(audio => !AudioCodecs.Contains(audio)))
            return OtherCodec;
        if (contents.Width <= 0 || contents.Height <= 0)
            return new MediaRefusal(MediaRefusalReason.Damaged, "The video does not say how large its picture is: it is damaged, or too short.");
        if (contents.Width > MediaLimits.LongestVideoSide || contents.Height > MediaLimits.LongestVideoSide)
            return Beyond($"The video has {contents.Width} x {contents.Height} pixels; at most {MediaLimits.LongestVideoSide} on a side are taken.");
        if (contents.Duration is not { } duration)
            return new MediaRefusal(MediaRefusalReason.Damaged, "The video does not say how long it is: its recording was not ended in order. Have it repaired by the program that made it.");
        return duration > MediaLimits.LongestVideo ? Beyond($"The video plays for {duration.TotalHours:0.0} hours; at most {MediaLimits.LongestVideo.TotalHours:0} are taken.") : null;
    }

    private static MediaRefusal Encrypted { get; } = new(MediaRefusalReason.Encrypted, "The video is encrypted (DRM); it cannot be shown.");

    private static MediaRefusal OtherCodec { get; } = new(
        MediaRefusalReason.NotAccepted,
        $"A codec in the file is not taken. Taken are {string.Join(", ", VideoCodecs)} for pictures, and {string.Join(", ", AudioCodecs)} for sound.");

    private static MediaRefusal Beyond(string words) => new(MediaRefusalReason.BeyondLimits, words);

    // Some makers leave no mark that ffprobe knows; by chance the letters could be in any file, so they count in one only that cannot be decoded.
    private static async Task<MediaRefusal> RefuseVideoAsync(string path, MediaFormat format, InspectionFault fault, CancellationToken cancellationToken) =>
        fault.Failure is InspectionFailure.Unreadable && format.Demuxer == "mov" && await Task.Run(() => EncryptionMark.IsIn(path), cancellationToken) ? Encrypted : Refuse(format, fault);

    private static MediaRefusal Refuse(MediaFormat format, InspectionFault fault) => fault.Failure switch
    {
        InspectionFailure.NoTool => new MediaRefusal(MediaRefusalReason.NotChecked, $"The file cannot be checked: {fault.Words}."),
        InspectionFailure.OtherCodec => OtherCodec,
        InspectionFailure.TooLarge => Beyond($"The {format.Name} file takes too much memory to decode."),
        InspectionFailure.TooSlow => new MediaRefusal(MediaRefusalReason.TooSlow, $"The {format.Name} file takes too long to decode; it is made to do that, or damaged."),
        _ => new MediaRefusal(MediaRefusalReason.Damaged, $"The {format.Name} file is damaged, or cut off: it cannot be decoded."),
    };
}
