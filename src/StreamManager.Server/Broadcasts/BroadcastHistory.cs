using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using StreamManager.Engine;
using StreamManager.Engine.Channels;
using StreamManager.Server.Storage;
using Channel = System.Threading.Channels.Channel;

namespace StreamManager.Server.Broadcasts;

/// <summary>
/// Writes a report of every broadcast: while it is on air every few seconds, so that one survives a kill of the server, and at its end. What cannot be stored waits. One task owns everything;
/// what it knows is read by anybody.
/// </summary>
internal sealed partial class BroadcastHistory : IAsyncDisposable
{
    /// <summary>From one look at the counters to the next.</summary>
    internal static readonly TimeSpan CountInterval = TimeSpan.FromSeconds(2);

    /// <summary>From one save of what is on air to the next: so much of a broadcast's end is not in its report when the server is killed.</summary>
    internal static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(10);

    /// <summary>A broadcast's destinations say farewell for up to 3 s after its end, and count until then.</summary>
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(3);

    /// <summary>A broadcast that was on air when the server went down is on air again sooner than this after its start, or not at all: its slate may have to be encoded first.</summary>
    internal static readonly TimeSpan ResumeTime = TimeSpan.FromMinutes(1);

    /// <summary>Events that wait for the task: a thousand destinations that fail in one instant, several times over.</summary>
    private const int QueueLength = 8_192;

    /// <summary>Ended reports that wait for a store that is away; beyond, the oldest are given up.</summary>
    private const int MostUnsaved = 50;

    private readonly DocumentSet<BroadcastReport> _documents;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<(string ChannelId, DateTimeOffset At, EngineEvent Happened)> _queue;
    private readonly CancellationTokenSource _stopping = new();

    // What readers see: every report that there is, by id. The bodies of ended ones are in the store only.
    private readonly ConcurrentDictionary<string, BroadcastSummary> _summaries;

    // Of the task, but for the reading of reports that are not in the store yet.
    private readonly ConcurrentDictionary<string, BroadcastReport> _unsaved = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BroadcastRecorder> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BroadcastReport> _open;
    private readonly List<(BroadcastRecorder Recorder, DateTimeOffset Until)> _ending = [];
    private Func<string, ChannelSnapshot?> _snapshotOf = static _ => null;
    private Task _task = Task.CompletedTask;
    private DateTimeOffset _startedAt;
    private DateTimeOffset _savedAt;
    private bool _isAway;

