using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>Another server on the same documents: its own memory, its own locks, and over Redis its own connections.</summary>
internal sealed class SecondServer : IAsyncDisposable
{
    private SecondServer(StoredAccounts first, IStateStore store) => Parts = new AccountParts(store, null, first.Events, first.Time, NullLoggerFactory.Instance);

    public AccountParts Parts { get; }

    public static async Task<SecondServer> StartAsync(StoredAccounts first) => new(first, await first.Stores.OpenAgainAsync());

    public ValueTask DisposeAsync() => Parts.DisposeAsync();
}
