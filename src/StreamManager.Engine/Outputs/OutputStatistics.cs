using StreamManager.Engine.Channels;
using StreamManager.Rtmp.Client;

namespace StreamManager.Engine.Outputs;

/// <summary>
/// What is known of an output. Written by the output's task, read by whoever asks: a lock guards the fields, and nothing is called under it but counters.
/// </summary>
internal sealed class OutputStatistics
{
    /// <summary>A connection that lasted this long was a good one: the next failure is a new story.</summary>
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private OutputState _state = OutputState.Idle;
    private OutputVerdict _verdict = OutputVerdict.Idle;
    private int _connects;
    private int _attempts;
    private DateTimeOffset? _nextRetry;
    private string? _lastError;
    private IRtmpPublishConnection? _connection;
    private OutputSender? _sender;
    private bool _isOfEarlierBroadcast;
    private long _connectedAt;
    private SenderCounters _before;
    private long _lastAcknowledged;
    private long _lastProgressAt;
    private long _rateAt;
    private long _rateBytes;
    private long _rateFrames;
    private int _bitrateKbps;
    private double _framesPerSecond;

    /// <summary>True when the last connection lasted a while.</summary>
    public bool LastConnectionWasStable { get; private set; }

    /// <summary>Why the running connection counts as stalled; null: it does not, or there is none.</summary>
    public string? Stall
    {
        get
        {
            lock (_gate)
                return _connection is not null && _verdict is OutputVerdict.Stalled ? _lastError : null;
        }
    }

    /// <summary>Publishes that were granted in this broadcast.</summary>
    public int Connects
    {
        get
        {
            lock (_gate)
                return _connects;
        }
    }

    /// <summary>A broadcast begins: its counters start from zero.</summary>
    public void BeginBroadcast()
    {
        lock (_gate)
        {
            _connects = 0;
            _before = default;
            // A connection that has not ended yet has nothing to do with the new broadcast.
            _isOfEarlierBroadcast = _sender is not null;
            _lastError = null;
        }
    }

    /// <summary>Nothing is to be done.</summary>
    public void Rest(OutputState state)
    {
        lock (_gate)
        {
            (_state, _verdict, _attempts, _nextRetry) = (state, OutputVerdict.Idle, 0, null);
            if (state is OutputState.Disabled)
                _lastError = null;
        }
    }

    /// <summary>An attempt begins.</summary>
    public void Connecting()
    {
        lock (_gate)
        {
            (_state, _nextRetry) = (OutputState.Connecting, null);
            _attempts++;
        }
    }

    /// <summary>The publish was granted.</summary>
    public void Publishing(IRtmpPublishConnection connection, OutputSender sender, long now)
    {
        lock (_gate)
        {
            (_state, _verdict, _attempts, _lastError) = (OutputState.Live, OutputVerdict.Delivering, 0, null);
            (_connection, _sender, _connectedAt) = (connection, sender, now);
            _isOfEarlierBroadcast = false;
            _connects++;
            LastConnectionWasStable = false;
            (_lastAcknowledged, _lastProgressAt) = (0, now);
            (_rateAt, _rateBytes, _rateFrames, _bitrateKbps, _framesPerSecond) = (now, 0, 0, 0, 0);
        }
        EngineMetrics.DestinationConnects.Add(1);
    }

    /// <summary>The connection is gone; its counters stay in the broadcast's.</summary>
    public void Disconnected()
    {
        lock (_gate)
        {
            _before = Count();
            (_connection, _sender) = (null, null);
            (_bitrateKbps, _framesPerSecond) = (0, 0);
        }
    }

    /// <summary>Something went wrong.</summary>
    public void Fail(RtmpFailure failure)
    {
        lock (_gate)
        {
            _lastError = failure.Detail;
            // Many servers (nginx-rtmp, most platforms) refuse an app or a key without a word, by closing.
            var closedAsRefusal = failure is { Kind: RtmpFailureKind.Closed, Stage: RtmpConnectStage.ConnectCommand or RtmpConnectStage.Publish };
            _verdict = failure.Kind is RtmpFailureKind.Rejected || closedAsRefusal ? OutputVerdict.Rejected
                : failure.Stage is RtmpConnectStage.Publishing && failure.Kind is RtmpFailureKind.TimedOut ? OutputVerdict.Stalled
                : OutputVerdict.Unreachable;
        }
    }

