using StreamManager.Engine.Channels;
using StreamManager.Engine.Sources;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <content>Going on air, and what feeds the program while it is.</content>
internal sealed partial class ProgramMachine
{
    private void ReceiveConfiguration(SourceSlot slot, MediaTime now)
    {
        if (_air is not AirState.On)
            return;
        var before = slot.Fit;
        if (before is FormatFit.Unknown)
            return;
        // A configuration that changes while the source is connected: what comes is judged anew.
        Judge(slot, now);
        if (before is FormatFit.Transcode && slot.Fit is FormatFit.Transcode)
        {
            // A transcoder knows the one configuration that it began with.
            _events.Add(new ProgramEvent.TranscoderWanted(slot, true));
        }
        if (slot == _active && slot.Fit is FormatFit.Transcode && before is not FormatFit.Transcode)
            Leave(SwitchReason.FormatChange, now);
    }

    // A source joins a running program: does it fit?
    private void Judge(SourceSlot slot, MediaTime now, bool isAtKeyframe = false)
    {
        if (!slot.HasFormat(now))
            return;
        var fit = ProgramHeader.Judge(_header!, slot);
        var mayRestart = _definition.OnFormatChange is FormatChangePolicy.RestartOutputs && !(now - _formatChangedAt < FormatChangeDistance);
        if (fit is not FormatFit.Transcode || !mayRestart)
        {
            SetFit(slot, fit);
            return;
        }
        // Outputs are restarted for a source that is shown from this keyframe on, not for one that stands by: that one is judged again until its turn comes.
        if (slot == _active || isAtKeyframe && Desired(now) == slot.Id)
            ChangeFormat(slot, now);
        else
            SetFit(slot, FormatFit.Unknown);
    }

    private void SetFit(SourceSlot slot, FormatFit fit)
    {
        if ((slot.Fit is FormatFit.Transcode) != (fit is FormatFit.Transcode))
            _events.Add(new ProgramEvent.TranscoderWanted(slot, fit is FormatFit.Transcode));
        slot.Fit = fit;
    }

    // One frame that could go into the program.
    private void Feed(SourceSlot slot, MediaPacket packet, MediaTime now)
    {
        slot.ObserveMedia(packet, now);
        switch (_air)
        {
            case AirState.Off when _mayStartBySource && packet is { Kind: MediaKind.Video, IsKeyframe: true } && IsShowable(slot, now):
                Prepare(slot, null, now);
                break;
            case AirState.Preparing when now >= _preparingUntil && packet is { Kind: MediaKind.Video, IsKeyframe: true } && IsShowable(slot, now):
                // There was no source to begin with, and there is no fallback: now there is a picture, in a format of its own.
                _preparing = slot;
                _events.Add(new ProgramEvent.FallbackWanted(ProgramHeader.FormatOf(slot)));
                GoOnAir(now);
                break;
            case AirState.On when slot == _active:
                AddToProgram(slot, packet, now);
                break;
            case AirState.On when packet is { Kind: MediaKind.Video, IsKeyframe: true } && slot.Fit is not FormatFit.Unknown && Desired(now) == slot.Id:
                TurnTo(slot, packet, now);
                break;
        }
    }

    private string? Desired(MediaTime now)
    {
        var health = _slots.Select(slot => new SourceHealth(slot.Id, IsShowable(slot, now), slot.GoodSince));
        return Switcher.Desired(new SwitcherInput(Selection, _active?.Id, [.. health], MediaTime.FromTimeSpan(_definition.ReturnAfter)), now);
    }

    private void Prepare(SourceSlot? slot, ProgramFormat? lastFormat, MediaTime now)
    {
        _air = AirState.Preparing;
        _preparing = slot;
        _preparingUntil = now + FallbackPatience;
        _hadSource = slot is not null;
        _events.Add(new ProgramEvent.FallbackWanted(slot is null ? lastFormat! : ProgramHeader.FormatOf(slot)));
    }

