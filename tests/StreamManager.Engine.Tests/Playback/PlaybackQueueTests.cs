using StreamManager.Engine.Playback;
using StreamManager.Engine.Programs;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Tests.Playback;

public sealed class PlaybackQueueTests
{
    private const int Size = 4_000_000;

    [Fact]
    public void ViewerThatDoesNotRead_HoldsABoundedNumberOfBytesAndGoesOnAtAKeyframe()
    {
        var hub = new PacketHub();
        hub.Begin(new StreamHeader(null, null, null));
        var queue = new PlaybackQueue(_ => { });
        hub.Subscribe(queue);
        for (var i = 0; i < 100; i++)
            Send(hub, i, Size, isKeyframe: true);
        Assert.Equal(100 - PlaybackQueue.MaxQueuedBytes / Size, queue.Dropped);

        Assert.Equal((int)(PlaybackQueue.MaxQueuedBytes / Size), Read(queue).Count);
        Send(hub, 100, 100, isKeyframe: false);
        Send(hub, 101, 100, isKeyframe: true);
        Send(hub, 102, 100, isKeyframe: false);
        Assert.Equal([101, 102], Read(queue).Select(packet => packet.Milliseconds));
    }

    private static void Send(PacketHub hub, int milliseconds, int size, bool isKeyframe)
    {
        var packet = new MediaPacket
        {
            Kind = MediaKind.Video,
            Content = PacketContent.Frame,
            Codec = FourCc.Avc,
            IsKeyframe = isKeyframe,
            Body = new byte[size],
            HeaderLength = 5,
        };
        hub.Add(new ProgramPacket(packet, MediaTime.FromMilliseconds(milliseconds)));
        hub.Flush();
    }

    private static List<ProgramPacket> Read(PlaybackQueue queue)
    {
        var packets = new List<ProgramPacket>();
        while (queue.TryRead(out _, out var some))
            packets.AddRange(some.Span);
        return packets;
    }
}
