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

public sealed class ProgramMachineTests
{
    private readonly ProgramHarness _harness = new();

    [Fact]
    public void Publish_FirstSource_GoesOnAirWithItsCachedGroupOnceTheFallbackIsReady()
    {
        _harness.Publish();
        _harness.Run(0.2);
        Assert.Equal(ChannelState.Waiting, _harness.Machine.State);
        _harness.Run(3);
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
        Assert.True(_harness.Program[0].IsVideoKeyframe);
        Assert.Equal(0, _harness.Program[0].Milliseconds);
        _harness.AssertContinuous();
    }

    [Fact]
    public void OnAir_H264Source_AnnouncesItsSetsAndTheFallbacksInOneConfiguration()
    {
        _harness.Publish();
        _harness.Run(1);
        var configuration = AvcDecoderConfiguration.Read(_harness.Machine.Header!.Stream.Video!.Payload.Span);
        Assert.Equal([0, 31], configuration.SequenceParameterSets.Select(set => AvcSequenceParameterSet.ReadId(set.Span)));
        Assert.Equal(FormatFit.Direct, _harness.Slot("main").Fit);
    }

    [Theory]
    [InlineData(RtmpPublishEnd.Broken, nameof(SwitchReason.Crash))]
    [InlineData(RtmpPublishEnd.Clean, nameof(SwitchReason.CleanEnd))]
    public void Detach_ActiveSource_TurnsToTheFallbackAtOnce(RtmpPublishEnd end, string reason)
    {
        var encoder = _harness.Publish();
        _harness.Run(3.21);
        _harness.End(encoder, end);
        Assert.Equal(ChannelState.Fallback, _harness.Machine.State);
        _harness.Run(3);
        _harness.AssertContinuous();
        Assert.Equal(reason, _harness.Events.OfType<ProgramEvent.Switched>().Last().Reason.ToString());
        AssertWallClock(_harness);
    }

    [Fact]
    public void Stall_LongerThanTheTimeout_IsFilledFromTheLastPacketOn()
    {
        var encoder = _harness.Publish();
        _harness.Run(3.2);
        var before = _harness.Machine.Timeline!.LastVideo;
        encoder.IsFrozen = true;
        _harness.Run(0.99);
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
        Assert.True(_harness.Machine.Timeline!.LastVideo - before < MediaTime.FromMilliseconds(100));
        _harness.Run(0.1);
        Assert.Equal(ChannelState.Fallback, _harness.Machine.State);
        Assert.True(_harness.Machine.Timeline!.LastVideo - before > MediaTime.FromMilliseconds(1000));
        _harness.AssertContinuous();
        AssertWallClock(_harness);
    }

    [Fact]
    public void Return_AfterAStall_WaitsForStabilityAndAKeyframe()
    {
        var encoder = _harness.Publish();
        _harness.Run(3.2);
        encoder.IsFrozen = true;
        _harness.Run(4);
        encoder.Skipped = MediaTime.FromSeconds(4);
        encoder.IsFrozen = false;
        _harness.Run(1.9);
        Assert.Equal(ChannelState.Fallback, _harness.Machine.State);
        _harness.Run(2.2);
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
        _harness.Run(3);
        _harness.AssertContinuous();
        AssertWallClock(_harness);
    }

