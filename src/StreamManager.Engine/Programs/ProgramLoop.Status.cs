using StreamManager.Engine.Channels;
using StreamManager.Engine.Sources;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <content>The published status.</content>
internal sealed partial class ProgramLoop
{
    /// <summary>How old a status may be while packets flow.</summary>
    internal static readonly MediaTime StatusInterval = MediaTime.FromMilliseconds(250);

    private ProgramStatus MakeStatus(MediaTime now)
    {
        var machine = _machine;
        var onAir = machine.IsOnAir;
        var timeline = machine.Timeline;
        return new ProgramStatus(
            now,
            machine.State,
            machine.Selection.Word,
            machine.Active?.Id,
            new ProgramSnapshot
            {
                Time = onAir ? MediaTime.Max(timeline!.LastVideo, MediaTime.Zero).ToTimeSpan() : TimeSpan.Zero,
                BitrateKbps = onAir ? _meter.BitrateKbps : 0,
                FramesPerSecond = onAir ? _meter.FramesPerSecond : 0,
                Switches = onAir ? machine.Switches : 0,
                OnFallback = onAir ? machine.TimeOnFallback(now).ToTimeSpan() : TimeSpan.Zero,
                LargestVideoGapMs = timeline?.LargestVideoStep.ToTimeSpan().TotalMilliseconds ?? 0,
                LargestAudioGapMs = timeline?.LargestAudioStep.ToTimeSpan().TotalMilliseconds ?? 0,
            },
            [.. machine.Slots.Select(slot => new SourceStatus(Describe(slot, machine.IsSending(slot, now)), slot.AttachedAt))]);
    }

    private static SourceSnapshot Describe(SourceSlot slot, bool isSending) => slot.Origin is not { } origin
        ? new SourceSnapshot { Id = slot.Id, State = SourceState.Absent }
        : new SourceSnapshot
        {
            Id = slot.Id,
            State = isSending ? SourceState.Connected : SourceState.Stalled,
            Encoder = slot.Encoder,
            RemoteAddress = origin.RemoteAddress,
            ConnectionId = origin.ConnectionId,
            Video = slot.Video,
            Audio = slot.Audio,
            FramesPerSecond = !isSending ? 0 : slot.Meter.FramesPerSecond,
            VideoBitrateKbps = !isSending ? 0 : slot.Meter.VideoBitrateKbps,
            AudioBitrateKbps = !isSending ? 0 : slot.Meter.AudioBitrateKbps,
            KeyframeIntervalSeconds = Math.Round(slot.Meter.KeyframeIntervalSeconds, 2),
            IsTranscoded = slot.Fit is FormatFit.Transcode,
        };
}
