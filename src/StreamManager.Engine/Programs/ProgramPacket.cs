using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <summary>A packet at its place on the program timeline (or, for the hub of a source, on that source's own clock).</summary>
/// <param name="Packet">The shared packet; its own decode time is that of its source.</param>
/// <param name="DecodeTime">Decode time on the timeline that it is sent on.</param>
internal readonly record struct ProgramPacket(MediaPacket Packet, MediaTime DecodeTime)
{
    /// <summary>On the first packet of a track after a switch: the step from the last one before it, which is what a viewer could notice of the switch. Null on all others.</summary>
    public MediaTime? StepAtSwitch { get; init; }

    /// <summary>A picture.</summary>
    public bool IsVideoFrame => Packet is { Kind: MediaKind.Video, Content: PacketContent.Frame };

    /// <summary>A picture from which a decoder can start.</summary>
    public bool IsVideoKeyframe => IsVideoFrame && Packet.IsKeyframe;

    /// <summary>Milliseconds as RTMP and FLV count them.</summary>
    public long Milliseconds => DecodeTime.Milliseconds;
}
