namespace StreamManager.Server.Storage.Sqlite;

/// <summary>SQLite refused a call.</summary>
/// <param name="extendedCode">Extended result code (sqlite.org/rescode.html).</param>
/// <param name="text">What SQLite says about it; names no contents.</param>
internal sealed class SqliteException(int extendedCode, string text) : Exception($"SQLite error {extendedCode}: {text}")
{
    /// <summary>The extended result code; its low eight bits are the primary one.</summary>
    public int ExtendedCode => extendedCode;

    /// <summary>The primary result code.</summary>
    public SqliteCode Code => (SqliteCode)(extendedCode & 0xFF);

    /// <summary>SQLite's own words.</summary>
    public string Text => text;
}

/// <summary>Primary result codes that make a difference here (sqlite.org/rescode.html).</summary>
internal enum SqliteCode
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>Another connection holds a lock.</summary>
    Busy = 5,

    /// <summary>A lock inside the same connection.</summary>
    Locked = 6,

    /// <summary>No memory.</summary>
    NoMemory = 7,

    /// <summary>The file or its folder cannot be written to.</summary>
    ReadOnly = 8,

    /// <summary>The operating system reported an error.</summary>
    InputOutput = 10,

    /// <summary>The file is damaged.</summary>
    Corrupt = 11,

    /// <summary>The disk is full, or the file has reached its largest size.</summary>
    Full = 13,

    /// <summary>The file cannot be opened.</summary>
    CannotOpen = 14,

    /// <summary>The file is none of SQLite.</summary>
    NotADatabase = 26,

    /// <summary>A row is ready.</summary>
    Row = 100,

    /// <summary>No more rows.</summary>
    Done = 101,
}
