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

    /// <summary>
    /// Address space of a child in bytes. Measured with ffmpeg 5.1: a still of 96 megapixels at 16 bits into 4K takes 2.9 GiB, 4K60 video 1.5 GiB with the threads of two cores and
    /// 8.8 GiB with 64 threads.
    /// </summary>
    public long MemoryBytes { get; init; } = (4L << 30) + (256L << 20) * Environment.ProcessorCount;

    /// <summary>Longest processor time for a still, over all threads: two cores for the whole of <see cref="StillTimeLimit"/>.</summary>
    public TimeSpan StillProcessorTime { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>The same for a video: four cores for the whole of <see cref="VideoTimeLimit"/>; four hours of 1080p30 take two.</summary>
    public TimeSpan VideoProcessorTime { get; init; } = TimeSpan.FromHours(16);

    /// <summary>Longest time for a still. A 1080p still takes about two seconds on a busy machine with two cores.</summary>
    public TimeSpan StillTimeLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Longest time for a video: an hour of 1080p60 encodes at about real time at low priority beside a live program.</summary>
    public TimeSpan VideoTimeLimit { get; init; } = TimeSpan.FromHours(4);
}
