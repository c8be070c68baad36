using System.Collections.Immutable;
using System.Text;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Events;

/// <summary>
/// Brings every event of the bus into the journal, in batches. While the store is away events wait in a bounded buffer; the oldest are lost first, and one event afterwards says how many.
/// One task owns everything; made at the start, disposed after everybody who publishes and before the store.
/// </summary>
internal sealed partial class JournalWriter : IAsyncDisposable
{
    /// <summary>Events that wait for the store: an hour of a busy day with several encoders that come and go, and ten thousand destinations that fail in one minute.</summary>
    internal const int MostBuffered = 10_000;

    /// <summary>Their bytes: four times what so many events usually have.</summary>
    internal const int MostBufferedBytes = 16 * 1024 * 1024;

    /// <summary>Events of one write: large enough that a storm is written in a few commits, small enough that others get their turn.</summary>
    private const int BatchEvents = 256;

    /// <summary>Bytes of one write.</summary>
    private const int BatchBytes = 1024 * 1024;

    /// <summary>Entries between two looks at the retention.</summary>
    private const int TrimEvery = 1_000;

    /// <summary>From one attempt to reach a store that is away to the next.</summary>
    private static readonly TimeSpan RetryDistance = TimeSpan.FromSeconds(1);

    /// <summary>Time between two looks at the retention when little happens.</summary>
    private static readonly TimeSpan TrimDistance = TimeSpan.FromMinutes(10);

    /// <summary>The end waits so long for the store: a disk that works has what is left in milliseconds.</summary>
    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(2);

    private readonly IEventJournal _journal;
    private readonly EventBus _bus;
    private readonly JournalRetention _retention;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EventSubscription _subscription;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    // Of the task.
    private readonly Queue<JournalEntry> _buffer = new();
    private long _bufferedBytes;
    private long _lost;
    private long _lostByBus;
    private DateTimeOffset _lostFrom;
    private DateTimeOffset _lostUntil;
    private bool _isAway;
    private bool _mayBeWritten;
    private int _sinceTrim = TrimEvery;
    private DateTimeOffset _trimmedAt;

    /// <summary>Starts writing: what is published from now on is kept.</summary>
    public JournalWriter(IEventJournal journal, EventBus bus, JournalRetention retention, TimeProvider time, ILogger<JournalWriter> logger)
    {
        _journal = journal;
        _bus = bus;
        _retention = retention;
        _time = time;
        _logger = logger;
        _subscription = bus.Subscribe("journal");
        EventMetrics.JournalBuffered.Record(0);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Events that were not looked at yet.</summary>
    internal int Waiting => _subscription.Reader.Count;

    /// <summary>Events that came faster than they were looked at.</summary>
    internal long LostByBus => _subscription.Lost;

    /// <summary>Writes what is left, if the store takes it within two seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        _subscription.Dispose();
        using var patience = new CancellationTokenSource(FlushPatience, _time);
        await using (patience.Token.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _stopping))
            await _running;

