using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>What is always true of all users, whoever changes them at the same time.</summary>
public abstract class UserBookContract(StoreSource source) : IAsyncLifetime
{
    private StoredAccounts _accounts = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Setup_ByTheLink_MakesTheOwnerOnce()
    {
        var link = await _accounts.Parts.Users.MakeLinkAsync(Cancel);
        Assert.Equal(UserRefusal.WrongLink, (await SetUpAsync(AccountSecret.Make())).Refusal);
        Assert.True(await _accounts.Parts.Users.IsSetupNeededAsync(Cancel));
        var result = await SetUpAsync(link!.Value);
        Assert.Equal(Role.Owner, result.User!.Value.Role);
        Assert.False(await _accounts.Parts.Users.IsSetupNeededAsync(Cancel));
        Assert.Equal(UserRefusal.SetupDone, (await SetUpAsync(link.Value, "bert")).Refusal);
        Assert.Null(await _accounts.Parts.Users.MakeLinkAsync(Cancel));
        Assert.Single((await _accounts.Parts.Directory.GetAsync(Cancel)).All);
        Assert.Equal(["audit.setup.completed"], _accounts.HeardTypes());
    }

    [Fact]
    public async Task Setup_AfterANewLink_RefusesTheOldOne()
    {
        var old = await _accounts.Parts.Users.MakeLinkAsync(Cancel);
        var link = await _accounts.Parts.Users.MakeLinkAsync(Cancel);
        Assert.Equal(UserRefusal.WrongLink, (await SetUpAsync(old!.Value)).Refusal);
        Assert.NotNull((await SetUpAsync(link!.Value)).User);
    }

