using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <summary>Changes the composition offset of packets, where the codec's message carries one.</summary>
internal static class CompositionTimes
{
    /// <summary>The packet shown later by <paramref name="shift"/>, rounded up to a millisecond. The packet itself for codecs whose messages carry no offset.</summary>
    public static MediaPacket Shift(MediaPacket packet, MediaTime shift)
    {
        if (packet.Codec != FourCc.Avc)
            return packet;
        var offset = (packet.CompositionOffset + shift + MediaTime.FromMilliseconds(1) - new MediaTime(1)).Milliseconds;
        return packet.WithBody(AvcTag.WithCompositionTime(packet.Body.Span, (int)offset), MediaTime.FromMilliseconds(offset));
    }
}
