using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <summary>
/// Keeps the relation between the program timeline and the wall: by how much the program is ahead of the monotonic clock when the network
/// is at its best. Late packets (jitter, a stall) do not move it, so a fallback that begins after a stall stands where the program would stand now, and the program's
/// length stays the wall's. A slow drift of an encoder's clock does move it, within two windows.
/// </summary>
/// <remarks>
/// A segment is placed one frame after the one before, which is up to a frame off the wall. Only what a segment drifts <em>within itself</em> counts, so those fractions do not add up over
/// thousands of switches.
/// </remarks>
internal struct PaceEstimator
{
    /// <summary>Length of a window: longer than a usual hiccup of a network, shorter than a drift that could be seen.</summary>
    private static readonly MediaTime Window = MediaTime.FromMilliseconds(5000);

    private MediaTime? _reference;
    private MediaTime? _segmentBase;
    private bool _isFirstWindow;
    private MediaTime _windowEnd;
    private MediaTime _previous;
    private MediaTime _current;

    /// <summary>Program time that belongs to the monotonic time <paramref name="now"/>.</summary>
    public readonly MediaTime ProgramTimeAt(MediaTime now) => now + Lead;

    /// <summary>The monotonic time at which <paramref name="programTime"/> is due.</summary>
    public readonly MediaTime DueAt(MediaTime programTime) => programTime - Lead;

    private readonly MediaTime Lead => (_reference, _segmentBase) switch
    {
        ({ } reference, { } segmentBase) => reference + MediaTime.Max(_previous, _current) - segmentBase,
        ({ } reference, null) => reference,
        _ => MediaTime.Max(_previous, _current),
    };

    /// <summary>Another source feeds the program from now on: its own lead says nothing, only how it changes.</summary>
    public void BeginSegment()
    {
        _reference = Lead;
        _segmentBase = null;
    }

    /// <summary>Says that <paramref name="programTime"/> was emitted at <paramref name="now"/> because a source delivered it.</summary>
    public void Observe(MediaTime programTime, MediaTime now)
    {
        var lead = programTime - now;
        if (_segmentBase is not { } segmentBase)
        {
            (_segmentBase, _previous, _current, _windowEnd, _isFirstWindow) = (lead, lead, lead, now + Window, true);
            return;
        }
        // The first window of a segment is its base: what comes in a burst at its beginning is no drift.
        if (now < _windowEnd && _isFirstWindow)
        {
            var best = MediaTime.Max(segmentBase, lead);
            (_segmentBase, _previous, _current) = (best, best, best);
        }
        else if (now >= _windowEnd)
        {
            // A gap in which nothing was observed says nothing.
            _previous = now >= _windowEnd + Window ? MediaTime.Max(_previous, _current) : _current;
            (_current, _windowEnd, _isFirstWindow) = (lead, now + Window, false);
        }
        else
        {
            _current = MediaTime.Max(_current, lead);
        }
    }
}
