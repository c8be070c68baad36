using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Rtmp.Client;

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
}
