using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace StreamManager.Server.Storage.Sqlite;

/// <summary>
/// The operating system's SQLite library (sqlite.org/c3ref): the calls that are needed, each checked. Nothing else calls it. A connection and its statements are used by one thread at a time.
/// </summary>
internal static class SqliteLibrary
{
    /// <summary>3.35 (March 2021) is the first with RETURNING.</summary>
    public const int OldestVersion = 3_035_000;

    // The name with its ABI version is what the package libsqlite3-0 installs; the plain name comes with the developer package only.
    private const string FileName = "libsqlite3.so.0";

    private const int OpenReadWrite = 0x0000_0002;
    private const int OpenNoMutex = 0x0000_8000;

    /// <summary>SQLITE_TRANSIENT: the library makes a copy before the call returns.</summary>
    private static readonly IntPtr Copy = new(-1);

    /// <summary>Version of the library as 3·10⁶ + minor·10³ + patch; null: there is no such library.</summary>
    public static int? FindVersion()
    {
        try
        {
            return VersionNumber();
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            return null;
        }
    }

    /// <summary>Opens a file that is there (an empty one, too) for reading and writing.</summary>
    public static ConnectionHandle Open(string path)
    {
        var code = OpenV2(path, out var connection, OpenReadWrite | OpenNoMutex, IntPtr.Zero);
        if (code != 0)
        {
            var exception = connection.IsInvalid ? new SqliteException(code, CodeText(code)) : Failure(connection);
            connection.Dispose();
            throw exception;
        }

        _ = ExtendedResultCodes(connection, 1);
        return connection;
    }

    /// <summary>How long a call waits for a lock of another process.</summary>
    public static void SetBusyTimeout(ConnectionHandle connection, TimeSpan timeout) => Check(connection, BusyTimeout(connection, (int)timeout.TotalMilliseconds));

    /// <summary>Runs statements without parameters and results.</summary>
    public static void Execute(ConnectionHandle connection, string sql) => Check(connection, Exec(connection, sql, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero));

    /// <summary>Is a transaction open?</summary>
    public static bool IsInTransaction(ConnectionHandle connection) => GetAutocommit(connection) == 0;

    /// <summary>Rows that the last statement changed.</summary>
    public static int Changes(ConnectionHandle connection) => ChangesOf(connection);

    /// <summary>Compiles one statement. It must be closed before its connection can be.</summary>
    public static StatementHandle Prepare(ConnectionHandle connection, string sql)
    {
        var code = PrepareV2(connection, sql, -1, out var statement, IntPtr.Zero);
        if (code != 0)
        {
            statement.Dispose();
            throw Failure(connection);
        }

        return statement;
    }

    /// <summary>Goes to the next row. False: there is none.</summary>
    public static bool Step(ConnectionHandle connection, StatementHandle statement) => (SqliteCode)StepOf(statement) switch
    {
        SqliteCode.Row => true,
        SqliteCode.Done => false,
        _ => throw Failure(connection),
    };

    /// <summary>Makes a statement ready for its next run and forgets its parameters. What the last run failed with has been thrown already.</summary>
    public static void Reset(StatementHandle statement)
    {
        _ = ResetOf(statement);
        _ = ClearBindings(statement);
    }

    /// <summary>Sets a parameter (1 is the first) to a number.</summary>
    public static void Bind(ConnectionHandle connection, StatementHandle statement, int parameter, long value) => Check(connection, BindInt64(statement, parameter, value));

    /// <summary>Sets a parameter to nothing.</summary>
    public static void BindNull(ConnectionHandle connection, StatementHandle statement, int parameter) => Check(connection, BindNullOf(statement, parameter));

    /// <summary>Sets a parameter to text; it is copied.</summary>
    public static void Bind(ConnectionHandle connection, StatementHandle statement, int parameter, string value) =>
        Check(connection, BindText(statement, parameter, value, -1, Copy));

    /// <summary>Sets a parameter to bytes; they are copied.</summary>
    public static void Bind(ConnectionHandle connection, StatementHandle statement, int parameter, ReadOnlySpan<byte> value) => Check(
        connection,
        // An empty span has no address, and a blob without one is NULL.
        value.IsEmpty ? BindZeroBlob(statement, parameter, 0) : BindBlob(statement, parameter, ref MemoryMarshal.GetReference(value), value.Length, Copy));

    /// <summary>A column (0 is the first) as a number; NULL is 0.</summary>
    public static long Int64(StatementHandle statement, int column) => ColumnInt64(statement, column);

    /// <summary>Is the column NULL?</summary>
    public static bool IsNull(StatementHandle statement, int column)
    {
        const int nullType = 5;
        return ColumnType(statement, column) == nullType;
    }

    /// <summary>A column as text; NULL is empty.</summary>
    public static string Text(StatementHandle statement, int column) => Marshal.PtrToStringUTF8(ColumnText(statement, column)) ?? "";

