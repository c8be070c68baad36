using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Events;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Redis;
using StreamManager.Server.Tests.Storage.Redis;
using StreamManager.TestKit;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Events;

/// <summary>The journal over a real Redis that stops, stands still, is killed, and comes back.</summary>
public sealed class JournalRedisTests
{
    private static readonly JournalRetention Everything = new(TimeSpan.FromDays(365), 1_000_000);

    private readonly EventBus _bus = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Redis_ThatIsKilledAgainAndAgain_GetsEveryEventOnceAndInOrder()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(redis);
        await using (Write(store, TimeProvider.System))
        {
            var next = 0;
            for (var round = 0; round < 4; round++)
            {
                // Some are on their way when it is killed, some come while it is away.
                Publish(ref next, 600);
                await redis.KillAsync();
                Publish(ref next, 600);
                await Eventually.TrueAsync(() => !store.Health.IsAvailable);
                Publish(ref next, 1);
                await redis.RestartAsync();
                await Eventually.TrueAsync(async () => store.Health.IsAvailable && (await ReadAllAsync(store)).LastOrDefault() == next - 1, describe: () => $"{store.Health}");
            }

            Assert.Equal(Enumerable.Range(0, next), await ReadAllAsync(store));
        }
    }

    [Fact]
    public async Task Write_ThatWasMadeAfterItsAnswerWasGivenUp_IsNotMadeTwice()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(
            redis, options => options with { CommandTimeout = TimeSpan.FromMilliseconds(300), ConnectTimeout = TimeSpan.FromMilliseconds(300), Tick = TimeSpan.FromMilliseconds(50) });
        await using var writer = Write(store, TimeProvider.System);
        var next = 0;
        Publish(ref next, 1);
        await Eventually.TrueAsync(async () => (await ReadAllAsync(store)).Count == 1);

        // What is sent now lies in the socket: a Redis that goes on finds it there, and does it, though nobody waits for the answer any more.
        redis.Freeze();
        Publish(ref next, 10);
        await Eventually.TrueAsync(() => !store.Health.IsAvailable);
        Publish(ref next, 10);
        redis.Resume();
        await Eventually.TrueAsync(async () => store.Health.IsAvailable && (await ReadAllAsync(store)).LastOrDefault() == next - 1, describe: () => $"{store.Health}");
        Assert.Equal(Enumerable.Range(0, next), await ReadAllAsync(store));
    }

    [Fact]
    public async Task Events_BeyondTheBuffer_LoseTheOldest_AndTheGapIsTold()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(redis);
        // The writer's clock stands: what it takes into its buffer, it takes because it comes, and not when it tries the store again.
        var clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        var writer = Write(store, clock);
        try
        {
            await OverflowAsync(redis, store, clock, writer);
        }
        finally
        {
            // The end of a test that fails waits for a store that is away until the clock says that it is enough.
            var ending = writer.DisposeAsync();
            clock.Advance(TimeSpan.FromSeconds(10));
            await ending;
        }
    }

    private async Task OverflowAsync(RedisServer redis, RedisStateStore store, ManualTimeProvider clock, JournalWriter writer)
    {
        var next = 0;
        Publish(ref next, 1);
        await Eventually.TrueAsync(async () => (await ReadAllAsync(store)).Count == 1);
        await redis.StopAsync();
        await Eventually.TrueAsync(() => !store.Health.IsAvailable);

        // In portions that the bus has room for: what is lost here, the buffer has lost.
        const int beyond = 500;
        while (next <= JournalWriter.MostBuffered + beyond)
        {
            Publish(ref next, Math.Min(3_500, JournalWriter.MostBuffered + beyond + 1 - next));
            await Eventually.TrueAsync(() => writer.Waiting == 0, describe: () => $"{writer.Waiting} wait at the bus");
        }

        Assert.Equal(0, writer.LostByBus);
        await redis.RestartAsync();
        List<JsonObject> all = [];
        await Eventually.TrueAsync(async () =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return store.Health.IsAvailable && (all = await ReadEventsAsync(store)).Any(happened => (string?)happened["type"] == "server.journalGap");
        });
        Assert.Equal([0, .. Enumerable.Range(1 + beyond, JournalWriter.MostBuffered)], Numbers(all));
        var gap = Assert.Single(all, happened => (string?)happened["type"] == "server.journalGap");
        Assert.Equal(beyond, (int)gap["data"]!["lost"]!);
        Assert.Same(gap, all[^1]);
    }

    private JournalWriter Write(RedisStateStore store, TimeProvider time) => new(store.Journal, _bus, Everything, time, NullLogger<JournalWriter>.Instance);

    private void Publish(ref int next, int count)
    {
        for (var i = 0; i < count; i++)
            _bus.Publish(new ServerEvent(ServerEvent.NewId(), "program.test", TimeProvider.System.GetUtcNow(), "main", null, new JsonObject { ["number"] = next++ }));
    }

    private static List<int> Numbers(IEnumerable<JsonObject> all) => [.. all.Where(happened => (string?)happened["type"] == "program.test").Select(happened => (int)happened["data"]!["number"]!)];

    private static async Task<List<int>> ReadAllAsync(RedisStateStore store) => Numbers(await ReadEventsAsync(store));

    private static async Task<List<JsonObject>> ReadEventsAsync(RedisStateStore store)
    {
        var all = new List<JsonObject>();
        string? position = null;
        try
        {
            while (await store.Journal.ReadAsync(position, IEventJournal.LargestPage, Cancel) is { IsEmpty: false } page)
            {
                all.AddRange(page.Select(entry => JsonNode.Parse(entry.Body.Span)!.AsObject()));
                position = page[^1].Position;
            }
        }
        catch (StoreUnavailableException)
        {
            // It went away meanwhile; whoever waits asks again.
            return [];
        }

        return all;
    }
}
