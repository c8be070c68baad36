using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Redis;
using StreamManager.Server.Storage.Sqlite;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Storage;

/// <summary>Where the tests of what is kept in a store get theirs: one class of them for each kind of store.</summary>
public abstract class StoreSource
{
    /// <summary>
    /// When the clocks of such tests start: Redis removes by its own clock, and nothing may be past for it that is to come for the test.
    /// </summary>
    internal static DateTimeOffset Start { get; } = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A store with nothing in it.</summary>
    /// <param name="time">The test's clock.</param>
    internal abstract Task<OpenStores> OpenEmptyAsync(TimeProvider time);
}

/// <summary>Files of the test's own.</summary>
public sealed class SqliteSource : StoreSource
{
    internal override Task<OpenStores> OpenEmptyAsync(TimeProvider time)
    {
        var folder = new TemporaryFolder();
        var held = DataDirectoryLock.Take(folder.Path);
        var store = SqliteStateStore.Open(held, time, NullLogger<SqliteStateStore>.Instance);
        // One process has the file: another server on it, as these tests have one, is another owner of the same store.
        return Task.FromResult(new OpenStores(store, () => Task.FromResult<IStateStore>(store), expiresByTheTestsClock: true, held, folder));
    }
}

/// <summary>A real Redis for a class of tests, with a database for each of them.</summary>
public sealed class RedisSource : StoreSource, IAsyncLifetime
{
    private RedisServer? _server;
    private int _database = -1;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync(new RedisServerSettings { Lines = ["databases 200"] });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server!.DisposeAsync();

    internal override async Task<OpenStores> OpenEmptyAsync(TimeProvider time)
    {
        var url = $"{_server!.Url}/{Interlocked.Increment(ref _database)}";
        return new OpenStores(await OpenAsync(url), () => OpenAsync(url), expiresByTheTestsClock: false);
    }

    private static async Task<IStateStore> OpenAsync(string text)
    {
        Assert.Null(RedisUrl.TryParse(text, null, out var url));
        return await RedisStateStore.OpenAsync(
            new RedisOptions { Url = url }, TimeSpan.FromSeconds(30), TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
    }
}
