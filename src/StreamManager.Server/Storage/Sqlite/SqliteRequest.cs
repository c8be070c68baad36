namespace StreamManager.Server.Storage.Sqlite;

/// <summary>Something that the owner of the connection is asked to do. It gets exactly one answer.</summary>
internal abstract class SqliteRequest(bool isWrite, CancellationToken cancellationToken)
{
    /// <summary>Does it change anything?</summary>
    public bool IsWrite => isWrite;

    /// <summary>Has the caller gone already? Then it is not begun.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

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
/// <param name="cancellationToken">Ends the caller's interest.</param>
internal sealed class SqliteRequest<T>(Func<SqliteConnection, T> work, Action<T>? done, bool isWrite, CancellationToken cancellationToken) : SqliteRequest(isWrite, cancellationToken)
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
