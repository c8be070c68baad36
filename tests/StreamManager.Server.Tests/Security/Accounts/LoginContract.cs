using Microsoft.AspNetCore.Identity;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>Logging in: who gets in, and what others are told.</summary>
public abstract class LoginContract(StoreSource source) : IAsyncLifetime
{
    private StoredAccounts _accounts = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RightPassword_WhateverTheCaseOfTheName_MakesASession()
    {
        await _accounts.AddAsync("Anna", Role.Operator);
        var done = Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("ANNA"));
        var caller = await _accounts.FindSessionAsync(done.Session.Secret.Value);
        Assert.Equal(("user:Anna", Server.Security.Permissions.Operator, done.User.Id), (caller!.Actor, caller.Permissions, caller.UserId));
        Assert.Null(await _accounts.FindSessionAsync(AccountSecret.Make()));
    }

    [Fact]
    public async Task WrongPasswordUnknownNameAndDisabledUser_AreToldTheSame()
    {
        await _accounts.AddAsync("owner");
        await _accounts.AddAsync("away", Role.Viewer, isEnabled: false);
        _ = _accounts.HeardTypes();
        Assert.IsType<LoginResult.Wrong>(await _accounts.LogInAsync("owner", "wrong password"));
        Assert.IsType<LoginResult.Wrong>(await _accounts.LogInAsync("away"));
        Assert.Equal(["audit.login.failed", "audit.login.failed"], _accounts.HeardTypes());
        Assert.IsType<LoginResult.Wrong>(await _accounts.LogInAsync("my-secret-password"));
        Assert.Empty(_accounts.HeardTypes());
    }

    [Fact]
    public async Task KnownAddresses_AreKeptOverARestartAndBounded()
    {
        var user = await _accounts.AddAsync("owner");
        for (var i = 0; i < AccountLimits.MostKnownAddresses + 2; i++)
            Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner", address: $"192.0.2.{i}"));
        var known = (await new AccountDocuments(_accounts.Store).Users.GetAsync(user.Id, Cancel))!.Value.KnownAddresses;
        Assert.Equal(Enumerable.Range(2, AccountLimits.MostKnownAddresses).Select(i => $"192.0.2.{i}"), known);
    }

    [Fact]
    public async Task OldHash_AfterALogin_IsHashedAnew()
    {
        var user = await _accounts.AddAsync("owner");
        var documents = new AccountDocuments(_accounts.Store).Users;
        var old = new PasswordHasher<object>(Microsoft.Extensions.Options.Options.Create(new PasswordHasherOptions { IterationCount = 1_000 })).HashPassword(new object(), StoredAccounts.Password);
        await documents.PutAsync(user.Id, user.Value with { PasswordHash = old }, user.Version, Cancel);
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner"));
        var stored = (await documents.GetAsync(user.Id, Cancel))!.Value.PasswordHash;
        Assert.NotEqual(old, stored);
        using var passwords = new PasswordHashing();
        Assert.Equal(new PasswordCheck(PasswordVerificationResult.Success), await passwords.CheckAsync(stored, StoredAccounts.Password, true, Cancel));
    }

    [Fact]
    public async Task OwnPassword_ChangedWithTheOldOne_EndsAllSessionsButTheNewOne()
    {
        await _accounts.AddAsync("owner");
        var first = Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner"));
        Assert.IsType<LoginResult.Wrong>(await ChangeAsync(first.User, "wrong password"));
        Assert.NotNull(await _accounts.FindSessionAsync(first.Session.Secret.Value));
        var user = (await _accounts.Parts.Directory.GetAsync(Cancel)).Find(first.User.Id)!;
        var second = Assert.IsType<LoginResult.Done>(await ChangeAsync(user, StoredAccounts.Password));
        Assert.Null(await _accounts.FindSessionAsync(first.Session.Secret.Value));
        Assert.NotNull(await _accounts.FindSessionAsync(second.Session.Secret.Value));
        Assert.IsType<LoginResult.Wrong>(await _accounts.LogInAsync("owner"));
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner", "another long phrase"));
    }

    public async ValueTask InitializeAsync() => _accounts = await StoredAccounts.OpenAsync(source);

    public async ValueTask DisposeAsync()
    {
        await _accounts.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private Task<LoginResult> ChangeAsync(Versioned<UserRecord> user, string old) =>
        _accounts.Parts.Desk.ChangePasswordAsync(user, old, "another long phrase", "192.0.2.1", "test", Cancel);
}
