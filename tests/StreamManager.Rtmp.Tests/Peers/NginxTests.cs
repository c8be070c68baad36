using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Rtmp.Client;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.Rtmp.Tests.Peers;

/// <summary>The publishing client with a real nginx-rtmp at the other end.</summary>
public sealed class NginxTests
{
    private static Task<RtmpPublishResult> ConnectAsync(string url, string key)
    {
        Assert.True(RtmpDestinationUrl.TryParse(url, key, out var destination, out var error), error);
        return RtmpPublisher.ConnectAsync(new RtmpPublishOptions { Destination = destination }, TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Publish_WholeFile_IsRecordedAndDecodes()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        var messages = FlvMessages.Read(await PreparedFlv.GetAsync(new EncoderSettings()), 8000);
        await using var connection = Assert.IsType<RtmpPublishResult.Connected>(await ConnectAsync(nginx.ServerUrl(), "key1")).Connection;
        var chunks = new ChunkWriter { ChunkSize = connection.OutgoingChunkSize };
        var wire = new ArrayBufferWriter<byte>();
        foreach (var message in messages)
        {
            wire.ResetWrittenCount();
            chunks.WriteMessage(wire, message with { StreamId = connection.MessageStreamId });
            var sent = connection.TrySend(wire.WrittenSpan);
            Assert.NotEqual(-1, sent);
            if (sent < wire.WrittenCount)
                Assert.True(await connection.SendAsync(wire.WrittenMemory[sent..], TestContext.Current.CancellationToken));
        }

        await connection.EndAsync(TestContext.Current.CancellationToken);
        await nginx.StopAsync();
        Assert.Equal(1, nginx.PublishCount("key1"));
        var recording = nginx.Recording("key1");
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(recording));
        // All but the decoder configuration are frames.
        Assert.Equal(messages.Count(message => message.Type == RtmpMessageType.Video) - 1, FlvRecording.Read(recording).Video.Count);
    }

    [Fact]
    public async Task Publish_RefusedByNginx_FailsAtPublish()
    {
        await using var nginx = await NginxRtmp.StartAsync([new NginxApplication("closed") { RefusePublish = true }]);
        var failure = Assert.IsType<RtmpPublishResult.Failed>(await ConnectAsync(nginx.ServerUrl(), "key1")).Failure;
        Assert.Equal(RtmpConnectStage.Publish, failure.Stage);
        Assert.Contains("key", failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_UnknownApplication_FailsAtConnect()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        var failure = Assert.IsType<RtmpPublishResult.Failed>(await ConnectAsync($"rtmp://127.0.0.1:{nginx.Port}/nothere", "key1")).Failure;
        Assert.Equal(RtmpConnectStage.ConnectCommand, failure.Stage);
    }

    [Fact]
    public async Task NginxKilled_ConnectionEndsAsClosed()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var connection = Assert.IsType<RtmpPublishResult.Connected>(await ConnectAsync(nginx.ServerUrl(), "key1")).Connection;
        nginx.Kill();
        Assert.Equal(RtmpFailureKind.Closed, (await connection.Completion.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken)).Kind);
    }
}
