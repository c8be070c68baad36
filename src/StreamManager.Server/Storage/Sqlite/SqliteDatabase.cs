using System.Threading.Channels;
using StreamManager.Server.Hosting;

namespace StreamManager.Server.Storage.Sqlite;

/// <summary>
/// Owns the connection: one thread, one bounded inbox. Changes that wait together are committed together (each in a savepoint of its own) and answered after the commit. Thread-safe.
/// </summary>
internal sealed partial class SqliteDatabase : IAsyncDisposable
{
    /// <summary>Requests that may wait; more callers wait outside. Some commits' worth, so that one is always full while the disk works on the last.</summary>
    private const int InboxLength = 1_024;

    /// <summary>Requests of one commit: bounds what a failing disk takes with it, and the memory of one transaction (with bodies of the largest size, 128 MB in the log).</summary>
    private const int MostPerCommit = 256;

    /// <summary>Documents removed at a time because they have expired; a few milliseconds of work.</summary>
    private const int ExpiredPerRound = 500;

    /// <summary>How often expired documents are looked for, and whether the disk takes writes again.</summary>
    private static readonly TimeSpan HousekeepingInterval = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly SqliteSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<SqliteRequest> _inbox;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _timer;

    // Written by the owner thread; read by anybody.
    private volatile StoreHealth _health = StoreHealth.Available;
    private volatile bool _isHousekeepingDue;

    // The owner thread's.
    private readonly SqliteFilesInUse _files;
    private SqliteConnection? _connection;

    private SqliteDatabase(string path, SqliteSettings settings, SqliteConnection connection, TimeProvider time, ILogger logger)
    {
        _path = path;
        _settings = settings;
        _connection = connection;
        _files = new SqliteFilesInUse(path);
        _time = time;
        _logger = logger;
        _inbox = Channel.CreateBounded<SqliteRequest>(new BoundedChannelOptions(InboxLength) { SingleReader = true });
        new Thread(Run) { IsBackground = true, Name = "SQLite" }.Start();
        _timer = time.CreateTimer(_ => AskForHousekeeping(), null, HousekeepingInterval, HousekeepingInterval);
    }

    /// <summary>Did the last change reach the disk?</summary>
    public StoreHealth Health => _health;

    /// <summary>Opens or makes the database. The caller holds the folder's <see cref="DataDirectoryLock"/>.</summary>
    /// <exception cref="StartupException">It cannot be used; the message says what to do.</exception>
    public static SqliteDatabase Open(string path, SqliteSettings settings, TimeProvider time, ILogger logger) =>
        new(path, settings, SqliteFile.OpenAtStart(path, settings), time, logger);

