using StreamManager.Server.Hosting;

namespace StreamManager.Server.Storage.Sqlite;

/// <summary>Makes, checks and opens the file of the database.</summary>
internal static class SqliteFile
{
    /// <summary>"SMst": says whose database it is (sqlite.org/pragma.html#pragma_application_id).</summary>
    private const int ApplicationId = 0x534D_7374;

    private static readonly string[] Beside = ["-wal", "-journal"];

    /// <summary>Opens the database at start: made when there is none, checked, and brought to this program's version.</summary>
    /// <exception cref="StartupException">It cannot be used; the message says what to do. A damaged one is never replaced.</exception>
    public static SqliteConnection OpenAtStart(string path, SqliteSettings settings)
    {
        CheckLibrary();
        SqliteConnection? connection = null;
        try
        {
            if (!File.Exists(path))
                Make(path, settings);
            else if (new FileInfo(path).Length == 0)
                throw new StartupException(SqliteFailure.Damaged(path, "it is empty"));
            connection = SqliteConnection.Open(path, settings.BusyTimeout);
            CheckContents(connection, path, settings);
            SqliteMigrations.Run(connection, path, settings.Migrations);
            Configure(connection, settings);
            return connection;
        }
        catch (Exception e)
        {
            connection?.Dispose();
            throw e switch
            {
                SqliteException sqlite => new StartupException(SqliteFailure.Describe(sqlite, path), sqlite),
                IOException or UnauthorizedAccessException => new StartupException($"{path} cannot be used: {e.Message}", e),
                _ => e,
            };
        }
    }

    /// <summary>Opens the database again while the server runs.</summary>
    /// <exception cref="SqliteException">It cannot be opened, or is not this program's.</exception>
    public static SqliteConnection Reopen(string path, SqliteSettings settings)
    {
        var connection = SqliteConnection.Open(path, settings.BusyTimeout);
        try
        {
            if (connection.Number("PRAGMA user_version") != settings.Migrations.Count || connection.Number("PRAGMA application_id") != ApplicationId)
                throw new SqliteException((int)SqliteCode.NotADatabase, "another file has taken its place");
            Configure(connection, settings);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>An empty file that only its owner reads and writes, in place of what may be there. SQLite gives its other files the same mode.</summary>
    public static void MakeEmpty(string path)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        new FileStream(path, options).Dispose();
    }

    /// <summary>Gives a complete file its name. Returns when the disk has both.</summary>
    public static void MoveDurably(string from, string to)
    {
        using (var file = new FileStream(from, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            file.Flush(flushToDisk: true);
        File.Move(from, to, overwrite: true);
        if (!OperatingSystem.IsWindows())
            FolderFlush.Flush(Path.GetDirectoryName(Path.GetFullPath(to))!);
    }

    /// <summary>Refuses a machine without the library, or with one that is too old. The version: 3.40.1.</summary>
    /// <exception cref="StartupException">It is missing or too old.</exception>
    public static string CheckLibrary() => CheckLibrary(SqliteLibrary.FindVersion());

    /// <summary>The same for what was found.</summary>
    /// <exception cref="StartupException">It is missing or too old.</exception>
    public static string CheckLibrary(int? found)
    {
        if (found is null)
            throw new StartupException("The SQLite library (libsqlite3.so.0) is missing: install the package libsqlite3-0 (Debian, Ubuntu), sqlite-libs (Alpine, Fedora), or set REDIS_URL.");
        if (found < SqliteLibrary.OldestVersion)
            throw new StartupException($"The SQLite library is {VersionText(found.Value)}; {VersionText(SqliteLibrary.OldestVersion)} or newer is needed. Upgrade it, or set REDIS_URL.");
        return VersionText(found.Value);
    }

    /// <summary>3.40.1 of 3040001.</summary>
    private static string VersionText(int version) => $"{version / 1_000_000}.{version / 1_000 % 1_000}.{version % 1_000}";

    /// <summary>Under another name first, so that a file of the right name is always a whole database: an empty one is damage, not a first start that was cut off.</summary>
    private static void Make(string path, SqliteSettings settings)
    {
        if (Beside.Select(ending => path + ending).FirstOrDefault(File.Exists) is { } leftOver)
        {
            throw new StartupException($"{path} is missing, but {Path.GetFileName(leftOver)} is there: somebody took a part of the state away. "
                + $"Put {Path.GetFileName(path)} back, or move {Path.GetFileName(leftOver)} away to start afresh.");
        }

        var temporary = path + ".new";
        foreach (var ending in Beside.Append("-shm"))
            File.Delete(temporary + ending);
        MakeEmpty(temporary);
        using (var connection = SqliteConnection.Open(temporary, settings.BusyTimeout))
        {
            connection.Execute($"PRAGMA application_id = {ApplicationId}");
            SqliteMigrations.Run(connection, temporary, settings.Migrations);
        }

        MoveDurably(temporary, path);
    }

    private static void CheckContents(SqliteConnection connection, string path, SqliteSettings settings)
    {
        if (connection.Number("PRAGMA application_id") != ApplicationId)
            throw new StartupException($"{path} is a database of another program. Move it away, or use another DATA_DIR.");
        string[] checks = new FileInfo(path).Length <= settings.LargestWhollyChecked
            ? ["PRAGMA quick_check(1)"]
            : ["PRAGMA quick_check(documents)", "PRAGMA quick_check(counters)"];
        foreach (var check in checks)
        {
            using var statement = connection.Use(check);
            if (!statement.Step() || statement.Text(0) is var finding && finding != "ok")
                throw new StartupException(SqliteFailure.Damaged(path, statement.Text(0).ReplaceLineEndings(" ")));
        }
    }

    private static void Configure(SqliteConnection connection, SqliteSettings settings)
    {
        using (var statement = connection.Use("PRAGMA journal_mode = WAL"))
        {
            // A network file system without shared memory answers with the old mode; what is in use there is safe, only slower.
            statement.Step();
        }

        // FULL: the write-ahead log is flushed at each commit, so that what was acknowledged survives a power cut. The log is cut back to 8 MiB after a burst.
        connection.Execute($"PRAGMA synchronous = FULL; PRAGMA max_page_count = {settings.MostPages}; PRAGMA journal_size_limit = {8 << 20}");
    }
}
