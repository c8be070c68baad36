using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Programs;
using StreamManager.Media.Packets;
using StreamManager.Rtmp.Client;

namespace StreamManager.Engine.Outputs;

/// <summary>The program as an output sees it.</summary>
internal interface IOutputProgram
{
    /// <summary>How often a running connection is judged (<c>check_interval</c>).</summary>
    TimeSpan CheckInterval { get; }

    /// <summary>Something happened that others may want to know. Returns at once.</summary>
    void Tell(EngineEvent happened);

    /// <summary>Adds a subscriber; false: the program is off air.</summary>
    Task<bool> SubscribeAsync(IHubSubscriber subscriber);

    /// <summary>Removes it without a word.</summary>
    Task UnsubscribeAsync(IHubSubscriber subscriber);
}

/// <summary>
/// The running side of one destination: one task that connects, publishes, waits for an end, and comes back after a while, for as long as the program is on air and the user wants it.
/// What it wants is set from outside in one piece (<see cref="Wish"/>); all else is its own.
/// </summary>
internal sealed partial class Output : IAsyncDisposable
{
    private readonly IOutputProgram _program;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly OutputStatistics _statistics = new();
    // Of the task only.
    private readonly FailureLog _failures = new();
    private string _reason = "";
    private bool _isNews;
    private bool _wasEnabled;
    private readonly Lock _gate = new();
    private readonly Task _running;
    private Wish _wish;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _cancelled = new();
    private TaskCompletionSource _resting = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates an output and starts its task.</summary>
    public Output(DestinationDefinition destination, StreamHeader? onAir, IOutputProgram program, EngineServices services)
    {
        _program = program;
        _timeProvider = services.TimeProvider;
        _logger = services.LoggerFactory.CreateLogger<Output>();
        _wish = new Wish(destination, onAir, false);
        _wasEnabled = destination.Enabled;
        _running = Task.Run(RunAsync);
    }

    /// <summary>What the user configured.</summary>
    public DestinationDefinition Destination
    {
        get
        {
            lock (_gate)
                return _wish.Destination;
        }
    }

    /// <summary>Completes once nothing is sent and nothing is tried any more; completed when the output rests already.</summary>
    public Task Resting
    {
        get
        {
            lock (_gate)
                return _resting.Task;
        }
    }

    /// <summary>Everything visible, now.</summary>
    public OutputSnapshot GetSnapshot() => _statistics.Snapshot(Destination, _timeProvider);

    /// <summary>The user changed the destination. What matters for the connection ends it, in order, and it is made anew.</summary>
    public void SetDestination(DestinationDefinition destination) => Change(wish => wish with { Destination = destination });

    /// <summary>The program went on air (a header) or off air (null), or has another header within a broadcast, for which the connection is made anew.</summary>
    public void SetOnAir(StreamHeader? header, bool isNewBroadcast)
    {
        if (isNewBroadcast)
            _statistics.BeginBroadcast();
        Change(wish => wish with { OnAir = header });
    }

    /// <summary>Ends the connection in order, and the task.</summary>
    public async ValueTask DisposeAsync()
    {
        Change(wish => wish with { IsDisposed = true });
        await _running;
        _cancelled.Dispose();
    }

    private void Change(Func<Wish, Wish> change)
    {
        lock (_gate)
        {
            var before = _wish;
            _wish = change(before);
            if (_wish.IsSameConnection(before))
                return;
            // The end of a broadcast is told through the stream itself, after its last packets: only what is not publishing yet is cancelled by it.
            if (!_wish.IsResting && _resting.Task.IsCompleted)
                _resting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _changed.TrySetResult();
            // What was waiting goes on elsewhere: whoever sets a wish (the program's loop, under its locks) must not run it.
            _ = _cancelled.CancelAsync();
        }
    }

