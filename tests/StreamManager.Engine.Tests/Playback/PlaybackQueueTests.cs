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

    [Fact]
    public async Task FlvViewer_WhoBeginsWithALargeGroup_GetsItInPiecesOfABoundedSize()
    {
        const int frames = 80, size = 100_000;
        var hub = new PacketHub();
        hub.Begin(new StreamHeader(null, null, null));
        for (var i = 0; i < frames; i++)
            Send(hub, i, size, isKeyframe: i == 0);
        var queue = new PlaybackQueue(_ => { });
        hub.Subscribe(queue);
        await using var feed = new FlvFeed(queue);
        Send(hub, frames, size, isKeyframe: false);
        queue.End(default);

        var (total, largest) = (0L, 0);
        while (await feed.ReadAsync(TestContext.Current.CancellationToken) is { IsEmpty: false } bytes)
            (total, largest) = (total + bytes.Length, Math.Max(largest, bytes.Length));
        Assert.Equal(13 + (frames + 1) * (size + 15), total);
        Assert.InRange(largest, size, FlvFeed.PieceBytes + size + 15);
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
