using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Engine.Programs;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Client;
using StreamManager.TestKit;

namespace StreamManager.Engine.Tests.Outputs;

public sealed class OutputStatisticsTests
{
    [Theory]
    [InlineData(RtmpConnectStage.Resolve, RtmpFailureKind.Unreachable, OutputVerdict.Unreachable)]
    [InlineData(RtmpConnectStage.Handshake, RtmpFailureKind.TimedOut, OutputVerdict.Unreachable)]
    [InlineData(RtmpConnectStage.Handshake, RtmpFailureKind.Closed, OutputVerdict.Unreachable)]
    [InlineData(RtmpConnectStage.Publish, RtmpFailureKind.Rejected, OutputVerdict.Rejected)]
    [InlineData(RtmpConnectStage.ConnectCommand, RtmpFailureKind.Closed, OutputVerdict.Rejected)] // A refusal without a word, as nginx-rtmp does it.
    [InlineData(RtmpConnectStage.Publish, RtmpFailureKind.Closed, OutputVerdict.Rejected)]
    [InlineData(RtmpConnectStage.Publishing, RtmpFailureKind.Closed, OutputVerdict.Unreachable)]
    [InlineData(RtmpConnectStage.Publishing, RtmpFailureKind.Rejected, OutputVerdict.Rejected)]
    [InlineData(RtmpConnectStage.Publishing, RtmpFailureKind.TimedOut, OutputVerdict.Stalled)]
    public void Fail_AtAStage_GivesTheVerdict(RtmpConnectStage stage, RtmpFailureKind kind, OutputVerdict verdict)
    {
        var statistics = new OutputStatistics();
        statistics.Fail(new RtmpFailure(stage, kind, "The words."));
        var snapshot = statistics.Snapshot(new DestinationDefinition { Id = "d", Name = "d", Url = "rtmp://h/a" }, TimeProvider.System);
        Assert.Equal((verdict, "The words."), (snapshot.Verdict, snapshot.LastError));
    }

    [Fact]
    public void LastConnectionWasStable_IsSaidOfTheLastConnectionOnly()
    {
        var time = new ManualTimeProvider();
        var statistics = new OutputStatistics();
        Connect();
        time.Advance(TimeSpan.FromMinutes(1));
        statistics.Judge(new OutputSettings(), time);
        Assert.True(statistics.LastConnectionWasStable);
        statistics.Disconnected();
        // A server that grants and drops before it was judged even once must not pass for one that was good.
        Connect();
        statistics.Disconnected();
        Assert.False(statistics.LastConnectionWasStable);

        void Connect()
        {
            var connection = new CapturingConnection();
            statistics.Publishing(connection, new OutputSender(connection, TimeSpan.FromSeconds(5), time), time.GetTimestamp());
        }
    }

    [Fact]
    public void BroadcastThatBeginsBeforeTheOldConnectionIsGone_CountsFromZero()
    {
        var time = new ManualTimeProvider();
        var statistics = new OutputStatistics();
        var old = Publish(frames: 5);
        statistics.BeginBroadcast();
        AssertCounts(0, 0);
        // Its last packets are still on their way; they belong to the broadcast that is over.
        Send(old, 5, 2);
        AssertCounts(0, 0);
        statistics.Disconnected();
        AssertCounts(0, 0);
        Publish(frames: 3);
        AssertCounts(1, 3);
        statistics.Disconnected();
        AssertCounts(1, 3);

        PacketHub Publish(int frames)
        {
            var connection = new CapturingConnection();
            var sender = new OutputSender(connection, TimeSpan.FromSeconds(5), time);
            var hub = new PacketHub();
            hub.Begin(new StreamHeader(null, null, null));
            hub.Subscribe(sender);
            statistics.Publishing(connection, sender, time.GetTimestamp());
            Send(hub, 0, frames);
            return hub;
        }

        void AssertCounts(int connects, long frames)
        {
            var snapshot = statistics.Snapshot(new DestinationDefinition { Id = "d", Name = "d", Url = "rtmp://h/a" }, time);
            Assert.Equal((connects, frames, frames > 0), (snapshot.Connects, snapshot.FramesSent, snapshot.BytesSent > 0));
        }

        static void Send(PacketHub hub, int from, int count)
        {
            for (var i = from; i < from + count; i++)
            {
                var frame = new MediaPacket { Kind = MediaKind.Video, Content = PacketContent.Frame, Codec = FourCc.Avc, IsKeyframe = i == 0, Body = new byte[100], HeaderLength = 5 };
                hub.Add(new ProgramPacket(frame, MediaTime.FromUnits(i, 30)));
                hub.Flush();
            }
        }
    }
}