    /// <summary>A copy of a column's bytes.</summary>
    public static byte[] Blob(StatementHandle statement, int column)
    {
        // The address first: asking for it may convert the value, and only then is the length final.
        var address = ColumnBlob(statement, column);
        var bytes = new byte[ColumnBytes(statement, column)];
        if (bytes.Length > 0)
            Marshal.Copy(address, bytes, 0, bytes.Length);
        return bytes;
    }

    private static void Check(ConnectionHandle connection, int code)
    {
        if (code != 0)
            throw Failure(connection);
    }

    private static SqliteException Failure(ConnectionHandle connection)
    {
        var code = ExtendedErrorCode(connection);
        return new SqliteException(code, Marshal.PtrToStringUTF8(ErrorMessage(connection)) ?? CodeText(code));
    }

    private static string CodeText(int code) => Marshal.PtrToStringUTF8(ErrorString(code)) ?? "unknown error";

    [DllImport(FileName, EntryPoint = "sqlite3_libversion_number")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int VersionNumber();

    [DllImport(FileName, EntryPoint = "sqlite3_open_v2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OpenV2([MarshalAs(UnmanagedType.LPUTF8Str)] string path, out ConnectionHandle connection, int flags, IntPtr fileSystem);

    [DllImport(FileName, EntryPoint = "sqlite3_close_v2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int CloseV2(IntPtr connection);

    [DllImport(FileName, EntryPoint = "sqlite3_extended_result_codes")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ExtendedResultCodes(ConnectionHandle connection, int on);

    [DllImport(FileName, EntryPoint = "sqlite3_extended_errcode")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ExtendedErrorCode(ConnectionHandle connection);

    [DllImport(FileName, EntryPoint = "sqlite3_errmsg")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr ErrorMessage(ConnectionHandle connection);

    [DllImport(FileName, EntryPoint = "sqlite3_errstr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr ErrorString(int code);

    [DllImport(FileName, EntryPoint = "sqlite3_busy_timeout")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int BusyTimeout(ConnectionHandle connection, int milliseconds);

    [DllImport(FileName, EntryPoint = "sqlite3_exec")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Exec(ConnectionHandle connection, [MarshalAs(UnmanagedType.LPUTF8Str)] string sql, IntPtr callback, IntPtr argument, IntPtr error);

    [DllImport(FileName, EntryPoint = "sqlite3_get_autocommit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetAutocommit(ConnectionHandle connection);

    [DllImport(FileName, EntryPoint = "sqlite3_changes")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ChangesOf(ConnectionHandle connection);

    [DllImport(FileName, EntryPoint = "sqlite3_prepare_v2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int PrepareV2(
        ConnectionHandle connection, [MarshalAs(UnmanagedType.LPUTF8Str)] string sql, int bytes, out StatementHandle statement, IntPtr rest);

    [DllImport(FileName, EntryPoint = "sqlite3_finalize")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FinalizeStatement(IntPtr statement);

    [DllImport(FileName, EntryPoint = "sqlite3_step")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StepOf(StatementHandle statement);

    [DllImport(FileName, EntryPoint = "sqlite3_reset")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ResetOf(StatementHandle statement);

    [DllImport(FileName, EntryPoint = "sqlite3_clear_bindings")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ClearBindings(StatementHandle statement);

    [DllImport(FileName, EntryPoint = "sqlite3_bind_int64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int BindInt64(StatementHandle statement, int parameter, long value);

    [DllImport(FileName, EntryPoint = "sqlite3_bind_null")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int BindNullOf(StatementHandle statement, int parameter);

    [DllImport(FileName, EntryPoint = "sqlite3_bind_text")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int BindText(StatementHandle statement, int parameter, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int bytes, IntPtr ownership);

    [DllImport(FileName, EntryPoint = "sqlite3_bind_blob")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int BindBlob(StatementHandle statement, int parameter, ref byte value, int bytes, IntPtr ownership);

    [DllImport(FileName, EntryPoint = "sqlite3_bind_zeroblob")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int BindZeroBlob(StatementHandle statement, int parameter, int bytes);

    [DllImport(FileName, EntryPoint = "sqlite3_column_int64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern long ColumnInt64(StatementHandle statement, int column);

    [DllImport(FileName, EntryPoint = "sqlite3_column_type")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ColumnType(StatementHandle statement, int column);

    [DllImport(FileName, EntryPoint = "sqlite3_column_text")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr ColumnText(StatementHandle statement, int column);

    [DllImport(FileName, EntryPoint = "sqlite3_column_blob")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr ColumnBlob(StatementHandle statement, int column);

    [DllImport(FileName, EntryPoint = "sqlite3_column_bytes")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ColumnBytes(StatementHandle statement, int column);

    /// <summary>An open database. Closing it takes effect when its last statement is closed, too.</summary>
    internal sealed class ConnectionHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        /// <inheritdoc/>
        protected override bool ReleaseHandle() => CloseV2(handle) == 0;
    }

    /// <summary>A compiled statement.</summary>
    internal sealed class StatementHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        /// <inheritdoc/>
        protected override bool ReleaseHandle()
        {
            // It answers with the error of the last run, which has been thrown already.
            _ = FinalizeStatement(handle);
            return true;
        }
    }
}
