using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Storage.Sqlite;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string StatePath => _folder.File(SqliteStateStore.FileName);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Changes_ThatWaitTogether_AreCommittedTogetherAndOneThatFailsIsUndoneAlone()
    {
        await using var database = Open();
        using var observer = SqliteConnection.Open(StatePath, TimeSpan.FromSeconds(5));
        var release = await HoldAsync(database);
        var seenByFirst = 0L;
        var first = database.WriteAsync(connection => Append(connection, "1"), _ => seenByFirst = observer.Number("SELECT count(*) FROM journal"), Cancel);
        var second = database.WriteAsync<int>(
            connection =>
            {
                Append(connection, "2");
                throw new InvalidOperationException("a bug");
            },
            committed: null,
            Cancel);
        var third = database.WriteAsync(connection => Append(connection, "3"), committed: null, Cancel);
        release.SetResult();
        await first;
        await third;
        await Assert.ThrowsAsync<InvalidOperationException>(() => second);
        Assert.Equal(2, seenByFirst);
        Assert.Equal(2, observer.Number("SELECT count(*) FROM journal"));
        Assert.Equal(0, observer.Number("SELECT count(*) FROM journal WHERE body = CAST('2' AS BLOB)"));
        Assert.True(database.Health.IsAvailable);
    }

    [Fact]
    public async Task Change_CancelledWhileItWaits_IsNotMade()
    {
        await using var database = Open();
        var release = await HoldAsync(database);
        using var cancel = new CancellationTokenSource();
        var change = database.WriteAsync(connection => Append(connection, "1"), committed: null, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => change);
        release.SetResult();
        Assert.Equal(0, await database.ReadAsync(connection => connection.Number("SELECT count(*) FROM journal"), Cancel));
    }

    [Fact]
    public async Task Change_CancelledOnceItHasBegun_IsAnsweredAsItEnds()
    {
        await using var database = Open();
        using var cancel = new CancellationTokenSource();
        await database.WriteAsync(
            connection =>
            {
                cancel.Cancel();
                return Append(connection, "1");
            },
            committed: null,
            cancel.Token);
        Assert.Equal(1, await database.ReadAsync(connection => connection.Number("SELECT count(*) FROM journal"), Cancel));
    }

    [Fact]
    public async Task Disposed_FinishesWhatWaitsAndRefusesWhatComes()
    {
        var database = Open();
        var release = await HoldAsync(database);
        var changes = Enumerable.Range(0, 500).Select(i => database.WriteAsync(connection => Append(connection, $"{i}"), committed: null, Cancel)).ToList();
        var end = database.DisposeAsync();
        release.SetResult();
        await Task.WhenAll(changes);
        await end;
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.WriteAsync(connection => Append(connection, "late"), committed: null, Cancel));
        using var observer = SqliteConnection.Open(StatePath, TimeSpan.FromSeconds(5));
        Assert.Equal(500, observer.Number("SELECT count(*) FROM journal"));
        Assert.False(File.Exists(StatePath + "-wal") && new FileInfo(StatePath + "-wal").Length > 0, "the log was not brought into the file");
    }

    [Fact]
    public async Task LockedByAnotherProgram_IsRefusedInWordsAndRecoversByItself()
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using var store = SqliteStateStore.Open(
            held, TimeProvider.System, NullLogger<SqliteStateStore>.Instance, SqliteSettings.Default with { BusyTimeout = TimeSpan.FromMilliseconds(100) });
        await store.WriteAsync([Put("a", 10)], Cancel);
        using var other = SqliteConnection.Open(StatePath, TimeSpan.FromSeconds(5));
        other.Execute("BEGIN IMMEDIATE");
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.WriteAsync([Put("b", 10)], Cancel));
        Assert.Contains("locked by another program", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(new StoreHealth(false, refusal.Message), store.Health);
        Assert.NotNull(await store.GetAsync("thing", "a", Cancel));

        other.Execute("COMMIT");
        await Eventually.TrueAsync(() => store.Health.IsAvailable);
        Assert.Null(await store.GetAsync("thing", "b", Cancel));
        Assert.IsType<StateWriteResult.Done>(await store.WriteAsync([Put("b", 10)], Cancel));
    }

    [Fact]
    public async Task Full_IsRefusedInWordsKeepsWhatWasThereAndRecoversByItself()
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using var store = SqliteStateStore.Open(held, TimeProvider.System, NullLogger<SqliteStateStore>.Instance, SqliteSettings.Default with { MostPages = 300 });
        var kept = 0;
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () =>
        {
            for (; kept < 100; kept++)
                await store.WriteAsync([Put($"{kept}", 50_000)], Cancel);
        });
        Assert.InRange(kept, 10, 30);
        Assert.Contains("full", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(kept, (await store.ListAsync("thing", Cancel)).Length);

        // What is small still fits, and what is removed makes room.
        await store.WriteAsync([new StateWrite.Remove("thing", "0"), new StateWrite.Remove("thing", "1")], Cancel);
        await Eventually.TrueAsync(() => store.Health.IsAvailable);
        Assert.IsType<StateWriteResult.Done>(await store.WriteAsync([Put("again", 50_000)], Cancel));
    }

    [Fact]
    public async Task TooLargeForWhatIsLeft_DoesNotTakeTheSmallOnesWithIt()
    {
        await using var database = Open(SqliteSettings.Default with { MostPages = 60 });
        var release = await HoldAsync(database);
        var small = database.WriteAsync(connection => Append(connection, "small"), committed: null, Cancel);
        var large = database.WriteAsync(connection => Append(connection, new string('x', 400_000)), committed: null, Cancel);
        var another = database.WriteAsync(connection => Append(connection, "small"), committed: null, Cancel);
        release.SetResult();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => large);
        await small;
        await another;
        Assert.Equal(2, await database.ReadAsync(connection => connection.Number("SELECT count(*) FROM journal"), Cancel));
    }

    [Fact]
    public async Task Expired_IsDeletedInTheBackground()
    {
        var time = new ManualTimeProvider();
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using var store = SqliteStateStore.Open(held, time, NullLogger<SqliteStateStore>.Instance);
        foreach (var piece in Enumerable.Range(0, 1_200).Chunk(100))
            await store.WriteAsync([.. piece.Select(i => Put($"{i}", 10) with { ExpiresAt = time.GetUtcNow().AddMinutes(1) })], Cancel);
        await store.WriteAsync([Put("stays", 10), Put("later", 10) with { ExpiresAt = time.GetUtcNow().AddHours(1) }], Cancel);
        using var observer = SqliteConnection.Open(StatePath, TimeSpan.FromSeconds(5));
        Assert.Equal(1_202, observer.Number("SELECT count(*) FROM documents"));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(2, (await store.ListAsync("thing", Cancel)).Length);
        await Eventually.TrueAsync(() => observer.Number("SELECT count(*) FROM documents") == 2);
    }

    [Fact]
    public async Task Listener_ThatThrows_HarmsNobody()
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using var store = SqliteStateStore.Open(held, TimeProvider.System, NullLogger<SqliteStateStore>.Instance);
        var told = 0;
        using var bad = store.Subscribe(_ => throw new InvalidOperationException("a bug"));
        using var good = store.Subscribe(_ => told++);
        await store.WriteAsync([Put("a", 10)], Cancel);
        await store.WriteAsync([Put("a", 10)], Cancel);
        Assert.Equal(2, told);
    }

    private static StateWrite.Put Put(string id, int size) => new("thing", id, Encoding.UTF8.GetBytes(new string('x', size)));

    private static int Append(SqliteConnection connection, string body)
    {
        using var statement = connection.Use("INSERT INTO journal (time, body) VALUES (1, ?1)").Bind(1, Encoding.UTF8.GetBytes(body).AsSpan());
        statement.Step();
        return 0;
    }

    /// <summary>Keeps the owner busy until the result is set, so that what is asked for meanwhile waits together.</summary>
    private static async Task<TaskCompletionSource> HoldAsync(SqliteDatabase database)
    {
        var isHeld = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource();
        _ = database.ReadAsync(
            _ =>
            {
                isHeld.SetResult();
                release.Task.GetAwaiter().GetResult();
                return 0;
            },
            CancellationToken.None);
        await isHeld.Task;
        return release;
    }

    private SqliteDatabase Open(SqliteSettings? settings = null) => SqliteDatabase.Open(StatePath, settings ?? SqliteSettings.Default, TimeProvider.System, NullLogger.Instance);
}
