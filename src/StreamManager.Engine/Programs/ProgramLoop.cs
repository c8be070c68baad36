using Microsoft.Extensions.Logging;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Sources;
using StreamManager.Media;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Server;

namespace StreamManager.Engine.Programs;

/// <summary>What a loop needs to be told about, and does not do itself. Called on the loop: must return at once.</summary>
internal interface IProgramHost
{
    /// <summary>The program is about to go on air in this format, or changes to it: prepare the fallback and bring it by <see cref="ProgramLoop.SetFallbackAsync"/>.</summary>
    void PrepareFallback(ProgramFormat format);

    /// <summary>On air: outputs may join.</summary>
    void WentOnAir(StreamHeader header);

    /// <summary>The program changed its feed; null stands for the fallback.</summary>
    void Switched(string? from, string? to, SwitchReason reason);

    /// <summary>The broadcast is over; subscribers have been told.</summary>
    void Ended(BroadcastEnd reason, ProgramFigures figures);

    /// <summary>The program has a new format; subscribers have been told to start anew.</summary>
    void FormatChanged(StreamHeader header);

    /// <summary>Something happened that nothing has to be done about.</summary>
    void Tell(EngineEvent happened);

    /// <summary>Starts a transcoder for a source, to the format of a program with this header; null: stops it.</summary>
    void WantTranscoder(SourceSlot slot, ProgramHeader? header);

    /// <summary>A packet for the transcoder of a source.</summary>
    void Transcode(SourceSlot slot, MediaPacket packet);
}

/// <summary>
/// The one task that owns a channel's program: its machine, its hub and those of its sources. Everybody else sends it requests through a bounded inbox, and reads the status that it publishes.
/// </summary>
internal sealed partial class ProgramLoop : IAsyncDisposable
{
    /// <summary>
    /// Requests that may wait: seven seconds of a stream's packets. A loop that is behind by more makes its publishers wait, which their TCP understands; frames of a transcoder are lost.
    /// </summary>
    private const int InboxCapacity = 1024;

    /// <summary>
    /// Bytes that may wait, with the same end: four seconds at 30 Mbit/s. Without it the requests alone would let a publisher of the largest messages fill ten gigabytes.
    /// </summary>
    internal const int InboxBytes = 16 * 1024 * 1024;

    private const long NoFault = long.MinValue;

    /// <summary>When the loop looks again after a fault of its own: soon for a viewer, and not a storm in the log.</summary>
    private static readonly TimeSpan AfterFault = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest time that the timer is set for; a later deadline is looked at again then. A timer counts milliseconds in 32 bits (49.7 days) and refuses more.</summary>
    private static readonly MediaTime LongestWait = MediaTime.FromSeconds(24 * 3600);

    /// <summary>Least time from one line about an unreadable configuration to the next: an encoder may send one with every frame, and the log is for people.</summary>
    private static readonly MediaTime UnreadableDistance = MediaTime.FromMilliseconds(10_000);

    private readonly ProgramMachine _machine;
    private readonly PacketHub _hub;
    private readonly IProgramHost _host;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly string _channelId;
    private readonly MediaTime _coalescing;
    private readonly long _origin;
    private readonly BoundedInbox<Request> _inbox = new(InboxCapacity, InboxBytes);
    private readonly ITimer _timer;
    private readonly ProgramMeter _meter = new();
    // Sources that were told to have stalled.
    private readonly HashSet<SourceSlot> _stalled = [];
    private MediaTime? _armed;
    private MediaTime? _unreadableSaidAt;
    private int _unreadableUnsaid;
    private long _faultedAt = NoFault;
    private MediaTime _lastPicture = MediaTime.MinValue;
    private MediaTime _pendingSince;
    private bool _pendingHasPicture;
    private long _pendingArrival;
    private Task _running = Task.CompletedTask;
    private ProgramStatus _status;

