namespace StreamManager.Server.Storage.Sqlite;

/// <summary>Bounds of the database. The defaults are what the server uses.</summary>
internal sealed record SqliteSettings
{
    /// <summary>The defaults.</summary>
    public static SqliteSettings Default { get; } = new();

    /// <summary>How long a change waits for another program that holds the file: a backup by the sqlite3 shell takes moments.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Largest size of the file in pages of 4 KiB: 4 GiB, far above what a server needs (a million journal entries are some 500 MB), and below what would take a small disk from the media.
    /// </summary>
    public int MostPages { get; init; } = 1 << 20;

    /// <summary>Up to this size in bytes the whole file is checked at start (about half a second); of a larger one only the documents, not the journal.</summary>
    public long LargestWhollyChecked { get; init; } = 256L << 20;

    /// <summary>The scripts that lead from an empty file to the newest version, in order.</summary>
    public IReadOnlyList<string> Migrations { get; init; } = SqliteMigrations.All;
}
