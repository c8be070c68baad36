using StreamManager.Server.Keys;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Keys;

/// <summary>A key is found by its id without a look at all the others, whoever made it and whatever became of it.</summary>
public abstract class KeyIdsContract(StoreSource source) : IAsyncLifetime
{
    private KeyBench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Key_ByItsId_IsFoundRotatedAndRevokedWithoutAList()
    {
        var made = new[] { await _bench.MakeAsync(), await _bench.MakeAsync(), await _bench.MakeAsync() };
        _bench.Store.Listed = 0;
        foreach (var key in made)
            Assert.Equal(key.Description.Id, (await _bench.Ring.FindAsync(key.Description.Id, Cancel))!.Id);
        var rotated = Assert.IsType<KeyChange.Made>(await _bench.Ring.RotateAsync(made[0].Description.Id, TimeSpan.Zero, kick: false, Cancel));
        Assert.NotNull(await _bench.Ring.FindAsync(rotated.Description.Id, Cancel));
        Assert.IsType<KeyChange.Removed>(await _bench.Ring.RevokeAsync(made[1].Description.Id, Cancel));
        Assert.Equal(0, _bench.Store.Listed);

        // An id that nobody has makes it look once, not each time.
        foreach (var id in new[] { made[1].Description.Id, "k_nobody", "k_another" })
            Assert.Null(await _bench.Ring.FindAsync(id, Cancel));
        Assert.Equal(1, _bench.Store.Listed);
    }

    [Fact]
    public async Task Key_OfAnotherServer_IsFoundAndLostAsThatOneChangesIt()
    {
        using var other = await _bench.OpenAsync();
        Assert.Null(await other.FindAsync("k_nobody", Cancel));
        _bench.Store.Listed = 0;
        var made = await _bench.MakeAsync();
        await Eventually.TrueAsync(async () => await other.FindAsync(made.Description.Id, Cancel) is not null);
        Assert.IsType<KeyChange.Removed>(await _bench.Ring.RevokeAsync(made.Description.Id, Cancel));
        Assert.Null(await other.FindAsync(made.Description.Id, Cancel));
        Assert.Equal(0, _bench.Store.Listed);
    }

    [Fact]
    public async Task Key_AfterARestart_IsFound()
    {
        var made = await _bench.MakeAsync();
        using var again = await _bench.OpenAsync();
        Assert.Equal(made.Description.Id, (await again.FindAsync(made.Description.Id, Cancel))!.Id);
    }

    [Fact]
    public async Task Key_MadeElsewhereDuringAGap_IsFound()
    {
        using var other = await _bench.OpenAsync();
        Assert.Null(await other.FindAsync("k_nobody", Cancel));
        _bench.Store.IsSilent = true;
        var made = await _bench.MakeAsync();
        _bench.Store.IsSilent = false;
        _bench.Store.TellOfAGap();
        Assert.NotNull(await other.FindAsync(made.Description.Id, Cancel));
    }

    [Fact]
    public async Task Key_WrittenByHand_OfWhichNobodyTells_IsFoundSoon()
    {
        using var other = await _bench.OpenAsync();
        Assert.Null(await other.FindAsync("k_nobody", Cancel));
        _bench.Store.IsSilent = true;
        var made = await _bench.MakeAsync();
        Assert.Null(await other.FindAsync(made.Description.Id, Cancel));
        _bench.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.NotNull(await other.FindAsync(made.Description.Id, Cancel));
    }

    [Fact]
    public async Task ManyKeys_OfAnotherServerAtOnce_AreFoundByOneList()
    {
        using var other = await _bench.OpenAsync();
        Assert.Null(await other.FindAsync("k_nobody", Cancel));
        var made = new List<KeyChange.Made>();
        for (var i = 0; i <= KeyIds.MostChanged; i++)
            made.Add(await _bench.MakeAsync());
        await Eventually.TrueAsync(async () => await other.FindAsync(made[^1].Description.Id, Cancel) is not null);
        _bench.Store.Listed = 0;
        foreach (var key in made)
            Assert.NotNull(await other.FindAsync(key.Description.Id, Cancel));
        Assert.InRange(_bench.Store.Listed, 0, 1);
    }

    [Fact]
    public async Task StoreAway_AKnownIdIsNotTakenForNone()
    {
        var made = await _bench.MakeAsync();
        using var other = await _bench.OpenAsync();
        _bench.Store.IsAway = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _bench.Ring.FindAsync(made.Description.Id, Cancel));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => other.FindAsync(made.Description.Id, Cancel));
        _bench.Store.IsAway = false;
        Assert.NotNull(await _bench.Ring.FindAsync(made.Description.Id, Cancel));
        Assert.NotNull(await other.FindAsync(made.Description.Id, Cancel));
    }

    public async ValueTask InitializeAsync()
    {
        _bench = await KeyBench.StartAsync(source);

        // How many there are is counted once a minute, by a list; that is not what is looked at here.
        _bench.Time.Advance(TimeSpan.FromSeconds(1));
        await _bench.Ring.ListAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
