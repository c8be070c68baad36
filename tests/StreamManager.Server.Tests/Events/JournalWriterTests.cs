using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Events;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Events;

/// <summary>The journal over a real SQLite store: what is published is there, in its order, whatever the store does meanwhile.</summary>
public sealed class JournalWriterTests : IDisposable
{
    private static readonly JournalRetention Everything = new(TimeSpan.FromDays(365), 1_000_000);

    private readonly TemporaryFolder _folder = new();
    private readonly EventBus _bus = new();

    private readonly DataDirectoryLock _held;

    public JournalWriterTests() => _held = DataDirectoryLock.Take(_folder.Path);

    public void Dispose()
    {
        _held.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Events_Published_AreReadBackInTheirOrder_AlsoAfterARestart()
    {
        await using (var store = Open())
        {
            await using var writer = Write(store, Everything);
            Publish(0, 700);
        }

        await using (var store = Open())
        {
            await using (Write(store, Everything))
                Publish(700, 10);
            Assert.Equal(Enumerable.Range(0, 710), (await ReadAllAsync(store)).Select(happened => (int)happened["data"]!["number"]!));
        }
    }

    [Fact]
    public async Task Store_ThatIsAway_LosesNothingThatFitsIntoTheBuffer()
    {
        await using var store = Open();
        await using var writer = Write(store, Everything);
        Publish(0, 1);
        await Eventually.TrueAsync(async () => (await ReadAllAsync(store)).Count == 1);
        using (Locked())
        {
            Publish(1, 500);
            // Long enough that a write has been refused: until it is, it waits for the lock.
            await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.WriteAsync([new StateWrite.Put("channel", "x", "{}"u8.ToArray())], TestContext.Current.CancellationToken));
            Assert.Single(await ReadAllAsync(store));
        }

        await Eventually.TrueAsync(async () => (await ReadAllAsync(store)).Count == 501);
        Assert.Equal(Enumerable.Range(0, 501), (await ReadAllAsync(store)).Select(happened => (int)happened["data"]!["number"]!));
    }

    [Fact]
    public async Task Store_ThatIsAwayForTooLong_LosesTheOldest_AndTheGapIsToldOnce()
    {
        await using var store = Open();
        await using var writer = Write(store, Everything);
        const int count = JournalWriter.MostBuffered + 500;
        using (Locked())
        {
            // In portions that the bus has room for: what is lost here, the buffer has lost.
            for (var i = 0; i < count; i += 3_500)
            {
                Publish(i, 3_500);
                await Eventually.TrueAsync(() => writer.Waiting == 0);
            }

            Assert.Equal(0, writer.LostByBus);
        }

        List<JsonObject> all = [];
        await Eventually.TrueAsync(async () => (all = await ReadAllAsync(store)).Any(happened => (string?)happened["type"] == "server.journalGap"));
        var numbers = all.Where(happened => (string?)happened["type"] == "program.test").Select(happened => (int)happened["data"]!["number"]!).ToList();
        Assert.Equal(count - 1, numbers[^1]);
        Assert.Equal(numbers.Order(), numbers);
        var gap = Assert.Single(all, happened => (string?)happened["type"] == "server.journalGap");
        Assert.Equal(count - numbers.Count, (int)gap["data"]!["lost"]!);
        Assert.Same(gap, all[^1]);
    }

    [Fact]
    public async Task Retention_DropsTheOldest()
    {
        await using var store = Open();
        await using (var writer = Write(store, new JournalRetention(TimeSpan.FromDays(1), 50)))
            Publish(0, 200);
        // A restart looks at once, whatever the writes of before left.
        await using (var writer = Write(store, new JournalRetention(TimeSpan.FromDays(1), 50)))
            Publish(200, 1);
        var numbers = (await ReadAllAsync(store)).Select(happened => (int)happened["data"]!["number"]!).ToList();
        Assert.Equal(200, numbers[^1]);
        Assert.InRange(numbers.Count, 50, 60);
    }

    [Fact]
    public async Task Event_ThatOnlyTellsHowAnUploadGetsOn_IsNotKept()
    {
        await using var store = Open();
        await using (var writer = Write(store, Everything))
        {
            _bus.Publish(MediaEvents.Uploading(TimeProvider.System.GetUtcNow(), null, "u", "a clip", 1, 2));
            Publish(1, 1);
        }

        Assert.Equal("program.test", (string?)Assert.Single(await ReadAllAsync(store))["type"]);
    }

