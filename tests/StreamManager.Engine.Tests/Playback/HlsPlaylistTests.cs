using StreamManager.Engine.Playback;
using EncoderSettings = StreamManager.Engine.Tests.Programs.EncoderSettings;

namespace StreamManager.Engine.Tests.Playback;

public sealed class HlsPlaylistTests
{
    [Fact]
    public void Playlists_OfAYoungProgram()
    {
        var window = new HlsStream().Run(0, 4.1).Window();
        Assert.Equal(
            """
            #EXTM3U
            #EXT-X-VERSION:7
            #EXT-X-TARGETDURATION:2
            #EXT-X-MEDIA-SEQUENCE:0
            #EXT-X-DISCONTINUITY-SEQUENCE:0
            #EXT-X-INDEPENDENT-SEGMENTS
            #EXT-X-MAP:URI="run/init-0.mp4?viewer=a"
            #EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:00.000Z
            #EXTINF:2.000,
            run/0.m4s?viewer=a
            #EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:02.000Z
            #EXTINF:2.000,
            run/1.m4s?viewer=a

            """,
            HlsPlaylist.Media(window, "?viewer=a"));
        Assert.Matches(
            """
            ^#EXTM3U
            #EXT-X-VERSION:7
            #EXT-X-STREAM-INF:BANDWIDTH=[0-9]+,AVERAGE-BANDWIDTH=[0-9]+,CODECS="avc1.64000D,mp4a.40.2",RESOLUTION=320x180,FRAME-RATE=30.000
            program.m3u8\?viewer=a
            $
            """,
            HlsPlaylist.Multivariant(window, "program.m3u8?viewer=a"));
    }

    [Fact]
    public void Window_Slides_AndKeepsWhatAPlayerMayStillAskFor()
    {
        var window = new HlsStream().Run(0, 100.1).Window();
        Assert.Equal((6, 49), (window.Listed, window.Segments[^1].Number));
        Assert.Equal(44, window.ListedSegments[0].Number);
        // An older playlist was 12 s long, and its last segment takes 2 s.
        Assert.Equal(37, window.Segments[0].Number);
        Assert.Equal(37, window.Find(37)!.Number);
        Assert.Null(window.Find(36));
        Assert.Null(window.Find(50));
        Assert.Null(window.Find(-1));
        Assert.Null(window.Find(long.MaxValue));
        Assert.NotNull(window.FindInit(0));
        Assert.Null(window.FindInit(1));
        Assert.StartsWith("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:44\n", HlsPlaylist.Media(window, ""), StringComparison.Ordinal);
    }

    [Fact]
    public void Discontinuities_AreMarkedWhileListed_AndCountedAfterwards()
    {
        var stream = new HlsStream().Run(0, 4);
        Assert.Null(stream.Begin(HlsStream.Header(EncoderSettings.High640x360)));
        stream.Run(4, 8.1);
        var playlist = HlsPlaylist.Media(stream.Window(), "");
        Assert.Contains("#EXT-X-DISCONTINUITY-SEQUENCE:0\n", playlist, StringComparison.Ordinal);
        Assert.Contains("run/1.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"run/init-1.mp4\"\n", playlist, StringComparison.Ordinal);

        // The segment with the mark is the first, then gone.
        Assert.Contains("#EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-DISCONTINUITY\n", HlsPlaylist.Media(stream.Run(8.1, 16.1).Window(), ""), StringComparison.Ordinal);
        playlist = HlsPlaylist.Media(stream.Run(16.1, 18.1).Window(), "");
        Assert.Contains("#EXT-X-DISCONTINUITY-SEQUENCE:1\n", playlist, StringComparison.Ordinal);
        Assert.DoesNotContain("#EXT-X-DISCONTINUITY\n", playlist, StringComparison.Ordinal);
        Assert.Contains("RESOLUTION=640x360", HlsPlaylist.Multivariant(stream.Window(), ""), StringComparison.Ordinal);
        Assert.Null(stream.Run(18.1, 60).Window().FindInit(0));
    }

    [Fact]
    public void ShortSegments_AreListedForThreeTargetsAtLeast()
    {
        var window = new HlsStream(keyframeSeconds: 5).Run(0, 60, keyframeEvery: 0.5, framesPerSecond: 30).Window();
        Assert.Equal((5, 10), (window.TargetSeconds, window.Listed));
    }

    [Fact]
    public void End_IsSaid() => Assert.EndsWith("\n#EXT-X-ENDLIST\n", HlsPlaylist.Media(new HlsStream().Run(0, 4.1).Window() with { IsEnded = true }, ""), StringComparison.Ordinal);
}