        // Not before nobody cancels it any more.
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (_buffer.Count > 0 || await _subscription.Reader.WaitToReadAsync())
        {
            TakeAll();
            if (_buffer.Count == 0)
                continue;
            if (await TryWriteAsync())
                continue;
            if (_stopping.IsCancellationRequested || _subscription.Reader.Completion.IsCompleted)
            {
                LogUnwritten(_logger, _buffer.Count);
                return;
            }

            await TakeUntilRetryAsync();
        }
    }

    // Until the store is worth another try, or the end has come. What happens meanwhile is taken as it comes: the bus has room for fewer events than the buffer.
    private async Task TakeUntilRetryAsync()
    {
        using var retry = new CancellationTokenSource(RetryDistance, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(retry.Token, _stopping.Token);
        try
        {
            while (await _subscription.Reader.WaitToReadAsync(either.Token))
                TakeAll();
        }
        catch (OperationCanceledException)
        {
            // Time for the store again.
        }
    }

    private void TakeAll()
    {
        while (_subscription.Reader.TryRead(out var happened))
        {
            if (EventTypes.IsPassing(happened.Type))
                continue;
            byte[] body;
            try
            {
                body = EventJson.ToBytes(happened);
            }
            catch (Exception e)
            {
                // A number that JSON cannot have, say: it costs this event, and not the journal.
                Lose(1, happened.Time);
                LogUnwritable(_logger, happened.Type, e);
                continue;
            }

            if (body.Length > StateLimits.LargestBody)
            {
                Lose(1, happened.Time);
                LogTooLarge(_logger, happened.Type, body.Length);
                continue;
            }

            _buffer.Enqueue(new JournalEntry("", happened.Time, body) { IsAudit = EventTypes.IsAudit(happened.Type) });
            _bufferedBytes += body.Length;
            while (_buffer.Count > MostBuffered || _bufferedBytes > MostBufferedBytes)
            {
                var oldest = _buffer.Dequeue();
                _bufferedBytes -= oldest.Body.Length;
                Lose(1, oldest.Time);
            }
        }

        if (_subscription.Lost - _lostByBus is > 0 and var lost)
        {
            _lostByBus += lost;
            Lose(lost, _time.GetUtcNow());
        }

        EventMetrics.JournalBuffered.Record(_buffer.Count);
    }

    private void Lose(long count, DateTimeOffset when)
    {
        if (_lost == 0)
            _lostFrom = when;
        _lost += count;
        _lostUntil = when;
        EventMetrics.JournalLost.Add(count);
    }

    // One batch. False: the store is away.
    private async Task<bool> TryWriteAsync()
    {
        ImmutableArray<JournalEntry> batch = [];
        try
        {
            if (_mayBeWritten)
                await ForgetWrittenAsync();
            batch = NextBatch();
            if (!batch.IsEmpty)
                await _journal.AppendAsync(batch, _stopping.Token);
            EventMetrics.Journaled.Add(batch.Length);
        }
        catch (StoreUnavailableException e)
        {
            if (!_isAway)
                LogAway(_logger, e.Message);
            _isAway = true;
            _mayBeWritten |= e.MayBeDone;
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e)
        {
            // A fault of ours costs this batch and not the journal.
            LogFault(_logger, batch.Length, e);
            if (!batch.IsEmpty)
                Lose(batch.Length, batch[0].Time);

            // Rather an event twice than the same fault again and again.
            _mayBeWritten = false;
        }

        for (var i = 0; i < batch.Length; i++)
            _bufferedBytes -= _buffer.Dequeue().Body.Length;
        EventMetrics.JournalBuffered.Record(_buffer.Count);
        if (_isAway)
            LogBack(_logger);
        _isAway = false;
        TellGap();
        await TrimAsync(batch.Length);
        return true;
    }

    private ImmutableArray<JournalEntry> NextBatch()
    {
        var batch = ImmutableArray.CreateBuilder<JournalEntry>();
        var bytes = 0;
        foreach (var entry in _buffer)
        {
            if (batch.Count == BatchEvents || (batch.Count > 0 && bytes + entry.Body.Length > BatchBytes))
                break;
            batch.Add(entry);
            bytes += entry.Body.Length;
        }

        return batch.ToImmutable();
    }

    // The connection broke under a write: what of it was made is at the journal's end, and is not written twice.
    private async Task ForgetWrittenAsync()
    {
        var newest = (await _journal.ReadNewestAsync(null, BatchEvents, _stopping.Token)).Select(entry => Encoding.UTF8.GetString(entry.Body.Span)).ToHashSet(StringComparer.Ordinal);
        while (_buffer.TryPeek(out var oldest) && newest.Contains(Encoding.UTF8.GetString(oldest.Body.Span)))
        {
            _bufferedBytes -= _buffer.Dequeue().Body.Length;
            EventMetrics.Journaled.Add(1);
        }

        _mayBeWritten = false;
    }

    // Once everything that waited is written, so that it stands where the gap's end is.
    private void TellGap()
    {
        if (_lost == 0 || _buffer.Count > 0)
            return;
        LogGap(_logger, _lost);
        _bus.Publish(ServerEvents.JournalGap(_time.GetUtcNow(), _lost, _lostFrom, _lostUntil));
        _lost = 0;
    }

    private async Task TrimAsync(int written)
    {
        _sinceTrim += written;
        var now = _time.GetUtcNow();
        if (_sinceTrim < TrimEvery && now - _trimmedAt < TrimDistance)
            return;
        try
        {
            await _journal.TrimAsync(now - _retention.Age, _retention.Entries, JournalRetention.AuditEntries, _stopping.Token);
            (_sinceTrim, _trimmedAt) = (0, now);
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException)
        {
            // With the next batch that is written.
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The journal cannot be written; events wait: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Information, "The journal is written again.")]
    private static partial void LogBack(ILogger logger);

    [LoggerMessage(3, LogLevel.Warning, "{Lost} events are missing in the journal: the store was away for too long.")]
    private static partial void LogGap(ILogger logger, long lost);

    [LoggerMessage(4, LogLevel.Warning, "{Count} events could not be written to the journal before the end.")]
    private static partial void LogUnwritten(ILogger logger, int count);

    [LoggerMessage(5, LogLevel.Error, "An event {Type} of {Bytes} bytes is too large for the journal.")]
    private static partial void LogTooLarge(ILogger logger, string type, int bytes);

    [LoggerMessage(7, LogLevel.Error, "An internal fault: an event {Type} cannot be written as JSON.")]
    private static partial void LogUnwritable(ILogger logger, string type, Exception exception);

    [LoggerMessage(6, LogLevel.Error, "An internal fault while {Count} events were written to the journal.")]
    private static partial void LogFault(ILogger logger, int count, Exception exception);
}