    /// <summary>Creates a loop; nothing runs before <see cref="Run"/>.</summary>
    public ProgramLoop(ProgramMachine machine, IProgramHost host, string channelId, EngineServices services)
    {
        _machine = machine;
        _host = host;
        _channelId = channelId;
        _timeProvider = services.TimeProvider;
        _logger = services.LoggerFactory.CreateLogger<ProgramLoop>();
        _coalescing = MediaTime.FromTimeSpan(services.Options.CoalescingTime);
        _hub = new PacketHub(services.Options.KeepsGroup);
        _origin = _timeProvider.GetTimestamp();
        _timer = _timeProvider.CreateTimer(static state => ((ProgramLoop)state!)._inbox.TryWrite(default), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _status = MakeStatus(MediaTime.Zero);
    }

    /// <summary>The loop's monotonic clock.</summary>
    public MediaTime Now => MediaTime.FromTimeSpan(_timeProvider.GetElapsedTime(_origin));

    /// <summary>The newest status.</summary>
    public ProgramStatus Status => Volatile.Read(ref _status);

    /// <summary>Time since the loop's last fault of its own; null: it has had none.</summary>
    public TimeSpan? SinceFault => Volatile.Read(ref _faultedAt) is var at and not NoFault ? _timeProvider.GetElapsedTime(at) : null;

    /// <summary>Starts the task.</summary>
    public void Run() => _running = Task.Run(RunAsync);

    /// <summary>A packet of a source. Waits while the inbox is full. After the loop has ended (a server goes down channels first) it goes nowhere.</summary>
    public async ValueTask PostAsync(SourceSlot slot, MediaPacket packet, CancellationToken cancellationToken) =>
        await _inbox.WriteAsync(new Request(slot, packet, null, null), packet.Body.Length, cancellationToken);

    /// <summary>A frame that a source's transcoder of this <see cref="SourceSlot.TranscoderGeneration"/> has made; left out when that is not the present one by then. False: the inbox is full, and the frame is lost.</summary>
    public bool TryPostTranscoded(SourceSlot slot, MediaPacket packet, int generation) => _inbox.TryWrite(new Request(slot, packet, generation, null), packet.Body.Length);

    /// <summary>A publisher takes a slot.</summary>
    public Task<bool> AttachAsync(SourceSlot slot, SourceOrigin origin) => InvokeAsync(loop =>
    {
        if (slot.Origin is not null)
            return false;
        loop._machine.Attach(slot, origin, loop.Now);
        loop._host.Tell(new EngineEvent.SourceConnected(slot.Id, origin.ConnectionId, origin.RemoteAddress, origin.Encoder));
        return true;
    });

    /// <summary>A publisher leaves a slot.</summary>
    public Task DetachAsync(SourceSlot slot, RtmpPublishEnd end) => InvokeAsync(loop =>
    {
        loop._stalled.Remove(slot);
        loop._host.Tell(new EngineEvent.SourceLost(slot.Id, end));
        loop._machine.Detach(slot, end, loop.Now);
        return true;
    });

    /// <summary>What a source says about itself.</summary>
    public Task DescribeAsync(SourceSlot slot, OnMetaData metadata) => InvokeAsync(_ =>
    {
        slot.Describe(metadata);
        return true;
    });

    /// <summary>On air.</summary>
    public Task StartAsync(ProgramFormat lastFormat) => InvokeAsync(loop =>
    {
        loop._machine.Start(lastFormat, loop.Now);
        return true;
    });

    /// <summary>Off air.</summary>
    public Task StopAsync(BroadcastEnd reason) => InvokeAsync(loop =>
    {
        loop._machine.Stop(reason, loop.Now);
        return true;
    });

    /// <summary>Choice of the operator; false: no such source.</summary>
    public Task<bool> SelectAsync(SourceSelection selection) => InvokeAsync(loop => loop._machine.Select(selection, loop.Now));

    /// <summary>Cuts the source on the program off for a while; false: none is on it.</summary>
    public Task<bool> CutAsync(TimeSpan time) => InvokeAsync(loop => loop._machine.Cut(loop.Now + MediaTime.FromTimeSpan(time)));

    /// <summary>Nothing but a turn.</summary>
    public Task TurnAsync() => InvokeAsync(_ => true);

    /// <summary>New rules.</summary>
    public Task ReconfigureAsync(ChannelDefinition definition) => InvokeAsync(loop =>
    {
        loop._machine.Reconfigure(definition);
        return true;
    });

    /// <summary>
    /// The fallback is ready; null: there is none. Left out when the token is cancelled by the time it gets its turn: another one, for another format, is on its way then. The content is
    /// the program's from now on, which disposes of it.
    /// </summary>
    public async Task SetFallbackAsync(FallbackContent? content, CancellationToken outdated)
    {
        if (!await InvokeAsync(loop => !outdated.IsCancellationRequested && loop._machine.SetFallback(content, loop.Now)))
            content?.Dispose();
    }

    /// <summary>Adds a subscriber to the program (null) or to a source. False: there is nothing to subscribe to.</summary>
    public Task<bool> SubscribeAsync(SourceSlot? slot, IHubSubscriber subscriber) => InvokeAsync(loop =>
    {
        if (!loop.IsThere(slot))
            return false;
        loop.HubOf(slot).Subscribe(subscriber);
        return true;
    });

    /// <summary>The program (null) is on air, or the source has a publisher: <see cref="SubscribeAsync"/> would have something.</summary>
    public Task<bool> IsThereAsync(SourceSlot? slot) => InvokeAsync(loop => loop.IsThere(slot));

    /// <summary>Removes a subscriber, without a word to it.</summary>
    public Task UnsubscribeAsync(SourceSlot? slot, IHubSubscriber subscriber) => InvokeAsync(loop =>
    {
        loop.HubOf(slot).Unsubscribe(subscriber);
        return true;
    });

    /// <summary>The configuration and the newest keyframe of the program (null) or of a source, for a picture of it.</summary>
    public Task<(MediaPacket Configuration, MediaPacket Keyframe)?> GetKeyframeAsync(SourceSlot? slot) => InvokeAsync<(MediaPacket, MediaPacket)?>(loop =>
    {
        var hub = loop.HubOf(slot);
        return hub.Header.Video is { } configuration && hub.CachedGroup is [var first, ..] ? (configuration, first.Packet) : null;
    });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _inbox.Complete();
        await _running;
        await _timer.DisposeAsync();
    }

