namespace StreamManager.Server.Storage.Sqlite;

/// <summary>A connection with the statements that were used on it, compiled once. For one thread at a time. Every method throws <see cref="SqliteException"/>.</summary>
internal sealed class SqliteConnection : IDisposable
{
    private readonly SqliteLibrary.ConnectionHandle _handle;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    private SqliteConnection(SqliteLibrary.ConnectionHandle handle) => _handle = handle;

    /// <summary>Is a transaction open? SQLite ends one by itself after some errors.</summary>
    public bool IsInTransaction => SqliteLibrary.IsInTransaction(_handle);

    /// <summary>Rows that the last statement changed.</summary>
    public int Changes => SqliteLibrary.Changes(_handle);

    /// <summary>Opens a file that is there.</summary>
    public static SqliteConnection Open(string path, TimeSpan busyTimeout)
    {
        var handle = SqliteLibrary.Open(path);
        SqliteLibrary.SetBusyTimeout(handle, busyTimeout);
        return new SqliteConnection(handle);
    }

    /// <summary>Runs statements without parameters and results.</summary>
    public void Execute(string sql) => SqliteLibrary.Execute(_handle, sql);

    /// <summary>A statement ready to be bound and run. Dispose it when its rows are read; it stays compiled. Not to be had twice at a time.</summary>
    /// <param name="sql">One of a few constants: each stays in memory.</param>
    public SqliteStatement Use(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
            _statements.Add(sql, statement = new SqliteStatement(_handle, SqliteLibrary.Prepare(_handle, sql)));
        return statement;
    }

    /// <summary>The number in the first column of the first row.</summary>
    public long Number(string sql)
    {
        using var statement = Use(sql);
        return statement.Step() ? statement.Int64(0) : 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Close();
        _handle.Dispose();
    }
}

/// <summary>A compiled statement of a connection: bind, step, read, dispose (which makes it ready for the next run).</summary>
internal sealed class SqliteStatement(SqliteLibrary.ConnectionHandle connection, SqliteLibrary.StatementHandle handle) : IDisposable
{
    /// <summary>Sets a parameter; 1 is the first.</summary>
    public SqliteStatement Bind(int parameter, long value)
    {
        SqliteLibrary.Bind(connection, handle, parameter, value);
        return this;
    }

    /// <inheritdoc cref="Bind(int, long)"/>
    public SqliteStatement Bind(int parameter, long? value)
    {
        if (value is { } number)
            return Bind(parameter, number);
        SqliteLibrary.BindNull(connection, handle, parameter);
        return this;
    }

    /// <inheritdoc cref="Bind(int, long)"/>
    public SqliteStatement Bind(int parameter, string value)
    {
        SqliteLibrary.Bind(connection, handle, parameter, value);
        return this;
    }

    /// <inheritdoc cref="Bind(int, long)"/>
    public SqliteStatement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        SqliteLibrary.Bind(connection, handle, parameter, value);
        return this;
    }

    /// <summary>Goes to the next row; false: there is none.</summary>
    public bool Step() => SqliteLibrary.Step(connection, handle);

    /// <summary>A column of the row; 0 is the first.</summary>
    public long Int64(int column) => SqliteLibrary.Int64(handle, column);

    /// <inheritdoc cref="Int64"/>
    public long? Int64OrNull(int column) => SqliteLibrary.IsNull(handle, column) ? null : SqliteLibrary.Int64(handle, column);

    /// <inheritdoc cref="Int64"/>
    public string Text(int column) => SqliteLibrary.Text(handle, column);

    /// <summary>A copy of the bytes of a column.</summary>
    public byte[] Blob(int column) => SqliteLibrary.Blob(handle, column);

    /// <inheritdoc/>
    public void Dispose() => SqliteLibrary.Reset(handle);

    /// <summary>Frees it.</summary>
    public void Close() => handle.Dispose();
}
