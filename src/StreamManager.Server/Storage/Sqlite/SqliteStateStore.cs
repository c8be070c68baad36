using System.Collections.Immutable;
using StreamManager.Server.Hosting;

namespace StreamManager.Server.Storage.Sqlite;

/// <summary>The store of one machine: <c>DATA_DIR/state.db</c>. Thread-safe.</summary>
internal sealed partial class SqliteStateStore : IStateStore
{
    /// <summary>Name of the file in the data directory.</summary>
    public const string FileName = "state.db";

    /// <summary>Documents, and bytes of them, of one piece of a listing: others get their turn between two pieces.</summary>
    private const int DocumentsPerPiece = 1_000, BytesPerPiece = 4 << 20;

    private readonly SqliteDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();

    // Replaced whole under the lock; read without it.
    private ImmutableList<Action<StateChange>> _handlers = [];

    private SqliteStateStore(SqliteDatabase database, TimeProvider time, ILogger logger)
    {
        _database = database;
        _time = time;
        _logger = logger;
        Journal = new SqliteJournal(database);
    }

    /// <inheritdoc/>
    public string Name => "SQLite";

    /// <inheritdoc/>
    public StoreHealth Health => _database.Health;

    /// <summary>The journal in the same file; it ends with the store.</summary>
    public IEventJournal Journal { get; }

    /// <summary>Opens the state in a data directory; made when there is none.</summary>
    /// <param name="directory">Held by the caller until the store is disposed.</param>
    /// <param name="time">For expiry.</param>
    /// <param name="logger">Told when the store comes and goes.</param>
    /// <param name="settings">Other bounds than the default ones.</param>
    /// <exception cref="StartupException">It cannot be used; the message says what to do.</exception>
    public static SqliteStateStore Open(DataDirectoryLock directory, TimeProvider time, ILogger<SqliteStateStore> logger, SqliteSettings? settings = null) =>
        new(SqliteDatabase.Open(Path.Combine(directory.Folder, FileName), settings ?? SqliteSettings.Default, time, logger), time, logger);