    private bool IsThere(SourceSlot? slot) => slot is null ? _machine.IsOnAir : slot.Origin is not null;

    private PacketHub HubOf(SourceSlot? slot) => slot?.Hub ?? _hub;

    // Runs a command on the loop. After the loop has ended a command answers with the default: nothing is there to act on.
    private async Task<T> InvokeAsync<T>(Func<ProgramLoop, T> command)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isTaken = await _inbox.WriteAsync(new Request(null, null, null, loop =>
        {
            try
            {
                var result = command(loop);
                loop.Carry();
                Volatile.Write(ref loop._status, loop.MakeStatus(loop.Now));
                completion.SetResult(result);
            }
            catch (Exception exception)
            {
                completion.SetException(exception);
            }
        }));
        if (!isTaken)
            return default!;
        return await completion.Task;
    }

    private async Task RunAsync()
    {
        while (await _inbox.WaitToReadAsync())
        {
            try
            {
                TakeTurn();
            }
            catch (Exception exception)
            {
                // A fault of ours. It is loud, and it costs what was in hand; a program that goes dark because of it would cost the show.
                ReportFault(exception);
                // What was decided before the fault has happened for the machine: it is told all the same.
                Carry();
                _armed = null;
                _timer.Change(AfterFault, Timeout.InfiniteTimeSpan);
            }
        }
    }

    // No longer than an inbox full, so that what has been handled is sent also when publishers fill it as fast as it is read.
    private void TakeTurn()
    {
        for (var i = 0; i < InboxCapacity && _inbox.TryRead(out var request); i++)
            Handle(request);
        var now = Now;
        _machine.Tick(now);
        TellStalls();
        Carry();
        FlushWhenDue(now);
        if (now - _status.At >= StatusInterval)
            Volatile.Write(ref _status, MakeStatus(now));
        Arm(now);
    }

    private void Handle(in Request request)
    {
        if (request.Command is { } command)
        {
            command(this);
            return;
        }
        if (request is not { Slot: { } slot, Packet: { } packet })
        {
            // The timer has fired, maybe a fraction of a millisecond early: it has to be set again.
            _armed = null;
            return;
        }
        var now = Now;
        if (request.TranscoderGeneration is { } generation)
        {
            if (generation == slot.TranscoderGeneration)
                _machine.ReceiveTranscoded(slot, packet, now);
        }
        else
        {
            Receive(slot, packet, now);
        }
        if (_pendingArrival == 0)
            _pendingArrival = packet.ArrivedAt;
        Carry();
    }

    private void Receive(SourceSlot slot, MediaPacket packet, MediaTime now)
    {
        if (slot.Origin is null)
            return;
        try
        {
            if (packet.Content is PacketContent.Frame && packet is { Track: 0 })
            {
                if (!slot.HasAnnounced(packet))
                {
                    EngineMetrics.IgnoredMessages.Add(1, EngineMetrics.OtherCodec);
                    return;
                }
                slot.Hub.Add(new ProgramPacket(packet, packet.DecodeTime));
                slot.Hub.Flush();
            }
            if (slot.Fit is FormatFit.Transcode)
                _host.Transcode(slot, packet);
            _machine.Receive(slot, packet, now);
        }
        catch (MediaFormatException exception)
        {
            ReportUnreadable(slot, exception, now);
        }
    }

    private void ReportUnreadable(SourceSlot slot, MediaFormatException exception, MediaTime now)
    {
        EngineMetrics.IgnoredMessages.Add(1, EngineMetrics.Broken);
        if (now - _unreadableSaidAt < UnreadableDistance)
        {
            _unreadableUnsaid++;
            return;
        }
        LogUnreadableConfiguration(_logger, _channelId, slot.Id, exception.Message, _unreadableUnsaid);
        (_unreadableSaidAt, _unreadableUnsaid) = (now, 0);
    }

    // Before what the machine makes of it.
    private void TellStalls()
    {
        foreach (var slot in _machine.Slots)
        {
            if (slot.IsStalled ? _stalled.Add(slot) : _stalled.Remove(slot))
                _host.Tell(slot.IsStalled ? new EngineEvent.SourceStalled(slot.Id) : new EngineEvent.SourceReturned(slot.Id));
        }
    }

    // Carries out what the machine decided. A header goes before the packets that need it, an end after the last packets. Never throws, and does nothing twice: a fault in one thing costs that
    // one thing, since the machine has gone on and will not say the others again.
    private void Carry()
    {
        if (_machine.Emitted.Count == 0 && _machine.Events.Count == 0)
            return;
        foreach (var item in _machine.Events)
        {
            if (item is not ProgramEvent.Ended)
                CarryOut(item);
        }
        if (_machine.Emitted.Count > 0 && !_hub.HasPending)
            _pendingSince = Now;
        foreach (var packet in _machine.Emitted)
        {
            _pendingHasPicture |= packet.IsVideoFrame;
            if (packet.StepAtSwitch is { } step)
                EngineMetrics.Gap.Record(step.ToTimeSpan().TotalMilliseconds, EngineMetrics.Track(packet.Packet.Kind));
            _meter.Observe(packet, _pendingSince);
            _hub.Add(packet);
        }
        _machine.Emitted.Clear();
        foreach (var item in _machine.Events)
        {
            if (item is ProgramEvent.Ended)
                CarryOut(item);
        }
        _machine.Events.Clear();
    }

    private void CarryOut(ProgramEvent item)
    {
        try
        {
            switch (item)
            {
                case ProgramEvent.WentOnAir wentOnAir:
                    _hub.Begin(wentOnAir.Header);
                    LogOnAir(_logger, _channelId);
                    _host.WentOnAir(wentOnAir.Header);
                    break;
                case ProgramEvent.FormatChanged changed:
                    _hub.End(HubEnd.Interrupted);
                    _hub.Begin(changed.Header);
                    _host.FormatChanged(changed.Header);
                    break;
                case ProgramEvent.FallbackWanted wanted:
                    _host.PrepareFallback(wanted.Format);
                    break;
                case ProgramEvent.Switched switched:
                    LogSwitched(_logger, _channelId, switched.From ?? "fallback", switched.To ?? "fallback", switched.Reason);
                    EngineMetrics.Switches.Add(1, EngineMetrics.Channel(_channelId));
                    _host.Switched(switched.From, switched.To, switched.Reason);
                    break;
                case ProgramEvent.TranscoderWanted transcoder:
                    _host.WantTranscoder(transcoder.Slot, transcoder.Wanted ? _machine.Header : null);
                    break;
                case ProgramEvent.Ended ended:
                    LogEnded(_logger, _channelId, ended.Reason);
                    _hub.End(HubEnd.Intended);
                    _host.Ended(ended.Reason, ended.Figures);
                    break;
            }
        }
        catch (Exception exception)
        {
            ReportFault(exception);
        }
    }

    private void ReportFault(Exception exception)
    {
        Volatile.Write(ref _faultedAt, _timeProvider.GetTimestamp());
        LogFault(_logger, _channelId, exception);
        EngineMetrics.Faults.Add(1, EngineMetrics.Channel(_channelId));
    }

    // Sound waits up to the coalescing time for a picture to go with it; a picture goes at once, unless the one before went within that time. Fewer system calls, and what people see is not late.
    private MediaTime FlushDue => _pendingHasPicture && _lastPicture != MediaTime.MinValue
        ? MediaTime.Min(_lastPicture, _pendingSince) + _coalescing
        : _pendingHasPicture ? _pendingSince : _pendingSince + _coalescing;

    private void FlushWhenDue(MediaTime now)
    {
        if (!_hub.HasPending)
        {
            _pendingArrival = 0;
            return;
        }
        var due = FlushDue;
        if (now < due)
            return;
        _hub.Flush();
        if (_pendingArrival != 0)
        {
            var wanted = MediaTime.Max(due - _pendingSince, MediaTime.Zero).ToTimeSpan();
            var waited = _timeProvider.GetElapsedTime(_pendingArrival) - wanted;
            EngineMetrics.HandOver.Record(Math.Max(waited.TotalMilliseconds, 0), EngineMetrics.Channel(_channelId));
        }
        if (_pendingHasPicture)
            _lastPicture = now;
        _pendingHasPicture = false;
        _pendingArrival = 0;
    }

    // The timer fires once for the nearest deadline. A later one than what is armed is not set: the early wake-up sets it.
    private void Arm(MediaTime now)
    {
        var due = _machine.NextDue(now);
        if (_hub.HasPending)
        {
            due = due is { } other ? MediaTime.Min(other, FlushDue) : FlushDue;
        }
        if (due is not { } next || _armed is { } armed && armed > now && armed <= next)
            return;
        next = MediaTime.Min(next, now + LongestWait);
        _armed = next;
        // Timers count whole milliseconds: rounded up, so that it does not fire before the deadline and find nothing to do.
        var wait = Math.Ceiling((next - now).ToTimeSpan().TotalMilliseconds);
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(wait, 0)), Timeout.InfiniteTimeSpan);
    }

    private readonly record struct Request(SourceSlot? Slot, MediaPacket? Packet, int? TranscoderGeneration, Action<ProgramLoop>? Command);
}
