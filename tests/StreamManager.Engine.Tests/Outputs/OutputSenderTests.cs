using System.Buffers;
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
        _hub.Begin(new StreamHeader(new OnMetaData(), Configuration(MediaKind.Video), Configuration(MediaKind.Audio)));
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
        var hub = new PacketHub(keepsGroup: false);
        hub.Begin(_hub.Header);
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
        var hub = new PacketHub();
        hub.Begin(_hub.Header with { Audio = null });
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
        _hub.Begin(new StreamHeader(new OnMetaData(), configuration, Configuration(MediaKind.Audio)));
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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AfterFiveHours_ADropAndTheEnd_AreWrittenAsDeltas(bool direct)
    {
        // Three bytes of milliseconds are full after 4.66 hours; what comes then is read in different ways by different servers.
        const int FiveHours = 5 * 3600 * 1000;
        const int Step = 600_000;
        var connection = new CapturingConnection(direct) { Wire = new ArrayBufferWriter<byte>() };
        var sender = Sender(connection);
        _hub.Subscribe(sender);
        for (var time = 0; time < FiveHours; time += Step)
            await AddAsync(time, isKeyframe: true);
        connection.SetRoom(0);
        for (var time = FiveHours; time < FiveHours + 8000; time += 40)
            Add(time, isKeyframe: time % 2000 == 0);
        Assert.True(sender.Counters.FramesDropped > 100);
        connection.SetRoom(long.MaxValue);
        await Eventually.TrueAsync(() => sender.Queued == TimeSpan.Zero, TimeSpan.FromSeconds(10));
        for (var time = FiveHours + 8000; time < FiveHours + 12000; time += 40)
            await AddAsync(time, isKeyframe: time % 2000 == 0);
        _hub.End(HubEnd.Intended);
        await sender.Ended.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        // The times as a server reads them: frames carry theirs in the body.
        var frames = connection.Messages.Where(message => message.Type is not RtmpMessageType.DataAmf0).Skip(2).ToList();
        var end = frames[^1];
        frames.RemoveAt(frames.Count - 1);
        Assert.All(frames, message => Assert.Equal((uint)TimeIn(message), message.Timestamp));
        Assert.Equal((uint)(FiveHours + 11960), frames.FindLast(message => message.Type is RtmpMessageType.Video).Timestamp);
        Assert.Equal(("1702000000", (uint)(FiveHours + 11961)), (Convert.ToHexString(end.Body.Span), end.Timestamp));

        // And the bytes themselves: one absolute header for metadata, video and sound each, and no field that is full.
        var headers = ChunkHeadersOf(connection.Wire.WrittenSpan, connection.OutgoingChunkSize);
        Assert.Equal(3, headers.Count(header => header.Format == 0));
        Assert.All(headers, header => Assert.InRange(header.Time, 0, Step + 8000));

        void Add(int time, bool isKeyframe)
        {
            _hub.Add(new ProgramPacket(Frame(time, isKeyframe, 100), MediaTime.FromMilliseconds(time)));
            _hub.Add(new ProgramPacket(Timed(Sound(), time), MediaTime.FromMilliseconds(time)));
            _hub.Flush();
        }

        // A drain task at work takes a moment; two frames that wait for it would be ten minutes of media.
        async Task AddAsync(int time, bool isKeyframe)
        {
            var before = sender.Counters.FramesSent;
            Add(time, isKeyframe);
            await Eventually.TrueAsync(() => sender.Counters.FramesSent > before, TimeSpan.FromSeconds(10));
        }
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

    private static MediaPacket Timed(MediaPacket sound, int time)
    {
        var body = sound.Body.ToArray();
        BitConverter.TryWriteBytes(body.AsSpan(2), time);
        return new MediaPacket { Kind = sound.Kind, Content = sound.Content, Codec = sound.Codec, Body = body, HeaderLength = sound.HeaderLength };
    }

    private static int TimeIn(StreamManager.Rtmp.Wire.RtmpMessage message) =>
        message.Type is RtmpMessageType.Video ? NumberOf(message) : BitConverter.ToInt32(message.Body.Span[2..6]);

    // Type and time field of each chunk that begins a message, read without our reader: RTMP specification section 5.3.1.
    private static List<(int Format, int Time)> ChunkHeadersOf(ReadOnlySpan<byte> wire, int chunkSize)
    {
        var headers = new List<(int Format, int Time)>();
        var left = new Dictionary<int, int>();
        while (!wire.IsEmpty)
        {
            var (format, stream) = (wire[0] >> 6, wire[0] & 0x3F);
            wire = wire[1..];
            if (format == 3)
            {
                Assert.True(left[stream] > 0, "a message without a header of its own");
            }
            else
            {
                Assert.InRange(format, 0, 1);
                headers.Add((format, (wire[0] << 16) | (wire[1] << 8) | wire[2]));
                Assert.NotEqual(0xFFFFFF, headers[^1].Time);
                left[stream] = (wire[3] << 16) | (wire[4] << 8) | wire[5];
                wire = wire[(format == 0 ? 11 : 7)..];
            }
            var piece = Math.Min(left[stream], chunkSize);
            left[stream] -= piece;
            wire = wire[piece..];
        }
        return headers;
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
