using StreamManager.Server.Hosting;

namespace StreamManager.Server.Storage.Sqlite;

/// <summary>Brings a database to the version of this program: numbered scripts, forward only, each with its number in one transaction. The version is SQLite's <c>user_version</c>.</summary>
internal static class SqliteMigrations
{
    private const string Prefix = "StreamManager.Server.Storage.Sqlite.Migrations.";

    /// <summary>The scripts of this program; the first leads to version 1.</summary>
    public static IReadOnlyList<string> All { get; } = [.. ReadAll()];

    /// <summary>Runs what is missing.</summary>
    /// <exception cref="StartupException">The database is of a later program.</exception>
    /// <exception cref="SqliteException">A script failed; the database is as it was before that script.</exception>
    /// <exception cref="IOException">The backup cannot be made; nothing was changed.</exception>
    public static void Run(SqliteConnection connection, string path, IReadOnlyList<string> scripts)
    {
        var version = (int)connection.Number("PRAGMA user_version");
        if (version > scripts.Count)
        {
            throw new StartupException($"{path} was written by a later version of the server (format {version}, this one knows up to {scripts.Count}). "
                + $"Start that version, or put a backup of this version's state back (the later one left {Path.GetFileName(BackupPath(path, version))} beside it if it upgraded this state).");
        }

        if (version > 0 && version < scripts.Count)
            BackUp(connection, BackupPath(path, scripts.Count));
        for (; version < scripts.Count; version++)
        {
            connection.Execute("BEGIN IMMEDIATE");
            try
            {
                connection.Execute(scripts[version]);
                connection.Execute($"PRAGMA user_version = {version + 1}");
                connection.Execute("COMMIT");
            }
            catch (SqliteException)
            {
                if (connection.IsInTransaction)
                    connection.Execute("ROLLBACK");
                throw;
            }
        }
    }

    /// <summary>Where the state is put before it is brought to <paramref name="version"/>.</summary>
    public static string BackupPath(string path, int version) => $"{path}.before-{version}";

    /// <summary>Under another name first: what a crash left half-made must not look like a backup.</summary>
    private static void BackUp(SqliteConnection connection, string backup)
    {
        var temporary = backup + ".new";
        SqliteFile.MakeEmpty(temporary);
        using (var statement = connection.Use("VACUUM INTO ?1").Bind(1, temporary))
            statement.Step();
        SqliteFile.MoveDurably(temporary, backup);
    }

    private static IEnumerable<string> ReadAll()
    {
        var assembly = typeof(SqliteMigrations).Assembly;
        for (var number = 1; assembly.GetManifestResourceStream($"{Prefix}{number:0000}.sql") is { } stream; number++)
        {
            using var reader = new StreamReader(stream);
            yield return reader.ReadToEnd();
        }
    }
}
