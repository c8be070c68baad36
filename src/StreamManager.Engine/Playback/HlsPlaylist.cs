using System.Globalization;
using System.Text;
using StreamManager.Media.Mp4;

namespace StreamManager.Engine.Playback;

/// <summary>Playlists (RFC 8216) of a <see cref="HlsWindow"/>. All addresses are relative to the playlist's own.</summary>
public static class HlsPlaylist
{
    /// <summary>Their media type.</summary>
    public const string ContentType = "application/vnd.apple.mpegurl";

    /// <summary>Media type of inits and segments.</summary>
    public const string SegmentContentType = "video/mp4";

    // The init in the middle of a playlist, and fragmented MP4, need 6 and 7.
    private const int Version = 7;

    // A playlist must not promise less than comes; before the second segment there is one measure only.
    private const double BandwidthMargin = 1.1;

    /// <summary>
    /// The playlist that says what the program is, and where its media playlist is. It is read once: that segments are independent would be promised here for those to come, too (RFC 8216 section 4.3.5.1).
    /// </summary>
    /// <param name="window">With a segment at least.</param>
    /// <param name="mediaAddress">Of the media playlist.</param>
    public static string Multivariant(HlsWindow window, string mediaAddress)
    {
        var newest = window.Segments[^1];
        var (video, audio) = (newest.Init.Video, newest.Init.Audio);
        var (peak, bytes, pictures, time) = (0.0, 0L, 0, TimeSpan.Zero);
        foreach (var segment in window.Segments)
        {
            // The rate of a short rest says nothing about what a player needs.
            if (segment.Duration >= HlsLimits.ShortestCut.ToTimeSpan() || window.Segments.Length == 1)
                peak = Math.Max(peak, segment.Length * 8 / segment.Duration.TotalSeconds);
            (bytes, pictures, time) = (bytes + segment.Length, pictures + segment.Pictures, time + segment.Duration);
        }
        var average = bytes * 8 / time.TotalSeconds;
        var rate = video.Format.FrameRate?.PerSecond ?? pictures / time.TotalSeconds;
        var codecs = CodecName.Of(video) + (audio is null ? "" : $",{CodecName.Of(audio)}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"#EXTM3U\n#EXT-X-VERSION:{Version}\n#EXT-X-STREAM-INF:BANDWIDTH={Math.Ceiling(Math.Max(peak, average) * BandwidthMargin):0},AVERAGE-BANDWIDTH={Math.Ceiling(average):0},CODECS=\"{codecs}\",RESOLUTION={video.Format.Width}x{video.Format.Height},FRAME-RATE={rate:0.000}\n{mediaAddress}\n");
    }

    /// <summary>The segments that there are now.</summary>
    /// <param name="window">With a segment at least.</param>
    /// <param name="query">Behind every address, from the question mark on; may be empty.</param>
    public static string Media(HlsWindow window, string query)
    {
        var listed = window.ListedSegments;
        var first = listed[0];
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"#EXTM3U\n#EXT-X-VERSION:{Version}\n#EXT-X-TARGETDURATION:{window.TargetSeconds}\n#EXT-X-MEDIA-SEQUENCE:{first.Number}\n");
        text.Append(CultureInfo.InvariantCulture, $"#EXT-X-DISCONTINUITY-SEQUENCE:{first.Discontinuities - (first.IsDiscontinuity ? 1 : 0)}\n");
        if (window.IsIndependent)
            text.Append("#EXT-X-INDEPENDENT-SEGMENTS\n");
        HlsInit? init = null;
        foreach (var segment in listed)
        {
            if (segment.IsDiscontinuity)
                text.Append("#EXT-X-DISCONTINUITY\n");
            if (segment.Init != init)
                text.Append(CultureInfo.InvariantCulture, $"#EXT-X-MAP:URI=\"{window.Run}/init-{segment.Init.Number}.mp4{query}\"\n");
            init = segment.Init;
            text.Append(CultureInfo.InvariantCulture, $"#EXT-X-PROGRAM-DATE-TIME:{segment.StartsAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\n");
            text.Append(CultureInfo.InvariantCulture, $"#EXTINF:{segment.Duration.TotalSeconds:0.000###},\n{window.Run}/{segment.Number}.m4s{query}\n");
        }
        if (window.IsEnded)
            text.Append("#EXT-X-ENDLIST\n");
        return text.ToString();
    }
}
