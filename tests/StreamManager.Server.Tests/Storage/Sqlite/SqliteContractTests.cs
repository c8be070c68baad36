using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;

namespace StreamManager.Server.Tests.Storage.Sqlite;

public sealed class SqliteStateStoreContractTests : StateStoreContract
{
    private readonly TemporaryFolder _folder = new();
    private DataDirectoryLock? _lock;

    private protected override ValueTask<IStateStore> OpenEmptyAsync()
    {
        _lock = DataDirectoryLock.Take(_folder.Path);
        return ValueTask.FromResult<IStateStore>(SqliteStateStore.Open(_lock, TimeProvider.System, NullLogger<SqliteStateStore>.Instance));
    }

    protected override ValueTask CleanUpAsync()
    {
        _lock?.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

public sealed class SqliteJournalContractTests : EventJournalContract
{
    private readonly TemporaryFolder _folder = new();
    private DataDirectoryLock? _lock;
    private SqliteStateStore? _store;

    private protected override ValueTask<IEventJournal> OpenEmptyAsync()
    {
        _lock = DataDirectoryLock.Take(_folder.Path);
        _store = SqliteStateStore.Open(_lock, TimeProvider.System, NullLogger<SqliteStateStore>.Instance);
        return ValueTask.FromResult(_store.Journal);
    }

    protected override async ValueTask CleanUpAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
        _lock?.Dispose();
        _folder.Dispose();
    }
}
