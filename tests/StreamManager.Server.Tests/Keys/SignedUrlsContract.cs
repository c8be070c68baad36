using System.Buffers.Text;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Keys;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Keys;

public abstract class SignedUrlsContract(StoreSource source) : IAsyncLifetime
{
    private KeyBench _bench = null!;
    private SignedUrls _signed = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SignedAction.Publish, "main", SignedAction.Publish, "main", typeof(KeyVerdict.Granted))]
    [InlineData(SignedAction.Publish, "main", SignedAction.Publish, "main/main", typeof(KeyVerdict.Granted))]
    [InlineData(SignedAction.Publish, "main", SignedAction.Publish, "main/backup", typeof(KeyVerdict.WrongKind))]
    [InlineData(SignedAction.Publish, "main", SignedAction.Publish, "second", typeof(KeyVerdict.WrongKind))]
    [InlineData(SignedAction.Publish, "main", SignedAction.Play, "main/main", typeof(KeyVerdict.WrongKind))]
    [InlineData(SignedAction.Play, null, SignedAction.Play, "main", typeof(KeyVerdict.Granted))]
    [InlineData(SignedAction.Play, null, SignedAction.Play, "main/main", typeof(KeyVerdict.WrongKind))]
    [InlineData(SignedAction.Play, null, SignedAction.Publish, "main", typeof(KeyVerdict.WrongKind))]
    [InlineData(SignedAction.Play, "backup", SignedAction.Play, "main/backup", typeof(KeyVerdict.Granted))]
    [InlineData(SignedAction.Play, "backup", SignedAction.Play, "main", typeof(KeyVerdict.WrongKind))]
    [InlineData(SignedAction.Play, null, SignedAction.Play, "", typeof(KeyVerdict.WrongKind))]
    internal void Token_AllowsWhatWasSigned(SignedAction signed, string? source, SignedAction wanted, string name, Type verdict)
    {
        var token = _signed.Sign(Grant(signed, source));
        var found = Verify(token, wanted, name);
        Assert.IsType(verdict, found);
        if (found is KeyVerdict.Granted granted)
            Assert.Equal(new IngestTarget("main", source ?? ""), granted.Target);
    }

    [Fact]
    public void Token_AtItsEnd_IsExpired()
    {
        var token = _signed.Sign(Grant(SignedAction.Play, null));
        _bench.Time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        Assert.IsType<KeyVerdict.Granted>(Verify(token));
        _bench.Time.Advance(TimeSpan.FromTicks(1));
        Assert.IsType<KeyVerdict.Expired>(Verify(token));
    }

    [Theory]
    [InlineData("203.0.113.9", true)]
    [InlineData("::ffff:203.0.113.9", true)]
    [InlineData("203.0.114.9", false)]
    public void Token_ForAddresses_WorksFromThere(string address, bool isGranted)
    {
        var token = _signed.Sign(Grant(SignedAction.Play, null) with { Addresses = ["203.0.113.0/24"] });
        Assert.IsType(isGranted ? typeof(KeyVerdict.Granted) : typeof(KeyVerdict.AddressNotAllowed), Verify(token, address: IPAddress.Parse(address)));
        Assert.IsType<KeyVerdict.AddressNotAllowed>(_signed.Verify(token, SignedAction.Play, "main", null, _bench.Time.GetUtcNow()));
    }

    [Fact]
    public void Token_WithAnyCharacterChanged_IsUnknown()
    {
        var token = _signed.Sign(Grant(SignedAction.Play, null));
        for (var i = 0; i < token.Length; i++)
        {
            var changed = token.ToCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';

            // The last character carries bits that are not part of the MAC.
            if (i < token.Length - 1)
                Assert.IsType<KeyVerdict.Unknown>(Verify(new string(changed)));
            Assert.IsType<KeyVerdict.Unknown>(Verify(token[..i]));
            Assert.IsType<KeyVerdict.Unknown>(Verify(token[i..] + "."));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("sm1.")]
    [InlineData("sm1...")]
    [InlineData("sm1.a.b.c")]
    [InlineData("sm1.é.b.c")]
    [InlineData("sm2.a.b.c")]
    public void Token_ThatIsNone_IsUnknown(string token) => Assert.IsType<KeyVerdict.Unknown>(Verify(token));

    [Fact]
    public void Token_OfAForger_IsUnknown()
    {
        var token = _signed.Sign(Grant(SignedAction.Play, null));
        var payload = Base64Url.EncodeToString(Encoding.UTF8.GetBytes("""{"action":"publish","channel":"main","source":"main","expires":99999999999}"""));
        var parts = token.Split('.');
        Assert.IsType<KeyVerdict.Unknown>(Verify($"sm1.{parts[1]}.{payload}.{parts[3]}", SignedAction.Publish));
        Assert.IsType<KeyVerdict.Unknown>(Verify(new string('x', 100_000)));
    }

    [Fact]
    public async Task Rotated_EndsWhatWasSignedBefore_AtOnceOrAfterTheOverlap()
    {
        var first = _signed.Sign(Grant(SignedAction.Play, null));
        await _signed.RotateAsync(TimeSpan.FromMinutes(5), Cancel);
        var second = _signed.Sign(Grant(SignedAction.Play, null));
        Assert.NotEqual(first.Split('.')[1], second.Split('.')[1]);
        Assert.All([first, second], token => Assert.IsType<KeyVerdict.Granted>(Verify(token)));
        _bench.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.IsType<KeyVerdict.Unknown>(Verify(first));
        Assert.IsType<KeyVerdict.Granted>(Verify(second));
        await _signed.RotateAsync(TimeSpan.Zero, Cancel);
        Assert.IsType<KeyVerdict.Unknown>(Verify(second));
    }

    [Fact]
    public async Task Keys_AreSealedStayOverRestartsAndReachOtherServers()
    {
        var token = _signed.Sign(Grant(SignedAction.Play, null));
        using var other = await OpenAsync(await _bench.Stores.OpenAgainAsync());
        Assert.IsType<KeyVerdict.Granted>(other.Verify(token, SignedAction.Play, "main", KeyBench.Public, _bench.Time.GetUtcNow()));
        await _signed.RotateAsync(TimeSpan.Zero, Cancel);
        await Eventually.TrueAsync(async () =>
        {
            await other.UpkeepAsync(Cancel);
            return other.Verify(token, SignedAction.Play, "main", KeyBench.Public, _bench.Time.GetUtcNow()) is KeyVerdict.Unknown;
        });
        for (var i = 0; i < 20; i++)
            await _signed.RotateAsync(TimeSpan.FromDays(1), Cancel);
        var kept = await _bench.Store.ListAsync("signing-key", Cancel);
        Assert.Equal(16, kept.Length);
        Assert.All(kept, record => Assert.Contains("\"sealedKey\"", Encoding.UTF8.GetString(record.Body.Span), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rotation_DuringOneThatEndsEverything_BringsNothingBack()
    {
        using var other = await OpenAsync(await _bench.Stores.OpenAgainAsync());
        var leaked = _signed.Sign(Grant(SignedAction.Play, null));
        _bench.Store.AfterList = () => other.RotateAsync(TimeSpan.Zero, Cancel);
        await _signed.RotateAsync(TimeSpan.FromHours(1), Cancel);
        Assert.IsType<KeyVerdict.Unknown>(Verify(leaked));
        using var restarted = await OpenAsync(_bench.Store);
        Assert.IsType<KeyVerdict.Unknown>(restarted.Verify(leaked, SignedAction.Play, "main", KeyBench.Public, _bench.Time.GetUtcNow()));
        Assert.Single(await _bench.Store.ListAsync("signing-key", Cancel), record => record.ExpiresAt is null);
    }

    public async ValueTask InitializeAsync()
    {
        _bench = await KeyBench.StartAsync(source);
        _signed = await OpenAsync(_bench.Store);
    }

    public async ValueTask DisposeAsync()
    {
        _signed.Dispose();
        await _bench.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private Task<SignedUrls> OpenAsync(IStateStore store) => SignedUrls.OpenAsync(store, _bench.Vault, _bench.Time, NullLogger<SignedUrls>.Instance, Cancel);

    private SignedGrant Grant(SignedAction action, string? source) => new(action, "main", source, _bench.Time.GetUtcNow().AddMinutes(10).ToUnixTimeSeconds(), null);

    private KeyVerdict Verify(string token, SignedAction action = SignedAction.Play, string name = "main", IPAddress? address = null) =>
        _signed.Verify(token, action, name, address ?? KeyBench.Public, _bench.Time.GetUtcNow());
}
