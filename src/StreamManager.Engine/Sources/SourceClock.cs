using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Sources;

/// <summary>
/// Makes one monotonic 64-bit clock out of what an encoder writes into its timestamps: 32 bits that wrap, small steps back, jumps by hours, configuration
/// messages stamped zero in the middle of a stream (OBS does that with its end-of-sequence and HDR messages), steps ahead that no wall clock explains.
/// Pure: depends on the calls only. One instance per publish.
/// </summary>
internal sealed class SourceClock
{
    /// <summary>
    /// A step that is larger than the wall clock explains by more than this is a jump of the encoder's clock, not media that is missing. Two seconds: more
    /// than any interleaving or send buffer of an encoder delivers at once, less than anybody would want to see as a hole.
    /// </summary>
    internal static readonly MediaTime JumpTolerance = MediaTime.FromMilliseconds(2000);

    /// <summary>
    /// By so much, all together, may such steps bring the source further ahead of the wall than it ever was, within a <see cref="BudgetWindow"/>; the next one is a jump. One step of the full tolerance:
    /// an encoder that took it with every frame would fill a program with hours of silence in minutes. What comes in a burst after a stall only makes up what was late, and costs nothing.
    /// </summary>
    internal static readonly MediaTime LeadBudget = JumpTolerance;

    /// <summary>The window of the budget: long enough to keep even a steady abuse within a thirtieth of the wall's pace.</summary>
    internal static readonly MediaTime BudgetWindow = MediaTime.FromMilliseconds(60_000);

    /// <summary>
    /// The longest step between two frames that is taken for the distance of pictures (five a second) or sounds. Such steps cost no budget: whoever sends them faster than the wall (a file that is
    /// not slowed down) sends every frame of that time.
    /// </summary>
    private static readonly MediaTime OrdinaryStep = MediaTime.FromMilliseconds(200);

    /// <summary>A step back by less than this is jitter: the frame is moved up to the one before. More is a restart of the encoder's clock.</summary>
    internal static readonly MediaTime BackwardTolerance = MediaTime.FromMilliseconds(500);

    /// <summary>Two tracks that jump by amounts as near as this to each other jump together, and stay in step.</summary>
    private static readonly MediaTime SameJump = MediaTime.FromMilliseconds(500);

    private static readonly MediaTime Millisecond = MediaTime.FromMilliseconds(1);

    private Timestamp32Unwrapper _unwrapper;
    private Track _video = new(MediaTime.FromMilliseconds(33));
    private Track _audio = new(MediaTime.FromMilliseconds(21));
    private MediaTime _peakLead = MediaTime.MinValue;
    private MediaTime _windowStart = MediaTime.MinValue;
    private MediaTime _spent;

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
            return Take(ref track, raw + track.Shift, now);
        }

        var time = raw + track.Shift;
        var step = time - track.Last;
        if (step <= MediaTime.Zero && step > MediaTime.Zero - BackwardTolerance)
            return Take(ref track, track.Last + Millisecond, now, jitter: true);
        if (IsMedia(track, time, now))
            return Take(ref track, time, now);

        var shift = track.Last + StepAtJump(track, now) - raw;
        var difference = shift - other.Shift;
        var joinsOther = other.Last != MediaTime.MinValue && other.Shift != track.Shift && difference < SameJump && MediaTime.Zero - difference < SameJump
            && IsMedia(track, raw + other.Shift, now);
        track.Shift = joinsOther ? other.Shift : shift;
        return Take(ref track, raw + track.Shift, now);
    }

    // Spends from the budget where it says yes.
    private bool IsMedia(in Track track, MediaTime time, MediaTime now)
    {
        var step = time - track.Last;
        if (step <= MediaTime.Zero || step > now - track.LastArrival + JumpTolerance)
            return false;
        var ahead = time - now - _peakLead;
        if (step <= OrdinaryStep || ahead <= MediaTime.Zero)
            return true;
        if (_windowStart == MediaTime.MinValue || now - _windowStart >= BudgetWindow)
            (_windowStart, _spent) = (now, MediaTime.Zero);
        if (_spent + ahead > LeadBudget)
            return false;
        _spent += ahead;
        return true;
    }

    // A frame's distance; but a clock that jumps with every frame does not get ahead of the wall by it.
    private MediaTime StepAtJump(in Track track, MediaTime now) => track.Last + track.NominalStep - now <= _peakLead
        ? track.NominalStep
        : MediaTime.Max(MediaTime.Min(track.NominalStep, now - track.LastArrival), Millisecond);

    private MediaTime Take(ref Track track, MediaTime time, MediaTime now, bool jitter = false)
    {
        track.Take(time, now, jitter);
        _peakLead = MediaTime.Max(_peakLead, time - now);
        return time;
    }

    private static bool IsApart(MediaTime left, MediaTime right) => left - right > JumpTolerance * 5 || right - left > JumpTolerance * 5;

    private struct Track(MediaTime nominalStep)
    {
        public MediaTime Last = MediaTime.MinValue;
        public MediaTime LastArrival;
        public MediaTime Shift;
        public MediaTime NominalStep = nominalStep;

        public void Take(MediaTime time, MediaTime now, bool jitter)
        {
            if (Last != MediaTime.MinValue && !jitter && time - Last < OrdinaryStep)
                NominalStep = time - Last;
            Last = time;
            LastArrival = now;
        }
    }
}
