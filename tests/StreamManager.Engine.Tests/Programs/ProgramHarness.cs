using StreamManager.Engine.Channels;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Sources;
using StreamManager.Media.Aac;
using StreamManager.Media.Avc;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Server;

namespace StreamManager.Engine.Tests.Programs;

/// <summary>Runs a <see cref="ProgramMachine"/> on a clock that steps by a millisecond, with encoders that send on time, and keeps what it emits.</summary>
internal sealed class ProgramHarness
{
    private readonly List<Encoder> _encoders = [];

    public ProgramHarness(ChannelDefinition? definition = null)
    {
        Definition = definition ?? new ChannelDefinition { Id = "main" };
        Machine = new ProgramMachine(Definition, [.. Definition.Sources.Select(id => new SourceSlot(id, keepsGroup: true))]);
    }

    public ChannelDefinition Definition { get; }

    public ProgramMachine Machine { get; }

    public MediaTime Now { get; private set; } = MediaTime.FromMilliseconds(1_000_000);

    /// <summary>What the fallback is made of; null: there is none (no ffmpeg).</summary>
    public Func<FallbackContent>? Fallback { get; set; } = () => new LoopOfPictures();

    /// <summary>How long a fallback takes to be ready.</summary>
    public int FallbackDelayMilliseconds { get; set; } = 300;

    public List<ProgramPacket> Program { get; } = [];

    public List<ProgramEvent> Events { get; } = [];

    public IEnumerable<ProgramPacket> Video => Program.Where(packet => packet.Packet.Kind is MediaKind.Video);

    public IEnumerable<ProgramPacket> Audio => Program.Where(packet => packet.Packet.Kind is MediaKind.Audio);

    public SourceSlot Slot(string id) => Machine.Slots.Single(slot => slot.Id == id);

    /// <summary>An encoder that connects now.</summary>
    public Encoder Publish(string slotId = "main", EncoderSettings? settings = null)
    {
        var encoder = new Encoder(Slot(slotId), settings ?? new EncoderSettings(), Now);
        _encoders.Add(encoder);
        Machine.Attach(encoder.Slot, new SourceOrigin(Guid.NewGuid().ToString(), "127.0.0.1", "test", _ => { }), Now);
        Carry();
        return encoder;
    }

    /// <summary>Its connection ends.</summary>
    public void End(Encoder encoder, RtmpPublishEnd end)
    {
        _encoders.Remove(encoder);
        Machine.Detach(encoder.Slot, end, Now);
        Carry();
    }

    /// <summary>It sends another video configuration without leaving.</summary>
    public void Configure(Encoder encoder, string videoConfiguration) => Receive(encoder, new MediaPacket
    {
        Kind = MediaKind.Video,
        Content = PacketContent.Configuration,
        Codec = FourCc.Avc,
        Body = AvcTag.Configuration(Convert.FromHexString(videoConfiguration)),
        HeaderLength = 5,
    });

    public void Start()
    {
        Machine.Start(new ProgramFormat { Width = 320, Height = 180 }, Now);
        Carry();
    }

    public void Stop()
    {
        Machine.Stop(BroadcastEnd.Operator, Now);
        Carry();
    }

    public void Select(SourceSelection selection)
    {
        Assert.True(Machine.Select(selection, Now));
        Carry();
    }

    /// <summary>Lets time pass.</summary>
    public void Run(double seconds)
    {
        var until = Now + MediaTime.FromSeconds(seconds);
        while (Now < until)
        {
            Now += MediaTime.FromMilliseconds(1);
            foreach (var encoder in _encoders)
            {
                foreach (var packet in encoder.TakeDue(Now))
                    Receive(encoder, packet);
            }
            if (_fallbackDue is { } due && Now >= due)
            {
                _fallbackDue = null;
                Machine.SetFallback(Fallback?.Invoke(), Now);
                Carry();
            }
            if (Machine.NextDue(Now) <= Now)
            {
                Machine.Tick(Now);
                Carry();
            }
        }
    }

    /// <summary>The laws that hold for every program, whatever happened.</summary>
    public void AssertContinuous(double videoFrameMilliseconds = 1000.0 / 30, double audioFrameMilliseconds = 1024 / 48.0)
    {
        AssertTrack("video", Video, videoFrameMilliseconds);
        AssertTrack("audio", Audio, audioFrameMilliseconds);
        long last = long.MinValue;
        long first = Video.Min(packet => packet.Milliseconds + packet.Packet.CompositionOffset.Milliseconds);
        foreach (var packet in Video.OrderBy(packet => packet.Milliseconds + packet.Packet.CompositionOffset.Milliseconds))
        {
            var presentation = packet.Milliseconds + packet.Packet.CompositionOffset.Milliseconds;
            Assert.True(last == long.MinValue || presentation - last >= videoFrameMilliseconds - 3, $"Two pictures are shown at {last} and {presentation} ms.");
            // From the first picture, however many switches ago: they must not add up.
            var offGrid = Math.IEEERemainder(presentation - first, videoFrameMilliseconds);
            Assert.True(Math.Abs(offGrid) <= 4, $"The picture at {presentation} ms is {offGrid:0.0} ms off its place.");
            last = presentation;
        }
    }

