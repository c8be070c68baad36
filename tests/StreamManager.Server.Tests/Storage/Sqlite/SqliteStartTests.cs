using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Hosting;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;

namespace StreamManager.Server.Tests.Storage.Sqlite;

public sealed class SqliteStartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string StatePath => _folder.File(SqliteStateStore.FileName);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Opened_Again_HasEverythingAndGoesOnCounting()
    {
        var first = await FillAsync(1);
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using var store = Open(held);
        Assert.Equal(first, (await store.GetAsync("thing", "0", CancellationToken.None))!.Version);
        var next = await store.WriteAsync([new StateWrite.Remove("thing", "0")], CancellationToken.None);
        Assert.True(((StateWriteResult.Done)next).Version > first);
    }

    [Fact]
    public async Task Files_AreTheOwnersOnly()
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using var store = Open(held);
        await store.WriteAsync([new StateWrite.Put("thing", "a", "x"u8.ToArray())], CancellationToken.None);
        var files = Directory.GetFiles(_folder.Path, "state.db*");
        Assert.Contains(StatePath + "-wal", files);
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Theory]
    [InlineData(0)] // the header
    [InlineData(100)] // the root of the schema
    [InlineData(4_096)] // a root page
    public async Task DamagedFile_IsRefusedInWordsAndLeftAlone(int offset)
    {
        await FillAsync(500);
        Overwrite(offset, 200);
        await RefusedAndLeftAloneAsync("damaged", "backup");
    }

    [Fact]
    public async Task DamagedInTheMiddle_IsRefusedInWordsAndLeftAlone()
    {
        await FillAsync(2_000);
        // Page headers over a quarter of the file.
        var length = new FileInfo(StatePath).Length;
        for (var page = length / 4_096 / 2; page < length / 4_096 * 3 / 4; page++)
            Overwrite(page * 4_096, 64);
        await RefusedAndLeftAloneAsync("damaged", "backup");
    }

    [Fact]
    public async Task CutFile_IsRefusedInWordsAndLeftAlone()
    {
        await FillAsync(500);
        using (var file = File.OpenWrite(StatePath))
            file.SetLength(file.Length / 2);
        await RefusedAndLeftAloneAsync("damaged", "backup");
    }

    [Fact]
    public async Task EmptyFile_IsNotTakenForANewOne()
    {
        await File.WriteAllBytesAsync(StatePath, [], TestContext.Current.CancellationToken);
        await RefusedAndLeftAloneAsync("damaged", "empty");
    }

    [Fact]
    public async Task MissingFile_WithItsLogLeft_IsNotTakenForANewOne()
    {
        await File.WriteAllTextAsync(StatePath + "-wal", "left over", TestContext.Current.CancellationToken);
        Assert.Contains("state.db-wal", Refused(), StringComparison.Ordinal);
        Assert.False(File.Exists(StatePath));
    }

    [Fact]
    public async Task HalfMadeFile_OfAFirstStartThatWasCutOff_IsMadeAnew()
    {
        await File.WriteAllTextAsync(StatePath + ".new", "half", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(StatePath + ".new-journal", "half", TestContext.Current.CancellationToken);
        using var held = DataDirectoryLock.Take(_folder.Path);
        await Open(held).DisposeAsync();
        Assert.Equal(["lock", "state.db"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void DatabaseOfAnotherProgram_IsRefused()
    {
        SqliteFile.MakeEmpty(StatePath);
        using (var connection = SqliteConnection.Open(StatePath, TimeSpan.FromSeconds(1)))
            connection.Execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
        Assert.Contains("another program", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewerFormat_IsRefusedInWordsAndLeftAlone()
    {
        await FillAsync(1);
        using (var connection = SqliteConnection.Open(StatePath, TimeSpan.FromSeconds(1)))
            connection.Execute("PRAGMA user_version = 99");
        await RefusedAndLeftAloneAsync("later version", "99");
    }

    [Fact]
    public async Task OlderFormat_IsBackedUpAndBroughtForward()
    {
        var version = await FillAsync(300);
        var backup = $"{StatePath}.before-{SqliteMigrations.All.Count + 2}";
        await File.WriteAllTextAsync(backup + ".new", "left by a start that was cut off", TestContext.Current.CancellationToken);
        var newer = SqliteSettings.Default with
        {
            Migrations = [.. SqliteMigrations.All, "ALTER TABLE documents ADD COLUMN note TEXT; UPDATE documents SET note = id", "CREATE TABLE more (x)"],
        };
        using (var held = DataDirectoryLock.Take(_folder.Path))
        {
            await using var store = Open(held, newer);
            Assert.Equal(300, (await store.ListAsync("thing", CancellationToken.None)).Length);
        }

        using (var connection = SqliteConnection.Open(StatePath, TimeSpan.FromSeconds(1)))
        {
            Assert.Equal(SqliteMigrations.All.Count + 2, connection.Number("PRAGMA user_version"));
            Assert.Equal(300, connection.Number("SELECT count(note) FROM documents"));
        }

        // The backup is a state that this version reads, as it was.
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(backup));
        File.Move(backup, StatePath, overwrite: true);
        using var again = DataDirectoryLock.Take(_folder.Path);
        await using var old = Open(again);
        Assert.Equal(300, (await old.ListAsync("thing", CancellationToken.None)).Length);
        Assert.Equal(version, (await old.GetAsync("thing", "0", CancellationToken.None))!.Version);
    }

    [Fact]
    public async Task FailingMigration_LeavesTheStateAsItWas()
    {
        await FillAsync(10);
        var broken = SqliteSettings.Default with { Migrations = [.. SqliteMigrations.All, "DELETE FROM documents; INSERT INTO nowhere VALUES (1)"] };
        Assert.Contains("nowhere", Refused(broken), StringComparison.Ordinal);
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using var store = Open(held);
        Assert.Equal(10, (await store.ListAsync("thing", CancellationToken.None)).Length);
    }

    [Fact]
    public void FolderThatCannotBeWrittenTo_IsRefusedInWords()
    {
        // Not even root makes a file there.
        var refusal = Assert.Throws<StartupException>(() => SqliteFile.OpenAtStart("/proc/state.db", SqliteSettings.Default));
        Assert.Contains("/proc/state.db cannot be used", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_InUse_IsRefused()
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        Assert.Contains("another running server", Assert.Throws<StartupException>(() => DataDirectoryLock.Take(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(13, "full")]
    [InlineData(5, "locked")]
    [InlineData(261, "locked")] // BUSY_RECOVERY
    [InlineData(8, "read-only")]
    [InlineData(1032, "read-only")] // READONLY_DBMOVED
    [InlineData(778, "the disk reports an error (778")] // IOERR_WRITE
    [InlineData(14, "may not read and write")]
    [InlineData(11, "put a backup")]
    [InlineData(26, "put a backup")]
    [InlineData(7, "memory")]
    [InlineData(1, "SQLite error 1: words")]
    public void Failures_SayWhatIsWrong(int code, string words)
    {
        var text = SqliteFailure.Describe(new SqliteException(code, "words"), "/data/state.db");
        Assert.Contains(words, text, StringComparison.Ordinal);
        Assert.StartsWith("/data/state.db", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Library_IsHereAndOneThatIsMissingOrTooOldIsRefusedInWords()
    {
        Assert.Matches(@"^3\.\d+\.\d+$", SqliteFile.CheckLibrary());
        Assert.Contains("libsqlite3-0", Assert.Throws<StartupException>(() => SqliteFile.CheckLibrary(null)).Message, StringComparison.Ordinal);
        Assert.Contains("is 3.34.1; 3.35.0 or newer", Assert.Throws<StartupException>(() => SqliteFile.CheckLibrary(3_034_001)).Message, StringComparison.Ordinal);
        Assert.Equal("3.35.0", SqliteFile.CheckLibrary(3_035_000));
    }

    private static SqliteStateStore Open(DataDirectoryLock held, SqliteSettings? settings = null) =>
        SqliteStateStore.Open(held, TimeProvider.System, NullLogger<SqliteStateStore>.Instance, settings);

    private async Task<long> FillAsync(int documents)
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using var store = Open(held);
        var version = 0L;
        foreach (var piece in Enumerable.Range(0, documents).Chunk(StateLimits.MostWrites))
        {
            var result = await store.WriteAsync([.. piece.Select(i => new StateWrite.Put("thing", $"{i}", Encoding.UTF8.GetBytes(new string('x', 300))))], CancellationToken.None);
            version = version == 0 ? ((StateWriteResult.Done)result).Version : version;
        }

        return version;
    }

    private void Overwrite(long offset, int count)
    {
        using var file = File.OpenWrite(StatePath);
        file.Position = offset;
        file.Write(Enumerable.Repeat((byte)0xA5, count).ToArray());
    }

    private string Refused(SqliteSettings? settings = null)
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        return Assert.Throws<StartupException>(() => Open(held, settings)).Message;
    }

    private async Task RefusedAndLeftAloneAsync(params string[] words)
    {
        var before = await File.ReadAllBytesAsync(StatePath);
        var message = Refused();
        Assert.Contains(StatePath, message, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
        Assert.Equal(before, await File.ReadAllBytesAsync(StatePath));
    }
}
