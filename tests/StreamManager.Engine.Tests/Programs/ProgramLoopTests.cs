using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Sources;
using StreamManager.Engine.Tests.Channels;
using StreamManager.Engine.Tests.Outputs;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;

namespace StreamManager.Engine.Tests.Programs;

public sealed class ProgramLoopTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private readonly LogLines _log = new();
    private readonly EngineServices _services;
    private readonly SourceSlot _slot = new("main", keepsGroup: true);
    private readonly FallbackAtOnce _host = new();
    private readonly ProgramLoop _loop;
    private readonly SourceTranscoders _transcoders;

    public ProgramLoopTests()
    {
        _services = new EngineServices(_time, _log, new EngineOptions { DataDirectory = _directory.Path, FfmpegPath = _directory.File("no-ffmpeg") }, new NothingRemembered());
        _loop = new ProgramLoop(new ProgramMachine(new ChannelDefinition { Id = "main" }, [_slot]), _host, "main", _services);
        _host.Loop = _loop;
        _host.Transcoders = _transcoders = new SourceTranscoders("main", _services, () => _loop);
        _loop.Run();
    }

    public async ValueTask DisposeAsync()
    {
        await _transcoders.DisposeAsync();
        await _loop.DisposeAsync();
        _services.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Loss_WithoutAnyFurtherRequest_TheTimerAloneKeepsTheFallbackGoing()
    {
        var output = await GoOnAirAsync();
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
        var before = output.Of(RtmpMessageType.Video).Count;
        await AdvanceUntilAsync(() => output.Of(RtmpMessageType.Video).Count - before >= 80);
    }

    [Fact]
    public async Task Fault_OfOurOwn_IsSurvived()
    {
        var output = await GoOnAirAsync();
        Assert.Null(_loop.SinceFault);
        _host.FailsNext = true;
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
        Assert.Equal(TimeSpan.Zero, _loop.SinceFault);
        var before = output.Of(RtmpMessageType.Video).Count;
        await AdvanceUntilAsync(() => output.Of(RtmpMessageType.Video).Count - before >= 80);
        Assert.Equal(ChannelState.Fallback, _loop.Status.State);
    }

    [Fact]
    public async Task Fault_WhileADecisionIsCarriedOut_CostsThatOneAndRepeatsNone()
    {
        // Going on air is told first, the source that is shown second, both of one turn.
        _host.FailsNext = true;
        var output = await GoOnAirAsync();
        Assert.False(_host.FailsNext);
        Assert.Equal(["on air", "main"], _host.Told);
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
        await _loop.StopAsync(BroadcastEnd.Operator);
        Assert.Equal(["on air", "main", "fallback", "Operator"], _host.Told);
        var times = output.Of(RtmpMessageType.Video).Where(message => message.Body.Span[1] == 1).Select(message => message.Timestamp).ToList();
        Assert.Equal(times.Distinct().Count(), times.Count);
    }

    [Fact]
    public async Task Switches_AreMeasuredOnEachTrack_AsTheStatusShowsThem()
    {
        var steps = new ConcurrentQueue<(string Track, double Milliseconds)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, meter) =>
            {
                if (instrument.Name == "program_gap_milliseconds")
                    meter.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => steps.Enqueue(((string)tags[0].Value!, value)));
        listener.Start();
        var output = await GoOnAirAsync();
        Assert.Empty(steps);
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
        var before = output.Of(RtmpMessageType.Video).Count;
        await AdvanceUntilAsync(() => output.Of(RtmpMessageType.Video).Count - before >= 40);
        var video = Assert.Single(steps, step => step.Track == "video");
        var audio = Assert.Single(steps, step => step.Track == "audio");
        Assert.Equal(2, steps.Count);
        Assert.InRange(video.Milliseconds, 30, 36);
        Assert.InRange(audio.Milliseconds, 19, 24);
        Assert.Equal(video.Milliseconds, _loop.Status.Program.LargestVideoGapMs);
        Assert.Equal(audio.Milliseconds, _loop.Status.Program.LargestAudioGapMs);
    }

    [Fact]
    public async Task Deadline_BeyondWhatATimerTakes_IsReachedInSteps()
    {
        var patient = new ChannelDefinition { Id = "main", SourceTimeout = TimeSpan.FromDays(60) };
        await _loop.ReconfigureAsync(patient);
        Assert.True(await _loop.AttachAsync(_slot, new SourceOrigin("1", "127.0.0.1", "test", _ => { })));
        for (var day = 0; day < 59; day++)
        {
            _time.Advance(TimeSpan.FromDays(1));
            await _loop.ReconfigureAsync(patient);
        }
        Assert.Equal(SourceState.Connected, _loop.Status.Sources[0].Snapshot.State);
        await AdvanceUntilAsync(() => _loop.Status.Sources[0].Snapshot.State is SourceState.Stalled, TimeSpan.FromHours(1));
        Assert.InRange(_time.Elapsed.TotalDays, 60, 61);
    }

    [Fact]
    public async Task Source_ThatComesStallsAndGoes_IsToldOnceForEach()
    {
        await _loop.ReconfigureAsync(new ChannelDefinition { Id = "main", SourceTimeout = TimeSpan.FromSeconds(1) });
        await GoOnAirAsync();
        await AdvanceUntilAsync(() => _host.Happened.Any(happened => happened is EngineEvent.SourceStalled));
        // Nothing new, however often it is looked at.
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(300));
            await _loop.ReconfigureAsync(new ChannelDefinition { Id = "main", SourceTimeout = TimeSpan.FromSeconds(1) });
        }

        foreach (var packet in new Encoder(_slot, new EncoderSettings(), _loop.Now).TakeDue(_loop.Now))
            await _loop.PostAsync(_slot, packet, CancellationToken.None);
        await Eventually.TrueAsync(() => _host.Happened.Any(happened => happened is EngineEvent.SourceReturned));
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
        Assert.Collection(
            _host.Happened,
            happened => Assert.Equal("main", Assert.IsType<EngineEvent.SourceConnected>(happened).SourceId),
            happened => Assert.Equal(new EngineEvent.SourceStalled("main"), happened),
            happened => Assert.Equal(new EngineEvent.SourceReturned("main"), happened),
            happened => Assert.Equal(new EngineEvent.SourceLost("main", RtmpPublishEnd.Broken), happened));
    }

    [Fact]
    public async Task Frames_OfACodecThatWasNotAnnounced_AreLeftOutAndCounted()
    {
        long counted = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Name == "source_messages_ignored_total")
                it.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (tags is [{ Value: "other_codec" }])
                Interlocked.Add(ref counted, value);
        });
        listener.Start();
        var output = await GoOnAirAsync();
        await AdvanceUntilAsync(() => output.Of(RtmpMessageType.Video).Count > 0);
        var received = _slot.LastReceivedAt;
        var foreign = new MediaPacket
        {
            Kind = MediaKind.Video,
            Content = PacketContent.Frame,
            Codec = FourCc.Hevc,
            IsKeyframe = true,
            DecodeTime = MediaTime.FromSeconds(6),
            Body = "a picture that no decoder here can read"u8.ToArray(),
            HeaderLength = 8,
        };
        for (var i = 0; i < 3; i++)
            await _loop.PostAsync(_slot, foreign, CancellationToken.None);

        Assert.NotEqual("a picture that no decoder here can read"u8.ToArray(), (await _loop.GetKeyframeAsync(_slot))!.Value.Keyframe.Body.ToArray());
        Assert.Equal(received, _slot.LastReceivedAt);
        Assert.Equal(3, Interlocked.Read(ref counted));
    }

    [Fact]
    public async Task Configurations_ThatCannotBeRead_AreSaidOnceInAWhile()
    {
        await GoOnAirAsync();
        for (var i = 0; i < 100; i++)
            await SendBrokenConfigurationAsync();
        await Eventually.TrueAsync(() => _log.ValuesOf<string>("Fault").Count > 0);
        _time.Advance(TimeSpan.FromSeconds(10));
        await SendBrokenConfigurationAsync();
        await Eventually.TrueAsync(() => _log.ValuesOf<string>("Fault").Count > 1);
        Assert.Equal([0, 99], _log.ValuesOf<int>("Unsaid"));

        async Task SendBrokenConfigurationAsync() => await _loop.PostAsync(
            _slot,
            new MediaPacket { Kind = MediaKind.Video, Content = PacketContent.Configuration, Codec = FourCc.Avc, Body = new byte[] { 0x17, 0, 0, 0, 0, 9 }, HeaderLength = 5 },
            CancellationToken.None);
    }

    [Fact]
    public async Task Packets_AfterTheLoopHasEnded_GoNowhere()
    {
        await GoOnAirAsync();
        await _loop.DisposeAsync();
        foreach (var packet in new Encoder(_slot, new EncoderSettings(), _loop.Now).TakeDue(_loop.Now))
            await _loop.PostAsync(_slot, packet, CancellationToken.None);
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
    }

    [Fact]
    public async Task Fallback_ForAFormatThatIsNotWantedAnyMore_IsLeftOut()
    {
        var output = await GoOnAirAsync();
        await _loop.SetFallbackAsync(new Outdated(), new CancellationToken(canceled: true));
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
        var before = output.Of(RtmpMessageType.Video).Count;
        await AdvanceUntilAsync(() => output.Of(RtmpMessageType.Video).Count - before >= 80);
    }

    [Fact]
    public async Task Frames_OfATranscoderOfBefore_DoNotCountForTheNextPublisher()
    {
        await GoOnAirAsync();
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
        var first = await PublishAnotherFormatAsync();
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
        var second = await PublishAnotherFormatAsync();
        Assert.NotEqual(first, second);
        var attached = _slot.LastMediaAt;
        _time.Advance(TimeSpan.FromMilliseconds(10));

        // What comes behind it has seen what became of it.
        Assert.True(_loop.TryPostTranscoded(_slot, Encoder.Sound(MediaTime.Zero), first));
        await _loop.UnsubscribeAsync(_slot, new OutputSender(new CapturingConnection(), TimeSpan.FromSeconds(60), _time));
        Assert.Equal(attached, _slot.LastMediaAt);

        Assert.True(_loop.TryPostTranscoded(_slot, Encoder.Sound(MediaTime.Zero), second));
        await _loop.UnsubscribeAsync(_slot, new OutputSender(new CapturingConnection(), TimeSpan.FromSeconds(60), _time));
        Assert.True(_slot.LastMediaAt > attached);
    }

    [Fact]
    public async Task Publisher_OfTheLargestMessages_WaitsWhileTheLoopIsBehind()
    {
        await GoOnAirAsync();
        using var goesOn = new ManualResetEventSlim();
        _host.HeldBy = goesOn;
        var leaving = _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
        await Eventually.TrueAsync(() => _host.IsHeld);

        var body = new byte[new RtmpWireLimits().MaxVideoMessageBytes];
        var packet = Encoder.Picture(isKeyframe: false, MediaTime.FromSeconds(10)).WithBody(body, MediaTime.Zero);
        using var gone = new CancellationTokenSource();
        var posts = new List<Task>();
        for (var i = 0; i < 100; i++)
            posts.Add(_loop.PostAsync(_slot, packet, gone.Token).AsTask());
        var taken = posts.Count(post => post.IsCompleted);
        var isLost = !_loop.TryPostTranscoded(_slot, packet, 1);
        var last = _loop.PostAsync(_slot, packet, CancellationToken.None).AsTask();
        await gone.CancelAsync();
        goesOn.Set();
        await leaving;
        await last;

        Assert.InRange(taken, 1, ProgramLoop.InboxBytes / body.Length + 1);
        Assert.True(isLost);
        Assert.Equal(taken, posts.Count(post => post.IsCompletedSuccessfully));
    }

    // The loop sets its timer on a thread of its own, so time goes on for as long as it takes.
    private Task AdvanceUntilAsync(Func<bool> condition) => AdvanceUntilAsync(condition, TimeSpan.FromMilliseconds(101));

    private Task AdvanceUntilAsync(Func<bool> condition, TimeSpan step) => Eventually.TrueAsync(() =>
    {
        _time.Advance(step);
        return condition();
    });

    private async Task<CapturingConnection> GoOnAirAsync()
    {
        Assert.True(await _loop.AttachAsync(_slot, new SourceOrigin("1", "127.0.0.1", "test", _ => { })));
        var encoder = new Encoder(_slot, new EncoderSettings(), _loop.Now);
        for (var i = 0; i < 20; i++)
        {
            foreach (var packet in encoder.TakeDue(_loop.Now))
                await _loop.PostAsync(_slot, packet, CancellationToken.None);
            _time.Advance(TimeSpan.FromMilliseconds(33));
        }
        await Eventually.TrueAsync(() => _loop.Status.State is ChannelState.Live);
        var connection = new CapturingConnection();
        Assert.True(await _loop.SubscribeAsync(null, new OutputSender(connection, TimeSpan.FromSeconds(60), _time)));
        return connection;
    }

    // The generation of its transcoder. The transcoder itself never runs: there is no such ffmpeg.
    private async Task<int> PublishAnotherFormatAsync()
    {
        Assert.True(await _loop.AttachAsync(_slot, new SourceOrigin("2", "127.0.0.1", "test", _ => { })));
        var encoder = new Encoder(_slot, new EncoderSettings { VideoConfiguration = EncoderSettings.High640x360 }, _loop.Now);
        foreach (var packet in encoder.TakeDue(_loop.Now))
            await _loop.PostAsync(_slot, packet, CancellationToken.None);
        await Eventually.TrueAsync(() => _slot.Fit is FormatFit.Transcode);
        return _slot.TranscoderGeneration;
    }

    private sealed class Outdated : FallbackContent
    {
        public override int FrameCount => 1;

        public override MediaTime TimeOfFrame(long index) => throw new InvalidOperationException("Played all the same.");

        public override MediaPacket? GetFrame(int index) => throw new InvalidOperationException("Played all the same.");
    }

    private sealed class FallbackAtOnce : IProgramHost
    {
        public ProgramLoop? Loop { get; set; }

        public SourceTranscoders? Transcoders { get; set; }

        public bool FailsNext { get; set; }

        public List<string> Told { get; } = [];

        /// <summary>The next call waits for it, and the loop with it.</summary>
        public ManualResetEventSlim? HeldBy { get; set; }

        public bool IsHeld { get; private set; }

        public void PrepareFallback(ProgramFormat format) => _ = Loop!.SetFallbackAsync(new LoopOfPictures(), CancellationToken.None);

        public void WentOnAir(StreamHeader header) => Tell("on air");

        public void Switched(string? from, string? to, SwitchReason reason) => Tell(to ?? "fallback");

        public void Ended(BroadcastEnd reason, ProgramFigures figures) => Tell(reason.ToString());

        public void FormatChanged(StreamHeader header)
        {
        }

        void IProgramHost.Tell(EngineEvent happened) => Happened.Enqueue(happened);

        public ConcurrentQueue<EngineEvent> Happened { get; } = new();

        public void WantTranscoder(SourceSlot slot, ProgramHeader? header) =>
            Transcoders!.Want(slot, header, header is null ? null : new ProgramFormat { Width = 320, Height = 180 }, new ChannelDefinition { Id = "main" });

        public void Transcode(SourceSlot slot, MediaPacket packet)
        {
        }

        private void Tell(string what)
        {
            Told.Add(what);
            if (HeldBy is { } held)
            {
                (HeldBy, IsHeld) = (null, true);
                held.Wait();
            }
            if (!FailsNext)
                return;
            FailsNext = false;
            throw new InvalidOperationException("A fault.");
        }
    }
}
