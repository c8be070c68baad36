using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Sources;
using StreamManager.Engine.Tests.Outputs;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;

namespace StreamManager.Engine.Tests.Programs;

/// <summary>Fifty-one days of a broadcast, from the encoder's 32-bit timestamps to an output's, in the time that the machine takes to count through them.</summary>
public sealed class LongBroadcastTests
{
    private const int FrameSeconds = 5;
    // Two seconds a frame: days of sound in millions of frames, not hundreds of millions.
    private const int SampleRate = 500;

    [Fact]
    public void FiftyOneDays_WithLossesAndReturns_StayContinuousThroughBothTimestampLimits()
    {
        var definition = new ChannelDefinition { Id = "main", SourceTimeout = TimeSpan.FromSeconds(60), EndAfter = TimeSpan.Zero, ReturnAfter = TimeSpan.Zero };
        var slot = new SourceSlot("main", keepsGroup: true);
        var machine = new ProgramMachine(definition, [slot]);
        var hub = new PacketHub();
        var judge = new TimestampJudge();
        var connection = new CapturingConnection { OnMessage = judge.Take };
        var sender = new OutputSender(connection, TimeSpan.FromMinutes(10), new ManualTimeProvider());
        var now = MediaTime.FromSeconds(1);
        var onAirAt = MediaTime.Zero;
        var subscribed = false;

        void Carry()
        {
            foreach (var item in machine.Events.OfType<ProgramEvent.WentOnAir>())
            {
                hub.Begin(item.Header);
                onAirAt = now;
            }
            if (machine.Events.OfType<ProgramEvent.FallbackWanted>().Any())
            {
                machine.Events.Clear();
                machine.SetFallback(new LoopOfPictures(), now);
                Carry();
                return;
            }
            machine.Events.Clear();
            foreach (var packet in machine.Emitted)
                hub.Add(packet);
            machine.Emitted.Clear();
            hub.Flush();
            if (machine.IsOnAir && !subscribed)
            {
                subscribed = true;
                hub.Subscribe(sender);
            }
        }

        // Its clock begins a minute before it wraps, and it comes back once a day from half a minute of nothing.
        var settings = new EncoderSettings { SampleRate = SampleRate, HasAudio = true };
        for (var day = 0; day < 51; day++)
        {
            var clock = new SourceClock();
            var started = now;
            machine.Attach(slot, new SourceOrigin($"{day}", "127.0.0.1", "test", _ => { }), now);
            foreach (var configuration in new Encoder(slot, settings, now).TakeDue(now).Where(packet => packet.Content is PacketContent.Configuration))
                machine.Receive(slot, configuration, now);
            long frame = 0;
            long sound = 0;
            var until = now + MediaTime.FromSeconds(86_400 - 30);
            while (now < until)
            {
                var stamp = (now - started).Milliseconds;
                Receive(Encoder.Picture(frame % 2 == 0, clock.Map(MediaKind.Video, unchecked((uint)(stamp - 60_000)), now)));
                frame++;
                while (MediaTime.FromUnits(sound * 1024, SampleRate) < MediaTime.FromSeconds(frame * FrameSeconds))
                {
                    var time = MediaTime.FromUnits(sound++ * 1024, SampleRate).Milliseconds;
                    Receive(Encoder.Sound(clock.Map(MediaKind.Audio, unchecked((uint)(time - 60_000)), now)));
                }
                now += MediaTime.FromSeconds(FrameSeconds);
            }
            machine.Detach(slot, RtmpPublishEnd.Broken, now);
            Carry();
            for (var second = 0; second < 30; second++)
            {
                now += MediaTime.FromSeconds(1);
                machine.Tick(now);
                Carry();
            }
        }

        Assert.Equal(ChannelState.Fallback, machine.State);
        Assert.InRange((machine.Timeline!.LastVideo - (now - onAirAt)).Seconds, -FrameSeconds, FrameSeconds);
        Assert.True(judge.Elapsed > uint.MaxValue, $"Only {judge.Elapsed} ms were sent.");
        Assert.Equal(101, machine.Switches);

        void Receive(MediaPacket packet)
        {
            if (packet.Content is PacketContent.Frame)
            {
                slot.Hub.Add(new ProgramPacket(packet, packet.DecodeTime));
                slot.Hub.Flush();
            }
            machine.Receive(slot, packet, now);
            Carry();
        }
    }

    /// <summary>Reads timestamps as a server does: 32 bits, each track rising, by no more than a frame.</summary>
    private sealed class TimestampJudge
    {
        private Timestamp32Unwrapper _clock;
        private long _video = -1;
        private long _audio = -1;

        public long Elapsed => _video;

        public void Take(RtmpMessage message)
        {
            if (message.Type is not (RtmpMessageType.Video or RtmpMessageType.Audio) || message.Body.Span[1] == 0)
                return;
            var time = _clock.Unwrap(message.Timestamp);
            ref var last = ref (message.Type is RtmpMessageType.Video ? ref _video : ref _audio);
            var longest = message.Type is RtmpMessageType.Video ? FrameSeconds * 1000 + 2 : 1024 * 1000 / SampleRate + 2;
            Assert.True(last < 0 || time > last && time - last <= longest, $"A step of {time - last} ms at {last} ms.");
            last = time;
        }
    }
}