    private MediaTime? _fallbackDue;

    private static void AssertTrack(string name, IEnumerable<ProgramPacket> packets, double frame)
    {
        var last = long.MinValue;
        foreach (var packet in packets)
        {
            var step = packet.Milliseconds - last;
            Assert.True(last == long.MinValue || step > 0, $"The {name} stands still or goes back at {packet.Milliseconds} ms (from {last}).");
            Assert.True(last == long.MinValue || step <= frame + 2, $"The {name} has a step of {step} ms at {packet.Milliseconds} ms.");
            last = packet.Milliseconds;
        }
        Assert.True(last > long.MinValue, $"There is no {name}.");
    }

    private void Receive(Encoder encoder, MediaPacket packet)
    {
        if (packet.Content is PacketContent.Frame)
        {
            encoder.Slot.Hub.Add(new ProgramPacket(packet, packet.DecodeTime));
            encoder.Slot.Hub.Flush();
        }
        Machine.Receive(encoder.Slot, packet, Now);
        Carry();
    }

    private void Carry()
    {
        Program.AddRange(Machine.Emitted);
        Machine.Emitted.Clear();
        foreach (var item in Machine.Events)
        {
            Events.Add(item);
            if (item is ProgramEvent.FallbackWanted)
                _fallbackDue = Now + MediaTime.FromMilliseconds(FallbackDelayMilliseconds);
        }
        Machine.Events.Clear();
    }
}

/// <summary>What an encoder sends.</summary>
internal sealed record EncoderSettings
{
    public string VideoConfiguration { get; init; } = EncoderSettings.High320x180;

    public int FramesPerSecond { get; init; } = 30;

    public int KeyframeEvery { get; init; } = 60;

    /// <summary>Two B-frames between references; use it with groups of a multiple of three and one.</summary>
    public bool HasBFrames { get; init; }

    public bool HasVideo { get; init; } = true;

    public int SampleRate { get; init; } = 48000;

    public bool HasAudio { get; init; } = true;

    /// <summary>Audio starts this much later.</summary>
    public int AudioDelayMilliseconds { get; init; }

    /// <summary>Where the encoder's clock starts.</summary>
    public long ClockStartMilliseconds { get; init; } = 5000;

    /// <summary>Decoder configuration of x264, High profile, 320x180 at 30.</summary>
    public const string High320x180 = "0164000dffe1001a6764000dacd941419f9f0110000003001000000303c0f142996001000668ebe3cb22c0fdf8f800";

    /// <summary>High profile, 640x360 at 30.</summary>
    public const string High640x360 = "0164001effe1001a6764001eacd940a02ff970110000030001000003003c0f162d9601000668ebe3cb22c0fdf8f800";

    /// <summary>Baseline profile, 640x352 at 30.</summary>
    public const string Baseline640x352 = "0142001fffe100146742001fda0280b684000003000400000300f21001000468ce3c80";

    /// <summary>Main profile, 320x180 at 30: another configuration of the same size.</summary>
    public const string Main320x180 = "014d400dffe10019674d400deca0a0cfcf8088000003000800000301e078a14cb001000568ebe3cb20";
}

/// <summary>An encoder that sends in real time on a clock of its own.</summary>
internal sealed class Encoder(SourceSlot slot, EncoderSettings settings, MediaTime startedAt)
{
    private long _frame;
    private long _audioFrame;
    private bool _described;

    public SourceSlot Slot { get; } = slot;

    /// <summary>While true nothing leaves the encoder; it goes on afterwards where it was, at once or by and by.</summary>
    public bool IsFrozen { get; set; }

    /// <summary>While frozen the encoder's own clock stands still too (a stopped process), or goes on (a stalled network that delivers everything later).</summary>
    public MediaTime Skipped { get; set; }

