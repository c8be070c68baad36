using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>How long sessions and tokens are good for, and what happens to them while the store is away.</summary>
public abstract class CredentialContract(StoreSource source) : IAsyncLifetime
{
    private static readonly Caller Admin = Caller.Administrator;

    private readonly ManualTimeProvider _time = new(StoreSource.Start);
    private StoredAccounts _accounts = null!;
    private CutOffStore _line = null!;
    private AccountParts _parts = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Session_InUse_LivesUntilItsEndAndUnusedForADay()
    {
        var (used, unused) = (await LogInAsync("anna"), await LogInAsync("bert"));
        for (var hours = 0; hours < 30 * 24; hours += 12)
        {
            Assert.Equal("user:anna", (await FindAsync(used))?.Actor);
            await FlushAsync();
            _time.Advance(TimeSpan.FromHours(12));
            if (hours == 0)
                Assert.NotNull(await FindAsync(await LogInAsync("carl")));
        }

        Assert.Null(await FindAsync(used));
        Assert.Null(await FindAsync(unused));
    }

    [Fact]
    public async Task Session_Unused_EndsADayAfterItsLastUse()
    {
        var session = await LogInAsync("anna");
        _time.Advance(AccountLimits.SessionIdleTime - TimeSpan.FromMinutes(1));
        Assert.NotNull(await FindAsync(session));
        await FlushAsync();
        _time.Advance(AccountLimits.SessionIdleTime - TimeSpan.FromSeconds(1));
        Assert.NotNull(await FindAsync(session));
        _time.Advance(AccountLimits.SessionIdleTime);
        Assert.Null(await FindAsync(session));
    }

    [Fact]
    public async Task Session_AfterAChangeOfPasswordRoleOrSwitch_IsOver()
    {
        await _accounts.AddAsync("owner");
        foreach (var change in new[] { new UserChange(Password: "another long phrase"), new UserChange(Role: Role.Operator), new UserChange(IsEnabled: false) })
        {
            var session = await LogInAsync("anna" + change.GetHashCode());
            var caller = (await FindAsync(session))!;
            Assert.NotNull((await _parts.Users.ChangeAsync(caller.UserId!, new UserChange(Name: "renamed" + change.GetHashCode()), "test", Cancel)).User);
            Assert.NotNull(await FindAsync(session));
            Assert.NotNull((await _parts.Users.ChangeAsync(caller.UserId!, change, "test", Cancel)).User);
            Assert.Null(await FindAsync(session));
        }
    }

    [Fact]
    public async Task Session_EndedOnAnotherServer_IsOverHereToo()
    {
        var session = await LogInAsync("anna");
        var caller = (await FindAsync(session))!;
        await using var other = await SecondServer.StartAsync(_accounts);
        await other.Parts.Sessions.EndAsync(caller.SessionId!, "test", Cancel);
        await Eventually.TrueAsync(async () => await FindAsync(session) is null);
    }

