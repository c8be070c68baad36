namespace StreamManager.Rtmp.Client;

/// <summary>Where a connection attempt is, and one timer that is set anew for each stage.</summary>
internal sealed class RtmpStageTimer : IDisposable
{
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _both;

    public RtmpStageTimer(TimeProvider time, CancellationToken cancellationToken)
    {
        _limit = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _both = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token, cancellationToken);
    }

    public RtmpConnectStage Stage { get; private set; } = RtmpConnectStage.Resolve;

    /// <summary>Cancelled by the stage's limit or by the caller.</summary>
    public CancellationToken Token => _both.Token;

    public bool TimedOut => _limit.IsCancellationRequested;

    /// <summary>The next stage, with a time of its own.</summary>
    public void Enter(RtmpConnectStage stage, TimeSpan limit)
    {
        Stage = stage;
        _limit.CancelAfter(limit);
    }

    /// <summary>The next stage, within the time of the one before.</summary>
    public void Continue(RtmpConnectStage stage) => Stage = stage;

    public void Dispose()
    {
        _both.Dispose();
        _limit.Dispose();
    }
}

/// <summary>A stage has failed in an expected way; becomes a <see cref="RtmpFailure"/> in one place and never leaves the client.</summary>
internal sealed class RtmpStageException(RtmpFailureKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    public RtmpFailureKind Kind { get; } = kind;
}
