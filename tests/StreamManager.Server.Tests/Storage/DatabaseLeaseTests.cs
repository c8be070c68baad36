using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Events;
using StreamManager.Server.Hosting;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Security.Accounts;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Storage;

/// <summary>Who puts the channels of a database on air. Over a real store, with clocks that the test moves.</summary>
public sealed class DatabaseLeaseTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly EventBus _bus = new();
    private EventSubscription _heard = null!;
    private ServerState _state = null!;
    private CutOffStore _store = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _heard = _bus.Subscribe("test");
        _state = await TestStore.OpenAsync(_folder);
        _store = new CutOffStore(_state.Store);
    }

    public async ValueTask DisposeAsync()
    {
        _heard.Dispose();
        await _state.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Lease_OfAServerThatLives_IsNotTaken()
    {
        await using var first = await TakeAsync("first");
        var second = TakeAsync("second");
        while (!second.IsCompleted)
            await RenewedAsync();
        var refusal = await Assert.ThrowsAsync<StartupException>(() => second);
        Assert.Contains("host host-of-first, since 2030-01-01", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("instance first", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--takeover", refusal.Message, StringComparison.Ordinal);
        Assert.Null(first.Other);
        Assert.Equal("first", (await ReadAsync())!.Instance);
    }

    [Fact]
    public async Task Lease_OfAServerThatWasKilled_IsTakenByItselfAtOnce_AndByAnotherSoon()
    {
        await KilledAsync("first");

        // The clock stands: nothing is waited for.
        var again = await TakeAsync("first");
        Assert.Null(again.Other);
        await again.DisposeAsync();
        Assert.Null(await ReadAsync());

        await KilledAsync("first");
        var start = _clock.Elapsed;
        var second = TakeAsync("second");
        await AdvanceUntilAsync(second);
        await using var taken = await second;
        Assert.Equal("second", (await ReadAsync())!.Instance);
        Assert.InRange(_clock.Elapsed - start, DatabaseLease.Lifetime, TimeSpan.MaxValue);
    }

    [Fact]
    public async Task Lease_ThatIsTakenOver_IsToldOnce_AndTakenAgainWhenItIsFree()
    {
        await using var first = await TakeAsync("first");
        var second = await TakeAsync("second", takesOver: true);
        while (first.Other is null)
            await RenewedAsync();
        Assert.Equal("second", first.Other!.Instance);
        for (var i = 0; i < 20; i++)
            await RenewedAsync();
        Assert.Equal("second", (await ReadAsync())!.Instance);
        Assert.Null(second.Other);
        Assert.True(_heard.Reader.TryRead(out var told));
        Assert.Equal(("server.leaseLost", "second"), (told.Type, (string?)told.Data["instance"]));
        Assert.False(_heard.Reader.TryRead(out _));

        await second.DisposeAsync();
        await AdvanceUntilAsync(() => first.Other is null);
        Assert.Equal("first", (await ReadAsync())!.Instance);
    }

    [Fact]
    public async Task Store_ThatIsAway_TakesNothingFromItsHolder()
    {
        await using var first = await TakeAsync("first");
        var before = await _state.Store.GetAsync(DatabaseLease.Kind, DatabaseLease.Id, Cancel);
        _store.Cut();
        var away = _clock.Elapsed + (3 * DatabaseLease.Lifetime);
        await AdvanceUntilAsync(() => _clock.Elapsed > away);
        Assert.Null(first.Other);

        // It came back without its data.
        await _state.Store.WriteAsync([new StateWrite.Remove(DatabaseLease.Kind, DatabaseLease.Id)], Cancel);
        _store.Restore();
        await AdvanceUntilAsync(async () => await _state.Store.GetAsync(DatabaseLease.Kind, DatabaseLease.Id, Cancel) is { } document && document.Version > before!.Version);
        Assert.Null(first.Other);
        Assert.False(_heard.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Renewal_WhoseAnswerWasLost_IsNotTakenForAnother()
    {
        await using var first = await TakeAsync("first");
        var documents = new DocumentSet<LeaseHolder>(_state.Store, DatabaseLease.Kind, LeaseJson.Default.LeaseHolder);
        var version = await documents.PutAsync(DatabaseLease.Id, (await ReadAsync())!, null, Cancel);
        await AdvanceUntilAsync(async () => (await documents.GetAsync(DatabaseLease.Id, Cancel))!.Version > version);
        Assert.Null(first.Other);
        Assert.False(_heard.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Document_ThatIsDamaged_IsReplacedWhenNobodyWritesIt()
    {
        await _state.Store.WriteAsync([new StateWrite.Put(DatabaseLease.Kind, DatabaseLease.Id, "garbage"u8.ToArray())], Cancel);
        var first = TakeAsync("first");
        await AdvanceUntilAsync(first);
        await using var taken = await first;
        Assert.Equal("first", (await ReadAsync())!.Instance);
    }

    [Fact]
    public void Instance_IsTheSameAfterARestart_AndAnotherElsewhere()
    {
        using var one = new TemporaryFolder();
        using var other = new TemporaryFolder();
        var instance = IdOf(one);
        Assert.Equal(instance, IdOf(one));
        Assert.NotEqual(instance, IdOf(other));
        File.WriteAllText(one.File("instance.id"), "garbage");
        Assert.NotEqual("garbage", IdOf(one));
    }

    private static string IdOf(TemporaryFolder folder)
    {
        using var held = DataDirectoryLock.Take(folder.Path);
        return LeaseHolder.Of(held, DateTimeOffset.UnixEpoch).Instance;
    }

    private Task<DatabaseLease> TakeAsync(string instance, bool takesOver = false) => DatabaseLease.TakeAsync(
        _store, new LeaseHolder(instance, $"host-of-{instance}", _clock.GetUtcNow()), takesOver, _bus, _clock, NullLogger<DatabaseLease>.Instance, Cancel);

    // As a server that is killed leaves it.
    private async Task KilledAsync(string instance)
    {
        var documents = new DocumentSet<LeaseHolder>(_state.Store, DatabaseLease.Kind, LeaseJson.Default.LeaseHolder);
        await documents.PutAsync(DatabaseLease.Id, new LeaseHolder(instance, "host", DateTimeOffset.UnixEpoch), null, Cancel);
    }

    private async Task<LeaseHolder?> ReadAsync() => (await new DocumentSet<LeaseHolder>(_state.Store, DatabaseLease.Kind, LeaseJson.Default.LeaseHolder).GetAsync(DatabaseLease.Id, Cancel))?.Value;

    // Time goes on, and whoever holds the lease writes it again: however busy the machine is, nobody finds it stale.
    private async Task RenewedAsync()
    {
        var before = await VersionAsync();
        _clock.Advance(DatabaseLease.Renewal);
        await Eventually.TrueAsync(async () => await VersionAsync() != before);
    }

    private async Task<long?> VersionAsync() => (await _state.Store.GetAsync(DatabaseLease.Kind, DatabaseLease.Id, Cancel))?.Version;

    private Task AdvanceUntilAsync(Task done) => AdvanceUntilAsync(() => done.IsCompleted);

    private Task AdvanceUntilAsync(Func<bool> isSo) => AdvanceUntilAsync(() => Task.FromResult(isSo()));

    private Task AdvanceUntilAsync(Func<Task<bool>> isSo) => Eventually.TrueAsync(async () =>
    {
        if (await isSo())
            return true;

        _clock.Advance(TimeSpan.FromMilliseconds(250));
        return false;
    });
}
