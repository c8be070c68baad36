using StreamManager.Server.Events;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;

namespace StreamManager.Server.Storage;

/// <summary>
/// One server puts the channels of a shared database on air. It says so in a document that it writes again every few seconds; a document that stays the same for longer is of a server that is gone. Nothing
/// here depends on clocks that agree, and nothing on air depends on it: it is asked at the start, and later it only tells. Made at the start, disposed before the store. One task owns everything.
/// </summary>
internal sealed partial class DatabaseLease : IAsyncDisposable
{
    /// <summary>Its kind, and the id of the only one.</summary>
    internal const string Kind = "lease", Id = "channels";

    /// <summary>How often the holder writes it.</summary>
    internal static readonly TimeSpan Renewal = TimeSpan.FromSeconds(3);

    /// <summary>What nobody wrote for so long is free: three renewals and a Redis that stood still for a second. So long a start waits at most.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    /// <summary>Between two looks of a start that waits.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>The store forgets what nobody wrote for so long. Far above <see cref="Lifetime"/>, since it goes by the store's clock.</summary>
    private static readonly TimeSpan Expiry = TimeSpan.FromDays(1);

    /// <summary>The end of the server waits no longer for the store.</summary>
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(2);

    private readonly IStateStore _store;
    private readonly DocumentSet<LeaseHolder> _documents;
    private readonly LeaseHolder _self;
    private readonly EventBus _bus;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private Task _renewing = Task.CompletedTask;

    // Of whoever starts it, then of the task.
    private long _version;
    private long _seen;
    private long _seenAt;

    // Replaced whole by the task; read by anybody.
    private volatile LeaseHolder? _other;

    private DatabaseLease(IStateStore store, LeaseHolder self, EventBus bus, TimeProvider time, ILogger logger)
    {
        _store = store;
        _documents = Documents(store);
        _self = self;
        _bus = bus;
        _time = time;
        _logger = logger;
    }

    /// <summary>Who has taken it from us; null: nobody, as far as is known.</summary>
    public LeaseHolder? Other => _other;

