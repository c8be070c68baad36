using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Tests.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.Rtmp.Tests.Peers;

/// <summary>Server sessions with a real ffmpeg at the other end.</summary>
public sealed class FfmpegTests
{
    private static int Videos(TestSink sink) => sink.Messages.Count(message => message.Type == RtmpMessageType.Video);

    [Fact]
    public async Task Publish_StoppedByTheEncoder_IsCleanAndDecodes()
    {
        await using var server = new SocketServer();
        await using var ffmpeg = await FfmpegPublisher.StartAsync(server.Url("good?token=1"));
        await Eventually.TrueAsync(() => server.Host.Sinks.FirstOrDefault() is { } sink && Videos(sink) > 50, describe: () => ffmpeg.Log);
        await ffmpeg.StopAsync();
        var sink = Assert.Single(server.Host.Sinks);
        await Eventually.TrueAsync(() => server.Ends.Count == 1);
        Assert.Equal([RtmpPublishEnd.Clean], sink.Ends);
        Assert.Equal([RtmpEndReason.PeerClosed], server.Ends);
        Assert.Equal(("live", "good", "token=1"), (server.Host.PublishRequests.Single().App, server.Host.PublishRequests.Single().StreamName, server.Host.PublishRequests.Single().Query));

        using var directory = new TemporaryDirectory();
        FlvMessages.Write(directory.File("got.flv"), sink.Messages);
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(directory.File("got.flv")));
    }

    [Fact]
    public async Task Publish_EncoderKilled_IsBroken()
    {
        await using var server = new SocketServer();
        await using var ffmpeg = await FfmpegPublisher.StartAsync(server.Url("good"));
        await Eventually.TrueAsync(() => server.Host.Sinks.FirstOrDefault() is { } sink && Videos(sink) > 5, describe: () => ffmpeg.Log);
        ffmpeg.Kill();
        await Eventually.TrueAsync(() => server.Ends.Count == 1);
        Assert.Equal([RtmpPublishEnd.Broken], Assert.Single(server.Host.Sinks).Ends);
    }

    [Fact]
    public async Task Publish_WrongKey_FfmpegIsToldAndGivesUp()
    {
        await using var server = new SocketServer();
        await using var ffmpeg = await FfmpegPublisher.StartAsync(server.Url("wrong"));
        await Eventually.TrueAsync(() => !ffmpeg.IsRunning && server.Ends.Count == 1);
        Assert.Contains("The stream key is not valid", ffmpeg.Log, StringComparison.Ordinal);
        Assert.Equal([RtmpEndReason.PublishRefused], server.Ends);
        Assert.Empty(server.Host.Sinks);
    }

    [Fact]
    public async Task Play_ToTheEnd_DecodesWhole()
    {
        var source = await PreparedFlv.GetAsync(new EncoderSettings());
        var messages = FlvMessages.Read(source, 8000);
        await using var server = new SocketServer();
        server.Host.DecidePlay = _ => new RtmpPlayDecision.Granted(new ListFeed(messages));
        using var directory = new TemporaryDirectory();
        await using var player = FfmpegPlayer.Start(server.Url("good"), directory.File("played.flv"));
        Assert.Equal(0, await player.Exited.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken));
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(player.File));
        // All but the decoder configuration are frames.
        Assert.Equal(messages.Count(message => message.Type == RtmpMessageType.Video) - 1, FlvRecording.Read(player.File).Video.Count);
        await Eventually.TrueAsync(() => server.Ends.Count == 1);
        Assert.Equal([RtmpEndReason.PlayEnded], server.Ends);
    }

    [Fact]
    public async Task Play_UnknownStream_FfmpegGivesUp()
    {
        await using var server = new SocketServer();
        using var directory = new TemporaryDirectory();
        await using var player = FfmpegPlayer.Start(server.Url("none"), directory.File("played.flv"));
        Assert.NotEqual(0, await player.Exited.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken));
        Assert.Contains("No such stream", player.Log, StringComparison.Ordinal);
    }

    private sealed class ListFeed(IReadOnlyList<RtmpMessage> messages) : IRtmpPlayFeed
    {
        private int _next;

        public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(_next < messages.Count);

        public bool TryRead(out RtmpMessage message)
        {
            message = _next < messages.Count ? messages[_next++] : default;
            return message.Type != default;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
