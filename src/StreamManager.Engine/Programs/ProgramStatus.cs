using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <summary>What the loop publishes: immutable, at most <see cref="ProgramLoop.StatusInterval"/> old while something happens.</summary>
internal sealed record ProgramStatus(
    MediaTime At,
    ChannelState State,
    string Selected,
    string? ActiveSource,
    ProgramSnapshot Program,
    ImmutableArray<SourceStatus> Sources);

/// <summary>A source in the loop's status.</summary>
internal sealed record SourceStatus(SourceSnapshot Snapshot, MediaTime AttachedAt);

/// <summary>Measures what the program emits. Owned by the loop.</summary>
internal sealed class ProgramMeter
{
    private static readonly MediaTime Window = MediaTime.FromMilliseconds(2000);

    private MediaTime _windowStart = MediaTime.MinValue;
    private long _bytes;
    private int _frames;

    /// <summary>All tracks, kbit/s.</summary>
    public int BitrateKbps { get; private set; }

    /// <summary>Video frames a second of wall time.</summary>
    public double FramesPerSecond { get; private set; }

    /// <summary>Counts a packet.</summary>
    public void Observe(in ProgramPacket packet, MediaTime now)
    {
        if (_windowStart == MediaTime.MinValue)
            _windowStart = now;
        if (now - _windowStart >= Window)
        {
            var seconds = (now - _windowStart).Seconds;
            BitrateKbps = (int)(_bytes * 8 / 1000 / seconds);
            FramesPerSecond = Math.Round(_frames / seconds, 2);
            (_bytes, _frames, _windowStart) = (0, 0, now);
        }
        _bytes += packet.Packet.Body.Length;
        _frames += packet.IsVideoFrame ? 1 : 0;
    }
}
