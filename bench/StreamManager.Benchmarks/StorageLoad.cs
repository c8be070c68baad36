using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Redis;
using StreamManager.Server.Storage.Sqlite;

namespace StreamManager.Benchmarks;

/// <summary>
/// Writes and reads of documents of 1 KB for some seconds by a number of callers, each waiting for its answer before it asks again: by the server's stores, or by a plain loop over SQLite. Not a
/// benchmark of one operation, since it is the callers at once that matter: those that wait together are committed together.
/// </summary>
internal static class StorageLoad
{
    /// <summary>Bytes of a body.</summary>
    private const int BodyLength = 1_024;

    /// <summary>Documents that are written and read, at random: far fewer than a server may have, far more than it changes.</summary>
    private const int Documents = 1_000;

    private const string Kind = "bench";

    /// <summary><c>storage sqlite|loop FOLDER</c> or <c>storage redis URL</c>, then <c>CALLERS SECONDS</c>. Prints a line for writes and one for reads.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is not [_, var store, var place, var callersText, var secondsText])
        {
            Console.Error.WriteLine("storage sqlite|loop FOLDER CALLERS SECONDS\nstorage redis URL CALLERS SECONDS");
            return 2;
        }

        var callers = int.Parse(callersText, CultureInfo.InvariantCulture);
        var length = TimeSpan.FromSeconds(double.Parse(secondsText, CultureInfo.InvariantCulture));
        switch (store)
        {
            case "sqlite":
                using (var held = DataDirectoryLock.Take(place))
                {
                    await using var sqlite = SqliteStateStore.Open(held, TimeProvider.System, NullLogger<SqliteStateStore>.Instance);
                    await MeasureAsync(store, sqlite, callers, length);
                }

                return 0;
            case "redis":
                if (RedisUrl.TryParse(place, null, out var url) is { } mistake)
                    throw new ArgumentException(mistake, nameof(arguments));
                await using (var redis = await RedisStateStore.OpenAsync(new RedisOptions { Url = url }, TimeSpan.FromSeconds(10), TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None))
                    await MeasureAsync(store, redis, callers, length);
                return 0;
            case "loop":
                MeasureLoop(Path.Combine(place, "loop.db"), callers, length);
                return 0;
            default:
                throw new ArgumentException($"There is no store {store}.", nameof(arguments));
        }
    }

    private static async Task MeasureAsync(string name, IStateStore store, int callers, TimeSpan length)
    {
        foreach (var batch in Enumerable.Range(0, Documents).Chunk(StateLimits.MostWrites))
            await store.WriteAsync([.. batch.Select(i => Put(i))], CancellationToken.None);
        Report(name, "writes", callers, length, await AskAsync(callers, length, async i =>
        {
            if (await store.WriteAsync([Put(i)], CancellationToken.None) is not StateWriteResult.Done)
                throw new InvalidOperationException("A write without conditions was not done.");
        }));
        Report(name, "reads", callers, length, await AskAsync(callers, length, async i =>
        {
            if ((await store.GetAsync(Kind, Id(i), CancellationToken.None))?.Body.Length != BodyLength)
                throw new InvalidOperationException("A document is not there.");
        }));
    }

    private static StateWrite.Put Put(int i) => new StateWrite.Put(Kind, Id(i), Body(i));

    private static string Id(int i) => $"{i}";

    private static byte[] Body(int i)
    {
        var body = new byte[BodyLength];
        Array.Fill(body, (byte)('a' + (i % 26)));
        // Never the same twice: SQLite writes nothing for a row that stays as it was.
        BinaryPrimitives.WriteInt64LittleEndian(body, TimeProvider.System.GetTimestamp());
        return body;
    }

    private static async Task<ImmutableArray<TimeSpan>> AskAsync(int callers, TimeSpan length, Func<int, Task> ask)
    {
        var start = TimeProvider.System.GetTimestamp();
        var all = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            var took = new List<TimeSpan>();
            while (TimeProvider.System.GetElapsedTime(start) < length)
            {
                var i = random.Next(Documents);
                var from = TimeProvider.System.GetTimestamp();
                await ask(i);
                took.Add(TimeProvider.System.GetElapsedTime(from));
            }

            return took;
        })));
        return [.. all.SelectMany(took => took).Order()];
    }

    /// <summary>What SQLite itself can do with the same promise (a log, flushed at each commit): each caller a thread with a connection of its own, one transaction for each write.</summary>
    private static void MeasureLoop(string path, int callers, TimeSpan length)
    {
        SqliteFile.MakeEmpty(path);
        // Stays open: with the last connection its log is removed, and one that grows anew is slower than one that is written over.
        using var first = Connect(path);
        first.Execute("CREATE TABLE documents (id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID");
        for (var i = 0; i < Documents; i++)
            Write(first, i);
        Report("loop", "writes", callers, length, Loop(path, callers, length, Write));
        Report("loop", "reads", callers, length, Loop(path, callers, length, (connection, i) =>
        {
            using var statement = connection.Use("SELECT body FROM documents WHERE id = ?1").Bind(1, Id(i));
            if (!statement.Step() || statement.Blob(0).Length != BodyLength)
                throw new InvalidOperationException("A document is not there.");
        }));
    }

    private static void Write(SqliteConnection connection, int i)
    {
        using var statement = connection.Use("INSERT INTO documents (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = excluded.body").Bind(1, Id(i)).Bind(2, Body(i));
        statement.Step();
    }

    private static ImmutableArray<TimeSpan> Loop(string path, int callers, TimeSpan length, Action<SqliteConnection, int> ask)
    {
        var start = TimeProvider.System.GetTimestamp();
        var all = new List<TimeSpan>[callers];
        var threads = Enumerable.Range(0, callers).Select(caller => new Thread(() =>
        {
            using var connection = Connect(path);
            var random = new Random(caller);
            var took = all[caller] = [];
            while (TimeProvider.System.GetElapsedTime(start) < length)
            {
                var i = random.Next(Documents);
                var from = TimeProvider.System.GetTimestamp();
                ask(connection, i);
                took.Add(TimeProvider.System.GetElapsedTime(from));
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return [.. all.SelectMany(took => took).Order()];
    }

    private static SqliteConnection Connect(string path)
    {
        // Those who wait for the lock look again and again with longer pauses: with many, the last one waits long.
        var connection = SqliteConnection.Open(path, TimeSpan.FromMinutes(1));
        using (var statement = connection.Use("PRAGMA journal_mode = WAL"))
            statement.Step();
        connection.Execute("PRAGMA synchronous = FULL");
        return connection;
    }

    private static void Report(string name, string what, int callers, TimeSpan length, ImmutableArray<TimeSpan> took) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name} {what} callers={callers} per_second={took.Length / length.TotalSeconds:0} p50_ms={took[took.Length / 2].TotalMilliseconds:0.000} p99_ms={took[(int)(took.Length * 0.99)].TotalMilliseconds:0.000}"));
}
