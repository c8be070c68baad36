namespace StreamManager.Rtmp.Wire;

/// <summary>
/// The memory that half-received messages of all connections may take together. One instance for the process; safe for any number of threads.
/// </summary>
public sealed class PartialBytesBudget
{
    /// <summary>
    /// Room for 300 publishers that are all in the middle of a 0.8 MB key frame; a flood of half-sent messages ends here and not at the machine's
    /// memory.
    /// </summary>
    public const long DefaultMaxBytes = 256L * 1024 * 1024;

    private long _reserved;

    /// <summary>Creates a budget of <paramref name="maxBytes"/>.</summary>
    public PartialBytesBudget(long maxBytes = DefaultMaxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBytes);
        MaxBytes = maxBytes;
    }

    /// <summary>The most that may be reserved.</summary>
    public long MaxBytes { get; }

    /// <summary>What is reserved now.</summary>
    public long Reserved => Interlocked.Read(ref _reserved);

    /// <summary>Takes <paramref name="bytes"/>; false, with nothing taken, when there is no room.</summary>
    public bool TryReserve(int bytes)
    {
        if (Interlocked.Add(ref _reserved, bytes) <= MaxBytes)
            return true;

        Interlocked.Add(ref _reserved, -bytes);
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void Release(int bytes) => Interlocked.Add(ref _reserved, -bytes);
}
