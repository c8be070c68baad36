using System.Collections.Concurrent;
using System.Text.Json.Serialization;
using StreamManager.Engine.Channels;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Channels;

/// <summary>
/// Remembers what is on air. Read once at start; what is written while the store is away waits, the newest record of each channel, and is written when the store is back. Thread-safe.
/// </summary>
internal sealed partial class BroadcastRecords : IBroadcastStore, IAsyncDisposable
{
    /// <summary>A caller waits no longer for a store that is away: a broadcast must be able to begin and end without it.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    /// <summary>Between two tries to write what waits.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly DocumentSet<BroadcastRecord> _documents;
    private readonly ConcurrentDictionary<string, BroadcastRecord> _known;

    // Null: to be removed.
    private readonly ConcurrentDictionary<string, BroadcastRecord?> _waiting = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _retry;
    private int _isAway;

    private BroadcastRecords(DocumentSet<BroadcastRecord> documents, IEnumerable<Versioned<BroadcastRecord>> known, TimeProvider time, ILogger logger)
    {
        _documents = documents;
        _known = new ConcurrentDictionary<string, BroadcastRecord>(known.Select(entry => KeyValuePair.Create(entry.Id, entry.Value)), StringComparer.Ordinal);
        _time = time;
        _logger = logger;
        _retry = time.CreateTimer(_ => _ = WriteWaitingAsync(onlyIfIdle: true), null, RetryInterval, RetryInterval);
    }

    /// <summary>Reads what is remembered.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<BroadcastRecords> LoadAsync(IStateStore store, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var documents = new DocumentSet<BroadcastRecord>(store, "broadcast", BroadcastJson.Default.BroadcastRecord);
        return new BroadcastRecords(documents, await documents.ListAsync(cancellationToken), time, logger);
    }

    /// <inheritdoc/>
    public BroadcastRecord? Load(string channelId) => _known.GetValueOrDefault(channelId);

    /// <inheritdoc/>
    public async Task SaveAsync(string channelId, BroadcastRecord record)
    {
        _known[channelId] = record;
        _waiting[channelId] = record;
        await WriteSoonAsync();
    }

    /// <summary>The channel is gone: the next one with its id begins with nothing of it.</summary>
    public async Task ForgetAsync(string channelId)
    {
        _known.TryRemove(channelId, out _);
        _waiting[channelId] = null;
        await WriteSoonAsync();
    }

    /// <summary>Tries a last time to write what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        await _retry.DisposeAsync();
        try
        {
            await WriteWaitingAsync().WaitAsync(LongestWait, _time);
        }
        catch (TimeoutException)
        {
            LogNotSaved(_logger, "it does not answer");
        }
    }

    private async Task WriteSoonAsync()
    {
        try
        {
            await WriteWaitingAsync().WaitAsync(LongestWait, _time);
        }
        catch (TimeoutException)
        {
            // It is still being tried.
        }
    }

    private async Task WriteWaitingAsync(bool onlyIfIdle = false)
    {
        if (_waiting.IsEmpty)
            return;

        // A write that hangs must not gather a waiter with every tick of the timer.
        if (!await _writing.WaitAsync(onlyIfIdle ? TimeSpan.Zero : Timeout.InfiniteTimeSpan).ConfigureAwait(ConfigureAwaitOptions.ForceYielding))
            return;
        try
        {
            foreach (var (channelId, record) in _waiting)
            {
                if (record is null)
                    await _documents.RemoveAsync(channelId, null, CancellationToken.None);
                else
                    await _documents.PutAsync(channelId, record, null, CancellationToken.None);

                // Only this very record: a newer one may have come meanwhile.
                _waiting.TryRemove(KeyValuePair.Create(channelId, record));
            }

            if (Interlocked.Exchange(ref _isAway, 0) != 0)
                LogSavedAgain(_logger);
        }
        catch (StoreUnavailableException e)
        {
            if (Interlocked.Exchange(ref _isAway, 1) == 0)
                LogNotSaved(_logger, e.Message);
        }
        finally
        {
            _writing.Release();
        }
    }

    [LoggerMessage(1, LogLevel.Error, "What is on air cannot be remembered at the moment ({Reason}); after a crash it might not come back by itself. It is tried again.")]
    private static partial void LogNotSaved(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Information, "What is on air is remembered again.")]
    private static partial void LogSavedAgain(ILogger logger);
}

/// <summary>How the engine's records are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BroadcastRecord))]
internal sealed partial class BroadcastJson : JsonSerializerContext;