    /// <summary>Runs <paramref name="work"/> on the owner's thread, outside of a transaction.</summary>
    /// <exception cref="StoreUnavailableException">The database cannot be read.</exception>
    public Task<T> ReadAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken) =>
        AskAsync(new SqliteRequest<T>(work, done: null, isWrite: false), cancellationToken);

    /// <summary>Runs <paramref name="work"/> in a transaction; returns when the disk has it. Cancelled while it waits, it does not happen; once it has begun, the answer is waited for.</summary>
    /// <param name="work">All or nothing: what it throws undoes what it did. It is run again when the disk was full for all that were to be committed together.</param>
    /// <param name="committed">Called after the commit, in the order of commits, on the owner's thread.</param>
    /// <param name="cancellationToken">Gives up waiting for its turn.</param>
    /// <exception cref="StoreUnavailableException">Nothing was written.</exception>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, Action<T>? committed, CancellationToken cancellationToken) =>
        AskAsync(new SqliteRequest<T>(work, committed, isWrite: true), cancellationToken);

    /// <summary>Does what was asked for already, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        _inbox.Writer.TryComplete();
        await _ended.Task;
    }

    private async Task<T> AskAsync<T>(SqliteRequest<T> request, CancellationToken cancellationToken)
    {
        try
        {
            await _inbox.Writer.WriteAsync(request, cancellationToken);
        }
        catch (ChannelClosedException e)
        {
            throw new ObjectDisposedException("The store has been closed.", e);
        }

        await using var giveUp = cancellationToken.UnsafeRegister(static (asked, token) => ((SqliteRequest)asked!).GiveUp(token), request);
        return await request.Answer;
    }

    private void AskForHousekeeping()
    {
        if (_isHousekeepingDue)
            return;
        _isHousekeepingDue = true;
        // When the inbox is full the thread is awake anyway.
        _inbox.Writer.TryWrite(new SqliteRequest<bool>(_ => true, done: null, isWrite: false));
    }

    private void Run()
    {
        var batch = new List<SqliteRequest>(MostPerCommit);
        var writes = new List<SqliteRequest>(MostPerCommit);
        // A thread of its own may block: the disk does, too.
        while (_inbox.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Count < MostPerCommit && _inbox.Reader.TryRead(out var request))
                batch.Add(request);
            foreach (var request in batch)
            {
                if (!request.TryBegin())
                    continue;
                if (request.IsWrite)
                    writes.Add(request);
                else
                    RunRead(request);
            }

            if (writes.Count > 0)
                RunWrites(writes);
            if (_isHousekeepingDue)
                KeepHouse();
            batch.Clear();
            writes.Clear();
        }

        _connection?.Dispose();
        _ended.SetResult();
    }

    private void RunRead(SqliteRequest request)
    {
        try
        {
            request.Run(Connect());
        }
        catch (Exception e)
        {
            request.Fail(Failed(e));
            return;
        }

        request.Succeed();
    }

    private void RunWrites(List<SqliteRequest> writes)
    {
        try
        {
            var connection = Connect();
            connection.Execute("BEGIN IMMEDIATE");
            foreach (var request in writes)
                RunInSavepoint(connection, request);
            // What is committed from here on is acknowledged: it must be in the file that the next start opens.
            _files.Check();
            connection.Execute("COMMIT");
        }
        catch (Exception e)
        {
            var failure = Failed(e);
            var waiting = writes.Where(request => !request.IsAnswered).ToList();
            if (waiting.Count > 1 && e is SqliteException { Code: SqliteCode.Full })
            {
                // SQLite has undone all of them. One that is too large for what is left of the disk must not take the small ones with it.
                foreach (var request in waiting)
                    RunWrites([request]);
                return;
            }

            foreach (var request in waiting)
                request.Fail(failure);
            return;
        }

        Available();
        foreach (var request in writes.Where(request => !request.IsAnswered))
            request.Succeed();
    }

    /// <summary>Runs a request; what a bug in it throws undoes and answers that request alone.</summary>
    /// <exception cref="SqliteException">The whole transaction is lost.</exception>
    private static void RunInSavepoint(SqliteConnection connection, SqliteRequest request)
    {
        connection.Execute("SAVEPOINT request");
        try
        {
            request.Run(connection);
        }
        catch (Exception e) when (e is not SqliteException)
        {
            connection.Execute("ROLLBACK TO request");
            request.Fail(e);
        }

        connection.Execute("RELEASE request");
    }

    private void KeepHouse()
    {
        _isHousekeepingDue = false;
        if (!_health.IsAvailable)
        {
            RunWrites([Housekeeping(connection => connection.Execute("UPDATE counters SET value = value + 1 WHERE name = 'probe'"))]);
            return;
        }

        try
        {
            _files.Check();
        }
        catch (SqliteFileMovedException e)
        {
            _ = Failed(e);
            return;
        }

        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var isAnyExpired = false;
        RunRead(Housekeeping(connection =>
        {
            using var statement = connection.Use("SELECT 1 FROM documents WHERE expires_at <= ?1 LIMIT 1").Bind(1, now);
            isAnyExpired = statement.Step();
        }));
        if (!isAnyExpired)
            return;
        var removed = 0;
        RunWrites([Housekeeping(connection =>
        {
            using var statement = connection.Use($"DELETE FROM documents WHERE rowid IN (SELECT rowid FROM documents WHERE expires_at <= ?1 LIMIT {ExpiredPerRound})").Bind(1, now);
            statement.Step();
            removed = connection.Changes;
        })]);
        if (removed == ExpiredPerRound)
            AskForHousekeeping();
    }

    private static SqliteRequest<bool> Housekeeping(Action<SqliteConnection> work) => new(
        connection =>
        {
            work(connection);
            return true;
        },
        done: null,
        isWrite: true);

    private SqliteConnection Connect()
    {
        if (_connection is null)
        {
            _files.CheckDatabase();
            _connection = SqliteFile.Reopen(_path, _settings);
        }

        return _connection;
    }

    /// <summary>After a failure outside of a savepoint: leaves no transaction behind. What the callers are told.</summary>
    private Exception Failed(Exception exception)
    {
        var sqlite = exception as SqliteException;
        try
        {
            if (_connection is { IsInTransaction: true })
                _connection.Execute("ROLLBACK");
        }
        catch (SqliteException e)
        {
            sqlite ??= e;
            Disconnect();
        }

        // Its connection stays: it has the only hold on a file that was deleted.
        if (exception is SqliteFileMovedException)
            return Unavailable(exception.Message, exception, "the file of the state is gone or was replaced: what is on air goes on, changes are refused");
        if (sqlite is null)
            return exception;
        if (SqliteFailure.NeedsNewConnection(sqlite))
            Disconnect();
        return Unavailable(SqliteFailure.Describe(sqlite, _path), sqlite, forOutsiders: null);
    }

    private void Disconnect()
    {
        _connection?.Dispose();
        _connection = null;
        _files.ForgetLog();
    }

    private StoreUnavailableException Unavailable(string words, Exception exception, string? forOutsiders)
    {
        if (_health.IsAvailable)
            LogUnavailable(words);
        _health = new StoreHealth(false, words) { ForOutsiders = forOutsiders };
        return new StoreUnavailableException(words, exception);
    }

    private void Available()
    {
        if (_health.IsAvailable)
            return;
        _health = StoreHealth.Available;
        LogAvailable(_path);
    }

    [LoggerMessage(1, LogLevel.Error, "The state cannot be used: {Reason} What is on air goes on; changes are refused.")]
    private partial void LogUnavailable(string reason);

    [LoggerMessage(2, LogLevel.Information, "{Path} takes changes again.")]
    private partial void LogAvailable(string path);
}