    [Fact]
    public void Return_AfterANetworkStallWhoseBacklogComesAtOnce_StaysWithTheWallClock()
    {
        var encoder = _harness.Publish();
        _harness.Run(3.2);
        encoder.IsFrozen = true;
        _harness.Run(4);
        encoder.IsFrozen = false;
        _harness.Run(8);
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
        _harness.AssertContinuous();
        AssertWallClock(_harness);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Cut_AtEveryPicture_StaysContinuousInDecodeAndPresentationTime(bool hasBFrames)
    {
        for (var picture = 0; picture < 14; picture++)
        {
            var harness = new ProgramHarness { Fallback = () => new LoopOfPictures(hasBFrames ? 33 : 0) };
            var settings = new EncoderSettings { HasBFrames = hasBFrames, KeyframeEvery = 61 };
            var encoder = harness.Publish(settings: settings);
            harness.Run(2.5 + picture * 0.0337);
            harness.End(encoder, RtmpPublishEnd.Broken);
            harness.Run(1.7);
            harness.Publish(settings: settings with { ClockStartMilliseconds = 77_777 });
            harness.Run(6);
            Assert.Equal(ChannelState.Live, harness.Machine.State);
            harness.AssertContinuous();
            AssertWallClock(harness);
        }
    }

    [Fact]
    public void Cut_OfASourceWithBFramesInTheFirstSeconds_LeavesTheFrameRateToBeSeen()
    {
        var harness = new ProgramHarness { Fallback = () => new LoopOfPictures(33) };
        var encoder = harness.Publish(settings: new EncoderSettings { HasBFrames = true, KeyframeEvery = 61 });
        // Ends with a reference of pictures that never come, so that the fallback's pictures are late.
        harness.Run(1.18);
        harness.End(encoder, RtmpPublishEnd.Broken);
        harness.Run(6);
        var first = harness.Video.TakeWhile(packet => packet.Milliseconds < 2500).ToList();
        Assert.Contains(first, packet => packet.Packet.CompositionOffset.Milliseconds > 60 && packet.Milliseconds > 1300);
        Assert.All(first.Zip(first.Skip(1)), pair => Assert.InRange(pair.Second.Milliseconds - pair.First.Milliseconds, 33, 34));
        Assert.InRange(harness.Video.Last().Packet.CompositionOffset.Milliseconds, 32, 35);
        harness.AssertContinuous();
    }

    [Fact]
    public void Cut_OfASourceWithBFramesAfterAChangeOfFormat_LeavesTheFrameRateToBeSeen()
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", OnFormatChange = FormatChangePolicy.RestartOutputs }) { Fallback = () => new LoopOfPictures(33) };
        var encoder = harness.Publish();
        harness.Run(6);
        harness.End(encoder, RtmpPublishEnd.Broken);
        encoder = harness.Publish(settings: new EncoderSettings { VideoConfiguration = EncoderSettings.High640x360, HasBFrames = true, KeyframeEvery = 61 });
        while (!harness.Events.OfType<ProgramEvent.FormatChanged>().Any())
            harness.Run(0.001);
        // The outputs begin anew here, and so do the guesses of those who receive.
        var changed = harness.Video.Last().Milliseconds;
        harness.Run(1.15);
        harness.End(encoder, RtmpPublishEnd.Broken);
        harness.Run(6);
        var first = harness.Video.Where(packet => packet.Milliseconds >= changed && packet.Milliseconds < changed + 2500).ToList();
        Assert.Contains(first, packet => packet.Packet.CompositionOffset.Milliseconds > 60 && packet.Milliseconds > changed + 1300);
        var steps = first.Zip(first.Skip(1), (one, next) => next.Milliseconds - one.Milliseconds).ToList();
        Assert.All(steps, step => Assert.InRange(step, 32, 34));
        // Rounding puts a picture a millisecond late at most; stretching adds one with each.
        Assert.InRange(first[^1].Milliseconds - changed, 0, (first.Count - 1) * 1000.0 / 30 + 1);
        harness.AssertContinuous();
    }

    [Fact]
    public void Cuts_WhileTheFallbackCatchesUp_KeepPicturesAWholeNumberOfFramesApart()
    {
        for (var fallback = 0; fallback < 8; fallback++)
        {
            var harness = new ProgramHarness(new ChannelDefinition { Id = "main", ReturnAfter = TimeSpan.FromMilliseconds(200) }) { Fallback = () => new LoopOfPictures() };
            for (var round = 0; round < 8; round++)
            {
                // With and without B-frames in turn, and back before everything late is made up for.
                var encoder = harness.Publish(settings: new EncoderSettings { HasBFrames = round % 3 != 1, KeyframeEvery = 31 });
                harness.Run(4.1 + round * 0.0337);
                harness.End(encoder, RtmpPublishEnd.Broken);
                harness.Run(0.2 + fallback * 0.3);
            }
            harness.AssertContinuous();
        }
    }

    [Fact]
    public void Repeated_CutsAndReturns_NeverDriftFromTheWallClock()
    {
        var random = new Random(4711);
        for (var round = 0; round < 60; round++)
        {
            var encoder = _harness.Publish(settings: new EncoderSettings { ClockStartMilliseconds = random.Next(100_000) });
            _harness.Run(2 + random.NextDouble() * 4);
            _harness.End(encoder, RtmpPublishEnd.Broken);
            _harness.Run(random.NextDouble() * 3);
        }
        _harness.AssertContinuous();
        AssertWallClock(_harness);
    }

