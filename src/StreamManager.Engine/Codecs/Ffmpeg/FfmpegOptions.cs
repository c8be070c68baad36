namespace StreamManager.Engine.Codecs.Ffmpeg;

/// <summary>Where ffmpeg is and where its children may work.</summary>
public sealed record FfmpegOptions
{
    /// <summary>A path, or a name that is looked up in PATH (<c>FFMPEG_PATH</c>).</summary>
    public string Ffmpeg { get; init; } = "ffmpeg";

    /// <summary>The same for ffprobe; null = beside ffmpeg, or in PATH.</summary>
    public string? Ffprobe { get; init; }

    /// <summary>Private directories of the children are made in here and deleted after each. On the same file system as the clip cache.</summary>
    public required string WorkDirectory { get; init; }
}
