using System.Security.Cryptography.X509Certificates;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Storage.Redis;
using StreamManager.Server.Storage.Sqlite;

namespace StreamManager.Server.Storage;

/// <summary>The data directory and the state that the configuration asks for, opened. Whoever opens it disposes it, after everybody who uses it.</summary>
internal sealed class ServerState : IAsyncDisposable
{
    /// <summary>What development versions kept the state in; it is not read any more.</summary>
    private const string OldFileName = "state.json";

    /// <summary>A Redis that starts together with the server, and loads what it has, is waited for so long.</summary>
    private static readonly TimeSpan RedisPatience = TimeSpan.FromSeconds(30);

    private readonly DataDirectoryLock _directory;

    private ServerState(DataDirectoryLock directory, AnchoredStore store, IEventJournal journal)
    {
        _directory = directory;
        Store = store;
        Journal = journal;
    }

    /// <summary>The documents.</summary>
    public AnchoredStore Store { get; }

    /// <summary>The journal.</summary>
    public IEventJournal Journal { get; }

    /// <summary>The data directory, held by this process.</summary>
    public DataDirectoryLock Directory => _directory;

    /// <summary>Opens it; makes it at the first start.</summary>
    /// <exception cref="StartupException">It cannot be used; the message says why and what to do.</exception>
    /// <exception cref="StoreUnavailableException">The Redis cannot be used.</exception>
    public static async Task<ServerState> OpenAsync(ServerOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var directory = DataDirectoryLock.Take(options.DataDirectory);
        try
        {
            if (options.Redis is not null)
            {
                var shared = await OpenRedisAsync(options, RedisPatience, time, loggers, cancellationToken);
                return new ServerState(directory, Anchored(shared), shared.Journal);
            }

            RefuseOldState(options.DataDirectory);
            var store = SqliteStateStore.Open(directory, time, loggers.CreateLogger<SqliteStateStore>());
            return new ServerState(directory, Anchored(store), store.Journal);
        }
        catch
        {
            directory.Dispose();
            throw;
        }

        AnchoredStore Anchored(IStateStore store) => new(store, time, loggers.CreateLogger<AnchoredStore>());
    }

    /// <summary>The Redis of the configuration alone, for a look.</summary>
    /// <param name="options">Name one.</param>
    /// <param name="patience">How long one that is away is waited for.</param>
    /// <param name="time">The clock for waits.</param>
    /// <param name="loggers">Told when it is lost.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreUnavailableException">It cannot be used; says why.</exception>
    public static Task<RedisStateStore> OpenRedisAsync(ServerOptions options, TimeSpan patience, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken) =>
        RedisStateStore.OpenAsync(new RedisOptions { Url = options.Redis!, TrustedRoots = Roots(options) }, patience, time, loggers, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _directory.Dispose();
    }

    // For as long as the process runs: every new connection needs them.
    private static X509Certificate2Collection Roots(ServerOptions options)
    {
        var roots = new X509Certificate2Collection();
        if (options.RedisAuthority is { } pem)
            roots.ImportFromPem(pem);
        return roots;
    }

    // Never start empty beside what somebody entered.
    private static void RefuseOldState(string folder)
    {
        var path = Path.Combine(folder, OldFileName);
        if (File.Exists(path) && !File.Exists(Path.Combine(folder, SqliteStateStore.FileName)))
        {
            throw new StartupException($"{path} is from a development version, and this version cannot read it: it keeps the state in {SqliteStateStore.FileName}. "
                + "Move the file away to start afresh, and enter again the destinations that were added through the API; a new stream key is made.");
        }
    }
}
