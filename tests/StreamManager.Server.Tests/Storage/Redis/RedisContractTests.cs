using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Redis;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Storage.Redis;

/// <summary>The store's promises, kept by a real Redis.</summary>
public sealed class RedisStateStoreContractTests : StateStoreContract
{
    private RedisServer? _server;

    private protected override async ValueTask<IStateStore> OpenEmptyAsync()
    {
        _server = await RedisServer.StartAsync();
        return await RedisStores.OpenAsync(_server);
    }

    protected override async ValueTask CleanUpAsync() => await _server!.DisposeAsync();
}

/// <summary>The journal's promises, kept by a real Redis.</summary>
public sealed class RedisEventJournalContractTests : EventJournalContract
{
    private RedisServer? _server;
    private RedisStateStore? _store;

    private protected override async ValueTask<IEventJournal> OpenEmptyAsync()
    {
        _server = await RedisServer.StartAsync();
        _store = await RedisStores.OpenAsync(_server);
        return _store.Journal;
    }

    protected override async ValueTask CleanUpAsync()
    {
        await _store!.DisposeAsync();
        await _server!.DisposeAsync();
    }
}
