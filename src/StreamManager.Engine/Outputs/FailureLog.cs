using StreamManager.Rtmp.Client;

namespace StreamManager.Engine.Outputs;

/// <summary>
/// Which failures of one output are worth a line in the log: the first one, every other one, and the same one again once in a while, so that a server that is away for a night does not fill the
/// disk. One caller.
/// </summary>
internal sealed class FailureLog
{
    /// <summary>From one line about the same failure to the next: with the longest usual wait of 30 s between attempts it leaves out every second one, with short waits nearly all.</summary>
    internal static readonly TimeSpan Distance = TimeSpan.FromMinutes(1);

    private RtmpFailure? _last;
    private long _loggedAt;
    private int _omitted;

    /// <summary>True: to be logged; <paramref name="omitted"/> is how often it has happened since the line before about the same failure.</summary>
    public bool IsDue(RtmpFailure failure, TimeProvider timeProvider, out int omitted)
    {
        var now = timeProvider.GetTimestamp();
        var isSame = failure == _last;
        if (isSame && timeProvider.GetElapsedTime(_loggedAt, now) < Distance)
        {
            _omitted++;
            omitted = 0;
            return false;
        }
        omitted = isSame ? _omitted : 0;
        (_last, _loggedAt, _omitted) = (failure, now, 0);
        return true;
    }

    /// <summary>It has worked, or something else is wanted: the next failure is a new story.</summary>
    public void Clear() => _last = null;
}
