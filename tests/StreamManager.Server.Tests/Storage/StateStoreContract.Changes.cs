using System.Collections.Concurrent;
using StreamManager.Server.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Storage;

public abstract partial class StateStoreContract
{
    [Fact]
    public async Task Changes_AreToldInOrder()
    {
        var told = new ConcurrentQueue<StateChange>();
        using var subscription = await SubscribeAsync(told);
        var first = await PutAsync("a", "1");
        var second = await PutAsync("a", "2", first);
        await TryPutAsync("a", "3", first);
        var third = Assert.IsType<StateWriteResult.Done>(await WriteAsync(new StateWrite.Remove(Kind, "a", second), Put("b", "1"))).Version;
        await Eventually.TrueAsync(() => told.OfType<StateChange.Written>().Any(change => change.Id == "b"));
        Assert.Equal(
            [new StateChange.Written(Kind, "a", first), new StateChange.Written(Kind, "a", second), new StateChange.Removed(Kind, "a", third)],
            told.Where(change => change is StateChange.Written { Id: "a" } or StateChange.Removed { Id: "a" }));
        Assert.Contains(new StateChange.Written(Kind, "b", third), told);
    }

    [Fact]
    public async Task Changes_OfManyWriters_AreToldInTheOrderOfVersionsForADocument()
    {
        const int writers = 8, rounds = 25;
        var told = new ConcurrentQueue<StateChange>();
        using var subscription = await SubscribeAsync(told);
        var running = 0;
        var overlaps = 0;
        using var second = _store.Subscribe(_ =>
        {
            if (Interlocked.Increment(ref running) > 1)
                Interlocked.Increment(ref overlaps);
            Interlocked.Decrement(ref running);
        });
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var round = 0; round < rounds; round++)
                await PutAsync($"{round % 3}", $"{writer}");
        })));
        await Eventually.TrueAsync(() => told.Count(change => change is StateChange.Written { Kind: Kind }) == writers * rounds, describe: () => $"{told.Count} told");
        var versions = told.OfType<StateChange.Written>().Where(change => change.Kind == Kind).ToLookup(change => change.Id, change => change.Version, StringComparer.Ordinal);
        Assert.All(versions, group => Assert.Equal(group.Order().Distinct(), group));
        Assert.Equal(0, overlaps);
    }

    [Fact]
    public async Task Subscription_Disposed_IsToldNothingMore()
    {
        var stays = new ConcurrentQueue<StateChange>();
        var goes = new ConcurrentQueue<StateChange>();
        using var staying = await SubscribeAsync(stays);
        var going = await SubscribeAsync(goes);
        await PutAsync("a", "1");
        await Eventually.TrueAsync(() => goes.Any(change => change is StateChange.Written { Id: "a" }));
        going.Dispose();
        going.Dispose();
        await PutAsync("b", "1");
        await Eventually.TrueAsync(() => stays.Any(change => change is StateChange.Written { Id: "b" }));
        Assert.DoesNotContain(goes, change => change is StateChange.Written { Id: "b" });
    }

    [Fact]
    public async Task Expired_IsInvisibleAndCountsAsAbsent()
    {
        var expires = TimeProvider.System.GetUtcNow().AddMilliseconds(200);
        var written = Assert.IsType<StateWriteResult.Done>(await WriteAsync(new StateWrite.Put(Kind, "a", "1"u8.ToArray(), null, expires), Put("b", "stays"))).Version;
        await Eventually.TrueAsync(async () => await _store.GetAsync(Kind, "a", Cancel) is null);
        Assert.True(TimeProvider.System.GetUtcNow() >= expires.AddMilliseconds(-1), "it went too early");
        Assert.Equal("b", Assert.Single(await _store.ListAsync(Kind, Cancel)).Id);
        Assert.Equal(new StateWriteResult.Conflict(Kind, "a", StateWrite.Absent), await TryPutAsync("a", "2", written));
        Assert.True(await PutAsync("a", "2", StateWrite.Absent) > written);
        Assert.Equal("2", Text((await _store.GetAsync(Kind, "a", Cancel))!));
    }

    [Fact]
    public async Task Expiry_IsKeptToTheMillisecondAndReplacedByTheNextPut()
    {
        var expires = new DateTimeOffset(2100, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
        await WriteAsync(new StateWrite.Put(Kind, "a", "1"u8.ToArray(), null, expires.ToOffset(TimeSpan.FromHours(2))));
        Assert.Equal(expires, (await _store.GetAsync(Kind, "a", Cancel))!.ExpiresAt);
        Assert.Equal(expires, Assert.Single(await _store.ListAsync(Kind, Cancel)).ExpiresAt);
        await PutAsync("a", "2");
        Assert.Null((await _store.GetAsync(Kind, "a", Cancel))!.ExpiresAt);
    }

    [Fact]
    public async Task Put_AlreadyExpired_IsNeverSeen()
    {
        await PutAsync("a", "1");
        await WriteAsync(new StateWrite.Put(Kind, "a", "2"u8.ToArray(), null, TimeProvider.System.GetUtcNow().AddSeconds(-5)));
        Assert.Null(await _store.GetAsync(Kind, "a", Cancel));
        Assert.Empty(await _store.ListAsync(Kind, Cancel));
        await PutAsync("a", "3", StateWrite.Absent);
    }

    [Fact]
    public async Task Put_WithoutExpiryOverOneWithIt_Stays()
    {
        var expires = TimeProvider.System.GetUtcNow().AddMilliseconds(150);
        await WriteAsync(new StateWrite.Put(Kind, "a", "1"u8.ToArray(), null, expires), new StateWrite.Put(Kind, "b", "1"u8.ToArray(), null, expires));
        await PutAsync("a", "2");
        await Eventually.TrueAsync(async () => await _store.GetAsync(Kind, "b", Cancel) is null);
        Assert.Equal("2", Text((await _store.GetAsync(Kind, "a", Cancel))!));
    }

    /// <summary>A subscription that is known to work: a store over a network may take a moment.</summary>
    private async Task<IDisposable> SubscribeAsync(ConcurrentQueue<StateChange> told)
    {
        var subscription = _store.Subscribe(told.Enqueue);
        await Eventually.TrueAsync(async () =>
        {
            await WriteAsync(Put("warm-up", "x", "x"));
            return told.Any(change => change is StateChange.Written { Kind: "warm-up" });
        });
        return subscription;
    }
}
