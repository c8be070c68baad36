namespace StreamManager.Engine.Codecs.Clips;

/// <summary>Limits and places of the clip factory.</summary>
public sealed record ClipFactoryOptions
{
    /// <summary>Where finished clips are kept (<c>DATA_DIR/cache/clips</c>).</summary>
    public required string CacheDirectory { get; init; }

    /// <summary>All clips together; the least recently used go first. 4 GiB is about three hours of video at the default bit rate.</summary>
    public long MaxCacheBytes { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>A clip up to this size is held in memory whole; a larger one is read from its file ahead of time. 16 MiB is 50 s at 2.5 Mbit/s: any still, most loops.</summary>
    public int MaxInMemoryBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Bit rate of a clip's video in kbit/s (<c>video_bitrate</c>).</summary>
    public int VideoBitrateKbps { get; init; } = 2500;

    /// <summary>Bit rate of a clip's sound in kbit/s.</summary>
    public int AudioBitrateKbps { get; init; } = 160;

    /// <summary>Largest picture in pixels that is decoded. 100 million is any camera's; a file of a few kilobytes can claim a hundred times that.</summary>
    public long MaxPicturePixels { get; init; } = 100_000_000;

    /// <summary>Longest time for a still. A 1080p still takes about two seconds on a busy machine with two cores.</summary>
    public TimeSpan StillTimeLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Longest time for a video: an hour of 1080p60 encodes at about real time at low priority beside a live program.</summary>
    public TimeSpan VideoTimeLimit { get; init; } = TimeSpan.FromHours(4);
}