    /// <inheritdoc/>
    public async ValueTask<StoredDocument?> GetAsync(string kind, string id, CancellationToken cancellationToken) => await _database.ReadAsync(
        connection =>
        {
            using var statement = connection.Use("SELECT id, body, version, expires_at FROM documents WHERE kind = ?1 AND id = ?2 AND (expires_at IS NULL OR expires_at > ?3)")
                .Bind(1, kind).Bind(2, id).Bind(3, Now());
            return statement.Step() ? Read(kind, statement) : null;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<StoredDocument>> ListAsync(string kind, CancellationToken cancellationToken)
    {
        var documents = ImmutableArray.CreateBuilder<StoredDocument>();
        // By id, so that what stays is there once, whatever comes and goes between the pieces.
        for (var after = ""; after is not null;)
        {
            var last = after;
            var (piece, isLast) = await _database.ReadAsync(connection => ReadPiece(connection, kind, last), cancellationToken);
            documents.AddRange(piece);
            after = isLast ? null : piece[^1].Id;
        }

        return documents.DrainToImmutable();
    }

    /// <inheritdoc/>
    public async ValueTask<StateWriteResult> WriteAsync(ImmutableArray<StateWrite> writes, CancellationToken cancellationToken)
    {
        StateLimits.Check(writes);
        var changes = new List<StateChange>(writes.Length);
        return await _database.WriteAsync(connection => Write(connection, writes, changes), _ => Tell(changes), cancellationToken);
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<StateChange> handler)
    {
        // A delegate of its own: the same handler may be subscribed twice.
        Action<StateChange> entry = change => handler(change);
        lock (_lock)
            Volatile.Write(ref _handlers, _handlers.Add(entry));
        return new Subscription(this, entry);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static StoredDocument Read(string kind, SqliteStatement statement)
    {
        var expires = statement.Int64OrNull(3);
        return new StoredDocument(
            kind, statement.Text(0), statement.Blob(1), statement.Int64(2), expires is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null);
    }

    private (List<StoredDocument> Piece, bool IsLast) ReadPiece(SqliteConnection connection, string kind, string after)
    {
        using var statement = connection.Use(
            "SELECT id, body, version, expires_at FROM documents WHERE kind = ?1 AND id > ?2 AND (expires_at IS NULL OR expires_at > ?3) ORDER BY id")
            .Bind(1, kind).Bind(2, after).Bind(3, Now());
        var piece = new List<StoredDocument>();
        for (long bytes = 0; piece.Count < DocumentsPerPiece && bytes < BytesPerPiece; bytes += piece[^1].Body.Length)
        {
            if (!statement.Step())
                return (piece, true);
            piece.Add(Read(kind, statement));
        }

        return (piece, false);
    }

    /// <summary>Looks at all versions first: then nothing has to be undone.</summary>
    private StateWriteResult Write(SqliteConnection connection, ImmutableArray<StateWrite> writes, List<StateChange> changes)
    {
        changes.Clear();
        var now = Now();
        var actual = new long[writes.Length];
        for (var i = 0; i < writes.Length; i++)
        {
            actual[i] = Version(connection, writes[i], now);
            if (writes[i].ExpectedVersion is { } expected && expected != actual[i])
                return new StateWriteResult.Conflict(writes[i].Kind, writes[i].Id, actual[i]);
        }

        var version = connection.Number("UPDATE counters SET value = value + 1 WHERE name = 'state:version' RETURNING value");
        for (var i = 0; i < writes.Length; i++)
        {
            if (writes[i] is StateWrite.Put put)
            {
                Put(connection, put, version);
                changes.Add(new StateChange.Written(put.Kind, put.Id, version));
            }
            else if (actual[i] != StateWrite.Absent)
            {
                Remove(connection, writes[i]);
                changes.Add(new StateChange.Removed(writes[i].Kind, writes[i].Id, version));
            }
        }

        return new StateWriteResult.Done(version);
    }

    private static long Version(SqliteConnection connection, StateWrite write, long now)
    {
        using var statement = connection.Use("SELECT version FROM documents WHERE kind = ?1 AND id = ?2 AND (expires_at IS NULL OR expires_at > ?3)")
            .Bind(1, write.Kind).Bind(2, write.Id).Bind(3, now);
        return statement.Step() ? statement.Int64(0) : StateWrite.Absent;
    }

    private static void Put(SqliteConnection connection, StateWrite.Put put, long version)
    {
        using var statement = connection.Use("""
            INSERT INTO documents (kind, id, body, version, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body, version = excluded.version, expires_at = excluded.expires_at
            """)
            .Bind(1, put.Kind).Bind(2, put.Id).Bind(3, put.Body.Span).Bind(4, version).Bind(5, put.ExpiresAt?.ToUnixTimeMilliseconds());
        statement.Step();
    }

    private static void Remove(SqliteConnection connection, StateWrite remove)
    {
        using var statement = connection.Use("DELETE FROM documents WHERE kind = ?1 AND id = ?2").Bind(1, remove.Kind).Bind(2, remove.Id);
        statement.Step();
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Tell(List<StateChange> changes)
    {
        foreach (var change in changes)
        {
            foreach (var handler in Volatile.Read(ref _handlers))
            {
                try
                {
                    handler(change);
                }
                catch (Exception e)
                {
                    LogHandler(e);
                }
            }
        }
    }

    private void Remove(Action<StateChange> entry)
    {
        lock (_lock)
            Volatile.Write(ref _handlers, _handlers.Remove(entry));
    }

    [LoggerMessage(3, LogLevel.Error, "A listener of the state failed; this is a bug.")]
    private partial void LogHandler(Exception exception);

    private sealed class Subscription(SqliteStateStore store, Action<StateChange> entry) : IDisposable
    {
        public void Dispose() => store.Remove(entry);
    }
}