    [Fact]
    public void Backup_HoldsTheProgramWhileTheMainSourceIsGone()
    {
        var main = _harness.Publish();
        _harness.Run(1.5);
        _harness.Publish("backup", new EncoderSettings { ClockStartMilliseconds = 900_000 });
        _harness.Run(4);
        Assert.Equal("main", _harness.Machine.Active!.Id);
        _harness.End(main, RtmpPublishEnd.Broken);
        Assert.Equal(ChannelState.Fallback, _harness.Machine.State);
        _harness.Run(2.1);
        Assert.Equal("backup", _harness.Machine.Active?.Id);
        _harness.Publish();
        _harness.Run(1.9);
        Assert.Equal("backup", _harness.Machine.Active?.Id);
        _harness.Run(2.3);
        Assert.Equal("main", _harness.Machine.Active?.Id);
        _harness.AssertContinuous();
        AssertWallClock(_harness);
    }

    [Fact]
    public void Select_SourceAndFallback_HoldUntilAuto()
    {
        _harness.Publish();
        _harness.Publish("backup");
        _harness.Run(3);
        _harness.Select(SourceSelection.Source("backup"));
        _harness.Run(2.1);
        Assert.Equal("backup", _harness.Machine.Active?.Id);
        _harness.Select(SourceSelection.Fallback);
        Assert.Equal(ChannelState.Fallback, _harness.Machine.State);
        _harness.Run(5);
        Assert.Equal(ChannelState.Fallback, _harness.Machine.State);
        _harness.Select(SourceSelection.Auto);
        _harness.Run(2.1);
        Assert.Equal("main", _harness.Machine.Active?.Id);
        Assert.False(_harness.Machine.Select(SourceSelection.Source("nobody"), _harness.Now));
        _harness.AssertContinuous();
        AssertWallClock(_harness);
    }

    [Fact]
    public void Stop_WithItsEncoderStillPublishing_StaysOffAirUntilTheEncoderPublishesAnew()
    {
        var encoder = _harness.Publish();
        _harness.Run(3);
        _harness.Stop();
        _harness.Run(5);
        Assert.Equal(ChannelState.Stopped, _harness.Machine.State);
        _harness.End(encoder, RtmpPublishEnd.Clean);
        Assert.Equal(ChannelState.Stopped, _harness.Machine.State);
        _harness.Publish();
        _harness.Run(2);
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
    }

    [Fact]
    public void Start_AfterAStop_TakesTheSourceThatIsStillConnectedAtOnce()
    {
        _harness.Publish();
        _harness.Run(3);
        _harness.Stop();
        _harness.Run(5);
        _harness.Program.Clear();
        _harness.Start();
        _harness.Run(0.4);
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
        Assert.True(_harness.Program[0].IsVideoKeyframe);
        Assert.Equal(0, _harness.Program[0].Milliseconds);
        _harness.Run(3);
        _harness.AssertContinuous();
    }

