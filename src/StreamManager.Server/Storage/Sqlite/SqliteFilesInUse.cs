namespace StreamManager.Server.Storage.Sqlite;

/// <summary>
/// Remembers which files the connection has open, and finds out when their names lead elsewhere: a file that somebody renames, deletes or replaces stays open, and SQLite goes on writing into what no
/// start will find again. Two calls to the operating system, some microseconds; for one thread.
/// </summary>
/// <param name="path">The database, just opened.</param>
internal sealed class SqliteFilesInUse(string path)
{
    private readonly FileIdentity? _database = FileIdentity.Of(path);
    private readonly string _logPath = path + "-wal";

    // Made by SQLite with the first transaction of a connection; null until it was seen (and for ever where the file system cannot have one).
    private FileIdentity? _log;

    /// <summary>The database, before it is opened again, and whenever there is time.</summary>
    /// <exception cref="SqliteFileMovedException">It is not there, or another one is.</exception>
    public void CheckDatabase() => Check(path, _database);

    /// <summary>All that the connection has open.</summary>
    /// <exception cref="SqliteFileMovedException">One is not there, or another one is.</exception>
    public void Check()
    {
        CheckDatabase();
        if (_log is null)
            _log = FileIdentity.Of(_logPath);
        else
            Check(_logPath, _log);
    }

    /// <summary>The connection was closed: the log of the next one may be another file.</summary>
    public void ForgetLog() => _log = null;

    private static void Check(string path, FileIdentity? known)
    {
        // An operating system that did not tell when it was opened does not tell now.
        if (known is null)
            return;
        var found = FileIdentity.Of(path);
        if (found != known)
            throw new SqliteFileMovedException(found is null ? SqliteFailure.Gone(path) : SqliteFailure.Replaced(path));
    }
}

/// <summary>The file that is open is not the one that its path names any more. The message says what to do.</summary>
internal sealed class SqliteFileMovedException(string message) : Exception(message);