    [Fact]
    public async Task Sessions_OfOneUser_AreBoundedAndTheOldestGoes()
    {
        var first = await LogInAsync("anna");
        var user = (await _parts.Directory.GetAsync(Cancel)).FindByName("anna")!;
        _time.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < AccountLimits.MostSessionsOfUser; i++)
            await _parts.Sessions.MakeAsync(user, "192.0.2.1", "test", Cancel);
        Assert.Equal(AccountLimits.MostSessionsOfUser, (await _parts.Sessions.ListAsync(user, Cancel)).Length);
        Assert.Null(await FindAsync(first));
    }

    [Fact]
    public async Task Store_OfSessionsAndTokens_HoldsNoSecret()
    {
        var session = await LogInAsync("anna");
        var token = await MakeTokenAsync(Permissions.View);
        foreach (var kind in new[] { "user", "session", "token", "setup" })
        {
            foreach (var document in await _accounts.Store.ListAsync(kind, Cancel))
            {
                var text = document.Id + System.Text.Encoding.UTF8.GetString(document.Body.Span);
                Assert.DoesNotContain(session, text, StringComparison.Ordinal);
                Assert.DoesNotContain(token[4..], text, StringComparison.Ordinal);
                Assert.DoesNotContain(StoredAccounts.Password, text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Token_IsGoodUntilItExpiresOrIsRemoved()
    {
        var expiring = await MakeTokenAsync(Permissions.View, _time.GetUtcNow() + TimeSpan.FromHours(1));
        var lasting = await MakeTokenAsync(Permissions.View | Permissions.Operate);
        Assert.Equal(Permissions.View, (await FindTokenAsync(expiring))?.Permissions);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(await FindTokenAsync(expiring));
        var kept = Assert.Single(await _parts.Tokens.ListAsync(Admin, Cancel));
        Assert.Equal(new Caller("token:script", Permissions.View | Permissions.Operate, null) { TokenId = kept.Value.Id }, await FindTokenAsync(lasting));
        await _parts.Tokens.RemoveAsync(kept, "test", Cancel);
        Assert.Null(await FindTokenAsync(lasting));
    }

    [Fact]
    public async Task Token_OfAUserWhoMayLess_MayLess()
    {
        await _accounts.AddAsync("owner");
        var user = await _accounts.AddAsync("anna", Role.Operator);
        var maker = new Caller("user:anna", Permissions.Operator, user.Id);
        var token = (await _parts.Tokens.MakeAsync(maker, "script", Permissions.View | Permissions.Manage, null, Cancel))!.Secret.Value;
        Assert.Equal(Permissions.View | Permissions.Manage, (await FindTokenAsync(token))!.Permissions);
        await _parts.Users.ChangeAsync(user.Id, new UserChange(Role: Role.Viewer), "test", Cancel);
        Assert.Equal(Permissions.View, (await FindTokenAsync(token))!.Permissions);
        await _parts.Users.ChangeAsync(user.Id, new UserChange(IsEnabled: false), "test", Cancel);
        Assert.Null(await FindTokenAsync(token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("smt_")]
    [InlineData("smt_tooshort")]
    [InlineData("smt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!")]
    [InlineData("xyz_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("smt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task Token_ThatCannotBeOne_IsNotLookedUp(string token)
    {
        Assert.Null(await FindTokenAsync(token));
        Assert.Equal(0, _line.Reads);
    }

    [Fact]
    public async Task Tokens_OfOneUser_AreBounded()
    {
        for (var i = 0; i < AccountLimits.MostTokensOfUser; i++)
            await MakeTokenAsync(Permissions.View);
        Assert.Null(await _parts.Tokens.MakeAsync(Admin, "one more", Permissions.View, null, Cancel));
        Assert.NotNull(await _parts.Tokens.MakeAsync(Admin with { UserId = "usr_other" }, "another's", Permissions.View, null, Cancel));
    }

    [Fact]
    public async Task Requests_WithTheSameToken_ReadTheStoreOnceAMinute()
    {
        var token = await MakeTokenAsync(Permissions.View);
        await _accounts.Stores.ToldAsync();
        await FindTokenAsync(token);
        var reads = _line.Reads;
        for (var i = 0; i < 1_000; i++)
            Assert.NotNull(await FindTokenAsync(token));
        Assert.Equal(reads, _line.Reads);
        _time.Advance(StoreReads.FreshTime);
        for (var i = 0; i < 1_000; i++)
            Assert.NotNull(await FindTokenAsync(token));
        Assert.InRange(_line.Reads, reads + 1, reads + 4);
    }

    [Fact]
    public async Task LastUse_IsWrittenOnceAMinuteAndKeptWhileTheStoreIsAway()
    {
        var token = await MakeTokenAsync(Permissions.View);
        await FindTokenAsync(token);
        var at = _time.GetUtcNow();
        _line.Cut();
        await _parts.FlushAsync(Cancel);
        Assert.Null(Assert.Single(await StoredTokensAsync()).Value.UsedAt);
        _line.Restore();
        await _parts.FlushAsync(Cancel);
        var written = Assert.Single(await StoredTokensAsync());
        Assert.Equal(at, written.Value.UsedAt);

        _time.Advance(AccountLimits.TokenUseStep - TimeSpan.FromSeconds(1));
        await FindTokenAsync(token);
        await _parts.FlushAsync(Cancel);
        Assert.Equal(written.Version, Assert.Single(await StoredTokensAsync()).Version);
    }

    [Fact]
    public async Task LastUse_OfARemovedToken_DoesNotBringItBack()
    {
        var token = await MakeTokenAsync(Permissions.View);
        await FindTokenAsync(token);
        await using (var other = await SecondServer.StartAsync(_accounts))
            await other.Parts.Tokens.RemoveAsync(Assert.Single(await StoredTokensAsync()), "test", Cancel);
        await _parts.FlushAsync(Cancel);
        Assert.Empty(await StoredTokensAsync());
        await Eventually.TrueAsync(async () => await FindTokenAsync(token) is null);
    }

    [Fact]
    public async Task StoreAway_KnownOnesGoOnAndUnknownOnesAreNotRefusedButUnavailable()
    {
        var session = await LogInAsync("anna");
        var token = await MakeTokenAsync(Permissions.View);
        var unknown = await MakeTokenAsync(Permissions.View);
        await _accounts.Stores.ToldAsync();
        Assert.NotNull(await FindAsync(session));
        Assert.NotNull(await FindTokenAsync(token));
        _line.Cut();
        for (var minutes = 0; minutes < 60; minutes++)
        {
            Assert.NotNull(await FindAsync(session));
            Assert.NotNull(await FindTokenAsync(token));
            Assert.Equal(Admin, await FindTokenAsync("t0ken"));
            await Assert.ThrowsAsync<StoreUnavailableException>(() => FindTokenAsync(unknown));
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        _line.Restore();
        Assert.NotNull(await FindTokenAsync(unknown));
    }

    [Fact]
    public async Task StoreSilent_KnownOnesDoNotWaitForIt()
    {
        var session = await LogInAsync("anna");
        await _accounts.Stores.ToldAsync();
        Assert.NotNull(await FindAsync(session));
        _line.Silence();
        _time.Advance(StoreReads.FreshTime);
        var found = FindAsync(session);
        Assert.True(found.IsCompleted);
        Assert.NotNull(await found);
        _time.Advance(StoreReads.LongestWait);
        Assert.NotNull(await FindAsync(session));
    }

    [Fact]
    public async Task WhatChangedWhileTheStoreWasAway_IsSeenWhenItIsBack()
    {
        var session = await LogInAsync("anna");
        var token = await MakeTokenAsync(Permissions.View);
        await _accounts.Stores.ToldAsync();
        Assert.NotNull(await FindAsync(session));
        Assert.NotNull(await FindTokenAsync(token));
        _line.Cut();
        await using (var other = await SecondServer.StartAsync(_accounts))
        {
            await other.Parts.Tokens.RemoveAsync(Assert.Single(await StoredTokensAsync()), "test", Cancel);
            var user = (await other.Parts.Directory.GetAsync(Cancel)).FindByName("anna")!;
            await other.Parts.Users.ChangeAsync(user.Id, new UserChange(Password: "another long phrase"), "test", Cancel);
        }

        Assert.NotNull(await FindAsync(session));
        Assert.NotNull(await FindTokenAsync(token));
        _line.Restore();
        Assert.Null(await FindAsync(session));
        Assert.Null(await FindTokenAsync(token));
    }

    public async ValueTask InitializeAsync()
    {
        _accounts = await StoredAccounts.OpenAsync(source, _time);
        _line = new CutOffStore(_accounts.Store);
        _parts = new AccountParts(_line, new Secret("t0ken"), _accounts.Events, _time, NullLoggerFactory.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _line.Restore();
        await _parts.DisposeAsync();
        await _line.DisposeAsync();
        await _accounts.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private async Task<string> LogInAsync(string name)
    {
        var user = await _accounts.AddAsync(name);
        return (await _parts.Sessions.MakeAsync(user, "192.0.2.1", "test", Cancel)).Secret.Value;
    }

    private async Task<Caller?> FindAsync(string session) => await _parts.Sessions.FindAsync(session, await _parts.Directory.GetAsync(Cancel), Cancel);

    /// <summary>Writes the last uses down, and waits until they are known here too.</summary>
    private async Task FlushAsync()
    {
        await _parts.FlushAsync(Cancel);
        await _accounts.Stores.ToldAsync();
    }

    private async Task<Caller?> FindTokenAsync(string token) => await _parts.Authenticator.FindAsync(token, Cancel);

    private async Task<string> MakeTokenAsync(Permissions scopes, DateTimeOffset? expiresAt = null) =>
        (await _parts.Tokens.MakeAsync(Admin, "script", scopes, expiresAt, Cancel))!.Secret.Value;

    private async Task<IReadOnlyList<Versioned<TokenRecord>>> StoredTokensAsync() => await new AccountDocuments(_accounts.Store).Tokens.ListAsync(Cancel);
}
