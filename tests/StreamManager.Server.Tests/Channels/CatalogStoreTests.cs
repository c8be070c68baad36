using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Server.Channels;
using StreamManager.Server.Options;
using StreamManager.Server.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Channels;

/// <summary>A store that goes away between two changes leaves nothing half-done.</summary>
public sealed class CatalogStoreTests : IAsyncLifetime
{
    private CatalogBench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DestinationCatalog Destinations => _bench.Destinations;

    public async ValueTask InitializeAsync() => _bench = await CatalogBench.StartAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Destination_SwitchedOffDuringAChosenBroadcast_IsOffOrAsItWas(int writes)
    {
        await _bench.AddAsync("main", "d_1");
        await Destinations.ChooseAsync("main", ImmutableHashSet.Create("d_1"), Cancel);
        _bench.Store.WritesLeft = writes;
        try
        {
            await Destinations.UpdateAsync("d_1", entry => entry.Definition with { Enabled = false }, Cancel);
        }
        catch (StoreUnavailableException)
        {
            // Told to the caller.
        }

        // What the list says, what the broadcast has chosen and what the channel does are one.
        var isOn = Destinations.Find("d_1")!.Definition.Enabled;
        Assert.Equal((isOn, isOn), (Destinations.ChosenOf("main")!.Contains("d_1"), Assert.Single(_bench.Directory.Find("main")!.GetSnapshot().Outputs).Destination.Enabled));
        _bench.Store.WritesLeft = null;
        _bench.Store.IsAway = false;
        using var restarted = await _bench.LoadAsync();
        Assert.Equal((isOn, isOn), (restarted.Find("d_1")!.Definition.Enabled, restarted.ChosenOf("main")!.Contains("d_1")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Channel_Removed_GoesWithAllThatBelongsToItOrNotAtAll(int writes)
    {
        Assert.Equal(ChannelChange.Done, await _bench.Channels.AddAsync("second", new ChannelSettings(), Cancel));
        await _bench.AddAsync("second", "d_1");
        await _bench.AddAsync("second", "d_2");
        await _bench.AddAsync("main", "d_3");
        await Destinations.ChooseAsync("second", ImmutableHashSet.Create("d_1"), Cancel);
        Assert.Equal(ChannelChange.Stale, await RemoveAsync(mayGo: false));
        _bench.Store.WritesLeft = writes;
        try
        {
            Assert.Equal(ChannelChange.Done, await RemoveAsync());
        }
        catch (StoreUnavailableException)
        {
            // Told to the caller.
        }

        var isThere = _bench.Channels.Find("second") is not null;
        Assert.Equal((writes == 0, isThere), (isThere, _bench.Directory.Find("second") is not null));
        _bench.Store.WritesLeft = null;
        _bench.Store.IsAway = false;
        using var restarted = await _bench.LoadAsync();
        foreach (var destinations in new[] { Destinations, restarted })
        {
            Assert.Equal(isThere ? ["d_1", "d_2", "d_3"] : ["d_3"], destinations.All.Select(entry => entry.Definition.Id).Order(StringComparer.Ordinal));
            Assert.Equal(isThere, destinations.ChosenOf("second") is not null);
        }

        Task<ChannelChange> RemoveAsync(bool mayGo = true) =>
            _bench.Channels.RemoveAsync("second", _ => mayGo, write => Destinations.RemoveOfChannelAsync("second", write), Cancel);
    }

    [Fact]
    public async Task Channel_ThatSaysFarewell_HoldsUpNobodyButTheNextOfItsId_WhichBeginsWithNothingOfIt()
    {
        // A farewell that lasts until the test ends it: what is remembered of the broadcast is not forgotten before, and by its clock no time passes.
        var farewell = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var bench = await CatalogBench.StartAsync(new ManualTimeProvider());
        await bench.Channels.AddAsync("second", new ChannelSettings(), Cancel);
        await bench.Broadcasts.SaveAsync("second", new BroadcastRecord { OnAir = false, Format = new StoredFormat(1280, 720, 30, 1, 100, 31, 66, 1, "1190") });
        bench.Store.BeforeWrite = writes => writes.Any(write => write.Kind == "broadcast") ? farewell.Task : Task.CompletedTask;
        var removal = bench.Channels.RemoveAsync("second", _ => true, write => bench.Destinations.RemoveOfChannelAsync("second", write), Cancel);
        await Eventually.TrueAsync(() => bench.Channels.Find("second") is null);
        Assert.Equal(ChannelChange.Done, await bench.Channels.AddAsync("third", new ChannelSettings(), Cancel));
        var next = bench.Channels.AddAsync("second", new ChannelSettings(), Cancel);
        Assert.False(removal.IsCompleted);
        Assert.False(next.IsCompleted);

        farewell.SetResult();
        Assert.Equal((ChannelChange.Done, ChannelChange.Done), (await removal, await next));
        Assert.Null(bench.Broadcasts.Load("second"));
        Assert.Null(await bench.Store.GetAsync("broadcast", "second", Cancel));
        Assert.Equal(["main", "third", "second"], bench.Directory.All.Select(channel => channel.Id));
    }

    [Fact]
    public async Task Choice_ForTheNextBroadcast_OutlivesTheLateEndOfTheLast()
    {
        await _bench.AddAsync("main", "d_1");
        await _bench.AddAsync("main", "d_2");
        await Destinations.ChooseAsync("main", ImmutableHashSet.Create("d_1"), Cancel);
        var ended = TimeProvider.System.GetUtcNow();
        await Destinations.ChooseAsync("main", ImmutableHashSet.Create("d_2"), Cancel);
        await Destinations.ForgetChosenAsync("main", ended);
        Assert.Equal(["d_2"], Destinations.ChosenOf("main")!);
        await Destinations.ForgetChosenAsync("main", TimeProvider.System.GetUtcNow());
        Assert.Null(Destinations.ChosenOf("main"));
    }

    [Fact]
    public async Task Configuration_CutOffHalfway_GivesAChannelItsDestinationsWhenItIsTriedAgain()
    {
        var target = await _bench.TargetAsync();
        ImmutableArray<ChannelOptions> both = [new ChannelOptions(), new ChannelOptions { Definition = new() { Id = "second" } }];
        await target.ApplyAsync(both, Cancel);
        await _bench.AddAsync("second", "d_1");
        await target.ApplyAsync([new ChannelOptions()], Cancel);
        _bench.Store.AfterList = () =>
        {
            _bench.Store.IsAway = true;
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<StoreUnavailableException>(() => target.ApplyAsync(both, Cancel));
        _bench.Store.IsAway = false;
        await target.ApplyAsync(both, Cancel);
        Assert.Equal("d_1", Assert.Single(_bench.Directory.Find("second")!.GetSnapshot().Outputs).Destination.Id);
    }

    [Fact]
    public async Task Keys_OfAChannelMadeWhileTheStoreWentAway_FollowWhenItIsBack()
    {
        await _bench.TargetAsync();
        var keys = _bench.Keys!;
        await _bench.Channels.AddAsync("second", new ChannelSettings(), Cancel);
        _bench.Store.IsAway = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => keys.ConfigureAsync(_bench.Channels.KeyedChannels, Cancel));
        await keys.UpkeepAsync(Cancel);
        Assert.Null(keys.KeyOf("second", "main"));
        _bench.Store.IsAway = false;
        await keys.UpkeepAsync(Cancel);
        Assert.NotNull(keys.KeyOf("second", "main"));
    }
}
