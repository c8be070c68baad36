using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Tests.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>Links by which users set their password.</summary>
public abstract class UserLinkContract(StoreSource source) : IAsyncLifetime
{
    private const string NewPassword = "a new phrase of hers";

    private readonly ManualTimeProvider _time = new(StoreSource.Start);
    private StoredAccounts _accounts = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private UserBook Users => _accounts.Parts.Users;

    [Fact]
    public async Task Invited_SetsAPasswordOnce()
    {
        await _accounts.AddAsync("owner");
        var invited = await Users.InviteAsync("berta", Role.Operator, isEnabled: true, "user:owner", Cancel);
        var token = invited.LinkToken!.Value;
        Assert.False(invited.User!.Value.HasPassword);
        Assert.IsType<LoginResult.Wrong>(await _accounts.LogInAsync("berta", ""));
        var document = await _accounts.Store.GetAsync("user", invited.User.Id, Cancel);
        Assert.DoesNotContain(token, System.Text.Encoding.UTF8.GetString(document!.Body.Span), StringComparison.Ordinal);

        Assert.Equal("berta", (await Users.FindByLinkAsync(token, Cancel)).User!.Value.Name);
        var used = (await Users.UseLinkAsync(token, NewPassword, "192.0.2.1", Cancel)).User!.Value;
        Assert.Equal((true, null), (used.HasPassword, used.Link));
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("berta", NewPassword));
        Assert.Equal(UserRefusal.WrongLink, (await Users.UseLinkAsync(token, "another long phrase", "192.0.2.1", Cancel)).Refusal);
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("berta", NewPassword));
        Assert.Equal(["audit.user.created", "audit.user.created", "audit.user.linkUsed"], _accounts.HeardTypes().Where(type => type.StartsWith("audit.user", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Link_UsedByManyAtOnce_WorksForOne()
    {
        await _accounts.AddAsync("owner");
        var token = (await Users.InviteAsync("berta", Role.Operator, isEnabled: true, "test", Cancel)).LinkToken!.Value;
        await using var second = await SecondServer.StartAsync(_accounts);
        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => (i % 2 == 0 ? Users : second.Parts.Users).UseLinkAsync(token, $"{NewPassword} {i}", "192.0.2.1", Cancel)));
        Assert.Single(results, result => result.User is not null);
        Assert.All(results.Where(result => result.User is null), result => Assert.Equal(UserRefusal.WrongLink, result.Refusal));
    }

    [Fact]
    public async Task Link_AfterItsEnd_IsExpired()
    {
        await _accounts.AddAsync("owner");
        var token = (await Users.InviteAsync("berta", Role.Operator, isEnabled: true, "test", Cancel)).LinkToken!.Value;
        _time.Advance(AccountLimits.LinkLifetime - TimeSpan.FromTicks(1));
        Assert.NotNull((await Users.FindByLinkAsync(token, Cancel)).User);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(UserRefusal.LinkExpired, (await Users.FindByLinkAsync(token, Cancel)).Refusal);
        Assert.Equal(UserRefusal.LinkExpired, (await Users.UseLinkAsync(token, NewPassword, "192.0.2.1", Cancel)).Refusal);
        Assert.IsType<LoginResult.Wrong>(await _accounts.LogInAsync("berta", NewPassword));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sml_")]
    [InlineData("sml_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("smt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task WrongLink_IsRefused(string token)
    {
        await _accounts.AddAsync("owner");
        await Users.InviteAsync("berta", Role.Operator, isEnabled: true, "test", Cancel);
        Assert.Equal(UserRefusal.WrongLink, (await Users.FindByLinkAsync(token, Cancel)).Refusal);
        Assert.Equal(UserRefusal.WrongLink, (await Users.UseLinkAsync(token, NewPassword, "192.0.2.1", Cancel)).Refusal);
    }

    [Fact]
    public async Task NewLink_EndsTheOneBefore_AndThePasswordWorksUntilItIsUsed()
    {
        var user = await _accounts.AddAsync("anna");
        var session = Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("anna")).Session.Secret.Value;
        var first = (await Users.MakeUserLinkAsync(user.Id, "test", Cancel)).LinkToken!.Value;
        var second = (await Users.MakeUserLinkAsync(user.Id, "test", Cancel)).LinkToken!.Value;
        Assert.Equal(UserRefusal.WrongLink, (await Users.FindByLinkAsync(first, Cancel)).Refusal);
        Assert.NotNull(await _accounts.FindSessionAsync(session));
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("anna"));

        Assert.NotNull((await Users.UseLinkAsync(second, NewPassword, "192.0.2.1", Cancel)).User);
        Assert.Null(await _accounts.FindSessionAsync(session));
        Assert.IsType<LoginResult.Wrong>(await _accounts.LogInAsync("anna"));
        Assert.Equal(UserRefusal.NotFound, (await Users.MakeUserLinkAsync("usr_none", "test", Cancel)).Refusal);
    }

    [Fact]
    public async Task Link_OfWhoGotAPasswordMeanwhile_OrMayNotComeIn_OrIsGone_DoesNotWork()
    {
        await _accounts.AddAsync("owner");
        var user = await _accounts.AddAsync("anna", Role.Viewer);
        var token = (await Users.MakeUserLinkAsync(user.Id, "test", Cancel)).LinkToken!.Value;
        await Users.ChangeAsync(user.Id, new UserChange(IsEnabled: false), "test", Cancel);
        Assert.Equal(UserRefusal.WrongLink, (await Users.FindByLinkAsync(token, Cancel)).Refusal);
        await Users.ChangeAsync(user.Id, new UserChange(IsEnabled: true), "test", Cancel);
        Assert.NotNull((await Users.FindByLinkAsync(token, Cancel)).User);
        await Users.ChangeAsync(user.Id, new UserChange(Password: NewPassword), "test", Cancel);
        Assert.Equal(UserRefusal.WrongLink, (await Users.FindByLinkAsync(token, Cancel)).Refusal);
        token = (await Users.MakeUserLinkAsync(user.Id, "test", Cancel)).LinkToken!.Value;
        await Users.RemoveAsync(user.Id, "test", Cancel);
        Assert.Equal(UserRefusal.WrongLink, (await Users.FindByLinkAsync(token, Cancel)).Refusal);
    }

    [Fact]
    public async Task InvitedOwner_IsNoneUntilThePasswordIsSet()
    {
        var setup = await Users.MakeLinkAsync(Cancel);
        var invited = await Users.InviteAsync("berta", Role.Owner, isEnabled: true, "admin-token", Cancel);
        Assert.True(await Users.IsSetupNeededAsync(Cancel));
        Assert.NotNull((await Users.SetUpAsync(setup!.Value, "anna", NewPassword, Cancel)).User);
        var anna = (await _accounts.Parts.Directory.GetAsync(Cancel)).FindByName("anna")!;
        Assert.Equal(UserRefusal.LastOwner, (await Users.RemoveAsync(anna.Id, "test", Cancel)).Refusal);
        Assert.NotNull((await Users.UseLinkAsync(invited.LinkToken!.Value, NewPassword, "192.0.2.1", Cancel)).User);
        Assert.NotNull((await Users.RemoveAsync(anna.Id, "test", Cancel)).User);
    }

    [Fact]
    public async Task Setup_IsOverWhenAnInvitedOwnerHasAPassword()
    {
        var setup = await Users.MakeLinkAsync(Cancel);
        var invited = await Users.InviteAsync("berta", Role.Owner, isEnabled: true, "admin-token", Cancel);
        Assert.NotNull((await Users.UseLinkAsync(invited.LinkToken!.Value, NewPassword, "192.0.2.1", Cancel)).User);
        Assert.Equal(UserRefusal.SetupDone, (await Users.SetUpAsync(setup!.Value, "anna", NewPassword, Cancel)).Refusal);
    }

    public async ValueTask InitializeAsync() => _accounts = await StoredAccounts.OpenAsync(source, _time);

    public async ValueTask DisposeAsync()
    {
        await _accounts.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
