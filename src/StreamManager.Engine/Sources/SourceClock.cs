using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Sources;

/// <summary>
/// Makes one monotonic 64-bit clock out of what an encoder writes into its timestamps: 32 bits that wrap, small steps back, jumps by hours, configuration
/// messages stamped zero in the middle of a stream (OBS does that with its end-of-sequence and HDR messages).
/// Pure: depends on the calls only. One instance per publish.
/// </summary>
internal sealed class SourceClock
{
    /// <summary>
    /// A step that is larger than the wall clock explains by more than this is a jump of the encoder's clock, not media that is missing. Two seconds: more
    /// than any interleaving or send buffer of an encoder delivers at once, less than anybody would want to see as a hole.
    /// </summary>
    internal static readonly MediaTime JumpTolerance = MediaTime.FromMilliseconds(2000);

    /// <summary>A step back by less than this is jitter: the frame is moved up to the one before. More is a restart of the encoder's clock.</summary>
    internal static readonly MediaTime BackwardTolerance = MediaTime.FromMilliseconds(500);

    /// <summary>Two tracks that jump by amounts as near as this to each other jump together, and stay in step.</summary>
    private static readonly MediaTime SameJump = MediaTime.FromMilliseconds(500);

    private static readonly MediaTime Millisecond = MediaTime.FromMilliseconds(1);

    private Timestamp32Unwrapper _unwrapper;
    private Track _video = new(MediaTime.FromMilliseconds(33));
    private Track _audio = new(MediaTime.FromMilliseconds(21));

    /// <summary>The time of a message that is no frame (configuration, metadata): the newest frame's, whatever its own stamp says.</summary>
    public MediaTime Current => MediaTime.Max(_video.Last, _audio.Last) is var last && last == MediaTime.MinValue ? MediaTime.Zero : last;

    /// <summary>
    /// The decode time of a frame stamped <paramref name="timestamp"/> that arrived at <paramref name="now"/> (monotonic). Strictly later than the frame
    /// before on the same track, by at least a millisecond.
    /// </summary>
    public MediaTime Map(MediaKind kind, uint timestamp, MediaTime now)
    {
        ref var track = ref (kind is MediaKind.Video ? ref _video : ref _audio);
        var other = kind is MediaKind.Video ? _audio : _video;
        var raw = MediaTime.FromMilliseconds(_unwrapper.Unwrap(timestamp));
        if (track.Last == MediaTime.MinValue)
        {
            // The first frame of a track takes the other's shift, so that both begin on the same clock.
            track.Shift = other.Last == MediaTime.MinValue ? MediaTime.Zero : other.Shift;
            if (other.Last != MediaTime.MinValue && IsApart(raw + track.Shift, other.Last))
                track.Shift = other.Last - raw;
            return track.Take(raw + track.Shift, now);
        }

        var time = raw + track.Shift;
        var step = time - track.Last;
        if (step <= MediaTime.Zero && step > MediaTime.Zero - BackwardTolerance)
            return track.Take(track.Last + Millisecond, now, jitter: true);
        if (step > MediaTime.Zero && step <= now - track.LastArrival + JumpTolerance)
            return track.Take(time, now);

        var shift = track.Last + track.NominalStep - raw;
        var difference = shift - other.Shift;
        var joinsOther = other.Last != MediaTime.MinValue && difference < SameJump && MediaTime.Zero - difference < SameJump && raw + other.Shift > track.Last;
        track.Shift = joinsOther ? other.Shift : shift;
        return track.Take(raw + track.Shift, now);
    }

    private static bool IsApart(MediaTime left, MediaTime right) => left - right > JumpTolerance * 5 || right - left > JumpTolerance * 5;

    private struct Track(MediaTime nominalStep)
    {
        public MediaTime Last = MediaTime.MinValue;
        public MediaTime LastArrival;
        public MediaTime Shift;
        public MediaTime NominalStep = nominalStep;

        public MediaTime Take(MediaTime time, MediaTime now, bool jitter = false)
        {
            if (Last != MediaTime.MinValue && !jitter && time - Last < MediaTime.FromMilliseconds(200))
                NominalStep = time - Last;
            Last = time;
            LastArrival = now;
            return time;
        }
    }
}
