using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Events;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>All about accounts over a real store.</summary>
internal sealed class StoredAccounts : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    private StoredAccounts(OpenStores stores, TimeProvider time)
    {
        Stores = stores;
        Time = time;
        Events = new EventBus();
        Heard = Events.Subscribe("test");
        Parts = new AccountParts(Store, null, Events, Time, NullLoggerFactory.Instance);
    }

    public TimeProvider Time { get; }

    public OpenStores Stores { get; }

    public IStateStore Store => Stores.First;

    public EventBus Events { get; }

    public EventSubscription Heard { get; }

    public AccountParts Parts { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<StoredAccounts> OpenAsync(StoreSource source, TimeProvider? time = null)
    {
        var clock = time ?? TimeProvider.System;
        return new StoredAccounts(await source.OpenEmptyAsync(clock), clock);
    }

    /// <summary>The types of what was heard since the last time.</summary>
    public IReadOnlyList<string> HeardTypes()
    {
        var types = new List<string>();
        while (Heard.Reader.TryRead(out var happened))
            types.Add(happened.Type);
        return types;
    }

    public async Task<Versioned<UserRecord>> AddAsync(string name, Role role = Role.Owner, bool isEnabled = true) =>
        (await Parts.Users.AddAsync(name, role, Password, isEnabled, "admin-token", Cancel)).User ?? throw new InvalidOperationException(name);

    public Task<LoginResult> LogInAsync(string name, string password = Password, string address = "192.0.2.1") =>
        Parts.Desk.LogInAsync(name, password, address, "test", Cancel);

    public async Task<Caller?> FindSessionAsync(string secret) => await Parts.Sessions.FindAsync(secret, await Parts.Directory.GetAsync(Cancel), Cancel);

    public async ValueTask DisposeAsync()
    {
        Heard.Dispose();
        await Parts.DisposeAsync();
        await Stores.DisposeAsync();
    }
}
