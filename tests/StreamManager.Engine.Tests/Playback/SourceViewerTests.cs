using System.Buffers;
using StreamManager.Engine.Playback;
using StreamManager.Engine.Tests.Programs;
using StreamManager.Media.Flv;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Engine.Tests.Playback;

/// <summary>Viewers of a source: those who come before it has said what it sends, and those who are there when that changes.</summary>
public sealed class SourceViewerTests
{
    private readonly ProgramHarness _program = new();

    [Fact]
    public async Task ViewerThatCameBeforeTheConfiguration_BeginsWithItAndAKeyframe()
    {
        var (flv, rtmp) = (new PlaybackQueue(_ => { }), new PlaybackQueue(_ => { }));
        _program.Publish();
        Subscribe(flv, rtmp);
        _program.Run(1);
        var (flags, tags) = await ReadFlvAsync(flv);
        Assert.Equal(new FlvHeader(HasAudio: true, HasVideo: true), flags);
        AssertBegins(tags);
        AssertBegins(ReadRtmp(rtmp));
    }

    [Fact]
    public async Task SourceThatHasNoSound_IsShownWithoutASecondOfWaitingForIt()
    {
        var queue = new PlaybackQueue(_ => { });
        _program.Publish(settings: new EncoderSettings { HasAudio = false });
        Subscribe(queue);
        _program.Run(1.5);
        var (flags, tags) = await ReadFlvAsync(queue);
        Assert.Equal(new FlvHeader(HasAudio: false, HasVideo: true), flags);
        // Also what came while it was not sure yet whether there is sound.
        Assert.True(tags.Count > 40);
        Assert.Equal((0x17, 1, 0u), (tags[2].Body.Span[0], tags[2].Body.Span[1], tags[2].Timestamp));
    }