    private async Task RunAsync()
    {
        var attempt = 0;
        while (true)
        {
            Wish wish;
            Task changed;
            CancellationToken cancelled;
            lock (_gate)
            {
                wish = _wish;
                if (_changed.Task.IsCompleted)
                {
                    _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    _cancelled.Dispose();
                    _cancelled = new CancellationTokenSource();
                    attempt = 0;
                    _failures.Clear();
                }
                changed = _changed.Task;
                cancelled = _cancelled.Token;
            }
            if (wish.IsDisposed)
            {
                TellResting(changed);
                return;
            }
            if (wish.IsResting)
            {
                _statistics.Rest(wish.Destination.Enabled ? OutputState.Idle : OutputState.Disabled);
                TellDisabled(wish.Destination);
                TellResting(changed);
                await changed;
                continue;
            }
            var settings = wish.Destination.Settings;
            if (settings.RetryLimit > 0 && attempt >= settings.RetryLimit)
            {
                _statistics.GiveUp();
                _program.Tell(new EngineEvent.DestinationFailed(wish.Destination.Id, wish.Destination.Name, _reason, attempt));
                LogGaveUp(_logger, wish.Destination.Name, wish.Destination.Id, attempt);
                await changed;
                continue;
            }
            attempt++;
            try
            {
                if (attempt == 1)
                    _program.Tell(new EngineEvent.DestinationConnecting(wish.Destination.Id, wish.Destination.Name));
                var outcome = await ConnectAndSendAsync(wish, changed, cancelled);
                // A server that grants and drops again and again is asked less and less often, like one that refuses.
                if (outcome is ConnectionOutcome.Published && _statistics.LastConnectionWasStable)
                    attempt = 0;
            }
            catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
            {
                continue;
            }
            catch (Exception exception)
            {
                // A fault of ours in one output must not take the others or the program with it; it is loud, and this output tries again.
                LogFault(_logger, wish.Destination.Name, wish.Destination.Id, exception);
                Note(new RtmpFailure(RtmpConnectStage.Connect, RtmpFailureKind.Local, "An internal fault; see the log."), isNews: true);
            }
            // Whatever ended it: only another wish is a reason to connect at once.
            if (!changed.IsCompleted)
                await WaitBeforeRetryAsync(wish.Destination, attempt, cancelled);
        }
    }

    private async Task<ConnectionOutcome> ConnectAndSendAsync(Wish wish, Task changed, CancellationToken cancelled)
    {
        var destination = wish.Destination;
        _statistics.Connecting();
        if (!RtmpDestinationUrl.TryParse(destination.Url, destination.StreamKey, out var url, out var error))
        {
            Fail(destination, new RtmpFailure(RtmpConnectStage.Resolve, RtmpFailureKind.Local, error));
            return ConnectionOutcome.Failed;
        }
        var options = new RtmpPublishOptions
        {
            Destination = url,
            OutgoingChunkSize = PacketBatch.OutgoingChunkSize,
            FourCcList = wish.OnAir!.Video is { } video && video.Codec != FourCc.Avc ? [video.Codec.ToString()] : [],
            AllowUntrustedCertificate = destination.Settings.AllowUntrustedCertificate,
            ExtraTrustedRoots = ReadAuthority(destination.Settings.TrustedAuthority),
        };
        RtmpPublishResult result;
        using (var span = EngineTraces.Connect(destination.Id))
        {
            result = await RtmpPublisher.ConnectAsync(options, _timeProvider, _logger, cancelled);
            if (result is RtmpPublishResult.Failed { Failure: var cause })
                span?.SetStatus(ActivityStatusCode.Error, $"{cause.Stage}: {cause.Kind}");
        }
        if (result is RtmpPublishResult.Failed failed)
        {
            cancelled.ThrowIfCancellationRequested();
            Fail(destination, failed.Failure);
            return ConnectionOutcome.Failed;
        }
        await using var connection = ((RtmpPublishResult.Connected)result).Connection;
        var sender = new OutputSender(connection, destination.Settings.QueueLimit, _timeProvider);
        if (!await _program.SubscribeAsync(sender))
            return ConnectionOutcome.Ended;
        _statistics.Publishing(connection, sender, _timeProvider.GetTimestamp());
        LogPublishing(_logger, destination.Name, destination.Id);
        _program.Tell(new EngineEvent.DestinationLive(destination.Id, destination.Name, _statistics.Connects));
        _failures.Clear();
        try
        {
            return await SendUntilEndAsync(destination, connection, sender, changed);
        }
        finally
        {
            await _program.UnsubscribeAsync(sender);
            _statistics.Disconnected();
        }
    }