    [Fact]
    public async Task Event_ThatIsTooLargeForTheStore_IsCountedAsLostAndHoldsUpNothing()
    {
        await using var store = Open();
        await using (var writer = Write(store, Everything))
        {
            _bus.Publish(Happened(new JsonObject { ["number"] = 0, ["text"] = new string('x', StateLimits.LargestBody) }));
            Publish(1, 1);
            await Eventually.TrueAsync(async () => (await ReadAllAsync(store)).Count == 2);
        }

        Assert.Equal(["program.test", "server.journalGap"], (await ReadAllAsync(store)).Select(happened => (string?)happened["type"]));
    }

    [Fact]
    public async Task Event_ThatIsNoJson_IsCountedAsLostAndHoldsUpNothing()
    {
        await using var store = Open();
        await using (Write(store, Everything))
        {
            _bus.Publish(Happened(new JsonObject { ["number"] = double.NaN }));
            Publish(1, 1);
            await Eventually.TrueAsync(async () => (await ReadAllAsync(store)).Count == 2);
        }

        Assert.Equal(["program.test", "server.journalGap"], (await ReadAllAsync(store)).Select(happened => (string?)happened["type"]));
    }

    [Fact]
    public async Task Places_ByTime_AreFoundBetweenTheirEvents()
    {
        await using var store = Open();
        var start = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        await using (var writer = Write(store, Everything))
        {
            for (var i = 0; i < 2_500; i++)
                _bus.Publish(new ServerEvent(ServerEvent.NewId(), "program.test", start.AddSeconds(i), "main", null, new JsonObject { ["number"] = i }));
        }

        var reader = new JournalReader(store.Journal);
        async Task<IEnumerable<int>> Numbers(JournalPlace? since, JournalPlace? before) =>
            [.. (await reader.ReadAsync(new EventQuery(since, before, 3, [], null, WithAudit: true), TestContext.Current.CancellationToken)).Events.Select(happened => (int)happened["data"]!["number"]!)];

        Assert.Equal([2499, 2498, 2497], await Numbers(null, null));
        Assert.Equal([700, 701, 702], await Numbers(JournalPlace.Parse("2026-01-31T12:11:40Z"), null));
        Assert.Equal([0, 1, 2], await Numbers(JournalPlace.Parse("2026-01-31T10:00:00+00:00"), null));
        Assert.Equal([], await Numbers(JournalPlace.Parse("2026-02-01T12:00:00.5Z"), null));
        Assert.Equal([699, 698, 697], await Numbers(null, JournalPlace.Parse("2026-01-31T12:11:40Z")));
        Assert.Equal([], await Numbers(null, JournalPlace.Parse("2026-01-31T12:00:00Z")));
        Assert.Equal([2499, 2498, 2497], await Numbers(null, JournalPlace.Parse("2027-01-31T12:00:00Z")));
    }

    private SqliteStateStore Open() => SqliteStateStore.Open(
        _held, TimeProvider.System, NullLogger<SqliteStateStore>.Instance, SqliteSettings.Default with { BusyTimeout = TimeSpan.FromMilliseconds(100) });

    // As a backup or the sqlite3 shell would hold it: reads go on, writes are refused.
    private SqliteConnection Locked()
    {
        var other = SqliteConnection.Open(Path.Combine(_folder.Path, SqliteStateStore.FileName), TimeSpan.FromSeconds(5));
        other.Execute("BEGIN IMMEDIATE");
        return other;
    }

    private JournalWriter Write(SqliteStateStore store, JournalRetention retention) => new(store.Journal, _bus, retention, TimeProvider.System, NullLogger<JournalWriter>.Instance);

    private void Publish(int first, int count)
    {
        for (var i = first; i < first + count; i++)
            _bus.Publish(Happened(new JsonObject { ["number"] = i }));
    }

    private static ServerEvent Happened(JsonObject data) => new(ServerEvent.NewId(), "program.test", TimeProvider.System.GetUtcNow(), "main", null, data);

    private static async Task<List<JsonObject>> ReadAllAsync(SqliteStateStore store)
    {
        var all = new List<JsonObject>();
        string? position = null;
        while (await store.Journal.ReadAsync(position, IEventJournal.LargestPage, TestContext.Current.CancellationToken) is { IsEmpty: false } page)
        {
            all.AddRange(page.Select(entry => JsonNode.Parse(entry.Body.Span)!.AsObject()));
            position = page[^1].Position;
        }

        return all;
    }
}
