using System.Text;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>One document that cannot be read is the trouble of the one whose it is.</summary>
public abstract class DamagedAccountContract(StoreSource source) : IAsyncLifetime
{
    private StoredAccounts _accounts = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("{}")]
    [InlineData("no JSON at all")]
    public async Task Session_ThatIsDamaged_IsNoSessionAndKeepsNobodyOut(string body)
    {
        var user = await _accounts.AddAsync("owner");
        var first = Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner"));
        var id = AccountSecret.Digest(first.Session.Secret.Value);
        await DamageAsync("session", id, body);
        _ = _accounts.HeardTypes();

        Assert.Null(await _accounts.FindSessionAsync(first.Session.Secret.Value));
        var second = Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner"));
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner"));
        Assert.NotNull(await _accounts.FindSessionAsync(second.Session.Secret.Value));
        Assert.Equal(2, (await _accounts.Parts.Sessions.ListAsync(user, Cancel)).Length);
        Assert.Single(_accounts.HeardTypes(), "server.storeDamaged");

        await _accounts.Parts.Sessions.EndAsync(id, "user:owner", Cancel);
        Assert.Null(await _accounts.Store.GetAsync("session", id, Cancel));
    }

    [Fact]
    public async Task Session_ThatIsDamaged_DoesNotKeepItsUserFromBeingRemoved()
    {
        await _accounts.AddAsync("owner");
        var user = await _accounts.AddAsync("vera", Role.Viewer);
        await DamageAsync("session", "one", "{}");
        await DamageAsync("token", "one", "{}");
        Assert.NotNull((await _accounts.Parts.Users.RemoveAsync(user.Id, "admin-token", Cancel)).User);
    }

    [Fact]
    public async Task User_WhoIsDamaged_IsToldSoAndOthersComeIn()
    {
        await _accounts.AddAsync("owner");
        var vera = await _accounts.AddAsync("Vera", Role.Viewer);
        var session = Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("Vera")).Session;
        var owner = Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner")).Session;
        await DamageAsync("user", vera.Id, """{ "name": "Vera" }""");
        _ = _accounts.HeardTypes();

        Assert.NotNull(await _accounts.FindSessionAsync(owner.Secret.Value));
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner"));
        var damage = await Assert.ThrowsAsync<DamagedDocumentException>(() => _accounts.LogInAsync("vera"));
        Assert.Contains($"user {vera.Id}", damage.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<DamagedDocumentException>(() => _accounts.FindSessionAsync(session.Secret.Value));
        Assert.IsType<LoginResult.Wrong>(await _accounts.LogInAsync("nobody"));
        Assert.Single(_accounts.HeardTypes(), "server.storeDamaged");
    }

    [Fact]
    public async Task User_WhoseNameCannotBeReadEither_MayBeWhoeverIsNotKnown()
    {
        await _accounts.AddAsync("owner");
        await DamageAsync("user", "usr_1", "no JSON at all");
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner"));
        Assert.IsType<LoginResult.Wrong>(await _accounts.LogInAsync("owner", "wrong password"));
        await Assert.ThrowsAsync<DamagedDocumentException>(() => _accounts.LogInAsync("vera"));
    }

    [Fact]
    public async Task User_WhoIsDamaged_CanBeRemovedAndMadeAnewUnlessNoOwnerWouldBeLeft()
    {
        var owner = await _accounts.AddAsync("owner");
        await DamageAsync("user", "usr_1", """{ "name": "Vera" }""");
        Assert.Equal(UserRefusal.NameTaken, (await _accounts.Parts.Users.AddAsync("vera", Role.Viewer, StoredAccounts.Password, true, "user:owner", Cancel)).Refusal);
        Assert.NotNull((await _accounts.Parts.Users.RemoveAsync("usr_1", "user:owner", Cancel)).User);
        await _accounts.AddAsync("vera", Role.Viewer);
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("vera"));

        await DamageAsync("user", owner.Id, "{}");
        Assert.Equal(UserRefusal.LastOwner, (await _accounts.Parts.Users.RemoveAsync(owner.Id, "admin-token", Cancel)).Refusal);
    }

    [Fact]
    public async Task User_WhoIsDamaged_DoesNotKeepTheServerFromStarting()
    {
        await _accounts.AddAsync("owner");
        await DamageAsync("user", "usr_1", "{}");
        await using var restarted = await SecondServer.StartAsync(_accounts);
        Assert.IsType<LoginResult.Done>(await restarted.Parts.Desk.LogInAsync("owner", StoredAccounts.Password, "192.0.2.1", "test", Cancel));
        await Assert.ThrowsAsync<DamagedDocumentException>(() => restarted.Parts.Users.ChangeAsync("usr_1", new UserChange(IsEnabled: false), "user:owner", Cancel));
    }

    [Fact]
    public async Task LastUses_WithADamagedDocumentAmongThem_AreWrittenForTheOthers()
    {
        await using var accounts = await StoredAccounts.OpenAsync(source);
        var owner = await accounts.AddAsync("owner");
        var caller = new Caller("user:owner", Permissions.Owner, owner.Id);
        var tokens = new List<NewToken>();
        for (var i = 0; i < 3; i++)
            tokens.Add((await accounts.Parts.Tokens.MakeAsync(caller, $"token {i}", Permissions.View, null, Cancel))!);
        foreach (var token in tokens)
            Assert.NotNull(await accounts.Parts.Authenticator.FindAsync(token.Secret.Value, Cancel));
        await accounts.Store.WriteAsync([new StateWrite.Put("token", AccountSecret.Digest(tokens[0].Secret.Value), "{}"u8.ToArray())], Cancel);
        await accounts.Parts.FlushAsync(Cancel);
        var (readable, _) = await new AccountDocuments(accounts.Store).Tokens.ListReadableAsync(Cancel);
        Assert.Equal(2, readable.Count(token => token.Value.UsedAt is not null));
    }

    public async ValueTask InitializeAsync() => _accounts = await StoredAccounts.OpenAsync(source);

    public async ValueTask DisposeAsync()
    {
        await _accounts.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private async Task DamageAsync(string kind, string id, string body)
    {
        await _accounts.Store.WriteAsync([new StateWrite.Put(kind, id, Encoding.UTF8.GetBytes(body))], Cancel);
    }
}
