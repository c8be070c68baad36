namespace StreamManager.Server.Storage.Sqlite;

/// <summary>Something that the owner of the connection is asked to do. It gets exactly one answer.</summary>
internal abstract class SqliteRequest(bool isWrite)
{
    private const int Waiting = 0, Begun = 1, GivenUp = 2;

    private int _state = Waiting;

    /// <summary>Does it change anything?</summary>
    public bool IsWrite => isWrite;

    /// <summary>Begins. False: the caller has gone and was told that it does not happen.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _state, Begun, Waiting) == Waiting;

    /// <summary>The caller goes. What has begun is not given up, or nobody would know whether it was done.</summary>
    public void GiveUp(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, GivenUp, Waiting) == Waiting)
            Fail(new OperationCanceledException(cancellationToken));
    }

    /// <summary>Has it been answered?</summary>
    public abstract bool IsAnswered { get; }

    /// <summary>Does it. What it did is not to be told before <see cref="Succeed"/>.</summary>
    public abstract void Run(SqliteConnection connection);

    /// <summary>Answers with what <see cref="Run"/> found; for a change, after the disk has it.</summary>
    public abstract void Succeed();

    /// <summary>Answers that it did not happen.</summary>
    public abstract void Fail(Exception exception);
}

/// <summary>A request with an answer.</summary>
/// <param name="work">What to do on the owner's thread. Called again when what it did was undone.</param>
/// <param name="done">Called on the owner's thread with the outcome before the caller is answered.</param>
/// <param name="isWrite">Does it change anything?</param>
internal sealed class SqliteRequest<T>(Func<SqliteConnection, T> work, Action<T>? done, bool isWrite) : SqliteRequest(isWrite)
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _outcome = default!;

    /// <summary>The answer.</summary>
    public Task<T> Answer => _answer.Task;

    /// <inheritdoc/>
    public override bool IsAnswered => _answer.Task.IsCompleted;

    /// <inheritdoc/>
    public override void Run(SqliteConnection connection) => _outcome = work(connection);

    /// <inheritdoc/>
    public override void Succeed()
    {
        done?.Invoke(_outcome);
        _answer.SetResult(_outcome);
    }

    /// <inheritdoc/>
    public override void Fail(Exception exception) => _answer.TrySetException(exception);
}
