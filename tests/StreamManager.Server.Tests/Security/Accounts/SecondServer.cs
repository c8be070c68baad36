using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>Another server on the same store: its own memory, its own locks.</summary>
internal sealed class SecondServer(StoredAccounts first) : IAsyncDisposable
{
    public AccountParts Parts { get; } = new(first.Store, null, first.Events, first.Time, NullLoggerFactory.Instance);

    public ValueTask DisposeAsync() => Parts.DisposeAsync();
}
