using StreamManager.Engine.Outputs;
using StreamManager.Engine.Programs;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;

namespace StreamManager.Engine.Tests.Outputs;

public sealed class OutputSenderTests
{
    private const int AacFrame = 1024;
    private readonly PacketHub _hub = new();
    private readonly ManualTimeProvider _time = new();
    private readonly List<OutputSender> _senders = [];
    private long _frame;
    private long _sound;

    public OutputSenderTests()
    {
        _hub.Header = new StreamHeader(new OnMetaData(), Configuration(MediaKind.Video), Configuration(MediaKind.Audio));
    }

    [Fact]
    public void Join_WithACachedGroup_SendsHeaderAndGroupFromZero()
    {
        Run(75);
        var connection = Join();
        Run(5);
        Assert.Equal([RtmpMessageType.DataAmf0, RtmpMessageType.Video, RtmpMessageType.Audio], connection.Messages.Take(3).Select(message => message.Type));
        AssertFollows(connection, fromFrame: 60, toFrame: 80);
    }

    [Fact]
    public void Join_WithoutACache_StartsAtTheNextKeyframe()
    {
        var hub = new PacketHub(keepsGroup: false) { Header = _hub.Header };
        var connection = new CapturingConnection();
        _frame = 30;
        hub.Subscribe(Sender(connection));
        for (var i = 0; i < 40; i++)
        {
            AddFrame(hub);
            hub.Flush();
        }
        var video = connection.Of(RtmpMessageType.Video).Skip(1).ToList();
        Assert.Equal(10, video.Count);
        Assert.Equal(0u, video[0].Timestamp);
        Assert.Equal(0x17, video[0].Body.Span[0]);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(12)] // More than may wait in the queue: what was cached is no part of that.
    public async Task Join_WithALargeGroupAndASlowSocket_SendsItInPiecesAndLosesNothing(int seconds)
    {
        const int Size = 20_000;
        var hub = new PacketHub { Header = _hub.Header with { Audio = null } };
        var frames = seconds * 30;
        for (var i = 0; i < frames; i++)
            hub.Add(new ProgramPacket(Frame(i, isKeyframe: i == 0, Size), MediaTime.FromUnits(i, 30)));
        hub.Flush();
        var connection = new CapturingConnection();
        connection.SetRoom(Size);
        hub.Subscribe(Sender(connection));
        for (var i = frames; i < frames + 30; i++)
        {
            hub.Add(new ProgramPacket(Frame(i, isKeyframe: false, Size), MediaTime.FromUnits(i, 30)));
            hub.Flush();
        }
        connection.SetRoom(long.MaxValue);
        await Eventually.TrueAsync(() => connection.Of(RtmpMessageType.Video).Count == frames + 31, TimeSpan.FromSeconds(10));
        var video = connection.Of(RtmpMessageType.Video).Skip(1).ToList();
        Assert.Equal(Enumerable.Range(0, frames + 30), video.Select(NumberOf));
        Assert.All(video, message => Assert.Equal(TimeOf(NumberOf(message)), message.Timestamp));
        Assert.InRange(connection.LargestSend, Size, 5 * Size);
    }

    [Fact]
    public void TwoOutputs_InStep_BothGetEverything()
    {
        var (first, second) = (Join(), Join());
        Run(200);
        AssertFollows(first, 0, 200);
        AssertFollows(second, 0, 200);
    }

    [Fact]
    public void LateJoiner_HasItsOwnClock()
    {
        var first = Join();
        Run(130);
        var second = Join();
        Run(100);
        AssertFollows(first, 0, 230);
        AssertFollows(second, 120, 230);
    }