    /// <summary>The next attempt is planned.</summary>
    public void Retrying(DateTimeOffset at)
    {
        lock (_gate)
            (_state, _nextRetry) = (OutputState.Retrying, at);
    }

    /// <summary>There will be none.</summary>
    public void GiveUp()
    {
        lock (_gate)
            (_state, _nextRetry) = (OutputState.Failed, null);
    }

    /// <summary>Judges a running connection. Not null: it has been stalled for so long that it should be made anew.</summary>
    public TimeSpan? Judge(OutputSettings settings, TimeProvider timeProvider)
    {
        lock (_gate)
        {
            if (_connection is not { } connection || _sender is not { } sender)
                return null;
            var now = timeProvider.GetTimestamp();
            LastConnectionWasStable = timeProvider.GetElapsedTime(_connectedAt, now) >= StableAfter;
            var counters = sender.Counters;
            Rate(counters, now, timeProvider);
            var transport = connection.GetStatistics();
            // What TCP has acknowledged is proof; where the system does not tell, what the socket takes has to do.
            var acknowledged = transport.UnacknowledgedBytes >= 0 ? transport.BytesSent - transport.UnacknowledgedBytes : transport.BytesSent;
            var waiting = transport.UnacknowledgedBytes > 0 || sender.Queued > TimeSpan.Zero;
            if (acknowledged > _lastAcknowledged || !waiting)
                (_lastAcknowledged, _lastProgressAt) = (acknowledged, now);
            var silent = timeProvider.GetElapsedTime(_lastProgressAt, now);
            // A peer that takes something, but less than the program, is as useless to a viewer as one that takes nothing.
            var tooSlow = sender.Queued > settings.QueueLimit / 2 || sender.DroppedWithin(settings.QueueLimit, now, timeProvider);
            _verdict = silent >= settings.StallAfter || tooSlow ? OutputVerdict.Stalled : OutputVerdict.Delivering;
            if (_verdict is OutputVerdict.Stalled)
            {
                _lastError = silent >= settings.StallAfter
                    ? $"The server has acknowledged nothing for {silent.TotalSeconds:0} s."
                    : "The server or the way to it is slower than the program; frames are dropped.";
            }
            else
            {
                _lastError = null;
            }
            return silent >= settings.ReconnectWhenStalled ? silent : null;
        }
    }

    /// <summary>Everything visible, now.</summary>
    public OutputSnapshot Snapshot(DestinationDefinition destination, TimeProvider timeProvider)
    {
        lock (_gate)
        {
            var counters = Count();
            var transport = _connection?.GetStatistics() ?? default;
            return new OutputSnapshot
            {
                Destination = destination,
                State = _state,
                Verdict = _verdict,
                Connects = _connects,
                Attempts = _attempts,
                NextRetryAt = _nextRetry,
                LastError = _lastError,
                Uptime = _connection is null ? TimeSpan.Zero : timeProvider.GetElapsedTime(_connectedAt),
                BitrateKbps = _bitrateKbps,
                FramesPerSecond = _framesPerSecond,
                FramesSent = counters.FramesSent,
                FramesDropped = counters.FramesDropped,
                BytesSent = counters.BytesSent,
                Queue = _sender?.Queued ?? TimeSpan.Zero,
                UnacknowledgedBytes = Math.Max(transport.UnacknowledgedBytes, 0),
                RoundTrip = transport.RoundTrip,
            };
        }
    }

    private SenderCounters Count() => _sender is { } sender && !_isOfEarlierBroadcast ? Sum(_before, sender.Counters) : _before;

    private void Rate(in SenderCounters counters, long now, TimeProvider timeProvider)
    {
        var seconds = timeProvider.GetElapsedTime(_rateAt, now).TotalSeconds;
        if (seconds < 1)
            return;
        _bitrateKbps = (int)((counters.BytesSent - _rateBytes) * 8 / 1000 / seconds);
        _framesPerSecond = Math.Round((counters.FramesSent - _rateFrames) / seconds, 2);
        (_rateAt, _rateBytes, _rateFrames) = (now, counters.BytesSent, counters.FramesSent);
    }

    private static SenderCounters Sum(in SenderCounters left, in SenderCounters right) => new()
    {
        FramesSent = left.FramesSent + right.FramesSent,
        FramesDropped = left.FramesDropped + right.FramesDropped,
        BytesSent = left.BytesSent + right.BytesSent,
        Overflows = left.Overflows + right.Overflows,
    };
}
