using System.Collections.Immutable;
using System.Globalization;

namespace StreamManager.Server.Storage.Redis;

/// <summary>The store in a Redis that several servers may share. Expiry is by the clock of Redis.</summary>
internal sealed partial class RedisStateStore : IStateStore
{
    /// <summary>Documents in one reply: with bodies of the greatest size it stays below <see cref="RespLimits.MaxReplyBytes"/>, and Redis is not held up for others.</summary>
    internal const int DocumentsPerReply = 50;

    private readonly ILogger _logger;
    private readonly RedisClient _client;
    private readonly RedisChangeFeed _feed;

    /// <summary>What was said last, so that it is not said again at each connection. Used by the link's task only.</summary>
    private ImmutableArray<string> _advice = [];

    private RedisStateStore(RedisOptions options, TimeProvider time, ILogger logger)
    {
        _logger = logger;
        _client = new RedisClient(new RedisLink(options, time, logger, PrepareAsync));
        _feed = new RedisChangeFeed(options, time, logger);
        Journal = new RedisEventJournal(_client);
    }

    /// <inheritdoc/>
    public string Name => "Redis";

    /// <summary>The journal in the same Redis; it lives as long as this store.</summary>
    public IEventJournal Journal { get; }

    /// <inheritdoc/>
    public StoreHealth Health => (Reason(_client.Link) ?? Reason(_feed.Link)) is { } reason ? new StoreHealth(false, reason) : StoreHealth.Available;