    public IEnumerable<MediaPacket> TakeDue(MediaTime now)
    {
        if (IsFrozen)
            yield break;
        var age = now - startedAt - Skipped;
        if (!_described)
        {
            _described = true;
            if (settings.HasVideo)
                yield return Configuration(MediaKind.Video, FourCc.Avc, AvcTag.Configuration(Convert.FromHexString(settings.VideoConfiguration)), 5);
            if (settings is { HasAudio: true, AudioDelayMilliseconds: 0 })
                yield return AudioConfiguration();
        }
        while (true)
        {
            var videoTime = settings.HasVideo ? MediaTime.FromUnits(_frame, settings.FramesPerSecond) : MediaTime.FromSeconds(1e6);
            var audioTime = settings.HasAudio
                ? MediaTime.FromMilliseconds(settings.AudioDelayMilliseconds) + MediaTime.FromUnits(_audioFrame * 1024, settings.SampleRate)
                : MediaTime.FromSeconds(1e6);
            if (MediaTime.Min(videoTime, audioTime) > age)
                yield break;
            if (videoTime <= audioTime)
            {
                yield return Video(videoTime);
            }
            else
            {
                if (_audioFrame == 0 && settings.AudioDelayMilliseconds > 0)
                    yield return AudioConfiguration();
                _audioFrame++;
                yield return new MediaPacket
                {
                    Kind = MediaKind.Audio,
                    Content = PacketContent.Frame,
                    Codec = FourCc.Aac,
                    DecodeTime = OwnTime(audioTime),
                    Body = new byte[] { 0xAF, 1, 0x21, 0x10 },
                    HeaderLength = 2,
                };
            }
        }
    }

    public static MediaPacket Picture(bool isKeyframe, MediaTime decodeTime, MediaTime offset = default) => new()
    {
        Kind = MediaKind.Video,
        Content = PacketContent.Frame,
        Codec = FourCc.Avc,
        IsKeyframe = isKeyframe,
        DecodeTime = decodeTime,
        CompositionOffset = offset,
        Body = AvcTag.Frame(isKeyframe, (int)offset.Milliseconds, [0, 0, 0, 2, (byte)(isKeyframe ? 0x65 : 0x41), 0x88]),
        HeaderLength = 5,
    };

    public static MediaPacket Sound(MediaTime decodeTime) => new()
    {
        Kind = MediaKind.Audio,
        Content = PacketContent.Frame,
        Codec = FourCc.Aac,
        DecodeTime = decodeTime,
        Body = new byte[] { 0xAF, 1, 0x21, 0x10 },
        HeaderLength = 2,
    };

    private MediaPacket Video(MediaTime time)
    {
        // Decode order I0 P3 B1 B2 P6 B4 B5 …: a keyframe is shown one frame later, a reference three, the pictures between at once.
        var inGroup = _frame % settings.KeyframeEvery;
        var isKeyframe = inGroup == 0;
        var frames = !settings.HasBFrames ? 0 : isKeyframe ? 1 : inGroup % 3 == 1 ? 3 : 0;
        var offset = MediaTime.FromMilliseconds((time + MediaTime.FromUnits(frames, settings.FramesPerSecond)).Milliseconds - time.Milliseconds);
        _frame++;
        return Picture(isKeyframe, OwnTime(time), offset);
    }

    private MediaTime OwnTime(MediaTime time) => MediaTime.FromMilliseconds((time + MediaTime.FromMilliseconds(settings.ClockStartMilliseconds)).Milliseconds);

    private MediaPacket AudioConfiguration() =>
        Configuration(MediaKind.Audio, FourCc.Aac, AacTag.Configuration(AudioSpecificConfig.CreateLowComplexity(settings.SampleRate, 2).Bytes.Span), 2);

    private static MediaPacket Configuration(MediaKind kind, FourCc codec, byte[] body, int header) =>
        new() { Kind = kind, Content = PacketContent.Configuration, Codec = codec, Body = body, HeaderLength = header };
}

/// <summary>Two seconds of pictures at 30 a second, in a loop.</summary>
internal sealed class LoopOfPictures(int offsetMilliseconds = 0) : FallbackContent
{
    public override int FrameCount => 60;

    public override AudioSpecificConfig? Audio => AudioSpecificConfig.CreateLowComplexity(48000, 2);

    public override AvcDecoderConfiguration? Configuration => AvcDecoderConfiguration.FromParameterSets(
        [Convert.FromHexString("6764000d040b2c80a0cfcf8088000003000800000301e078a15240")], [Convert.FromHexString("68040082bc3cb22c")]);

    public override MediaTime TimeOfFrame(long index) => MediaTime.FromUnits(index, 30);

    public override MediaPacket? GetFrame(int index) => new()
    {
        Kind = MediaKind.Video,
        Content = PacketContent.Frame,
        Codec = FourCc.Avc,
        IsKeyframe = index == 0,
        CompositionOffset = MediaTime.FromMilliseconds(offsetMilliseconds),
        Body = AvcTag.Frame(index == 0, offsetMilliseconds, [0, 0, 0, 2, (byte)(index == 0 ? 0x65 : 0x41), 0x99]),
        HeaderLength = 5,
    };
}
