namespace StreamManager.Server.Storage.Sqlite;

/// <summary>What an error of SQLite means for the person who runs the server.</summary>
internal static class SqliteFailure
{
    /// <summary>What is wrong and what to do, in words.</summary>
    public static string Describe(SqliteException exception, string path) => exception.Code switch
    {
        SqliteCode.Full => $"{path} cannot grow: the disk is full, or the file has reached its largest size. Free some space there; the server goes on by itself.",
        SqliteCode.Busy or SqliteCode.Locked => $"{path} is locked by another program, such as a backup or the sqlite3 shell. Close it there; the server goes on by itself.",
        SqliteCode.ReadOnly => $"{path} cannot be written to: the file, its folder or the disk is read-only for the server's user.",
        SqliteCode.InputOutput => $"{path}: the disk reports an error ({exception.ExtendedCode}, {exception.Text}). It may be full, over a quota, gone or failing.",
        SqliteCode.CannotOpen => $"{path} cannot be opened: it is gone, or the server's user may not read and write it and its folder.",
        SqliteCode.Corrupt or SqliteCode.NotADatabase => Damaged(path, exception.Text),
        SqliteCode.NoMemory => $"{path}: there is no memory left.",
        _ => $"{path}: {exception.Message}.",
    };

    /// <summary>The words for a file that cannot be relied on.</summary>
    public static string Damaged(string path, string finding) =>
        $"{path} is damaged ({finding}). Stop the server and put a backup of it back, without the old {Path.GetFileName(path)}-wal and -shm. "
        + "To start afresh, move the three files away: users, keys, destinations made through the API and the journal are then lost; config.yml is not touched.";

    /// <summary>The words for a file that is open and has no name any more.</summary>
    public static string Gone(string path) =>
        $"{path} is gone: it was moved or deleted while the server has it open. Move it back, and the server goes on by itself. If it was deleted, do not stop the server before you have copied the open file "
        + "(docs/operations/running.md).";

    /// <summary>The words for a file that is open, and whose name another one has.</summary>
    public static string Replaced(string path) =>
        $"{path} was replaced while the server has the old one open: another file is in its place. Put the old one back, and the server goes on by itself; or stop the server and start it again with the new one, "
        + "without the old -wal and -shm.";

    /// <summary>After these the connection is closed and opened anew before the next use: what it has in memory may be wrong, or the file another one.</summary>
    public static bool NeedsNewConnection(SqliteException exception) => exception.Code is not (SqliteCode.Full or SqliteCode.Busy or SqliteCode.Locked);
}
