namespace StreamManager.Rtmp;

/// <summary>
/// When to acknowledge received bytes, and with which number (RTMP specification section 5.4.3): each time the peer's window came in. The number is the total modulo 2^32; distances are
/// counted in 64 bits, so that nothing happens at 4 GiB.
/// </summary>
internal struct AcknowledgementWindow
{
    private long _acknowledged;

    /// <summary>The window that the peer set; 0 until it has: then it wants no acknowledgements.</summary>
    public uint Size { get; set; }

    /// <summary>True when it is time to send <paramref name="sequenceNumber"/>; counts it as sent.</summary>
    public bool TryAcknowledge(long bytesReceived, out uint sequenceNumber)
    {
        sequenceNumber = unchecked((uint)bytesReceived);
        if (Size == 0 || bytesReceived - _acknowledged < Size)
            return false;
        _acknowledged = bytesReceived;
        return true;
    }
}