    private BroadcastHistory(DocumentSet<BroadcastReport> documents, IReadOnlyCollection<BroadcastReport> known, TimeProvider time, ILogger logger)
    {
        _documents = documents;
        _time = time;
        _logger = logger;
        _queue = Channel.CreateBounded<(string, DateTimeOffset, EngineEvent)>(
            new BoundedChannelOptions(QueueLength) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }, _ => LogDropped(_logger));
        _summaries = new ConcurrentDictionary<string, BroadcastSummary>(known.Select(report => KeyValuePair.Create(report.Id, Summarize(report))), StringComparer.Ordinal);
        _open = known.Where(report => report.EndedAt is null || report.EndReason == "shutdown").ToDictionary(report => report.Id, StringComparer.Ordinal);
    }

    /// <summary>The reports that there are, the newest first.</summary>
    public ImmutableArray<BroadcastSummary> Summaries => [.. _summaries.Values.OrderByDescending(summary => summary.StartedAt).ThenBy(summary => summary.Id, StringComparer.Ordinal)];

    /// <summary>Reads which reports there are.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<BroadcastHistory> LoadAsync(IStateStore store, TimeProvider time, ILogger<BroadcastHistory> logger, CancellationToken cancellationToken)
    {
        var documents = new DocumentSet<BroadcastReport>(store, "broadcast-report", BroadcastReportJson.Readable.BroadcastReport);

        // A report that cannot be read must not keep a server from starting.
        var (readable, damaged) = await documents.ListReadableAsync(cancellationToken);
        foreach (var document in damaged)
            LogDamaged(logger, document.Id);
        return new BroadcastHistory(documents, [.. readable.Select(entry => entry.Value)], time, logger);
    }

    /// <summary>Begins to write. Events before are not lost: they wait.</summary>
    /// <param name="snapshotOf">A channel as it is now; null: it is gone.</param>
    public void Start(Func<string, ChannelSnapshot?> snapshotOf)
    {
        _snapshotOf = snapshotOf;
        _startedAt = _time.GetUtcNow();
        _task = Task.Run(RunAsync);
    }

    /// <summary>Something happened on a channel. Returns at once.</summary>
    public void Add(string channelId, DateTimeOffset at, EngineEvent happened) => _queue.Writer.TryWrite((channelId, at, happened));

    /// <summary>A report; null: there is none with that id.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    /// <exception cref="DamagedDocumentException">It cannot be read.</exception>
    public async Task<BroadcastReport?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (_unsaved.TryGetValue(id, out var report))
            return report;
        return _summaries.ContainsKey(id) ? (await _documents.GetAsync(id, cancellationToken))?.Value : null;
    }

    /// <summary>Is there a report with that id?</summary>
    public bool Has(string id) => _summaries.ContainsKey(id);

    /// <summary>Removes the report of a broadcast that is over. False: there is none, or it is on air.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used; nothing has changed.</exception>
    public async Task<bool> RemoveAsync(string id, CancellationToken cancellationToken)
    {
        if (!_summaries.TryGetValue(id, out var summary) || summary.EndedAt is null || _unsaved.ContainsKey(id))
            return false;
        await _documents.RemoveAsync(id, null, cancellationToken);
        return _summaries.TryRemove(id, out _);
    }

    /// <summary>Writes what there is to write, if the store takes it.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _task;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(CountInterval, _time);
        var tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
        var more = _queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
        while (true)
        {
            await Task.WhenAny(tick, more);
            try
            {
                while (_queue.Reader.TryRead(out var item))
                    Take(item.ChannelId, item.At, item.Happened);
                if (_stopping.IsCancellationRequested)
                {
                    foreach (var recorder in _running.Values.Concat(_ending.Select(entry => entry.Recorder)))
                        Keep(recorder);
                    await SaveAsync();
                    return;
                }

                if (tick.IsCompleted)
                    await TickAsync();
            }
            catch (Exception e)
            {
                // A fault of ours costs what it was about, and not the reports of all broadcasts to come.
                LogFault(_logger, e);
                if (_stopping.IsCancellationRequested)
                    return;
            }

            if (tick.IsCompleted)
                tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
            if (more.IsCompleted)
                more = _queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
        }
    }

    private void Take(string channelId, DateTimeOffset at, EngineEvent happened)
    {
        if (happened is EngineEvent.ProgramOnAir onAir)
        {
            var id = BroadcastRecorder.IdOf(channelId, onAir.StartedAt);

            // Its end was among the events that were dropped.
            if (_running.TryGetValue(channelId, out var missed) && missed.Id != id)
                Keep(BroadcastRecorder.Interrupted(missed.At(at.UtcDateTime)));
            _running[channelId] = _open.Remove(id, out var report) ? BroadcastRecorder.Resume(report, at) : BroadcastRecorder.Begin(channelId, onAir.StartedAt);
            Keep(_running[channelId]);
            return;
        }

        if (!_running.TryGetValue(channelId, out var recorder))
            return;
        recorder.Add(at, happened);
        if (happened is EngineEvent.ProgramEnded)
        {
            _running.Remove(channelId);
            _ending.Add((recorder, at + FarewellTime));
            Count(channelId, recorder);
        }

        Keep(recorder);
    }

    private async Task TickAsync()
    {
        var now = _time.GetUtcNow();

        if (_open.Count > 0 && now - _startedAt >= ResumeTime)
        {
            foreach (var report in _open.Values.Where(report => report.EndedAt is null))
                Keep(BroadcastRecorder.Interrupted(report));
            _open.Clear();
        }

        foreach (var (channelId, recorder) in _running)
        {
            Count(channelId, recorder);
            Keep(recorder);
        }

        foreach (var (recorder, until) in _ending.ToArray())
        {
            var channelId = recorder.At(now.UtcDateTime).Channel;

            // The next broadcast's counters are not this one's.
            if (!_running.ContainsKey(channelId))
                Count(channelId, recorder);
            Keep(recorder);
            if (until <= now || _running.ContainsKey(channelId))
                _ending.Remove((recorder, until));
        }

        if (now - _savedAt >= SaveInterval || _unsaved.Values.Any(report => report.EndedAt is not null))
        {
            _savedAt = now;
            await SaveAsync();
        }
    }

    private void Count(string channelId, BroadcastRecorder recorder)
    {
        if (_snapshotOf(channelId) is { } snapshot)
            recorder.Count(snapshot, _time.GetUtcNow());
    }

    private void Keep(BroadcastRecorder recorder) => Keep(recorder.At(_time.GetUtcNow().UtcDateTime));

    private void Keep(BroadcastReport report)
    {
        _unsaved[report.Id] = report;
        _summaries[report.Id] = Summarize(report);
    }

    private async Task SaveAsync()
    {
        try
        {
            foreach (var (id, report) in _unsaved)
            {
                try
                {
                    await _documents.PutAsync(id, report, null, CancellationToken.None);
                }
                catch (Exception e) when (e is not StoreUnavailableException)
                {
                    // A fault of ours costs this report, and not those behind it.
                    LogFault(_logger, e);
                    _unsaved.TryRemove(id, out _);
                }

                if (report.EndedAt is not null && _ending.TrueForAll(entry => entry.Recorder.Id != id))
                    _unsaved.TryRemove(id, out _);
            }

            if (_isAway)
                LogBack(_logger);
            _isAway = false;
            foreach (var old in Summaries.Where(summary => summary.EndedAt is not null).Skip(BroadcastLimits.MostReports))
                await RemoveAsync(old.Id, CancellationToken.None);
        }
        catch (StoreUnavailableException e)
        {
            if (!_isAway)
                LogAway(_logger, e.Message);
            _isAway = true;
            foreach (var old in _unsaved.Values.Where(report => report.EndedAt is not null).OrderByDescending(report => report.StartedAt).Skip(MostUnsaved))
            {
                _unsaved.TryRemove(old.Id, out _);
                _summaries.TryRemove(old.Id, out _);
            }
        }
    }

    private static BroadcastSummary Summarize(BroadcastReport report) => new(
        report.Id, report.Channel, report.StartedAt, report.EndedAt, report.EndReason, report.Seconds, report.SecondsOnFallback, report.Switches, report.Destinations.Count);

    [LoggerMessage(1, LogLevel.Warning, "The reports of broadcasts cannot be saved at the moment; they wait: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Information, "The reports of broadcasts are saved again.")]
    private static partial void LogBack(ILogger logger);

    [LoggerMessage(3, LogLevel.Warning, "The report of broadcast {Id} is damaged, and left out.")]
    private static partial void LogDamaged(ILogger logger, string id);

    [LoggerMessage(4, LogLevel.Warning, "More happens than the reports of broadcasts can tell; something is missing in them.")]
    private static partial void LogDropped(ILogger logger);

    [LoggerMessage(5, LogLevel.Error, "An internal fault in the reports of broadcasts.")]
    private static partial void LogFault(ILogger logger, Exception exception);
}
