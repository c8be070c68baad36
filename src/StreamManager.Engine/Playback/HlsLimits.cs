using StreamManager.Engine.Programs;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Playback;

/// <summary>How long and how large the pieces of a program are. The reasons together: docs/designs/0006-hls.md.</summary>
internal static class HlsLimits
{
    /// <summary>
    /// Least length of a segment that ends at a keyframe. Players stay three target durations behind, so segments are as short as the encoder's keyframes allow; below this each viewer's
    /// requests would cost more than they gain.
    /// </summary>
    public static readonly MediaTime ShortestCut = MediaTime.FromMilliseconds(1_250);

    /// <summary>Least target duration in seconds: what platforms ask encoders to set as keyframe interval, so the usual case.</summary>
    public const int ShortestTarget = 2;

    /// <summary>Largest target duration in seconds, what HLS players are tuned for. With fewer keyframes a segment is cut where there is none, rather than let viewers fall half a minute behind.</summary>
    public const int LongestTarget = 6;

    /// <summary>How much longer than the target a segment may be: a player rounds to whole seconds (RFC 8216 section 4.3.3.1), and half a second would be too much.</summary>
    public static readonly MediaTime Slack = MediaTime.FromMilliseconds(400);

    /// <summary>Segments in the playlist, at least: twice the three that a player stays behind.</summary>
    public const int ListedSegments = 6;

    /// <summary>Segments that are kept, at most: fifty seconds of those that are cut for their samples (4,096, at 5,000 a second), and minutes of all others. Bounds what a stream costs whose tracks or time change with each picture.</summary>
    public const int MaxSegments = 64;

    /// <summary>Target durations in the playlist, at least (RFC 8216 section 6.2.2).</summary>
    public const int ListedTargets = 3;

    /// <summary>Bytes of a segment, more are cut: what a viewer can begin with by other ways, too; six seconds at 22 Mbit/s.</summary>
    public const int MaxSegmentBytes = PacketHub.MaxCachedBytes;

    /// <summary>
    /// Bytes of all segments of a program, the one that grows among them. At 6 Mbit/s two seconds are 1.5 MB and all of them 20; this lets a player of 30 Mbit/s have everything it may ask for, and keeps
    /// three full segments in the playlist at any rate.
    /// </summary>
    public const long MaxBytes = 6L * MaxSegmentBytes;

    /// <summary>Pictures and frames of sound in a segment, more are cut: 6.4 s of 480 pictures and 94 frames of sound a second. Bounds what a stream of empty frames costs.</summary>
    public const int MaxSegmentSamples = 4_096;

    /// <summary>What a sample costs beside its bytes, about: its array's head, its place in the list and its line in the table. Empty frames would be free without it.</summary>
    public const int BytesPerSample = 80;

    /// <summary>A larger step of time, either way, is not the same timeline any more: players are told so. Nothing of the kind is on a program; a source's own clock can do it.</summary>
    public static readonly MediaTime LargestStep = MediaTime.FromMilliseconds(3_000);
}