    [Fact]
    public async Task FullSocket_IsDrainedInOrderWhenItHasRoomAgain()
    {
        var connection = Join();
        Run(10);
        connection.SetRoom(100);
        Run(60);
        connection.SetRoom(long.MaxValue);
        await Eventually.TrueAsync(() => connection.Of(RtmpMessageType.Video).Count == 71, TimeSpan.FromSeconds(10));
        Run(20);
        await Eventually.TrueAsync(() => connection.Of(RtmpMessageType.Video).Count == 91, TimeSpan.FromSeconds(10));
        AssertFollows(connection, 0, 90);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FullQueue_DropsToAKeyframeCountsAndGoesOnWithRightTimes(bool direct)
    {
        var connection = Join(direct);
        Run(10);
        await Eventually.TrueAsync(() => connection.Of(RtmpMessageType.Video).Count == 11, TimeSpan.FromSeconds(10));
        connection.SetRoom(0);
        Run(250); // more than the five seconds of the queue
        var sender = _senders[^1];
        Assert.InRange(sender.Counters.FramesDropped, 140, 250);
        Assert.True(sender.Queued <= TimeSpan.FromSeconds(5.1));
        connection.SetRoom(long.MaxValue);
        await Eventually.TrueAsync(() => sender.Queued == TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Run(130);
        await Eventually.TrueAsync(() => connection.Of(RtmpMessageType.Video)[^1].Timestamp == TimeOf(389), TimeSpan.FromSeconds(10));
        var video = connection.Of(RtmpMessageType.Video).Skip(1).ToList();
        Assert.All(video.Zip(video.Skip(1)), pair => Assert.True(pair.Second.Timestamp > pair.First.Timestamp));
        var afterDrop = video.Zip(video.Skip(1)).Where(pair => pair.Second.Timestamp - pair.First.Timestamp > 40).ToList();
        Assert.NotEmpty(afterDrop);
        Assert.All(afterDrop, pair => Assert.Equal(0x17, pair.Second.Body.Span[0]));
        Assert.All(video, message => Assert.Equal(TimeOf(NumberOf(message)), message.Timestamp));
        Assert.Equal(390, video.Count + sender.Counters.FramesDropped);
    }

    [Fact]
    public async Task LargePicturesOfNoLength_AreBoundedInBytes()
    {
        // Keyframes of 4 MB stamped a millisecond apart: 400 MB that are less than half a second of media.
        const int Size = 4_000_000;
        var connection = Join();
        Run(1);
        connection.SetRoom(0);
        for (var i = 1; i <= 100; i++)
        {
            _hub.Add(new ProgramPacket(Frame(i, isKeyframe: true, Size), MediaTime.FromMilliseconds(i)));
            _hub.Flush();
        }
        var sender = _senders[^1];
        Assert.InRange(sender.Counters.FramesDropped, 100 - OutputSender.MaxQueuedBytes / Size - 1, 99);
        connection.SetRoom(long.MaxValue);
        await Eventually.TrueAsync(() => sender.Queued == TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Run(130);
        await Eventually.TrueAsync(() => connection.Of(RtmpMessageType.Video)[^1].Timestamp == TimeOf(130), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void End_Intended_SendsTheEndOfSequenceBehindTheLastFrame()
    {
        var connection = Join();
        Run(10);
        _hub.End(HubEnd.Intended);
        var last = connection.Messages[^1];
        Assert.Equal("1702000000", Convert.ToHexString(last.Body.Span));
        Assert.True(last.Timestamp >= TimeOf(9));
        Assert.True(_senders[^1].Ended.IsCompletedSuccessfully);
    }

    [Fact]
    public void End_OfAnEnhancedStream_IsSaidInItsOwnForm()
    {
        var configuration = new MediaPacket
        {
            Kind = MediaKind.Video,
            Content = PacketContent.Configuration,
            Codec = FourCc.Hevc,
            Body = Convert.FromHexString("9068766331010203"),
            HeaderLength = 5,
        };
        _hub.Header = new StreamHeader(new OnMetaData(), configuration, Configuration(MediaKind.Audio));
        var connection = Join();
        Run(3);
        _hub.End(HubEnd.Intended);
        Assert.Equal("9268766331", Convert.ToHexString(connection.Messages[^1].Body.Span));
    }

    [Fact]
    public void End_Interrupted_SendsNoEndOfSequence()
    {
        var connection = Join();
        Run(10);
        _hub.End(HubEnd.Interrupted);
        Assert.NotEqual("1702000000", Convert.ToHexString(connection.Messages[^1].Body.Span));
        Assert.True(_senders[^1].Ended.IsCompletedSuccessfully);
    }

    [Fact]
    public void BrokenConnection_EndsItsSenderAndCostsTheOthersNothing()
    {
        var (broken, good) = (Join(), Join());
        Run(10);
        broken.Break();
        Run(10);
        Assert.True(_senders[0].Ended.IsCompletedSuccessfully);
        AssertFollows(good, 0, 20);
    }

    [Fact]
    public void FiftyOneDays_PassBothTimestampLimitsWithoutAStep()
    {
        // A frame every ten seconds keeps 51 days small. 0xFFFFFF ms pass after 4.7 hours, 2^32 ms after 49.7 days.
        const long Step = 10_000;
        const long Total = 51L * 86400 * 1000 / Step;
        var connection = new CapturingConnection();
        uint last = 0;
        long count = 0;
        connection.OnMessage = message =>
        {
            if (message.Type is not RtmpMessageType.Video || message.Body.Span[1] == 0)
                return;
            Assert.Equal(count == 0 ? 0 : Step, unchecked(message.Timestamp - last));
            last = message.Timestamp;
            count++;
        };
        _hub.Subscribe(Sender(connection));
        for (var i = 0; i < Total; i++)
        {
            if (i == Total / 2)
            {
                // A second one joins in the middle: its absolute time starts small again.
                var late = Join();
                Assert.True(late.Messages[^1].Timestamp < Step * 61);
                _hub.Unsubscribe(_senders[^1]);
            }
            _hub.Add(new ProgramPacket(Frame(i, i % 60 == 0, 20), MediaTime.FromMilliseconds(i * Step)));
            _hub.Flush();
        }
        Assert.Equal(Total, count);
        Assert.True(Total * Step > uint.MaxValue);
    }

    private CapturingConnection Join(bool direct = true)
    {
        var connection = new CapturingConnection(direct);
        _hub.Subscribe(Sender(connection));
        return connection;
    }

    private OutputSender Sender(CapturingConnection connection)
    {
        var sender = new OutputSender(connection, TimeSpan.FromSeconds(5), _time);
        _senders.Add(sender);
        return sender;
    }

    private void Run(int frames)
    {
        for (var i = 0; i < frames; i++)
        {
            AddFrame(_hub);
            while (MediaTime.FromUnits(_sound * AacFrame, 48000) < MediaTime.FromUnits(_frame, 30))
            {
                _hub.Add(new ProgramPacket(Sound(), MediaTime.FromUnits(_sound * AacFrame, 48000)));
                _sound++;
            }
            if (i % 3 != 1)
                _hub.Flush();
        }
        _hub.Flush();
    }

    private void AddFrame(PacketHub hub)
    {
        hub.Add(new ProgramPacket(Frame((int)_frame, _frame % 60 == 0, _frame % 60 == 0 ? 130_000 : 3000), MediaTime.FromUnits(_frame, 30)));
        _frame++;
    }

    // Every frame carries its number, so that a test sees which one arrived.
    private static MediaPacket Frame(int number, bool isKeyframe, int size)
    {
        var payload = new byte[size];
        BitConverter.TryWriteBytes(payload, number);
        return new MediaPacket
        {
            Kind = MediaKind.Video,
            Content = PacketContent.Frame,
            Codec = FourCc.Avc,
            IsKeyframe = isKeyframe,
            Body = AvcTag.Frame(isKeyframe, 0, payload),
            HeaderLength = 5,
        };
    }

    private static int NumberOf(StreamManager.Rtmp.Wire.RtmpMessage message) => BitConverter.ToInt32(message.Body.Span[5..9]);

    private static MediaPacket Sound() => new() { Kind = MediaKind.Audio, Content = PacketContent.Frame, Codec = FourCc.Aac, Body = new byte[200], HeaderLength = 2 };

    private static MediaPacket Configuration(MediaKind kind) => new()
    {
        Kind = kind,
        Content = PacketContent.Configuration,
        Codec = kind is MediaKind.Video ? FourCc.Avc : FourCc.Aac,
        Body = kind is MediaKind.Video ? AvcTag.Configuration(new byte[40]) : new byte[4],
        HeaderLength = kind is MediaKind.Video ? 5 : 2,
    };

    private static uint TimeOf(int frame) => (uint)MediaTime.FromUnits(frame, 30).Milliseconds;

    private static void AssertFollows(CapturingConnection connection, int fromFrame, int toFrame)
    {
        var video = connection.Of(RtmpMessageType.Video).Where(message => message.Body.Span[1] == 1).ToList();
        Assert.Equal(Enumerable.Range(fromFrame, toFrame - fromFrame), video.Select(NumberOf));
        Assert.All(video, message => Assert.Equal(TimeOf(NumberOf(message)) - TimeOf(fromFrame), message.Timestamp));
        var audio = connection.Of(RtmpMessageType.Audio).Skip(1).Select(message => (long)message.Timestamp).ToList();
        Assert.InRange(audio[0], 0, 22);
        Assert.All(audio.Zip(audio.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 21, 22));
    }
}