    private async Task<ConnectionOutcome> SendUntilEndAsync(DestinationDefinition destination, IRtmpPublishConnection connection, OutputSender sender, Task changed)
    {
        var settings = destination.Settings;
        var isStalled = false;
        while (true)
        {
            var tick = Task.Delay(_program.CheckInterval, _timeProvider);
            await Task.WhenAny(connection.Completion, sender.Ended, changed, tick);
            if (connection.Completion.IsCompleted)
            {
                Fail(destination, await connection.Completion);
                return ConnectionOutcome.Published;
            }
            if (sender.Ended.IsCompleted)
            {
                if (await sender.Ended is HubEnd.Intended)
                {
                    await connection.EndAsync(CancellationToken.None);
                    return ConnectionOutcome.Ended;
                }
                // A send that failed, whose reason the connection is about to say; or the program goes on in another form, and a new wish is about to come.
                await Task.WhenAny(connection.Completion, changed, Task.Delay(EndPatience, _timeProvider));
                if (connection.Completion.IsCompleted)
                    Fail(destination, await connection.Completion);
                return ConnectionOutcome.Published;
            }
            if (changed.IsCompleted)
            {
                Wish now;
                lock (_gate)
                    now = _wish;
                if (now.OnAir is null && now is { IsDisposed: false, Destination.Enabled: true })
                {
                    // The broadcast is over: the last packets and the end mark are on their way to the sender.
                    await Task.WhenAny(sender.Ended, connection.Completion, Task.Delay(EndPatience, _timeProvider));
                }
                else
                {
                    await _program.UnsubscribeAsync(sender);
                    sender.End(HubEnd.Intended);
                    await Task.WhenAny(sender.Ended, connection.Completion, Task.Delay(EndPatience, _timeProvider));
                }
                await connection.EndAsync(CancellationToken.None);
                return ConnectionOutcome.Ended;
            }
            var silence = _statistics.Judge(settings, _timeProvider);
            if (_statistics.Stall is var stall && (stall is not null) != isStalled)
            {
                isStalled = stall is not null;
                _program.Tell(stall is not null
                    ? new EngineEvent.DestinationStalled(destination.Id, destination.Name, stall)
                    : new EngineEvent.DestinationRecovered(destination.Id, destination.Name));
            }

            if (silence is { } stalledFor)
            {
                Note(
                    new RtmpFailure(
                        RtmpConnectStage.Publishing,
                        RtmpFailureKind.TimedOut,
                        $"The server has acknowledged nothing for {stalledFor.TotalSeconds:0} s; connecting anew."),
                    isNews: true);
                LogStalled(_logger, destination.Name, destination.Id, stalledFor);
                return ConnectionOutcome.Published;
            }
        }
    }

    private void Fail(DestinationDefinition destination, RtmpFailure failure)
    {
        var isDue = _failures.IsDue(failure, _timeProvider, out var omitted);
        Note(failure, isDue);
        if (!isDue)
            return;
        if (omitted == 0)
            LogFailed(_logger, destination.Name, destination.Id, failure.Stage, failure.Kind, failure.Detail);
        else
            LogStillFails(_logger, destination.Name, destination.Id, failure.Stage, failure.Kind, failure.Detail, omitted + 1);
    }

    private void Note(RtmpFailure failure, bool isNews)
    {
        _statistics.Fail(failure);
        (_reason, _isNews) = (failure.Detail, isNews);
    }

    private void TellDisabled(DestinationDefinition destination)
    {
        if (_wasEnabled && !destination.Enabled)
            _program.Tell(new EngineEvent.DestinationDisabled(destination.Id, destination.Name));
        _wasEnabled = destination.Enabled;
    }

    // Only if this is what is wanted by now.
    private void TellResting(Task changed)
    {
        lock (_gate)
        {
            if (!changed.IsCompleted)
                _resting.TrySetResult();
        }
    }

    private async Task WaitBeforeRetryAsync(DestinationDefinition destination, int attempt, CancellationToken cancelled)
    {
        var settings = destination.Settings;
        // The last attempt of those that are allowed is followed by no other: that it is given up is told at once.
        if (settings.RetryLimit > 0 && attempt >= settings.RetryLimit)
            _isNews = false;
        var wait = OutputBackoff.Delay(settings, attempt, Random.Shared.NextDouble());
        var next = _timeProvider.GetUtcNow() + wait;
        _statistics.Retrying(next);
        if (_isNews)
            _program.Tell(new EngineEvent.DestinationRetrying(destination.Id, destination.Name, _reason, attempt, next));
        _isNews = false;
        try
        {
            await Task.Delay(wait, _timeProvider, cancelled);
        }
        catch (OperationCanceledException)
        {
            // Something changed: the loop looks at it.
        }
    }

    private static X509Certificate2Collection? ReadAuthority(string? pem)
    {
        if (string.IsNullOrEmpty(pem))
            return null;
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(pem);
        return roots;
    }

    private enum ConnectionOutcome
    {
        /// <summary>No publish was granted.</summary>
        Failed = 1,

        /// <summary>A publish was granted and then lost.</summary>
        Published = 2,

        /// <summary>Ended on purpose.</summary>
        Ended = 3,
    }

    /// <summary>What is wanted of an output.</summary>
    private sealed record Wish(DestinationDefinition Destination, StreamHeader? OnAir, bool IsDisposed)
    {
        /// <summary>True when there is nothing to do.</summary>
        public bool IsResting => IsDisposed || !Destination.Enabled || OnAir is null;

        /// <summary>True when a running connection may go on.</summary>
        public bool IsSameConnection(Wish other) =>
            ReferenceEquals(OnAir, other.OnAir) && IsDisposed == other.IsDisposed && Destination.Enabled == other.Destination.Enabled
            && Destination.Url == other.Destination.Url && Destination.StreamKey == other.Destination.StreamKey && Destination.Settings == other.Destination.Settings;
    }
}