    /// <summary>Takes it: at once when it is free, ours from before, or wanted in any case; else when its holder turns out to be gone.</summary>
    /// <param name="store">The database.</param>
    /// <param name="self">This server.</param>
    /// <param name="takesOver">Whoever has it.</param>
    /// <param name="bus">Told when another server takes it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told the same, and why a start waits.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StartupException">Another server has it, and lives.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static Task<DatabaseLease> TakeAsync(
        IStateStore store, LeaseHolder self, bool takesOver, EventBus bus, TimeProvider time, ILogger<DatabaseLease> logger, CancellationToken cancellationToken) =>
        TakeAsync(store, self, takesOver, Refusal, bus, time, logger, cancellationToken);

    /// <summary>
    /// Takes it for a command that changes what a running server has in memory, so that none runs or starts meanwhile. There is no taking over: what such a server writes next would be of before the
    /// change, or under a key that is gone.
    /// </summary>
    /// <param name="state">The database. With one that is held by its data directory there is nothing to take.</param>
    /// <param name="options">Say which it is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Told why the command waits.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>To be disposed before the state; null: nothing was to be taken.</returns>
    /// <exception cref="StartupException">A server has it, and lives.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<DatabaseLease?> TakeForCommandAsync(ServerState state, ServerOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken) =>
        options.Redis is null
            ? null
            : await TakeAsync(
                state.Store, LeaseHolder.Of(state.Directory, time.GetUtcNow()), takesOver: false, RefusalOfCommand, new EventBus(), time, loggers.CreateLogger<DatabaseLease>(), cancellationToken);

    /// <summary>Who holds it, and whether that one lives: it is looked at until it is written again, or should have been.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<(LeaseHolder? Holder, bool IsAlive)> LookAsync(IStateStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        var first = await ReadAsync(store, cancellationToken);
        var since = time.GetTimestamp();
        while (first is not null && time.GetElapsedTime(since) < Lifetime)
        {
            await Task.Delay(LookInterval, time, cancellationToken);
            if (await ReadAsync(store, cancellationToken) is not { } current)
                return (null, false);
            if (current.Version != first.Version)
                return (current.Value, true);
        }

        return (first?.Value, false);
    }

    private static async Task<DatabaseLease> TakeAsync(
        IStateStore store,
        LeaseHolder self,
        bool takesOver,
        Func<LeaseHolder, string, string> refusal,
        EventBus bus,
        TimeProvider time,
        ILogger<DatabaseLease> logger,
        CancellationToken cancellationToken)
    {
        var lease = new DatabaseLease(store, self, bus, time, logger);
        long? first = null;
        while (await lease.TryTakeAsync(mayTake: holder => takesOver || holder.Instance == self.Instance, cancellationToken) is { } holder)
        {
            if (first is null)
                lease.LogWaiting(holder, Lifetime.TotalSeconds);
            else if (lease._seen != first)
                throw new StartupException(refusal(holder, store.Name));
            first = lease._seen;
            await Task.Delay(LookInterval, time, cancellationToken);
        }

        lease._renewing = Task.Run(lease.RenewAsync, CancellationToken.None);
        return lease;
    }

    /// <summary>Gives it back, so that the next one need not wait.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
        using var patience = new CancellationTokenSource(LongestFarewell, _time);
        try
        {
            if (_version != 0)
                await _documents.RemoveAsync(Id, _version, patience.Token);
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException)
        {
            // The next start on this data directory takes it all the same, and any other one in ten seconds.
        }

        _stop.Dispose();
    }

    private static string Refusal(LeaseHolder holder, string store) =>
        $"Another running server holds this {store} database and puts its channels on air: {holder}. Stop that one; or give this one a database of its own (REDIS_URL=redis://host/1); "
        + "or start with --takeover when that one shall not put channels on air any more (what is on air there stays on air until it is stopped there).";

    private static string RefusalOfCommand(LeaseHolder holder, string store) =>
        $"A running server holds this {store} database: {holder}. Nothing was changed. Stop that server first: it would not notice what changes under it.";

    /// <summary>Takes or renews it. Otherwise: who has it.</summary>
    private async Task<LeaseHolder?> TryTakeAsync(Func<LeaseHolder, bool> mayTake, CancellationToken cancellationToken)
    {
        var current = await ReadAsync(_store, cancellationToken);

        // One of ours with another version: it was written though its answer got lost.
        var isOurs = current is null || current.Version == _version || current.Value == _self;
        if (!isOurs && !mayTake(current!.Value) && !IsStale(current.Version))
            return current.Value;
        if (await _documents.PutAsync(Id, _self, current?.Version ?? StateWrite.Absent, cancellationToken, _time.GetUtcNow() + Expiry) is { } version)
        {
            _version = version;
            return null;
        }

        // Somebody was quicker.
        return (await ReadAsync(_store, cancellationToken))?.Value ?? current?.Value;
    }

    // One that cannot be read is of a server that this one does not know: it lives as long as it is written.
    private static async Task<Versioned<LeaseHolder>?> ReadAsync(IStateStore store, CancellationToken cancellationToken)
    {
        try
        {
            return await Documents(store).GetAsync(Id, cancellationToken);
        }
        catch (DamagedDocumentException)
        {
            return await store.GetAsync(Kind, Id, cancellationToken) is { } document
                ? new Versioned<LeaseHolder>(Id, new LeaseHolder("?", "?", DateTimeOffset.UnixEpoch), document.Version, document.ExpiresAt)
                : null;
        }
    }

    private static DocumentSet<LeaseHolder> Documents(IStateStore store) => new(store, Kind, LeaseJson.Default.LeaseHolder);

    private bool IsStale(long version)
    {
        if (version == _seen)
            return _time.GetElapsedTime(_seenAt) >= Lifetime;
        (_seen, _seenAt) = (version, _time.GetTimestamp());
        return false;
    }

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(Renewal, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    Tell(await TryTakeAsync(mayTake: _ => false, _stop.Token));
                }
                catch (StoreUnavailableException)
                {
                    // The store's health says so. When it is back, so is the lease, unless somebody else has it by then.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private void Tell(LeaseHolder? other)
    {
        if (other is not null && _other is null)
        {
            // What was ours is not to be given back: it is the other's now.
            _version = 0;
            LogLost(other);
            _bus.Publish(ServerEvents.LeaseLost(_time.GetUtcNow(), other));
        }
        else if (other is null && _other is not null)
        {
            LogBack();
        }

        _other = other;
    }

    [LoggerMessage(1, LogLevel.Warning, "The database is held by another server ({Holder}). If it writes again within {Seconds} s, this one does not start; else it is gone, and this one goes on.")]
    private partial void LogWaiting(LeaseHolder holder, double seconds);

    [LoggerMessage(2, LogLevel.Error, "Another server has taken this database over ({Holder}). What is on air here stays on air; stop one of the two, or both put the same channels on air after their next start.")]
    private partial void LogLost(LeaseHolder holder);

    [LoggerMessage(3, LogLevel.Information, "This server holds its database again.")]
    private partial void LogBack();
}