    /// <summary>Connects; completes when the store can be used.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="patience">How long a Redis that is away or loading is waited for. A wrong password and the like are not waited for.</param>
    /// <param name="time">The clock for waits, not for expiry.</param>
    /// <param name="loggers">Told when Redis is lost and when it is back.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreUnavailableException">It cannot be used; says why.</exception>
    public static async Task<RedisStateStore> OpenAsync(RedisOptions options, TimeSpan patience, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var store = new RedisStateStore(options, time, loggers.CreateLogger<RedisStateStore>());
        try
        {
            await store._client.Link.WaitUntilAvailableAsync(patience, cancellationToken);
            await store._feed.Link.WaitUntilAvailableAsync(patience, cancellationToken);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<StoredDocument?> GetAsync(string kind, string id, CancellationToken cancellationToken)
    {
        CheckKind(kind);
        return (await ReadAsync(kind, [id], cancellationToken)) is [var only] ? only : null;
    }

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<StoredDocument>> ListAsync(string kind, CancellationToken cancellationToken)
    {
        CheckKind(kind);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var documents = ImmutableArray.CreateBuilder<StoredDocument>();
        await foreach (var keys in _client.ScanAsync(RedisLayout.Pattern(kind), cancellationToken))
        {
            var ids = keys.Select(key => RedisLayout.Id(kind, key)).OfType<string>().Where(seen.Add).ToList();
            foreach (var batch in ids.Chunk(DocumentsPerReply))
                documents.AddRange(await ReadAsync(kind, batch, cancellationToken));
        }

        return documents.ToImmutable();
    }

    /// <inheritdoc/>
    public async ValueTask<StateWriteResult> WriteAsync(ImmutableArray<StateWrite> writes, CancellationToken cancellationToken)
    {
        StateLimits.Check(writes);
        cancellationToken.ThrowIfCancellationRequested();
        List<RedisArgument> keys = [RedisLayout.Counter];
        List<RedisArgument> arguments = [RedisLayout.Changes, StateLimits.LargestBody];
        foreach (var write in writes)
        {
            CheckKind(write.Kind);
            keys.AddRange([RedisLayout.Key(write.Kind, write.Id), RedisLayout.VersionKey(write.Kind, write.Id)]);
            var expected = write.ExpectedVersion?.ToString(CultureInfo.InvariantCulture) ?? "";
            var put = write as StateWrite.Put;
            arguments.AddRange([put is null ? "remove" : "put", expected, Expiry(put?.ExpiresAt), write.Kind, write.Id, put?.Body ?? default]);
        }

        // Once it is sent it is not given up, or nobody would know whether it was done: the connection's own limits end it.
        switch (await _client.RunAsync(RedisStateScripts.Write, keys, arguments, CancellationToken.None))
        {
            case RespValue.Bulk version:
                return new StateWriteResult.Done(Version(version));
            case RespValue.Array { Items: [RespValue.Integer { Number: > 0 } place, RespValue.Bulk actual] } when place.Number <= writes.Length:
                var write = writes[(int)place.Number - 1];
                return new StateWriteResult.Conflict(write.Kind, write.Id, Version(actual));
            default:
                throw _client.Unexpected(new RedisCommand("EVALSHA"));
        }
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<StateChange> handler) => _feed.Subscribe(handler);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _feed.DisposeAsync();
        await _client.DisposeAsync();
    }

    private static string? Reason(RedisLink link) => link.State is RedisState.Unavailable unavailable ? link.Describe(unavailable.Failure) : null;

    private static void CheckKind(string kind)
    {
        if (RedisLayout.IsReserved(kind))
            throw new ArgumentException($"the kind \"{kind}\" is reserved for the store itself", nameof(kind));
    }

    /// <summary>Whoever answers a log-in need not be of use: a connection counts as there when a script that reads nothing has read nothing.</summary>
    private async Task PrepareAsync(RedisConnection connection, CancellationToken cancellationToken)
    {
        var look = RedisStateScripts.Read.ByText([], [StateLimits.LargestBody]);
        switch (await connection.SendAsync(look, cancellationToken))
        {
            case RespValue.Array { Items.IsEmpty: true }:
                break;
            case RespValue.Error error:
                throw RedisFailure.OfReply(error) is { } failure ? new RedisConnectException(failure) : RedisErrors.ToException(look, error);
            default:
                throw new RedisConnectException(RedisFailure.NotRedis);
        }

        var advice = await RedisAdvice.AskAsync(connection, cancellationToken);
        foreach (var text in advice.Except(_advice, StringComparer.Ordinal))
            LogAdvice(text);
        _advice = advice;
    }

    [LoggerMessage(1, LogLevel.Warning, "{Advice}")]
    private partial void LogAdvice(string advice);

    /// <summary>Redis takes no time before 1970; one that is past removes the document at once.</summary>
    private static string Expiry(DateTimeOffset? at) => at is { } time ? Math.Max(1, time.ToUnixTimeMilliseconds()).ToString(CultureInfo.InvariantCulture) : "";

    private long Version(RespValue.Bulk text) =>
        long.TryParse(text.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : throw _client.Unexpected(new RedisCommand("EVALSHA"));

    /// <summary>Below zero: it has none. Others may set one that is later than what .NET can say, which is as good as none.</summary>
    private static DateTimeOffset? Time(long milliseconds) =>
        milliseconds < 0 || milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? null : DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    /// <summary>Those of the documents that are there.</summary>
    private async ValueTask<List<StoredDocument>> ReadAsync(string kind, string[] ids, CancellationToken cancellationToken)
    {
        List<RedisArgument> keys = [];
        foreach (var id in ids)
            keys.AddRange([RedisLayout.Key(kind, id), RedisLayout.VersionKey(kind, id)]);
        var reply = await _client.RunAsync(RedisStateScripts.Read, keys, [StateLimits.LargestBody], cancellationToken);
        if (reply is not RespValue.Array { Items: var items } || items.Length != ids.Length)
            throw _client.Unexpected(new RedisCommand("EVALSHA"));
        var documents = new List<StoredDocument>(ids.Length);
        for (var i = 0; i < items.Length; i++)
        {
            if (items[i] is RespValue.Array { Items: [RespValue.Bulk body, RespValue.Bulk version, RespValue.Integer expiry] })
                documents.Add(new StoredDocument(kind, ids[i], body.Bytes, Version(version), Time(expiry.Number)));
        }

        return documents;
    }
}