    private void GoOnAir(MediaTime now)
    {
        var slot = _preparing is { } preparing && IsShowable(preparing, now) ? preparing : null;
        if (slot is null && _fallback is null)
            return; // Nothing to show. A source's keyframe, or a fallback that gets ready after all, will be.
        _preparing = null;
        _header = slot is null ? ProgramHeader.Of(_fallback!) : ProgramHeader.Of(slot, _fallback);
        _timeline = new Timeline(slot?.VideoFrame ?? _fallback!.TimeOfFrame(1), _header.Audio);
        _pace = default;
        _formatChangedAt = null;
        _air = AirState.On;
        _isStartOrdered = false;
        _active = null;
        _heldKeyframe = null;
        _setsReplaced = false;
        _onAirSince = _fallbackSince = now;
        _fallbackTotal = MediaTime.Zero;
        Switches = 0;
        _events.Add(new ProgramEvent.WentOnAir(_header.Stream));
        foreach (var other in _slots)
        {
            if (other.Origin is not null)
                Judge(other, now);
        }
        if (slot is not null && IsWanted(slot) && ReplayGroup(slot, now))
            return;
        _heldKeyframe = slot?.LastKeyframe;
        _pace.Observe(MediaTime.Zero, now);
        PlayFallback(now);
    }

    private bool IsWanted(SourceSlot slot) => Selection switch
    {
        SourceSelection.FallbackSelection => false,
        SourceSelection.SourceById byId => byId.SourceId == slot.Id,
        _ => true,
    };

    // The program begins with what the source has sent since its last keyframe: nobody waits for the next one.
    private bool ReplayGroup(SourceSlot slot, MediaTime now)
    {
        if (slot.Hub.CachedGroup is not { Count: > 0 } group || slot.Fit is not (FormatFit.Direct or FormatFit.DirectWithParameterSets))
            return false;
        _active = slot;
        _hadSource = true;
        _events.Add(new ProgramEvent.Switched(null, slot.Id, SwitchReason.Start));
        _timeline!.BeginSegment(group[0].DecodeTime, group[0].Packet.CompositionOffset);
        foreach (var packet in group)
        {
            if (packet.Packet.Content is PacketContent.Frame && packet.Packet.Track == 0)
                AddToProgram(slot, packet.Packet, now);
        }
        return true;
    }

    private void TurnTo(SourceSlot slot, MediaPacket keyframe, MediaTime now)
    {
        var from = _active?.Id;
        if (_active is null)
        {
            // The fallback plays up to this moment, so that there is no hole however late its tick came.
            _player?.EmitUntil(_pace.ProgramTimeAt(now) - _timeline!.VideoFrame, _emitted);
            _fallbackTotal += now - _fallbackSince;
        }
        _player = null;
        _active = slot;
        _hadSource = true;
        Switches++;
        _pace.BeginSegment();
        _timeline!.VideoFrame = slot.VideoFrame;
        _timeline.BeginSegment(keyframe.DecodeTime, keyframe.CompositionOffset);
        _events.Add(new ProgramEvent.Switched(from, slot.Id, Selection is SourceSelection.SourceById ? SwitchReason.Operator : SwitchReason.Return));
        AddToProgram(slot, keyframe, now);
        foreach (var sound in slot.RecentSound)
            AddToProgram(slot, sound, now);
    }

