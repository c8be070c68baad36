namespace StreamManager.Server.Library;

/// <summary>What a file of the library is used as.</summary>
internal enum MediaKind
{
    /// <summary>A still picture.</summary>
    Image = 1,

    /// <summary>A video with or without sound.</summary>
    Video = 2,
}

/// <summary>A kind of file that the library takes.</summary>
/// <param name="Name">For people and in records.</param>
/// <param name="Kind">Picture or video.</param>
/// <param name="Extension">Of our file names, without the dot.</param>
/// <param name="ContentType">What it is served as.</param>
/// <param name="Demuxer">ffmpeg's name of the container.</param>
internal sealed record MediaFormat(string Name, MediaKind Kind, string Extension, string ContentType, string Demuxer)
{
    /// <summary>Portable Network Graphics.</summary>
    public static MediaFormat Png { get; } = new("PNG", MediaKind.Image, "png", "image/png", "png_pipe");

    /// <summary>JPEG.</summary>
    public static MediaFormat Jpeg { get; } = new("JPEG", MediaKind.Image, "jpg", "image/jpeg", "jpeg_pipe");

    /// <summary>WebP, one picture.</summary>
    public static MediaFormat WebP { get; } = new("WebP", MediaKind.Image, "webp", "image/webp", "webp_pipe");

    /// <summary>GIF; the first picture counts.</summary>
    public static MediaFormat Gif { get; } = new("GIF", MediaKind.Image, "gif", "image/gif", "gif");

    /// <summary>ISO base media.</summary>
    public static MediaFormat Mp4 { get; } = new("MP4", MediaKind.Video, "mp4", "video/mp4", "mov");

    /// <summary>QuickTime.</summary>
    public static MediaFormat QuickTime { get; } = new("QuickTime", MediaKind.Video, "mov", "video/quicktime", "mov");

    /// <summary>Matroska.</summary>
    public static MediaFormat Matroska { get; } = new("Matroska", MediaKind.Video, "mkv", "video/matroska", "matroska");

    /// <summary>WebM.</summary>
    public static MediaFormat WebM { get; } = new("WebM", MediaKind.Video, "webm", "video/webm", "matroska");

    /// <summary>MPEG transport stream.</summary>
    public static MediaFormat MpegTs { get; } = new("MPEG-TS", MediaKind.Video, "ts", "video/mp2t", "mpegts");

    /// <summary>Flash video.</summary>
    public static MediaFormat Flv { get; } = new("FLV", MediaKind.Video, "flv", "video/x-flv", "flv");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MediaFormat> All { get; } = [Png, Jpeg, WebP, Gif, Mp4, QuickTime, Matroska, WebM, MpegTs, Flv];

    /// <summary>All of them in words.</summary>
    public static string Accepted { get; } = "PNG, JPEG, WebP and GIF pictures; MP4, MOV, Matroska, WebM, MPEG-TS and FLV videos";
}
