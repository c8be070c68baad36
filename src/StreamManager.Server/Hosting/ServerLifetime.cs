namespace StreamManager.Server.Hosting;

/// <summary>How far the server is in its life.</summary>
internal sealed class ServerLifetime(TimeProvider time)
{
    private volatile bool _isStarted;
    private volatile bool _isStopping;

    /// <summary>Timestamp of the start.</summary>
    public long StartedAt { get; } = time.GetTimestamp();

    /// <summary>Wall time of the start.</summary>
    public DateTimeOffset StartedAtTime { get; } = time.GetUtcNow();

    /// <summary>Ports are open, channels run, no stop was asked for.</summary>
    public bool IsReady => _isStarted && !_isStopping;

    /// <summary>On the way out.</summary>
    public bool IsStopping => _isStopping;

    /// <summary>Everything runs.</summary>
    public void MarkStarted() => _isStarted = true;

    /// <summary>A stop was asked for.</summary>
    public void MarkStopping() => _isStopping = true;
}
