using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Sources;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Server;

namespace StreamManager.Engine.Programs;

/// <summary>
/// The program of one channel as a machine: events and times go in, packets on the program timeline and things to do come out. It has no clock, no task and no I/O of its own, so
/// weeks of a broadcast run in a test in milliseconds. <see cref="ProgramLoop"/> owns it and is its only caller.
/// </summary>
internal sealed partial class ProgramMachine
{
    /// <summary>
    /// How long going on air waits for the fallback to be encoded. With the parameter sets of the fallback in the first configuration no decoder has to be told anything at a
    /// switch; but nobody waits longer than this for that.
    /// </summary>
    internal static readonly MediaTime FallbackPatience = MediaTime.FromMilliseconds(6000);

    /// <summary>
    /// Least time from one restart of the outputs for a new format to the next. Platforms lock out a key whose publishes come and go; a source that changes again earlier is transcoded.
    /// </summary>
    internal static readonly MediaTime FormatChangeDistance = MediaTime.FromMilliseconds(30_000);

    private readonly ImmutableArray<SourceSlot> _slots;
    private readonly List<ProgramPacket> _emitted = [];
    private readonly List<ProgramEvent> _events = [];
    private ChannelDefinition _definition;
    private ProgramHeader? _header;
    private Timeline? _timeline;
    private PaceEstimator _pace;
    private FallbackContent? _fallback;
    private FallbackPlayer? _player;
    private MediaPacket? _heldKeyframe;
    private SourceSlot? _active;
    private AirState _air = AirState.Off;
    private SourceSlot? _preparing;
    private MediaTime _preparingUntil;
    private MediaTime _fallbackSince;
    private MediaTime _fallbackTotal;
    private MediaTime _onAirSince;
    private MediaTime? _formatChangedAt;
    private bool _hadSource;
    private bool _setsReplaced;
    private bool _mayStartBySource;
    private bool _isStartOrdered;
    private SourceSlot? _cutSlot;
    private MediaTime _cutUntil;

    /// <summary>Creates the machine of a channel that is off air.</summary>
    public ProgramMachine(ChannelDefinition definition, ImmutableArray<SourceSlot> slots)
    {
        _definition = definition;
        _slots = slots;
        _mayStartBySource = definition.Start is not StartMode.Manual;
    }

    private enum AirState
    {
        Off = 1,
        Preparing = 2,
        On = 3,
    }

    /// <summary>The sources in falling priority.</summary>
    public ImmutableArray<SourceSlot> Slots => _slots;

    /// <summary>What was emitted since the caller last cleared it: goes to the program's hub, in this order.</summary>
    public List<ProgramPacket> Emitted => _emitted;

    /// <summary>What was decided since the caller last cleared it.</summary>
    public List<ProgramEvent> Events => _events;

    /// <summary>The operator's selection.</summary>
    public SourceSelection Selection { get; private set; } = SourceSelection.Auto;

    /// <summary>True while packets are emitted.</summary>
    public bool IsOnAir => _air is AirState.On;

    /// <summary>The source on the program; null: the fallback, or off air.</summary>
    public SourceSlot? Active => _active;

    /// <summary>The header of the running program; null off air.</summary>
    public ProgramHeader? Header => _header;

    /// <summary>The timeline of the running program; null off air.</summary>
    public Timeline? Timeline => _timeline;

    /// <summary>Switches since the program went on air.</summary>
    public int Switches { get; private set; }

    /// <summary>Monotonic time at which the program went on air.</summary>
    public MediaTime OnAirSince => _onAirSince;

    /// <summary>What the channel is doing, in the words of its users.</summary>
    public ChannelState State => _air switch
    {
        AirState.On => _active is null ? ChannelState.Fallback : ChannelState.Live,
        AirState.Preparing => ChannelState.Waiting,
        _ => _mayStartBySource ? ChannelState.Waiting : ChannelState.Stopped,
    };

    /// <summary>Time on fallback since the program went on air.</summary>
    public MediaTime TimeOnFallback(MediaTime now) => _fallbackTotal + (_air is AirState.On && _active is null ? now - _fallbackSince : MediaTime.Zero);

