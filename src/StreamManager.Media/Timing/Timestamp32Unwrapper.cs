namespace StreamManager.Media.Timing;

/// <summary>
/// Turns RTMP's and FLV's 32-bit millisecond clock, which wraps after 49 days and 17 hours, into a 64-bit one, by serial-number
/// arithmetic (RTMP specification section 4: "timestamps are compared modulo 2^32"). Each value is read as the one nearest to the last.
/// </summary>
public struct Timestamp32Unwrapper
{
    private long _last;
    private bool _started;

    /// <summary>The 64-bit milliseconds that <paramref name="timestamp"/> stands for, at most 2^31 ms from the value before.</summary>
    public long Unwrap(uint timestamp)
    {
        if (!_started)
        {
            _started = true;
            _last = timestamp;
            return _last;
        }
        _last += (int)(timestamp - (uint)_last);
        return _last;
    }
}