    [Fact]
    public void Start_WithTwoSources_BeginsWithTheOneThatWasChosen()
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", Start = StartMode.Manual });
        harness.Select(SourceSelection.Source("backup"));
        harness.Publish();
        harness.Publish("backup");
        harness.Run(2);
        harness.Start();
        harness.Run(0.4);
        Assert.Equal("backup", harness.Machine.Active?.Id);
    }

    [Theory]
    [InlineData(StartMode.OnPublish, RtmpPublishEnd.Broken, LossPolicy.Fallback, ChannelState.Waiting)]
    [InlineData(StartMode.OnPublish, RtmpPublishEnd.Clean, LossPolicy.Fallback, ChannelState.Waiting)]
    [InlineData(StartMode.OnPublish, RtmpPublishEnd.Clean, LossPolicy.End, ChannelState.Stopped)]
    [InlineData(StartMode.Always, RtmpPublishEnd.Broken, LossPolicy.Fallback, ChannelState.Fallback)]
    [InlineData(StartMode.Always, RtmpPublishEnd.Clean, LossPolicy.End, ChannelState.Stopped)]
    [InlineData(StartMode.Manual, RtmpPublishEnd.Broken, LossPolicy.Fallback, ChannelState.Fallback)]
    [InlineData(StartMode.Manual, RtmpPublishEnd.Clean, LossPolicy.End, ChannelState.Stopped)]
    public void Publish_ThatEndsBeforeTheProgramIsOnAir_IsDecidedByThePolicies(StartMode start, RtmpPublishEnd end, LossPolicy policy, ChannelState expected)
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", Start = start, OnCleanEnd = policy, OnCrash = policy });
        var encoder = harness.Publish();
        harness.Run(0.1);
        if (start is StartMode.Manual)
            harness.Start();
        harness.Run(0.1);
        Assert.Equal(ChannelState.Waiting, harness.Machine.State);
        harness.End(encoder, end);
        harness.Run(2);
        Assert.Equal(expected, harness.Machine.State);
        Assert.Equal(expected is ChannelState.Fallback, harness.Events.Any(item => item is ProgramEvent.WentOnAir));
        Assert.Equal(expected is ChannelState.Fallback, harness.Program.Count > 0);

        harness.Publish();
        if (start is StartMode.Manual)
            harness.Start();
        harness.Run(5);
        Assert.Equal(ChannelState.Live, harness.Machine.State);
        harness.AssertContinuous();
    }

    [Theory]
    [InlineData(LossPolicy.Fallback, ChannelState.Waiting)]
    [InlineData(LossPolicy.End, ChannelState.Stopped)]
    public void Source_ThatFallsSilentBeforeTheProgramIsOnAir_IsDecidedByThePolicy(LossPolicy policy, ChannelState expected)
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", OnStall = policy }) { FallbackDelayMilliseconds = 2000 };
        var encoder = harness.Publish();
        harness.Run(0.5);
        encoder.IsFrozen = true;
        harness.Run(3);
        Assert.Equal(expected, harness.Machine.State);
        Assert.Empty(harness.Program);
        encoder.IsFrozen = false;
        harness.Run(5);
        Assert.Equal(policy is LossPolicy.End ? ChannelState.Stopped : ChannelState.Live, harness.Machine.State);
    }

    [Fact]
    public void Publish_ThatEndsBeforeTheProgramIsOnAir_LeavesTheStartToTheBackup()
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", OnCrash = LossPolicy.End });
        var main = harness.Publish();
        harness.Publish("backup");
        harness.Run(0.2);
        harness.End(main, RtmpPublishEnd.Broken);
        harness.Run(0.4);
        Assert.Equal("backup", harness.Machine.Active?.Id);
        harness.AssertContinuous();
    }

    [Fact]
    public void LossPolicy_End_WaitsForTheLossOfTheLastSource()
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", OnCrash = LossPolicy.End });
        var main = harness.Publish();
        var backup = harness.Publish("backup");
        harness.Run(4);
        harness.End(main, RtmpPublishEnd.Broken);
        harness.Run(2.5);
        Assert.Equal("backup", harness.Machine.Active?.Id);
        harness.End(backup, RtmpPublishEnd.Broken);
        Assert.Equal(ChannelState.Stopped, harness.Machine.State);
        harness.AssertContinuous();
    }

    [Fact]
    public void Select_SourceThatIsAbsent_KeepsTheGoodPictureUntilThatSourceIsThere()
    {
        var main = _harness.Publish();
        _harness.Run(3);
        _harness.Select(SourceSelection.Source("backup"));
        _harness.Run(5);
        Assert.Equal("main", _harness.Machine.Active?.Id);
        Assert.Equal("backup", _harness.Machine.Selection.Word);
        // Once it is lost, the choice holds: another source does not come back by itself.
        _harness.End(main, RtmpPublishEnd.Broken);
        _harness.Publish();
        _harness.Run(5);
        Assert.Equal(ChannelState.Fallback, _harness.Machine.State);
        _harness.Publish("backup");
        _harness.Run(5);
        Assert.Equal("backup", _harness.Machine.Active?.Id);
        _harness.AssertContinuous();
    }

    [Fact]
    public void Fallback_LongerThanTheLimit_EndsTheBroadcast()
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", EndAfter = TimeSpan.FromSeconds(10) });
        var encoder = harness.Publish();
        harness.Run(3);
        harness.End(encoder, RtmpPublishEnd.Broken);
        harness.Run(9.5);
        Assert.Equal(ChannelState.Fallback, harness.Machine.State);
        harness.Run(1);
        Assert.Equal(BroadcastEnd.FallbackLimit, harness.Events.OfType<ProgramEvent.Ended>().Single().Reason);
        Assert.Equal(ChannelState.Stopped, harness.Machine.State);
    }

    [Fact]
    public void FallbackLimit_WithASourceThatIsStillBeingTranscoded_Waits()
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", EndAfter = TimeSpan.FromSeconds(5) });
        var encoder = harness.Publish();
        harness.Run(3);
        harness.End(encoder, RtmpPublishEnd.Broken);
        harness.Run(4);
        var other = harness.Publish(settings: new EncoderSettings { VideoConfiguration = EncoderSettings.High640x360 });
        harness.Run(4);
        Assert.Equal(ChannelState.Fallback, harness.Machine.State);
        other.IsFrozen = true;
        harness.Run(3);
        Assert.Equal(ChannelState.Stopped, harness.Machine.State);
    }

    [Theory]
    [InlineData(RtmpPublishEnd.Clean, true)]
    [InlineData(RtmpPublishEnd.Broken, false)]
    public void LossPolicy_End_EndsOnlyForItsKindOfLoss(RtmpPublishEnd end, bool ends)
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", OnCleanEnd = LossPolicy.End });
        var encoder = harness.Publish();
        harness.Run(3);
        harness.End(encoder, end);
        Assert.Equal(ends ? ChannelState.Stopped : ChannelState.Fallback, harness.Machine.State);
    }

    [Fact]
    public void Start_WithoutASource_PlaysTheFallbackAndThenTheSource()
    {
        _harness.Start();
        _harness.Run(1);
        Assert.Equal(ChannelState.Fallback, _harness.Machine.State);
        _harness.Publish();
        _harness.Run(5);
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
        Assert.Equal(FormatFit.DirectWithParameterSets, _harness.Slot("main").Fit);
        _harness.AssertContinuous();
        AssertWallClock(_harness);
    }

    [Fact]
    public void NoFallback_TheLastKeyframeIsHeldAndTimeNeverGoesBack()
    {
        _harness.Fallback = null;
        var encoder = _harness.Publish();
        _harness.Run(3.3);
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
        _harness.End(encoder, RtmpPublishEnd.Broken);
        var count = _harness.Program.Count;
        _harness.Run(5);
        Assert.Equal(ChannelState.Fallback, _harness.Machine.State);
        Assert.Contains(_harness.Program.Skip(count), packet => packet.IsVideoKeyframe);
        _harness.Publish();
        _harness.Run(5);
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
        Assert.All(_harness.Video.Zip(_harness.Video.Skip(1)), pair => Assert.True(pair.Second.Milliseconds > pair.First.Milliseconds));
        AssertWallClock(_harness);
    }

    [Fact]
    public void NoAudio_SilenceGoesWithThePictures()
    {
        var encoder = _harness.Publish(settings: new EncoderSettings { HasAudio = false });
        _harness.Run(6);
        _harness.End(encoder, RtmpPublishEnd.Broken);
        _harness.Run(3);
        _harness.AssertContinuous();
        Assert.All(_harness.Audio, packet => Assert.Same(_harness.Machine.Header!.Audio!.SilentFrame, packet.Packet));
    }

    [Fact]
    public void LateAudio_IsTakenWhenItComes()
    {
        _harness.Publish(settings: new EncoderSettings { AudioDelayMilliseconds = 5000 });
        _harness.Run(10);
        _harness.AssertContinuous();
        Assert.NotSame(_harness.Machine.Header!.Audio!.SilentFrame, _harness.Audio.Last().Packet);
    }

    [Fact]
    public void NoVideo_NeverGoesOnAir()
    {
        _harness.Publish(settings: new EncoderSettings { HasVideo = false });
        _harness.Run(10);
        Assert.Equal(ChannelState.Waiting, _harness.Machine.State);
        Assert.Empty(_harness.Program);
    }

    [Fact]
    public void Nonsense_InACompositionOffset_PushesNothingThatFollowsAway()
    {
        var encoder = _harness.Publish();
        _harness.Run(3);
        _harness.Machine.Receive(encoder.Slot, Encoder.Picture(false, MediaTime.FromMilliseconds(8010), MediaTime.FromSeconds(8000)), _harness.Now);
        _harness.End(encoder, RtmpPublishEnd.Broken);
        var count = _harness.Program.Count;
        _harness.Run(3);
        Assert.All(_harness.Program.Skip(count).Where(packet => packet.IsVideoFrame), packet => Assert.InRange(packet.Packet.CompositionOffset.Seconds, 0, 2.1));
    }

    [Fact]
    public void OtherSize_IsTranscodedByDefault()
    {
        var encoder = _harness.Publish();
        _harness.Run(3);
        _harness.End(encoder, RtmpPublishEnd.Broken);
        _harness.Publish(settings: new EncoderSettings { VideoConfiguration = EncoderSettings.High640x360 });
        _harness.Run(5);
        Assert.Equal(FormatFit.Transcode, _harness.Slot("main").Fit);
        Assert.Contains(_harness.Events, item => item is ProgramEvent.TranscoderWanted { Wanted: true });
        Assert.Equal(ChannelState.Fallback, _harness.Machine.State);
        _harness.AssertContinuous();
    }

    [Fact]
    public void OtherAudioLayout_IsTranscodedByDefault()
    {
        var encoder = _harness.Publish();
        _harness.Run(3);
        _harness.End(encoder, RtmpPublishEnd.Broken);
        _harness.Publish(settings: new EncoderSettings { SampleRate = 44100 });
        _harness.Run(2);
        Assert.Equal(FormatFit.Transcode, _harness.Slot("main").Fit);
    }

    [Fact]
    public void OtherParameterSets_OfTheSameSize_TravelInTheKeyframes()
    {
        var encoder = _harness.Publish();
        _harness.Run(3);
        _harness.End(encoder, RtmpPublishEnd.Broken);
        _harness.Run(1);
        var count = _harness.Program.Count;
        _harness.Publish(settings: new EncoderSettings { VideoConfiguration = EncoderSettings.Main320x180 });
        _harness.Run(5);
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
        var keyframe = _harness.Program.Skip(count).Last(packet => packet.IsVideoKeyframe);
        Assert.Equal([NalUnitType.SequenceParameterSet, NalUnitType.PictureParameterSet, NalUnitType.IdrSlice], UnitsOf(keyframe));
        _harness.AssertContinuous();
    }

    [Fact]
    public void FirstEncoder_BackAfterOneWithOtherParameterSets_BringsItsOwnAgain()
    {
        var encoder = _harness.Publish();
        _harness.Run(3);
        Assert.All(_harness.Video.Where(packet => packet.IsVideoKeyframe), packet => Assert.Equal([NalUnitType.IdrSlice], UnitsOf(packet)));
        _harness.End(encoder, RtmpPublishEnd.Broken);
        var other = _harness.Publish(settings: new EncoderSettings { VideoConfiguration = EncoderSettings.Main320x180 });
        _harness.Run(5);
        _harness.End(other, RtmpPublishEnd.Broken);
        var count = _harness.Program.Count;
        _harness.Publish();
        _harness.Run(5);
        Assert.Equal(FormatFit.Direct, _harness.Slot("main").Fit);
        Assert.Equal([NalUnitType.SequenceParameterSet, NalUnitType.PictureParameterSet, NalUnitType.IdrSlice], UnitsOf(_harness.Program.Skip(count).Last(packet => packet.IsVideoKeyframe)));
    }

    [Fact]
    public void OtherSize_WithRestartingOutputs_ChangesTheHeader()
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", OnFormatChange = FormatChangePolicy.RestartOutputs });
        var encoder = harness.Publish();
        harness.Run(3);
        harness.End(encoder, RtmpPublishEnd.Broken);
        harness.Publish(settings: new EncoderSettings { VideoConfiguration = EncoderSettings.High640x360 });
        harness.Run(5);
        Assert.Equal(ChannelState.Live, harness.Machine.State);
        Assert.Single(harness.Events.OfType<ProgramEvent.FormatChanged>());
        Assert.Equal(640, harness.Machine.Header!.Video.Width);
    }

    [Fact]
    public void FormatsThatFlap_RestartOutputsOnceAndAreTranscodedThen()
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", OnFormatChange = FormatChangePolicy.RestartOutputs });
        var encoder = harness.Publish();
        harness.Run(3);
        foreach (var size in Enumerable.Range(0, 10).Select(i => i % 2 == 0 ? EncoderSettings.High640x360 : EncoderSettings.High320x180))
        {
            harness.End(encoder, RtmpPublishEnd.Broken);
            encoder = harness.Publish(settings: new EncoderSettings { VideoConfiguration = size });
            // Long enough to be what is to be shown.
            harness.Run(2.7);
        }
        Assert.Single(harness.Events.OfType<ProgramEvent.FormatChanged>());
        Assert.Contains(harness.Events.OfType<ProgramEvent.TranscoderWanted>(), wanted => wanted.Wanted);

        // A change much later is a change again.
        harness.End(encoder, RtmpPublishEnd.Broken);
        harness.Run(ProgramMachine.FormatChangeDistance.Seconds);
        harness.Publish(settings: new EncoderSettings { VideoConfiguration = EncoderSettings.High320x180 });
        harness.Run(3);
        Assert.Equal(2, harness.Events.OfType<ProgramEvent.FormatChanged>().Count());
    }

    [Fact]
    public void AnotherConfiguration_OfATranscodedSource_MakesANewTranscoder()
    {
        var harness = new ProgramHarness();
        var encoder = harness.Publish();
        harness.Run(3);
        Assert.Empty(harness.Events.OfType<ProgramEvent.TranscoderWanted>());
        harness.Configure(encoder, EncoderSettings.High640x360);
        Assert.Single(harness.Events.OfType<ProgramEvent.TranscoderWanted>());
        harness.Configure(encoder, EncoderSettings.Baseline640x352);
        Assert.All(harness.Events.OfType<ProgramEvent.TranscoderWanted>(), wanted => Assert.True(wanted.Wanted));
        Assert.Equal(2, harness.Events.OfType<ProgramEvent.TranscoderWanted>().Count());
    }

    [Fact]
    public void Start_WithNothingToShow_SleepsUntilASourceComes()
    {
        var harness = new ProgramHarness { Fallback = null };
        harness.Start();
        harness.Run(7);
        Assert.True(harness.Machine.NextDue(harness.Now) is not { } due || due > harness.Now);
        harness.Publish();
        harness.Run(4);
        Assert.Equal(ChannelState.Live, harness.Machine.State);
    }

    [Fact]
    public void Fallback_WhoseFramesAreNotAtHand_StartsOverAndLeavesNoHole()
    {
        var harness = new ProgramHarness { Fallback = () => new HalfRead() };
        var encoder = harness.Publish();
        harness.Run(3);
        harness.End(encoder, RtmpPublishEnd.Broken);
        harness.Run(6);
        harness.AssertContinuous();
        AssertWallClock(harness);
    }

    [Fact]
    public void SoundWithoutAConfiguration_IsReplacedBySilence()
    {
        var first = _harness.Publish();
        _harness.Run(3);
        _harness.End(first, RtmpPublishEnd.Broken);
        var second = _harness.Publish(settings: new EncoderSettings { HasAudio = false, KeyframeEvery = 61 });
        for (var i = 0; i < 600; i++)
        {
            _harness.Run(0.010);
            var mp3 = new MediaPacket
            {
                Kind = MediaKind.Audio,
                Content = PacketContent.Frame,
                Codec = FourCc.Mp3,
                DecodeTime = MediaTime.FromMilliseconds(5010 + i * 10),
                Body = new byte[] { 0x2F, 1, 2 },
                HeaderLength = 1,
            };
            _harness.Machine.Receive(second.Slot, mp3, _harness.Now);
        }
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
        Assert.DoesNotContain(_harness.Program, packet => packet.Packet.Codec == FourCc.Mp3);
        _harness.AssertContinuous();
    }

    [Fact]
    public void BackupOfAnotherSize_WithRestartingOutputs_RestartsThemWhenItsTurnComes()
    {
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", OnFormatChange = FormatChangePolicy.RestartOutputs });
        var main = harness.Publish();
        harness.Run(3);
        harness.Publish("backup", new EncoderSettings { VideoConfiguration = EncoderSettings.High640x360 });
        harness.Run(5);
        Assert.Empty(harness.Events.OfType<ProgramEvent.FormatChanged>());
        Assert.Equal("main", harness.Machine.Active?.Id);
        harness.AssertContinuous();
        harness.End(main, RtmpPublishEnd.Broken);
        harness.Run(5);
        Assert.Equal("backup", harness.Machine.Active?.Id);
        Assert.Single(harness.Events.OfType<ProgramEvent.FormatChanged>());
    }

    [Fact]
    public void MainWithoutAConfiguration_DoesNotKeepTheBackupOut()
    {
        var harness = new ProgramHarness();
        var main = harness.Publish();
        harness.Run(3);
        harness.End(main, RtmpPublishEnd.Broken);
        // Pictures come, but no configuration that could be read.
        harness.Machine.Attach(main.Slot, new SourceOrigin("2", "127.0.0.1", "test", _ => { }), harness.Now);
        harness.Publish("backup");
        for (var i = 0; i < 60; i++)
        {
            harness.Run(0.1);
            harness.Machine.Receive(main.Slot, Picture(5000 + i * 100, isKeyframe: i % 10 == 0), harness.Now);
        }
        Assert.Equal("backup", harness.Machine.Active?.Id);
    }

    [Fact]
    public void Select_BackupBeforeTheBroadcast_KeepsTheMainSourceOut()
    {
        var harness = new ProgramHarness();
        harness.Select(SourceSelection.Source("backup"));
        harness.Publish();
        harness.Run(4);
        Assert.Equal(ChannelState.Fallback, harness.Machine.State);
        harness.Publish("backup");
        harness.Run(5);
        Assert.Equal("backup", harness.Machine.Active?.Id);
        harness.AssertContinuous();
    }

    [Fact]
    public void Start_WithoutAKeyframeAndAFallback_StaysWithTheWallClock()
    {
        _harness.Fallback = null;
        var slot = _harness.Slot("main");
        _harness.Machine.Attach(slot, new SourceOrigin("2", "127.0.0.1", "test", _ => { }), _harness.Now);
        var configuration = new MediaPacket
        {
            Kind = MediaKind.Video,
            Content = PacketContent.Configuration,
            Codec = FourCc.Avc,
            Body = AvcTag.Configuration(Convert.FromHexString(EncoderSettings.High320x180)),
            HeaderLength = 5,
        };
        _harness.Machine.Receive(slot, configuration, _harness.Now);
        for (var i = 0; i < 400; i++)
        {
            if (i == 40)
                _harness.Start();
            _harness.Run(0.033);
            _harness.Machine.Receive(slot, Picture(5000 + i * 33, isKeyframe: i > 300 && i % 30 == 0), _harness.Now);
        }
        Assert.Equal(ChannelState.Live, _harness.Machine.State);
        _harness.Machine.Detach(slot, RtmpPublishEnd.Broken, _harness.Now);
        _harness.Run(3);
        Assert.InRange(_harness.Video.Count(), 50, 300);
    }

    private static MediaPacket Picture(long milliseconds, bool isKeyframe) => new()
    {
        Kind = MediaKind.Video,
        Content = PacketContent.Frame,
        Codec = FourCc.Avc,
        IsKeyframe = isKeyframe,
        DecodeTime = MediaTime.FromMilliseconds(milliseconds),
        Body = AvcTag.Frame(isKeyframe, 0, [0, 0, 0, 2, (byte)(isKeyframe ? 0x65 : 0x41), 0x88]),
        HeaderLength = 5,
    };

    private static List<NalUnitType> UnitsOf(ProgramPacket packet)
    {
        var payload = packet.Packet.Body.ToArray()[5..];
        var units = new List<NalUnitType>();
        foreach (var range in NalUnits.ReadLengthPrefixed(payload, 4))
            units.Add(NalUnits.TypeOf(payload.AsSpan(range)));
        return units;
    }

    private static void AssertWallClock(ProgramHarness harness, double tolerance = 0.5)
    {
        var wall = (harness.Now - harness.Machine.OnAirSince).Seconds;
        // The program begins with what was cached before it went on air.
        var program = harness.Machine.Timeline!.LastVideo.Seconds;
        Assert.InRange(program - wall, -tolerance, tolerance);
    }

    /// <summary>A loop of which only the first second can be read.</summary>
    private sealed class HalfRead : FallbackContent
    {
        private readonly LoopOfPictures _whole = new();

        public override int FrameCount => _whole.FrameCount;

        public override AudioSpecificConfig? Audio => _whole.Audio;

        public override AvcDecoderConfiguration? Configuration => _whole.Configuration;

        public override MediaTime TimeOfFrame(long index) => _whole.TimeOfFrame(index);

        public override MediaPacket? GetFrame(int index) => index >= 30 ? null : _whole.GetFrame(index);
    }
}
