namespace StreamManager.Server.Library;

/// <summary>What the library takes and keeps.</summary>
internal static class MediaLimits
{
    /// <summary>Most files: a listing of so many is below a megabyte, and nobody finds one among more.</summary>
    public const int MostFiles = 1_000;

    /// <summary>Uploads at once: each is checked by a child of its own at the end, one at a time, and a home's line is full with one.</summary>
    public const int MostUploads = 4;

    /// <summary>Bytes after which a running upload asks the disk for room again.</summary>
    public const long AskDiskEvery = 32L << 20;

    /// <summary>Uploads in parts that are not finished: some people's, each with a few files. What they may become together counts against the room of the library.</summary>
    public const int MostUnfinished = 16;

    /// <summary>Uploads in parts of which the outcome is still told: what is made in a day. Older ones are forgotten first.</summary>
    public const int MostDecided = 100;

    /// <summary>How long an upload in parts waits for its next part, and its outcome is told: over a night.</summary>
    public static readonly TimeSpan UploadLifetime = TimeSpan.FromHours(24);

    /// <summary>Most pixels of a picture. Phones make 50 million; decoded in four channels this is 256 MB.</summary>
    public const long MostPicturePixels = 64_000_000;

    /// <summary>Longest side of a picture in pixels: a WebP cannot have more, and encoders refuse more.</summary>
    public const long LongestPictureSide = 16_384;

    /// <summary>Largest picture file in bytes: what the engine reads for a fallback.</summary>
    public const long LargestPicture = 64L << 20;

    /// <summary>Longest side of a video in pixels: 8K, upright too.</summary>
    public const int LongestVideoSide = 8_192;

    /// <summary>Longest video: as a fallback it is encoded before it plays, and that may take four hours.</summary>
    public static readonly TimeSpan LongestVideo = TimeSpan.FromHours(4);

    /// <summary>Longest title in characters.</summary>
    public const int LongestTitle = 100;
}
