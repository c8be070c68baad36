using System.Net;
using System.Text;
using StreamManager.Server.Keys;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Keys;

public abstract class StreamKeyRingContract(StoreSource source) : IAsyncLifetime
{
    private KeyBench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MadeKey_Works_AndLiesInTheStoreAsAHashOnly()
    {
        var made = await _bench.MakeAsync(alias: "studio");
        Assert.Equal(43, made.Key.Value.Length);
        var granted = Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value));
        Assert.Equal((new IngestTarget("main", "main"), made.Description.Id), (granted.Target, granted.KeyId));

        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(made.Key.Value)));
        var document = await _bench.Store.GetAsync("stream:key", hash, Cancel);
        var text = Encoding.UTF8.GetString(document!.Body.Span);
        Assert.DoesNotContain(made.Key.Value, text, StringComparison.Ordinal);
        Assert.Contains("\"channelId\":\"main\"", text, StringComparison.Ordinal);
        Assert.Contains("\"kind\":\"regular\"", text, StringComparison.Ordinal);
        Assert.Equal(hash, Encoding.UTF8.GetString((await _bench.Store.GetAsync("stream:alias", "studio", Cancel))!.Body.Span));
    }

    [Theory]
    [InlineData("")]
    [InlineData("wrong")]
    [InlineData("A-fixed-key-of-24-letters")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("sm1.0.0.0")]
    public async Task WrongKey_IsUnknown(string candidate) => Assert.IsType<KeyVerdict.Unknown>(await _bench.ValidateAsync(candidate, KeyBench.Loopback));

    [Fact]
    public async Task Key_OfAnyLength_IsUnknownAndNeverThrows()
    {
        for (var length = 0; length < 400; length++)
            Assert.IsType<KeyVerdict.Unknown>(await _bench.ValidateAsync(new string('é', length), KeyBench.Loopback));
    }

    [Fact]
    public async Task Key_FromMemory_AsksTheStoreNothing_AndAnUnknownOneOnce()
    {
        var made = await _bench.MakeAsync();
        await _bench.Stores.ToldAsync();
        _bench.Store.Asked = 0;
        for (var i = 0; i < 10; i++)
            Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value));
        Assert.Equal(1, _bench.Store.Asked);

        var wrong = StreamKey.NewKey().Value;
        for (var i = 0; i < 10; i++)
            Assert.IsType<KeyVerdict.Unknown>(await _bench.ValidateAsync(wrong));
        Assert.Equal(2, _bench.Store.Asked);
        _bench.Time.Advance(TimeSpan.FromSeconds(10));
        await _bench.ValidateAsync(wrong);
        Assert.Equal(3, _bench.Store.Asked);
    }

    [Fact]
    public async Task Key_AtItsEnd_IsExpiredAndTellsItOnceAMinute()
    {
        var made = await _bench.MakeAsync(expiresAt: _bench.Time.GetUtcNow().AddHours(1));
        _bench.Time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value));
        _bench.Time.Advance(TimeSpan.FromTicks(1));
        for (var i = 0; i < 5; i++)
            Assert.IsType<KeyVerdict.Expired>(await _bench.ValidateAsync(made.Key.Value));
        Assert.True(_bench.Happened.Reader.TryRead(out var happened));
        Assert.Equal(("key.refused", "expired", made.Description.Id), (happened.Type, (string?)happened.Data["reason"], (string?)happened.Data["keyId"]));
        Assert.False(_bench.Happened.Reader.TryRead(out _));
        Assert.Equal(5, (await _bench.Ring.FindAsync(made.Description.Id, Cancel))!.FailedAttempts);
    }

    [Fact]
    public async Task EndedKey_LeavesTheStoreLater()
    {
        var made = await _bench.MakeAsync(alias: "gone");
        var leaves = _bench.Time.GetUtcNow().AddDays(30) + StreamKey.KeptAfterEnd;
        Assert.Equal(leaves, (await _bench.Store.GetAsync("stream:key", KeyHash.Of(made.Key.Value).ToString(), Cancel))!.ExpiresAt);
        Assert.Equal(leaves, (await _bench.Store.GetAsync("stream:alias", "gone", Cancel))!.ExpiresAt);
        if (!_bench.Stores.ExpiresByTheTestsClock)
            return;
        _bench.Time.Advance(TimeSpan.FromDays(30) + StreamKey.KeptAfterEnd);
        Assert.Null(await _bench.Ring.FindAsync(made.Description.Id, Cancel));
        Assert.Null(await _bench.Store.GetAsync("stream:alias", "gone", Cancel));
    }

    [Theory]
    [InlineData("203.0.113.7", true)]
    [InlineData("::ffff:203.0.113.200", true)]
    [InlineData("2001:db8::9", true)]
    [InlineData("203.0.114.1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData(null, false)]
    public async Task Key_WithRanges_WorksInThemOnly(string? address, bool isGranted)
    {
        var made = await _bench.MakeAsync(null, null, "203.0.113.0/24", "2001:db8::/32");
        var verdict = await _bench.Ring.ValidateAsync(made.Key.Value, address is null ? null : IPAddress.Parse(address), isBanned: true, _bench.Time.GetUtcNow());
        Assert.IsType(isGranted ? typeof(KeyVerdict.Granted) : typeof(KeyVerdict.AddressNotAllowed), verdict);
    }

    [Fact]
    public async Task Ranges_ThatCannotBeRead_LetNobodyIn()
    {
        var made = await _bench.MakeAsync(null, null, "203.0.113.0/24");
        var document = await _bench.Store.GetAsync("stream:key", KeyHash.Of(made.Key.Value).ToString(), Cancel);
        var text = Encoding.UTF8.GetString(document!.Body.Span).Replace("203.0.113.0/24", "everywhere", StringComparison.Ordinal);
        await _bench.Store.WriteAsync([new StateWrite.Put(document.Kind, document.Id, Encoding.UTF8.GetBytes(text))], Cancel);
        Assert.IsType<KeyVerdict.StoreAway>(await _bench.ValidateAsync(made.Key.Value));
    }

    [Fact]
    public async Task Alias_WorksFromNearbyOnly_AndWhatIsNoneGetsTheSameAnswer()
    {
        var made = await _bench.MakeAsync(alias: "preview");
        foreach (var address in (string[])["127.0.0.1", "::1", "192.168.1.5", "fd00::1", "::ffff:10.0.0.1"])
            Assert.Equal(made.Description.Id, Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync("preview", IPAddress.Parse(address))).KeyId);
        foreach (var name in (string[])["preview", "no-such-name", KeyBench.FixedName])
            Assert.IsType<KeyVerdict.AliasNotAllowedHere>(await _bench.ValidateAsync(name, KeyBench.Public));
        Assert.IsType<KeyVerdict.AliasNotAllowedHere>(await _bench.Ring.ValidateAsync("preview", null, isBanned: false, _bench.Time.GetUtcNow()));
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value, KeyBench.Public));
    }

    [Fact]
    public async Task Alias_OnPublicAddressesWhenSwitchedOn_Works()
    {
        await using var open = await KeyBench.StartAsync(source, aliasesOnPublicAddresses: true);
        await open.MakeAsync(alias: "preview");
        Assert.IsType<KeyVerdict.Granted>(await open.ValidateAsync("preview", KeyBench.Public));
        Assert.IsType<KeyVerdict.Granted>(await open.ValidateAsync(KeyBench.FixedName, KeyBench.Public));
        Assert.IsType<KeyVerdict.Unknown>(await open.ValidateAsync("no-such-name", KeyBench.Public));
    }

    [Fact]
    public async Task Alias_OfAnotherKey_OrOfAFixedOne_IsTaken()
    {
        await _bench.MakeAsync(alias: "preview");
        foreach (var alias in (string[])["preview", KeyBench.FixedName])
        {
            var before = (await _bench.Ring.ListAsync(Cancel)).Length;
            Assert.IsType<KeyChange.AliasTaken>(await _bench.Ring.CreateAsync(
                new NewStreamKey("b", new("main", "main"), StreamKeyKind.Regular, null, [], alias), Cancel));
            Assert.Equal(before, (await _bench.Ring.ListAsync(Cancel)).Length);
        }
    }

    [Fact]
    public async Task FromABannedAddress_KeysAreLookedAtAndNamesAreNot()
    {
        var made = await _bench.MakeAsync(alias: "preview");
        foreach (var key in (string[])[made.Key.Value, KeyBench.FixedKey, _bench.Ring.KeyOf("main", "main")!.Value])
            Assert.IsType<KeyVerdict.Granted>(await _bench.Ring.ValidateAsync(key, KeyBench.Public, isBanned: true, _bench.Time.GetUtcNow()));
        foreach (var name in (string[])["preview", "no-such-name", KeyBench.FixedName])
            Assert.IsType<KeyVerdict.Banned>(await _bench.Ring.ValidateAsync(name, KeyBench.Loopback, isBanned: true, _bench.Time.GetUtcNow()));
    }

    [Fact]
    public async Task StoreAway_KnownKeysWorkAndOthersAreToldWhy()
    {
        var known = await _bench.MakeAsync(alias: "preview");
        var other = await _bench.MakeAsync(alias: "other");
        await _bench.Stores.ToldAsync();
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync("preview", KeyBench.Loopback));

        // A gap comes with it: what is known is then what was true before.
        _bench.Store.IsAway = true;
        _bench.Store.TellOfAGap();
        foreach (var candidate in (string[])[known.Key.Value, "preview", KeyBench.FixedKey, KeyBench.FixedName, _bench.Ring.KeyOf("main", "backup")!.Value])
            Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(candidate, KeyBench.Loopback));
        foreach (var candidate in (string[])[other.Key.Value, "other", StreamKey.NewKey().Value, "no-such-name"])
            Assert.Contains("cut off", Assert.IsType<KeyVerdict.StoreAway>(await _bench.ValidateAsync(candidate, KeyBench.Loopback)).Reason, StringComparison.Ordinal);

        _bench.Store.IsAway = false;
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(other.Key.Value, KeyBench.Loopback));
    }

    [Fact]
    public async Task Key_MadeByAnotherServerWhileItWasWrongHere_WorksAtOnce()
    {
        using var other = await _bench.OpenAsync();
        var made = await _bench.MakeAsync();
        var hash = KeyHash.Of(made.Key.Value).ToString();
        var document = (await _bench.Store.GetAsync("stream:key", hash, Cancel))!;
        await _bench.Store.WriteAsync([new StateWrite.Remove("stream:key", hash)], Cancel);
        await Eventually.TrueAsync(async () => await _bench.ValidateAsync(made.Key.Value) is KeyVerdict.Unknown);
        await _bench.Store.WriteAsync([new StateWrite.Put("stream:key", hash, document.Body)], Cancel);
        await Eventually.TrueAsync(async () => await _bench.ValidateAsync(made.Key.Value) is KeyVerdict.Granted);
    }

    [Fact]
    public async Task Revoked_IsUnknownAtOnceAndWhoeverIsOnAirWithItIsKicked()
    {
        var made = await _bench.MakeAsync(alias: "preview");
        var stays = await _bench.MakeAsync();
        _bench.Publish("rtmp-1", made.Key);
        _bench.Publish("rtmp-2", stays.Key);
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync("preview", KeyBench.Loopback));
        Assert.IsType<KeyChange.Removed>(await _bench.Ring.RevokeAsync(made.Description.Id, Cancel));
        await Eventually.TrueAsync(() => _bench.Kicked.Count == 1);
        Assert.Equal(["rtmp-1"], _bench.Kicked);
        Assert.True(_bench.Ring.WasRevoked(KeyHash.Of(made.Key.Value)));
        Assert.IsType<KeyVerdict.Unknown>(await _bench.ValidateAsync(made.Key.Value));
        Assert.IsType<KeyVerdict.Unknown>(await _bench.ValidateAsync("preview", KeyBench.Loopback));
        Assert.Null(await _bench.Store.GetAsync("stream:alias", "preview", Cancel));
        Assert.IsType<KeyChange.NotFound>(await _bench.Ring.RevokeAsync(made.Description.Id, Cancel));
    }

    [Fact]
    public async Task Revoked_WhileItIsBeingRead_IsNotKeptInMemory()
    {
        var made = await _bench.MakeAsync();
        _bench.Store.AfterGet = async () =>
        {
            await _bench.Store.WriteAsync([new StateWrite.Remove("stream:key", KeyHash.Of(made.Key.Value).ToString())], Cancel);
            await Eventually.TrueAsync(() => _bench.Ring.WasRevoked(KeyHash.Of(made.Key.Value)));
        };
        await _bench.ValidateAsync(made.Key.Value);
        Assert.IsType<KeyVerdict.Unknown>(await _bench.ValidateAsync(made.Key.Value));
    }

    [Fact]
    public async Task RevokedElsewhere_DuringAGap_IsKickedWhenTheStoreIsBack()
    {
        // As another server does it: this one is told nothing but that it missed something.
        _bench.Publish("rtmp-1", StreamKey.NewKey());
        _bench.Store.IsAway = true;
        _bench.Store.TellOfAGap();
        await _bench.Ring.UpkeepAsync(Cancel);
        Assert.Empty(_bench.Kicked);
        _bench.Store.IsAway = false;
        await _bench.Ring.UpkeepAsync(Cancel);
        Assert.Equal(["rtmp-1"], _bench.Kicked);
    }

    [Fact]
    public async Task Rotated_BothWorkUntilTheOverlapEnds()
    {
        var old = await _bench.MakeAsync("preview", null, "203.0.113.0/24");
        _bench.Publish("rtmp-1", old.Key);
        _bench.Time.Advance(TimeSpan.FromDays(1));
        var next = Assert.IsType<KeyChange.Made>(await _bench.Ring.RotateAsync(old.Description.Id, TimeSpan.FromHours(1), kick: false, Cancel));
        Assert.NotEqual(old.Key, next.Key);
        Assert.Equal((old.Description.Id, "preview", _bench.Time.GetUtcNow().AddDays(30)), (next.Description.RotatedFrom, next.Description.Alias, next.Description.ExpiresAt));
        Assert.Equal(["203.0.113.0/24"], next.Description.AllowedAddresses.AsEnumerable());

        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(next.Key.Value));
        await Eventually.TrueAsync(async () => (await _bench.Ring.FindAsync(old.Description.Id, Cancel))!.ReplacedBy == next.Description.Id);
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(old.Key.Value));
        Assert.IsType<KeyChange.IsReplaced>(await _bench.Ring.RotateAsync(old.Description.Id, TimeSpan.Zero, kick: false, Cancel));

        _bench.Time.Advance(TimeSpan.FromHours(1));
        Assert.IsType<KeyVerdict.Expired>(await _bench.ValidateAsync(old.Key.Value));
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(next.Key.Value));
        Assert.Empty(_bench.Kicked);
    }

    [Fact]
    public async Task Rotated_WithoutOverlap_EndsTheOldOneAndKicksOnlyWhenAsked()
    {
        var first = await _bench.MakeAsync();
        _bench.Publish("rtmp-1", first.Key);
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(first.Key.Value));
        var second = Assert.IsType<KeyChange.Made>(await _bench.Ring.RotateAsync(first.Description.Id, TimeSpan.Zero, kick: false, Cancel));
        await Eventually.TrueAsync(async () => await _bench.ValidateAsync(first.Key.Value) is KeyVerdict.Expired);
        Assert.Empty(_bench.Kicked);

        _bench.Publish("rtmp-2", second.Key);
        Assert.IsType<KeyChange.Made>(await _bench.Ring.RotateAsync(second.Description.Id, TimeSpan.FromHours(1), kick: true, Cancel));
        await Eventually.TrueAsync(() => _bench.Kicked.Count == 1);
        Assert.Equal(["rtmp-2"], _bench.Kicked);
        Assert.IsType<KeyVerdict.Unknown>(await _bench.ValidateAsync(second.Key.Value));
    }

    [Fact]
    public async Task Rotated_WhenThereAreAsManyAsMayBe_OnlyTakesThePlaceOfTheOldOne()
    {
        var key = await _bench.MakeAsync();
        var body = (await _bench.Store.GetAsync(StreamKey.DocumentKind, KeyHash.Of(key.Key.Value).ToString(), Cancel))!.Body;
        foreach (var batch in Enumerable.Range(0, StreamKeyRing.MostKeys - (await _bench.Ring.ListAsync(Cancel)).Length).Chunk(StateLimits.MostWrites))
            await _bench.Store.WriteAsync([.. batch.Select(i => new StateWrite.Put(StreamKey.DocumentKind, KeyHash.Of($"key {i}").ToString(), body, null, null))], Cancel);
        Assert.Equal(StreamKeyRing.MostKeys, (await _bench.Ring.ListAsync(Cancel)).Length);
        var own = (await _bench.Ring.ListAsync(Cancel)).First(entry => entry.IsChannelsOwn).Id;

        Assert.IsType<KeyChange.TooMany>(await _bench.Ring.RotateAsync(own, TimeSpan.Zero, kick: false, Cancel));
        Assert.IsType<KeyChange.Made>(await _bench.Ring.RotateAsync(own, TimeSpan.Zero, kick: true, Cancel));
        Assert.Equal(StreamKeyRing.MostKeys, (await _bench.Ring.ListAsync(Cancel)).Length);
    }

    [Fact]
    public async Task OwnKey_StaysOverRestarts_IsSealed_AndCanBeShownAgain()
    {
        var key = _bench.Ring.KeyOf("main", "main")!;
        Assert.NotEqual(key, _bench.Ring.KeyOf("main", "backup"));
        Assert.Equal(KeyBench.FixedKey, _bench.Ring.KeyOf("second", "main")!.Value);
        Assert.Null(_bench.Ring.KeyOf("main", "third"));
        using var again = await _bench.OpenAsync();
        Assert.Equal(key, again.KeyOf("main", "main"));
        var record = await _bench.Store.GetAsync("ingest-key", "main/main", Cancel);
        Assert.DoesNotContain(key.Value, Encoding.UTF8.GetString(record!.Body.Span), StringComparison.Ordinal);

        var own = (await _bench.Ring.ListAsync(Cancel)).Single(entry => entry.Name == "main/main");
        Assert.Equal((true, null), (own.IsChannelsOwn, own.ExpiresAt));
        Assert.Equal(key, (await _bench.Ring.RevealAsync(own.Id, Cancel))!.Value.Key);
        var made = await _bench.MakeAsync();
        Assert.Null(await _bench.Ring.RevealAsync(made.Description.Id, Cancel));
    }

    [Fact]
    public async Task OwnKey_NeverExpires_CannotBeRemovedButRotated()
    {
        var key = _bench.Ring.KeyOf("main", "main")!;
        _bench.Time.Advance(TimeSpan.FromDays(4000));
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(key.Value));
        var own = (await _bench.Ring.ListAsync(Cancel)).Single(entry => entry.Name == "main/main");
        Assert.IsType<KeyChange.IsChannelsOwn>(await _bench.Ring.RevokeAsync(own.Id, Cancel));

        using var other = await _bench.OpenElsewhereAsync();
        var next = Assert.IsType<KeyChange.Made>(await _bench.Ring.RotateAsync(own.Id, TimeSpan.FromHours(1), kick: false, Cancel));
        Assert.Equal((true, next.Key, null), (next.Description.IsChannelsOwn, _bench.Ring.KeyOf("main", "main"), next.Description.ExpiresAt));
        await Eventually.TrueAsync(async () =>
        {
            await other.UpkeepAsync(Cancel);
            return other.KeyOf("main", "main") == next.Key;
        });
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(key.Value));
        Assert.IsType<KeyChange.Removed>(await _bench.Ring.RevokeAsync(own.Id, Cancel));
    }

    [Fact]
    public async Task OwnKey_AfterAFixedOneWasConfigured_DoesNotWorkAndComesBackWithoutIt()
    {
        var key = _bench.Ring.KeyOf("main", "main")!.Value;
        var now = _bench.Time.GetUtcNow();
        using (var configured = await _bench.OpenAsync(new ServerOptions { Channels = [new ChannelOptions { IngestKey = new Secret("another-key-of-a-studio") }] }))
        {
            Assert.IsType<KeyVerdict.Unknown>(await configured.ValidateAsync(key, KeyBench.Loopback, isBanned: false, now));
            Assert.IsType<KeyVerdict.Granted>(await configured.ValidateAsync("another-key-of-a-studio", KeyBench.Loopback, isBanned: false, now));
        }

        using var again = await _bench.OpenAsync();
        Assert.IsType<KeyVerdict.Granted>(await again.ValidateAsync(key, KeyBench.Loopback, isBanned: false, now));
    }

    [Fact]
    public async Task OwnKeys_OfTwoServersThatStartTogether_AreTheSame()
    {
        var options = new ServerOptions { Channels = [.. Enumerable.Range(0, 100).Select(i => new ChannelOptions { Definition = new() { Id = $"c{i}" } })] };
        var rings = await Task.WhenAll(_bench.OpenAsync(options), _bench.OpenElsewhereAsync(options), _bench.OpenElsewhereAsync(options));
        foreach (var channel in options.Channels)
            Assert.Single(rings.Select(ring => ring.KeyOf(channel.Definition.Id, "main")).Distinct());
        foreach (var ring in rings)
            ring.Dispose();
    }

    [Fact]
    public async Task Use_IsCountedAtOnceAndWrittenDownLaterOverAnOutage()
    {
        var made = await _bench.MakeAsync();
        var hash = KeyHash.Of(made.Key.Value);
        _bench.Store.IsAway = true;
        for (var i = 0; i < 3; i++)
        {
            _bench.Ring.RecordUse(hash, _bench.Time.GetUtcNow());
            await _bench.Ring.UpkeepAsync(Cancel);
            _bench.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1, _bench.Ring.Usage.Waiting);
        _bench.Store.IsAway = false;
        Assert.Equal(3, (await _bench.Ring.FindAsync(made.Description.Id, Cancel))!.UseCount);
        await _bench.Ring.UpkeepAsync(Cancel);
        Assert.Equal(0, _bench.Ring.Usage.Waiting);
        using var again = await _bench.OpenAsync();
        var key = (await again.FindAsync(made.Description.Id, Cancel))!;
        Assert.Equal((3, _bench.Time.GetUtcNow().AddSeconds(-1)), (key.UseCount, key.LastUsedAt));
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value));
    }

    [Fact]
    public void Use_OfManyKeysThatCannotBeWritten_IsBounded()
    {
        for (var i = 0; i < KeyUsage.MostWaiting + 10; i++)
            _bench.Ring.RecordUse(KeyHash.Of($"{i}"), _bench.Time.GetUtcNow());
        Assert.Equal((KeyUsage.MostWaiting, 10), (_bench.Ring.Usage.Waiting, _bench.Ring.Usage.Lost));
    }

    [Fact]
    public async Task Change_WhileTheStoreIsAway_IsRefusedAndNothingHasChanged()
    {
        var made = await _bench.MakeAsync();
        _bench.Store.IsAway = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _bench.Ring.RevokeAsync(made.Description.Id, Cancel));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _bench.Ring.RotateAsync(made.Description.Id, TimeSpan.Zero, kick: true, Cancel));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _bench.MakeAsync());
        _bench.Store.IsAway = false;
        Assert.IsType<KeyVerdict.Granted>(await _bench.ValidateAsync(made.Key.Value));
    }

    public async ValueTask InitializeAsync() => _bench = await KeyBench.StartAsync(source);

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
