using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
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
}