    /// <summary>Replaces the definition; what is on air goes on, under the new rules.</summary>
    public void Reconfigure(ChannelDefinition definition) => _definition = definition;

    /// <summary>An operator wants the channel on air. <paramref name="lastFormat"/> is used when no source says otherwise.</summary>
    public void Start(ProgramFormat lastFormat, MediaTime now)
    {
        _isStartOrdered |= _air is not AirState.On;
        if (_air is not AirState.Off)
            return;
        _mayStartBySource = true;
        Prepare(FindSource(now) ?? _slots.FirstOrDefault(slot => IsShowable(slot, now)), lastFormat, now);
    }

    /// <summary>The broadcast ends. Off air until it is started, or an encoder publishes anew.</summary>
    public void Stop(BroadcastEnd reason, MediaTime now)
    {
        if (_air is AirState.Off)
        {
            _mayStartBySource = false;
            return;
        }
        if (_air is AirState.On && _active is null)
            _fallbackTotal += now - _fallbackSince;
        foreach (var slot in _slots)
            SetFit(slot, FormatFit.Unknown);
        var figures = new ProgramFigures(
            Switches, _fallbackTotal.ToTimeSpan(), Timeline?.LargestVideoStep.ToTimeSpan().TotalMilliseconds ?? 0, Timeline?.LargestAudioStep.ToTimeSpan().TotalMilliseconds ?? 0);
        _air = AirState.Off;
        _active = null;
        _preparing = null;
        _player = null;
        ReplaceFallback(null);
        _timeline = null;
        _header = null;
        _mayStartBySource = false;
        _isStartOrdered = false;
        _events.Add(new ProgramEvent.Ended(reason, figures));
    }

    /// <summary>An operator chooses what is shown. False: there is no such source.</summary>
    public bool Select(SourceSelection selection, MediaTime now)
    {
        if (selection is SourceSelection.SourceById byId && _slots.All(slot => slot.Id != byId.SourceId))
            return false;
        Selection = selection;
        if (_air is AirState.On && _active is not null && selection is SourceSelection.FallbackSelection)
            Leave(SwitchReason.Operator, now);
        return true;
    }

    /// <summary>
    /// Cuts the source that is on the program off until a time: what it sends is not heard, as if its network had died. For drills. False: none is on the program.
    /// </summary>
    public bool Cut(MediaTime until)
    {
        if (_active is null)
            return false;
        (_cutSlot, _cutUntil) = (_active, until);
        return true;
    }

    /// <summary>A publisher takes a source's place.</summary>
    public void Attach(SourceSlot slot, SourceOrigin origin, MediaTime now)
    {
        slot.Attach(origin, now);
        if (_definition.Start is not StartMode.Manual)
            _mayStartBySource = true;
    }

    /// <summary>A publisher is gone.</summary>
    public void Detach(SourceSlot slot, RtmpPublishEnd end, MediaTime now)
    {
        SetFit(slot, FormatFit.Unknown);
        slot.Detach();
        var (reason, policy) = end is RtmpPublishEnd.Clean ? (SwitchReason.CleanEnd, _definition.OnCleanEnd) : (SwitchReason.Crash, _definition.OnCrash);
        if (_active == slot)
            LoseActive(reason, policy, now);
        else if (_preparing == slot)
            LosePreparing(policy, now);
    }

    /// <summary>
    /// The fallback is ready; null: there will be none, and the last keyframe has to do. May come more than once: the newest is taken. The content belongs to the machine from now on, which
    /// disposes of it when it is replaced or the broadcast ends. False: off air, and the content stays the caller's.
    /// </summary>
    public bool SetFallback(FallbackContent? content, MediaTime now)
    {
        if (_air is AirState.Off)
            return false;
        if (content is not null)
            ReplaceFallback(content);
        if (_air is AirState.Preparing)
            GoOnAir(now);
        else if (_active is null && content is not null)
            PlayFallback(now);
        return true;
    }