    [Fact]
    public async Task ConfigurationThatChanges_ComesBeforeTheNextKeyframe()
    {
        var (flv, rtmp) = (new PlaybackQueue(_ => { }), new PlaybackQueue(_ => { }));
        var encoder = _program.Publish();
        _program.Run(0.5);
        Subscribe(flv, rtmp);
        _program.Run(2);
        // In the middle of a group: what follows up to the next keyframe fits neither.
        _program.Configure(encoder, EncoderSettings.High640x360);
        _program.Run(0.5);
        var late = new PlaybackQueue(_ => { });
        Subscribe(late);
        _program.Run(1.5);
        AssertChanges((await ReadFlvAsync(flv)).Tags);
        AssertChanges(ReadRtmp(rtmp));

        var (_, ofLate) = await ReadFlvAsync(late);
        AssertBegins(ofLate);
        Assert.Contains("6764001E", Hex(ofLate[1]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrackThatAppears_EndsTheViewersSoThatTheyBeginAnew()
    {
        var queue = new PlaybackQueue(_ => { });
        _program.Publish(settings: new EncoderSettings { AudioDelayMilliseconds = 3000 });
        Subscribe(queue);
        _program.Run(4);
        var (flags, tags) = await ReadFlvAsync(queue);
        Assert.Equal(new FlvHeader(HasAudio: false, HasVideo: true), flags);
        Assert.DoesNotContain(tags, tag => tag.Type is RtmpMessageType.Audio);
        Assert.False(await queue.WaitToReadAsync(TestContext.Current.CancellationToken));

        var next = new PlaybackQueue(_ => { });
        Subscribe(next);
        _program.Run(1);
        Assert.Equal(new FlvHeader(HasAudio: true, HasVideo: true), (await ReadFlvAsync(next)).Header);
    }

    [Fact]
    public async Task ViewerThatIsBehindWhenItChanges_GetsTheConfigurationAllTheSame()
    {
        var queue = new PlaybackQueue(_ => { });
        var encoder = _program.Publish();
        Subscribe(queue);
        // Twenty seconds are more than may wait.
        _program.Run(20);
        _program.Configure(encoder, EncoderSettings.High640x360);
        _program.Run(2);
        Assert.True(queue.Dropped > 60);
        var before = (await ReadFlvAsync(queue)).Tags;
        Assert.DoesNotContain(before, tag => Hex(tag).Contains("6764001E", StringComparison.Ordinal));
        _program.Run(4);
        var after = ReadRtmp(queue);
        Assert.Contains("6764001E", Hex(after.First(tag => tag.Type is RtmpMessageType.Video)), StringComparison.Ordinal);
        Assert.Equal(0x17, after.Where(tag => tag.Type is RtmpMessageType.Video).ElementAt(1).Body.Span[0]);
    }

    private void Subscribe(params PlaybackQueue[] queues)
    {
        foreach (var queue in queues)
            _program.Slot("main").Hub.Subscribe(queue);
    }

    private static void AssertBegins(IReadOnlyList<RtmpMessage> messages)
    {
        Assert.Equal([RtmpMessageType.DataAmf0, RtmpMessageType.Video, RtmpMessageType.Audio], messages.Take(3).Select(message => message.Type));
        Assert.Equal((0, 0), (messages[1].Body.Span[1], messages[2].Body.Span[1]));
        var first = messages.Skip(3).First(message => message.Type is RtmpMessageType.Video);
        Assert.Equal((0x17, 1, 0u), (first.Body.Span[0], first.Body.Span[1], first.Timestamp));
    }

    private static void AssertChanges(IReadOnlyList<RtmpMessage> messages)
    {
        AssertBegins(messages);
        foreach (var track in messages.GroupBy(message => message.Type))
            Assert.Equal(track.Select(message => message.Timestamp).Order(), track.Select(message => message.Timestamp));
        var change = messages.ToList().FindLastIndex(message => message.Type is RtmpMessageType.Video && message.Body.Span[1] == 0);
        Assert.Contains("6764001E", Hex(messages[change]), StringComparison.Ordinal);
        Assert.Equal((RtmpMessageType.DataAmf0, RtmpMessageType.Audio), (messages[change - 1].Type, messages[change + 1].Type));
        Assert.Equal(0, messages[change + 1].Body.Span[1]);
        var next = messages.Skip(change + 1).First(message => message.Type is RtmpMessageType.Video);
        Assert.Equal((0x17, 1), (next.Body.Span[0], next.Body.Span[1]));
        // The group that it interrupts is cut at the change, and nothing of it follows.
        Assert.InRange(next.Timestamp - messages[change].Timestamp, 1000u, 2000u);
        Assert.InRange(messages[change].Timestamp, 1500u, 3000u);
    }

    private static string Hex(RtmpMessage message) => Convert.ToHexString(message.Body.Span);

    private static List<RtmpMessage> ReadRtmp(PlaybackQueue queue)
    {
        var feed = new PlayFeed(queue);
        var messages = new List<RtmpMessage>();
        while (feed.TryRead(out var message))
            messages.Add(message);
        return messages;
    }

    // What is there by now.
    private static async Task<(FlvHeader Header, IReadOnlyList<RtmpMessage> Tags)> ReadFlvAsync(PlaybackQueue queue)
    {
        var feed = new FlvFeed(queue);
        var file = new ArrayBufferWriter<byte>();
        using var limit = new CancellationTokenSource();
        while (true)
        {
            var read = feed.ReadAsync(limit.Token);
            if (!read.IsCompleted)
            {
                await limit.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await read);
                break;
            }
            var bytes = await read;
            if (bytes.IsEmpty)
                break;
            file.Write(bytes.Span);
        }
        var buffer = new ReadOnlySequence<byte>(file.WrittenMemory);
        Assert.True(FlvReader.TryReadHeader(ref buffer, out var header));
        var tags = new List<RtmpMessage>();
        while (FlvReader.TryReadTag(ref buffer, FlvReaderLimits.Default, out var tag))
            tags.Add(new RtmpMessage((RtmpMessageType)tag.Type, 0, tag.Timestamp, tag.Body));
        return (header, tags);
    }
}
