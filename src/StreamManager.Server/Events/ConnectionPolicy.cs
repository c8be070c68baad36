namespace StreamManager.Server.Events;

/// <summary>What a decider says about a <c>pre</c> event.</summary>
/// <param name="IsAllowed">May it go on?</param>
/// <param name="Reason">What the peer is told when it may not; plain words without secrets.</param>
internal sealed record ConnectionVerdict(bool IsAllowed, string Reason)
{
    /// <summary>It may go on.</summary>
    public static ConnectionVerdict Allowed { get; } = new(true, "");

    /// <summary>It may not.</summary>
    public static ConnectionVerdict Denied(string reason) => new(false, reason);
}

/// <summary>Decides about a <c>pre</c> event. The token is cancelled when the answer would come too late.</summary>
internal delegate ValueTask<ConnectionVerdict> ConnectionDecider(ServerEvent wanted, CancellationToken cancellationToken);

/// <summary>Who decides about <c>pre</c> events, how long that may take, and what holds without an answer. Thread-safe.</summary>
internal sealed partial class ConnectionPolicy(TimeProvider time, ILogger<ConnectionPolicy> logger)
{
    /// <summary>
    /// An answer comes so soon or not at all: above the longest deadline of a webhook (5 s), which has a rule of its own for what holds without an answer, and below the about ten seconds
    /// that encoders give a publish.
    /// </summary>
    internal static readonly TimeSpan Deadline = TimeSpan.FromSeconds(6);

    /// <summary>Longest reason that a peer is told.</summary>
    internal const int LongestReason = 200;

    private volatile Rule? _rule;

    /// <summary>From now on <paramref name="decider"/> decides; null: everybody may.</summary>
    /// <param name="decider">Asked for every <c>pre</c> event, many at a time.</param>
    /// <param name="failsOpen">True: without an answer in time it is allowed; false: refused.</param>
    public void Set(ConnectionDecider? decider, bool failsOpen) => _rule = decider is null ? null : new Rule(decider, failsOpen);

    /// <summary>Asks. Null: allowed; else what the peer is told.</summary>
    /// <exception cref="OperationCanceledException">The connection is gone.</exception>
    public ValueTask<string?> DecideAsync(ServerEvent wanted, CancellationToken cancellationToken) =>
        _rule is { } rule ? AskAsync(rule, wanted, cancellationToken) : default;

    private async ValueTask<string?> AskAsync(Rule rule, ServerEvent wanted, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            // Also a decider that does not look at its token has no longer than this.
            var verdict = await rule.Decider(wanted, either.Token).AsTask().WaitAsync(either.Token);
            return verdict.IsAllowed ? null : Shorten(verdict.Reason);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException)
        {
            LogLate(logger, wanted.Type, rule.FailsOpen);
        }
        catch (Exception e)
        {
            LogFault(logger, wanted.Type, rule.FailsOpen, e);
        }

        return rule.FailsOpen ? null : "The server could not find out whether this is allowed. Try again soon.";
    }

    private static string Shorten(string reason) => reason.Length switch
    {
        0 => "This is not allowed.",
        > LongestReason => reason[..LongestReason],
        _ => reason,
    };

    [LoggerMessage(1, LogLevel.Warning, "Nobody decided about {Type} in time; allowed: {Allowed}.")]
    private static partial void LogLate(ILogger logger, string type, bool allowed);

    [LoggerMessage(2, LogLevel.Error, "A fault while it was decided about {Type}; allowed: {Allowed}.")]
    private static partial void LogFault(ILogger logger, string type, bool allowed, Exception exception);

    private sealed record Rule(ConnectionDecider Decider, bool FailsOpen);
}
