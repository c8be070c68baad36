using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>Logging in while others guess: what is counted is in memory, whatever the store.</summary>
public sealed class LoginFloodTests : IAsyncLifetime
{
    private StoredAccounts _accounts = null!;

    [Fact]
    public async Task Guesses_FromElsewhere_DoNotKeepTheOwnerOutAtHome()
    {
        await _accounts.AddAsync("owner");
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner"));
        for (var i = 0; i < LoginThrottle.FreePerAccount; i++)
            Assert.IsType<LoginResult.Wrong>(await _accounts.LogInAsync("owner", "a guess", $"198.51.100.{i}"));
        Assert.IsType<LoginResult.Wait>(await _accounts.LogInAsync("owner", StoredAccounts.Password, "203.0.113.5"));
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner"));
    }

    [Fact]
    public async Task Flood_OfLogins_IsTurnedAwayAndKnownAddressesGetIn()
    {
        await _accounts.AddAsync("owner");
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner"));
        var flood = Enumerable.Range(0, 60).Select(i => _accounts.LogInAsync($"name{i}", "a guess", $"198.51.{i}.1")).ToArray();
        Assert.IsType<LoginResult.Done>(await _accounts.LogInAsync("owner"));
        Assert.Contains(await Task.WhenAll(flood), result => result is LoginResult.Busy);
    }

    public async ValueTask InitializeAsync() => _accounts = await StoredAccounts.OpenAsync(new SqliteSource());

    public ValueTask DisposeAsync() => _accounts.DisposeAsync();
}
