namespace StreamManager.Rtmp.Wire;

/// <summary>
/// The memory that half-received messages of many connections may take together. One instance for publishers and one for everybody else; safe for any number of threads.
/// </summary>
public sealed class PartialBytesBudget
{
    /// <summary>
    /// Room for 300 publishers that are all in the middle of a 0.8 MB key frame; a flood of half-sent messages ends here and not at the machine's
    /// memory.
    /// </summary>
    public const long DefaultMaxBytes = 256L * 1024 * 1024;

    /// <summary>
    /// For connections without a granted publish, apart from the publishers' so that nobody without a key can use that up: what 512 connections of one address can hold, twice.
    /// </summary>
    public const long StrangersMaxBytes = 64L * 1024 * 1024;

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