    [Fact]
    public async Task Setup_ByManyAtOnce_MakesOneOwner()
    {
        var link = await _accounts.Parts.Users.MakeLinkAsync(Cancel);
        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => SetUpAsync(link!.Value, $"owner{i}")));
        Assert.Single(results, result => result.User is not null);
        Assert.Single((await _accounts.Parts.Directory.GetAsync(Cancel)).All);
    }

    [Fact]
    public async Task Setup_WithAnOwnerMadeByTheAdministratorsToken_IsDone()
    {
        var link = await _accounts.Parts.Users.MakeLinkAsync(Cancel);
        await _accounts.AddAsync("viewer", Role.Viewer);
        Assert.True(await _accounts.Parts.Users.IsSetupNeededAsync(Cancel));
        await _accounts.AddAsync("owner");
        Assert.Equal(UserRefusal.SetupDone, (await SetUpAsync(link!.Value)).Refusal);
    }

    [Fact]
    public async Task Name_ThatAnotherUserHas_IsRefusedWhateverItsCase()
    {
        await _accounts.AddAsync("Müller");
        var other = await _accounts.AddAsync("other");
        Assert.Equal(UserRefusal.NameTaken, (await _accounts.Parts.Users.AddAsync("mÜLLER", Role.Viewer, StoredAccounts.Password, true, "test", Cancel)).Refusal);
        Assert.Equal(UserRefusal.NameTaken, (await ChangeAsync(other.Id, new UserChange(Name: "müller"))).Refusal);
        Assert.Equal("OTHER", (await ChangeAsync(other.Id, new UserChange(Name: "OTHER"))).User!.Value.Name);
    }

    [Fact]
    public async Task SameName_TakenByManyAtOnce_IsGivenOnce()
    {
        await using var second = await SecondServer.StartAsync(_accounts);
        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(i =>
            (i % 2 == 0 ? _accounts.Parts : second.Parts).Users.AddAsync("anna", Role.Viewer, StoredAccounts.Password, true, "test", Cancel)));
        Assert.Single(results, result => result.User is not null);
        Assert.All(results.Where(result => result.User is null), result => Assert.Equal(UserRefusal.NameTaken, result.Refusal));
    }

    [Fact]
    public async Task LastOwner_IsNeitherRemovedNorDemotedNorDisabled()
    {
        var owner = await _accounts.AddAsync("owner");
        await _accounts.AddAsync("disabled", isEnabled: false);
        await _accounts.AddAsync("operator", Role.Operator);
        Assert.Equal(UserRefusal.LastOwner, (await ChangeAsync(owner.Id, new UserChange(Role: Role.Operator))).Refusal);
        Assert.Equal(UserRefusal.LastOwner, (await ChangeAsync(owner.Id, new UserChange(IsEnabled: false))).Refusal);
        Assert.Equal(UserRefusal.LastOwner, (await _accounts.Parts.Users.RemoveAsync(owner.Id, "test", Cancel)).Refusal);
        Assert.Equal(owner.Version, (await _accounts.Parts.Directory.GetAsync(Cancel)).Find(owner.Id)!.Version);
        await _accounts.AddAsync("second");
        Assert.NotNull((await _accounts.Parts.Users.RemoveAsync(owner.Id, "test", Cancel)).User);
    }

    [Fact]
    public async Task TwoOwners_DemotingOneAnotherOnTwoServers_LeaveOne()
    {
        await using var second = await SecondServer.StartAsync(_accounts);
        for (var round = 0; round < 5; round++)
        {
            var one = await _accounts.AddAsync($"one{round}");
            var two = await _accounts.AddAsync($"two{round}");
            foreach (var other in (await _accounts.Parts.Directory.GetAsync(Cancel)).All.Where(user => user.Value.Role is Role.Owner && user.Id != one.Id && user.Id != two.Id))
                Assert.NotNull((await ChangeAsync(other.Id, new UserChange(Role: Role.Viewer))).User);
            var results = await Task.WhenAll(
                Task.Run(() => ChangeAsync(one.Id, new UserChange(Role: Role.Viewer))),
                Task.Run(() => second.Parts.Users.ChangeAsync(two.Id, new UserChange(Role: Role.Viewer), "test", Cancel)));
            Assert.Single(results, result => result.User is not null);
            Assert.Single((await _accounts.Parts.Directory.GetAsync(Cancel)).All, user => user.Value.Role is Role.Owner);
        }
    }

    [Fact]
    public async Task Removed_User_TakesTokensAndSessionsAlong()
    {
        await _accounts.AddAsync("owner");
        var user = await _accounts.AddAsync("anna", Role.Operator);
        var session = Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("anna")).Session.Secret.Value;
        var caller = (await _accounts.FindSessionAsync(session))!;
        var token = (await _accounts.Parts.Tokens.MakeAsync(caller, "script", Permissions.View, null, Cancel))!.Secret.Value;
        Assert.NotNull(await _accounts.Parts.Authenticator.FindAsync(token, Cancel));

        await _accounts.Parts.Users.RemoveAsync(user.Id, "test", Cancel);
        Assert.Null(await _accounts.FindSessionAsync(session));
        Assert.Null(await _accounts.Parts.Authenticator.FindAsync(token, Cancel));
        Assert.Empty(await _accounts.Store.ListAsync("token", Cancel));
        Assert.Empty(await _accounts.Store.ListAsync("session", Cancel));
    }

    [Fact]
    public async Task Change_TellsTheJournalWhatButNotThePassword()
    {
        var user = await _accounts.AddAsync("anna");
        _ = _accounts.HeardTypes();
        await ChangeAsync(user.Id, new UserChange(Name: "Anna", Password: "another long phrase"));
        Assert.True(_accounts.Heard.Reader.TryRead(out var happened));
        Assert.Equal("audit.user.changed", happened.Type);
        Assert.Equal("test", happened.Actor);
        Assert.Contains("\"changed\":[\"name\",\"password\"]", happened.Data.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("phrase", happened.Data.ToJsonString(), StringComparison.Ordinal);
    }

    public async ValueTask InitializeAsync() => _accounts = await StoredAccounts.OpenAsync(source);

    public async ValueTask DisposeAsync()
    {
        await _accounts.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private Task<UserResult> SetUpAsync(string link, string name = "anna") => _accounts.Parts.Users.SetUpAsync(link, name, StoredAccounts.Password, Cancel);

    private Task<UserResult> ChangeAsync(string id, UserChange change) => _accounts.Parts.Users.ChangeAsync(id, change, "test", Cancel);
}
