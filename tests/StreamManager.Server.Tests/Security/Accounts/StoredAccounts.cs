using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Events;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>All about accounts over a real store in a folder of its own. Without an administrator's token unless one is given.</summary>
internal sealed class StoredAccounts : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    private readonly TemporaryFolder _folder = new();
    private readonly DataDirectoryLock _lock;

    public StoredAccounts(TimeProvider? time = null, string? adminToken = null)
    {
        _lock = DataDirectoryLock.Take(_folder.Path);
        Time = time ?? TimeProvider.System;
        Store = SqliteStateStore.Open(_lock, Time, NullLogger<SqliteStateStore>.Instance);
        Events = new EventBus();
        Heard = Events.Subscribe("test");
        Parts = new AccountParts(Store, adminToken is null ? null : new Secret(adminToken), Events, Time, NullLoggerFactory.Instance);
    }

    public TimeProvider Time { get; }

    public SqliteStateStore Store { get; }

    public EventBus Events { get; }

    public EventSubscription Heard { get; }

    public AccountParts Parts { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
        await Store.DisposeAsync();
        _lock.Dispose();
        _folder.Dispose();
    }
}