    private void AddToProgram(SourceSlot slot, MediaPacket packet, MediaTime now)
    {
        var timeline = _timeline!;
        if (packet.Kind is MediaKind.Audio)
        {
            // Sound that no configuration has announced (MP3, which has none) is not in the program's codec: silence stands for it.
            if (slot.Audio is { } audio && audio.Codec == packet.Codec)
                timeline.AddAudio(packet, _emitted);
            return;
        }
        if (packet.IsKeyframe)
        {
            // Sets of another source, once sent, have taken the place of those with the same ids in every decoder: from then on each source brings its own again. So it is with the pictures of a
            // source whose sound alone is transcoded: they are its own. Pictures that a transcoder has made carry theirs already.
            if (ProgramHeader.VideoFits(_header!, slot))
            {
                _setsReplaced |= !ProgramHeader.HoldsSetsOf(_header!, slot);
                if (_setsReplaced)
                    packet = ProgramHeader.WithOwnParameterSets(packet, slot);
            }
            _heldKeyframe = packet;
        }
        timeline.AddVideo(packet, _emitted);
        _pace.Observe(timeline.LastVideo, now);
        // A source without sound gets silence along with its pictures; one whose sound has died gets it a while later.
        timeline.FillAudioUntil(slot.Audio is null ? timeline.LastVideo : timeline.LastVideo - Timeline.AudioLateLimit, _emitted);
    }

    private void LoseActive(SwitchReason reason, LossPolicy policy, MediaTime now)
    {
        // The loss of the last source: where another one is good the show goes on, over the fallback.
        if (policy is LossPolicy.End && FindSource(now) is null)
        {
            Stop(BroadcastEnd.SourceLost, now);
            return;
        }
        Leave(reason, now);
    }

    // The source that the program was about to begin with is gone, and nobody has seen anything yet.
    private void LosePreparing(LossPolicy policy, MediaTime now)
    {
        _preparing = null;
        if (FindSource(now) is { } other)
        {
            Prepare(other, null, now);
            return;
        }
        if (policy is LossPolicy.End)
        {
            Stop(BroadcastEnd.SourceLost, now);
            return;
        }
        // Who ordered the start (an operator, or a channel that is always on air) gets the fallback. A start by the publish alone goes with it: the next one starts anew.
        if (_isStartOrdered || _definition.Start is StartMode.Always)
            return;
        _air = AirState.Off;
        ReplaceFallback(null);
    }

    // The best source by priority that the operator's choice lets in.
    private SourceSlot? FindSource(MediaTime now) => _slots.FirstOrDefault(slot => slot != _active && IsWanted(slot) && IsShowable(slot, now));

    private void Leave(SwitchReason reason, MediaTime now)
    {
        var from = _active!.Id;
        _active = null;
        _fallbackSince = now;
        Switches++;
        _events.Add(new ProgramEvent.Switched(from, null, reason));
        PlayFallback(now);
    }

    private void PlayFallback(MediaTime now)
    {
        var content = _fallback ?? HeldPicture.Create(_header!, _heldKeyframe, _timeline!.VideoFrame);
        if (content is null)
        {
            _player = null;
            return;
        }
        _player = new FallbackPlayer(content, _timeline!);
        _player.EmitUntil(_pace.ProgramTimeAt(now), _emitted);
    }

    private void ChangeFormat(SourceSlot slot, MediaTime now)
    {
        _formatChangedAt = now;
        // The operator has chosen to restart the outputs instead of transcoding: same broadcast, same timeline, new header.
        _header = ProgramHeader.Of(slot, null);
        ReplaceFallback(null);
        _heldKeyframe = slot.LastKeyframe;
        _setsReplaced = false;
        SetFit(slot, FormatFit.Direct);
        foreach (var other in _slots)
        {
            if (other != slot && other.Fit is not FormatFit.Unknown)
                SetFit(other, ProgramHeader.Judge(_header, other));
        }
        _timeline!.BeginFormat(_header.Audio);
        _events.Add(new ProgramEvent.FormatChanged(_header.Stream));
        _events.Add(new ProgramEvent.FallbackWanted(ProgramHeader.FormatOf(slot)));
        if (_active is null)
            PlayFallback(now);
        else if (_active != slot)
            Leave(SwitchReason.FormatChange, now);
    }

    private static bool IsShowable(SourceSlot slot, MediaTime now) => slot.HasFormat(now) && !slot.IsStalled;
}