    /// <summary>One packet as its publisher sent it.</summary>
    /// <exception cref="Media.MediaFormatException">A configuration cannot be read; the packet is ignored.</exception>
    public void Receive(SourceSlot slot, MediaPacket packet, MediaTime now)
    {
        if (packet.Content is PacketContent.Configuration)
        {
            if (packet.Track == 0 && slot.SetConfiguration(packet))
                ReceiveConfiguration(slot, now);
            return;
        }
        if (packet.Content is not PacketContent.Frame || packet.Track != 0 || IsCut(slot, now))
            return;
        slot.ObserveReceived(packet, now);
        if (slot.Fit is FormatFit.Unknown && _air is AirState.On)
            Judge(slot, now, isAtKeyframe: packet is { Kind: MediaKind.Video, IsKeyframe: true });
        if (slot.Fit is not FormatFit.Transcode)
            Feed(slot, packet, now);
    }

    /// <summary>One frame of a source that came out of its transcoder, in the program's format.</summary>
    public void ReceiveTranscoded(SourceSlot slot, MediaPacket packet, MediaTime now)
    {
        if (slot.Fit is FormatFit.Transcode && packet.Content is PacketContent.Frame && !IsCut(slot, now))
            Feed(slot, packet, now);
    }

    /// <summary>Lets time pass: stalls are noticed, the fallback plays, limits end a broadcast.</summary>
    public void Tick(MediaTime now)
    {
        var timeout = MediaTime.FromTimeSpan(_definition.SourceTimeout);
        var isLost = false;
        foreach (var slot in _slots)
            isLost |= slot.Judge(timeout, now) && (slot == _active || slot == _preparing);
        if (isLost && _active is not null)
            LoseActive(SwitchReason.Stall, _definition.OnStall, now);
        else if (isLost)
            LosePreparing(_definition.OnStall, now);
        if (_air is AirState.Preparing && now >= _preparingUntil)
            GoOnAir(now);
        if (_air is not AirState.On || _active is not null)
            return;
        _player?.EmitUntil(_pace.ProgramTimeAt(now), _emitted);
        if (FallbackLimit is { } limit && now - _fallbackSince >= limit && !_slots.Any(slot => IsSending(slot, now)))
            Stop(BroadcastEnd.FallbackLimit, now);
    }

    /// <summary>The monotonic time at which <see cref="Tick"/> has something to do if nothing else happens; null: never.</summary>
    public MediaTime? NextDue(MediaTime now)
    {
        MediaTime? due = null;
        var timeout = MediaTime.FromTimeSpan(_definition.SourceTimeout);
        foreach (var slot in _slots)
        {
            if (slot is { Origin: not null, IsStalled: false })
                due = Earlier(due, slot.StallsAt(timeout));
        }
        // Once the patience is over only a source or a fallback changes anything, and both come by themselves.
        if (_air is AirState.Preparing && now <= _preparingUntil)
            due = Earlier(due, _preparingUntil);
        if (_air is AirState.On && _active is null)
        {
            if (_player is not null)
                due = Earlier(due, _pace.DueAt(_player.NextDue));
            if (FallbackLimit is { } limit)
                due = Earlier(due, MediaTime.Max(_fallbackSince + limit, now + MediaTime.FromMilliseconds(250)));
        }
        return due;
    }

    /// <summary>True while the source's publisher sends, whether or not what it sends can be shown already: a transcoder takes a second to start.</summary>
    public bool IsSending(SourceSlot slot, MediaTime now) =>
        slot.Origin is not null && (!slot.IsStalled || (slot.Fit is FormatFit.Transcode && now - slot.LastReceivedAt < MediaTime.FromTimeSpan(_definition.SourceTimeout)));

    private bool IsCut(SourceSlot slot, MediaTime now) => slot == _cutSlot && now < _cutUntil;

    // Whatever still plays the old one gets another player before its next frame is due.
    private void ReplaceFallback(FallbackContent? content)
    {
        _fallback?.Dispose();
        _fallback = content;
    }

    // A channel that is always on air waits for its first source as long as it takes.
    private MediaTime? FallbackLimit => _definition.EndAfter > TimeSpan.Zero && (_hadSource || _definition.Start is not StartMode.Always)
        ? MediaTime.FromTimeSpan(_definition.EndAfter)
        : null;

    private static MediaTime Earlier(MediaTime? left, MediaTime right) => left is { } value ? MediaTime.Min(value, right) : right;
}
