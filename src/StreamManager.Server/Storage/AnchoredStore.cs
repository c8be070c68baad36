using System.Collections.Immutable;

namespace StreamManager.Server.Storage;

/// <summary>
/// A store that others may empty beneath the running server (<c>FLUSHALL</c>, a Redis that came back without its data, rows deleted by hand). Before every change, and each few seconds, it is looked
/// whether the <see cref="StoreAnchor"/>s are there: what is gone is put back, since secrets that are sealed with a key which is nowhere stored could not be read after the next start; where another
/// server's are, changes are refused. Owns the store beneath. Thread-safe.
/// </summary>
internal sealed partial class AnchoredStore : IStateStore
{
    /// <summary>What was emptied in the instant between a look and its change is whole again after this; a look is two reads.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    private readonly IStateStore _inner;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _ending = new();
    private Task _look = Task.CompletedTask;

    // Replaced whole, at start only.
    private ImmutableArray<StoreAnchor> _anchors = [];

    // Replaced whole by whoever looked last; read by anybody.
    private volatile string? _foreign;
    private volatile string? _note;

    /// <summary>Takes the store over; without anchors it is as it was.</summary>
    public AnchoredStore(IStateStore inner, TimeProvider time, ILogger<AnchoredStore> logger)
    {
        _inner = inner;
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(_ => LookLater(), null, LookInterval, LookInterval);
    }

    /// <inheritdoc/>
    public string Name => _inner.Name;

    /// <inheritdoc/>
    public StoreHealth Health => _inner.Health is { IsAvailable: false } away
        ? away
        : _foreign is { } reason
            ? new StoreHealth(false, reason) { ForOutsiders = "the state belongs to another server now: what is on air goes on, changes are refused" }
            : new StoreHealth(true, null) { ForOutsiders = _note };

    /// <summary>From now on this must be in the store. Called at start.</summary>
    public void Keep(StoreAnchor anchor) => _anchors = _anchors.Add(anchor);

    /// <inheritdoc/>
    public ValueTask<StoredDocument?> GetAsync(string kind, string id, CancellationToken cancellationToken) => _inner.GetAsync(kind, id, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<StoredDocument>> ListAsync(string kind, CancellationToken cancellationToken) => _inner.ListAsync(kind, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<StateWriteResult> WriteAsync(ImmutableArray<StateWrite> writes, CancellationToken cancellationToken)
    {
        await HoldAsync(cancellationToken);
        return await _inner.WriteAsync(writes, cancellationToken);
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<StateChange> handler) => _inner.Subscribe(handler);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _ending.CancelAsync();

        // Whatever came of it, the store beneath has to be closed.
        await _look.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _inner.DisposeAsync();
        _ending.Dispose();
    }

    /// <summary>Looks at all anchors.</summary>
    /// <exception cref="StoreUnavailableException">The store is away, or is another server's.</exception>
    internal async Task HoldAsync(CancellationToken cancellationToken)
    {
        if (_anchors.IsEmpty)
            return;
        var findings = await Task.WhenAll(_anchors.Select(async anchor => (anchor.Name, Finding: await anchor.HoldAsync(_inner, cancellationToken))));
        string[] putBack = [.. findings.Where(found => found.Finding is AnchorFinding.PutBack).Select(found => found.Name)];
        if (putBack.Length > 0)
        {
            var names = string.Join(" and ", putBack);
            LogPutBack(Name, names);
            _note = $"the state was emptied at {_time.GetUtcNow():u} while the server ran: {names} were put back, what else was in it is gone";
        }

        var foreign = findings.Select(found => found.Finding).OfType<AnchorFinding.Foreign>().FirstOrDefault();
        if (foreign is not null && _foreign is null)
            LogForeign(foreign.Reason);
        _foreign = foreign?.Reason;
        if (foreign is not null)
            throw new StoreUnavailableException(foreign.Reason);
    }

    private void LookLater()
    {
        if (_look.IsCompleted)
            _look = LookAsync();
    }

    private async Task LookAsync()
    {
        try
        {
            await HoldAsync(_ending.Token);
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException or ObjectDisposedException)
        {
            // The health says so already, or the server ends.
        }
    }

    [LoggerMessage(1, LogLevel.Error, "{Store} was emptied while the server ran: {Names} were put back. Destinations, keys and tokens that were in it are gone; put a backup of it back, or enter them anew.")]
    private partial void LogPutBack(string store, string names);

    [LoggerMessage(2, LogLevel.Error, "{Reason} What is on air goes on; changes are refused.")]
    private partial void LogForeign(string reason);
}
