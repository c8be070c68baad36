using System.Net;
using StreamManager.Server.Keys;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Keys;

/// <summary>Keys that are changed after they were made.</summary>
public abstract class KeyEditContract(StoreSource source) : IAsyncLifetime
{
    private static readonly StreamKeyEdit Nothing = new(null, IsEndGiven: false, null, null, null, IsKicking: false);

    private KeyBench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Addresses_HoldForTheNextPublish_AndWhoIsOnAirStays()
    {
        var made = await _bench.MakeAsync();
        _bench.Publish("rtmp-1", made.Key);
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value));

        var edited = await EditAsync(made, Nothing with { AllowedAddresses = ["198.51.100.0/24"] });
        Assert.Equal(["allowedAddresses"], edited.Changed);
        Assert.Equal(0, edited.Kicked);
        Assert.IsType<KeyVerdict.AddressNotAllowed>(await _bench.ValidateAsync(made.Key.Value));
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value, IPAddress.Parse("198.51.100.9")));
        Assert.Empty(_bench.Kicked);

        await EditAsync(made, Nothing with { AllowedAddresses = [] });
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value));
    }

    [Fact]
    public async Task Addresses_ThatKick_CloseWhoIsOnAirFromElsewhereAndNobodyElse()
    {
        var made = await _bench.MakeAsync();
        var other = await _bench.MakeAsync();
        _bench.Publish("rtmp-1", made.Key);
        _bench.Publish("rtmp-2", other.Key);
        Assert.Equal(0, (await EditAsync(made, Nothing with { AllowedAddresses = ["203.0.113.0/24"], IsKicking = true })).Kicked);
        Assert.Empty(_bench.Kicked);
        Assert.Equal(1, (await EditAsync(made, Nothing with { AllowedAddresses = ["198.51.100.0/24"], IsKicking = true })).Kicked);
        Assert.Equal(["rtmp-1"], _bench.Kicked);
    }

    [Fact]
    public async Task Restriction_HoldsWhenTheStoreIsAwayAtTheNextPublish()
    {
        var made = await _bench.MakeAsync();
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value));
        await EditAsync(made, Nothing with { AllowedAddresses = ["198.51.100.0/24"] });
        await _bench.Stores.ToldAsync();
        Assert.IsType<KeyVerdict.AddressNotAllowed>(await _bench.ValidateAsync(made.Key.Value));
        _bench.Store.IsAway = true;
        _bench.Store.TellOfAGap();
        Assert.IsType<KeyVerdict.AddressNotAllowed>(await _bench.ValidateAsync(made.Key.Value));
    }

    [Fact]
    public async Task End_IsBroughtForwardOrPutOff_AndOfAnEndedKeyToo()
    {
        var made = await _bench.MakeAsync(alias: "studio");
        var start = _bench.Time.GetUtcNow();
        await EditAsync(made, Nothing with { IsEndGiven = true, ExpiresAt = start.AddHours(1) });
        _bench.Time.Advance(TimeSpan.FromHours(1));
        Assert.IsType<KeyVerdict.Expired>(await _bench.ValidateAsync(made.Key.Value));

        var end = start.AddDays(90);
        await EditAsync(made, Nothing with { IsEndGiven = true, ExpiresAt = end });
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value));
        var hash = KeyHash.Of(made.Key.Value).ToString();
        foreach (var (kind, id) in new[] { (StreamKey.DocumentKind, hash), (StreamAlias.DocumentKind, "studio") })
            Assert.Equal(end + StreamKey.KeptAfterEnd, (await _bench.Store.GetAsync(kind, id, Cancel))!.ExpiresAt);

        Assert.Equal(["expiresAt"], (await EditAsync(made, Nothing with { IsEndGiven = true })).Changed);
        foreach (var (kind, id) in new[] { (StreamKey.DocumentKind, hash), (StreamAlias.DocumentKind, "studio") })
            Assert.Null((await _bench.Store.GetAsync(kind, id, Cancel))!.ExpiresAt);
    }

    [Fact]
    public async Task Alias_IsGivenChangedAndTaken()
    {
        var made = await _bench.MakeAsync();
        await EditAsync(made, Nothing with { Alias = "first" });
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync("first", KeyBench.Loopback));
        await EditAsync(made, Nothing with { Alias = "second" });
        Assert.IsType<KeyVerdict.Unknown>(await _bench.ValidateAsync("first", KeyBench.Loopback));
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync("second", KeyBench.Loopback));

        // It is free for another key.
        await _bench.MakeAsync(alias: "first");
        Assert.IsType<KeyChange.AliasTaken>(await TryEditAsync(made, Nothing with { Alias = "first" }));
        Assert.IsType<KeyChange.AliasTaken>(await TryEditAsync(made, Nothing with { Alias = KeyBench.FixedName }));
        Assert.Equal("second", (await _bench.Ring.FindAsync(made.Description.Id, Cancel))!.Alias);

        Assert.Null((await EditAsync(made, Nothing with { Alias = "" })).Description.Alias);
        Assert.IsType<KeyVerdict.Unknown>(await _bench.ValidateAsync("second", KeyBench.Loopback));
        Assert.Null(await _bench.Store.GetAsync(StreamAlias.DocumentKind, "second", Cancel));
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value));
    }

    [Fact]
    public async Task Edit_OfWhatWasSeenOtherwise_OfNone_AndOfAReplacedOne_ChangesNothing()
    {
        var made = await _bench.MakeAsync();
        Assert.IsType<KeyChange.Stale>(await _bench.Ring.EditAsync(made.Description.Id, Nothing with { Name = "other" }, key => key.Name == "another", Cancel));
        Assert.IsType<KeyChange.NotFound>(await _bench.Ring.EditAsync("k_none", Nothing, _ => true, Cancel));
        Assert.IsType<KeyChange.Made>(await _bench.Ring.RotateAsync(made.Description.Id, TimeSpan.FromHours(1), kick: false, Cancel));
        Assert.IsType<KeyChange.IsReplaced>(await TryEditAsync(made, Nothing with { Name = "other" }));
        Assert.Equal("a key", (await _bench.Ring.FindAsync(made.Description.Id, Cancel))!.Name);

        _bench.Store.IsAway = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => TryEditAsync(made, Nothing with { Name = "other" }));
    }

    [Fact]
    public async Task Edits_AtTheSameTimeAsUse_LoseNeither()
    {
        var made = await _bench.MakeAsync();
        for (var i = 0; i < 20; i++)
        {
            _bench.Ring.RecordUse(KeyHash.Of(made.Key.Value), _bench.Time.GetUtcNow());
            await Task.WhenAll(_bench.Ring.UpkeepAsync(Cancel), EditAsync(made, Nothing with { Name = $"name {i}" }));
        }

        await _bench.Ring.UpkeepAsync(Cancel);
        var key = (await _bench.Ring.FindAsync(made.Description.Id, Cancel))!;
        Assert.Equal(("name 19", 20), (key.Name, key.UseCount));
    }

    public async ValueTask InitializeAsync() => _bench = await KeyBench.StartAsync(source);

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private Task<KeyChange> TryEditAsync(KeyChange.Made made, StreamKeyEdit edit) => _bench.Ring.EditAsync(made.Description.Id, edit, _ => true, Cancel);

    private async Task<KeyChange.Edited> EditAsync(KeyChange.Made made, StreamKeyEdit edit) => Assert.IsType<KeyChange.Edited>(await TryEditAsync(made, edit));
}
