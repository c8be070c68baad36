using StreamManager.Engine.Playback;
using StreamManager.Engine.Tests.Programs;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using EncoderSettings = StreamManager.Engine.Tests.Programs.EncoderSettings;

namespace StreamManager.Engine.Tests.Playback;

public sealed class HlsSegmenterTests
{
    [Theory]
    [InlineData(0.5, 2, new[] { 1.5, 1.5, 1.5 })]
    [InlineData(1, 2, new[] { 2.0, 2.0, 2.0 })]
    [InlineData(2, 2, new[] { 2.0, 2.0, 2.0 })]
    [InlineData(2.5, 3, new[] { 2.5, 2.5, 2.5 })]
    [InlineData(4.5, 5, new[] { 4.5, 4.5, 4.5 })]
    [InlineData(4, 4, new[] { 4.0, 4.0, 4.0 })]
    [InlineData(6, 6, new[] { 6.0, 6.0, 6.0 })]
    public void Segments_EndAtKeyframes_AndTheTargetIsTheirLength(double keyframeEvery, int target, double[] durations)
    {
        var stream = new HlsStream().Run(0, durations.Sum() + 0.1, keyframeEvery, framesPerSecond: 30);
        Assert.Equal(durations, stream.Durations);
        Assert.Equal(target, stream.Segmenter.TargetSeconds);
        Assert.All(stream.Segments, segment => Assert.True(segment.IsIndependent));
        Assert.Equal([0, 1, 2], stream.Segments.Select(segment => segment.Number));
        stream.AssertContinuous();
    }

    [Fact]
    public void TimesInMilliseconds_GiveSoundOnItsOwnGrid()
    {
        var stream = new HlsStream().Run(0, 8.1, framesPerSecond: 30);
        stream.AssertContinuous();
        Assert.All(stream.Segments, segment => Assert.All(HlsStream.Tracks(segment)[2].Durations, duration => Assert.Equal(1024u, duration)));
    }

    [Fact]
    public void KeyframesThatAreTooFarApart_CutWithoutOne_AndTheNextOneIsTaken()
    {
        var stream = new HlsStream().Run(0, 20.1, keyframeEvery: 10);
        Assert.Equal(6, stream.Segmenter.TargetSeconds);
        Assert.Equal([6.4, 3.6, 6.4, 3.6], stream.Durations);
        Assert.Equal([true, false, true, false], stream.Segments.Select(segment => segment.IsIndependent));
        Assert.False(stream.Window().IsIndependent);
        stream.AssertContinuous();
    }

    [Fact]
    public void KeyframesThatBecomeRare_NeverMakeASegmentLongerThanTheTarget()
    {
        var stream = new HlsStream().Run(0, 4).Run(4, 30, keyframeEvery: 9, keyframesFrom: 4);
        Assert.Equal(2, stream.Segmenter.TargetSeconds);
        Assert.All(stream.Durations, duration => Assert.InRange(duration, 0.5, 2.4));
        stream.AssertContinuous();
    }

    [Fact]
    public void DistanceOfTheKeyframesThatIsKnown_IsTheTarget()
    {
        // The first group may be short: a scene change, or the fallback's.
        Assert.Equal(4, new HlsStream(keyframeSeconds: 4).Run(0, 2.1).Segmenter.TargetSeconds);
        Assert.Equal(2, new HlsStream(keyframeSeconds: 2.02).Run(0, 2.1).Segmenter.TargetSeconds);
        Assert.Equal(6, new HlsStream(keyframeSeconds: 60).Run(0, 2.1).Segmenter.TargetSeconds);
    }

    [Fact]
    public void TracksThatChangeWithEachKeyframe_FillNoPlaylist()
    {
        // As an encoder does that sends another configuration every millisecond.
        var stream = new HlsStream();
        for (var i = 0; i < 3_000; i++)
        {
            stream.Picture(MediaTime.FromMilliseconds(i), isKeyframe: true);
            stream.Begin(HlsStream.Header(i % 2 == 0 ? EncoderSettings.High640x360 : EncoderSettings.High320x180));
        }
        var window = stream.Window();
        Assert.Equal(3_000, stream.Segments.Count);
        Assert.Equal(HlsLimits.MaxSegments, window.Segments.Length);
        Assert.Equal(HlsLimits.MaxSegments, window.Listed);
        Assert.Equal(2_999, window.Segments[^1].Number);
    }

    [Fact]
    public void ManyBytesWithoutAKeyframe_AreCut()
    {
        // 100 Mbit/s, and a keyframe a minute.
        var stream = new HlsStream(keyframeSeconds: 60);
        var most = 0L;
        for (var second = 0; second < 60; second++)
        {
            stream.Run(second, second + 1, keyframeEvery: 60, size: 500_000);
            most = Math.Max(most, stream.Segmenter.HeldBytes + stream.Window().Segments.Sum(segment => segment.HeldBytes));
        }
        Assert.All(stream.Segments, segment => Assert.InRange(segment.HeldBytes, 1, HlsLimits.MaxSegmentBytes + 100_000));
        Assert.InRange(most, HlsLimits.MaxBytes / 2, HlsLimits.MaxBytes);
        Assert.InRange(stream.Window().Listed, 3, HlsLimits.MaxBytes / HlsLimits.MaxSegmentBytes);
        stream.AssertContinuous();
    }

    [Fact]
    public void ManySmallFrames_AreCut()
    {
        var stream = new HlsStream();
        for (var i = 0; i < 20_000; i++)
            stream.Picture(MediaTime.FromMilliseconds(i / 10), i == 0);
        Assert.Equal(4, stream.Segments.Count);
        stream.AssertContinuous();
    }

    [Fact]
    public void SoundFromBeforeTheFirstPicture_IsLeftOut()
    {
        var stream = new HlsStream();
        stream.Sound(MediaTime.FromMilliseconds(4_990));
        stream.Picture(MediaTime.FromMilliseconds(4_995), isKeyframe: false);
        stream.Picture(MediaTime.FromMilliseconds(5_000), isKeyframe: true);
        stream.Sound(MediaTime.FromMilliseconds(4_998));
        stream.Run(5.04, 9.1, keyframesFrom: 5);
        var tracks = HlsStream.Tracks(stream.Segments[0]);
        Assert.Equal(0, tracks[1].Start);
        Assert.InRange(tracks[2].Start, 0, 48 * 60);
        Assert.Equal(HlsStream.Now - TimeSpan.FromSeconds(0), stream.Segments[0].StartsAt);
    }

    [Fact]
    public void StreamWithoutSound_IsPicturesOnly()
    {
        var stream = new HlsStream(header: HlsStream.Header(hasAudio: false)).Run(0, 4.1);
        Assert.Equal([1u], HlsStream.Tracks(stream.Segments[0]).Keys);
        Assert.DoesNotContain("mp4a", HlsPlaylist.Multivariant(stream.Window(), "x"), StringComparison.Ordinal);
    }

    [Fact]
    public void OtherConfiguration_IsAnotherInitAndADiscontinuity_WithoutAHoleInTime()
    {
        var stream = new HlsStream().Run(0, 3);
        Assert.Null(stream.Begin(HlsStream.Header(EncoderSettings.High640x360)));
        stream.Run(3, 7.1, keyframesFrom: 3);
        Assert.Equal([2.0, 1.0, 2.0, 2.0], stream.Durations);
        Assert.Equal([false, false, true, false], stream.Segments.Select(segment => segment.IsDiscontinuity));
        Assert.Equal([0, 0, 1, 1], stream.Segments.Select(segment => segment.Init.Number));
        Assert.Equal((320, 640), (stream.Segments[0].Init.Video.Format.Width, stream.Segments[2].Init.Video.Format.Width));
        Assert.Equal(3 * 90_000, HlsStream.Tracks(stream.Segments[2])[1].Start);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(4.2)]
    [InlineData(-4_000)]
    public void ClockThatJumps_IsADiscontinuityAtTheNextKeyframe_AndTimeGoesOn(double jump)
    {
        var stream = new HlsStream().Run(5_000, 5_003, keyframesFrom: 5_000).Run(5_003 + jump, 5_007.1 + jump, keyframesFrom: 5_003 + jump);
        Assert.Equal(1, stream.Segments.Count(segment => segment.IsDiscontinuity));
        var starts = stream.Segments.Select(segment => HlsStream.Tracks(segment)[1].Start).ToArray();
        Assert.Equal(starts.Order(), starts);
        Assert.All(stream.Durations, duration => Assert.InRange(duration, 0.9, 2.4));
        Assert.InRange(starts[^1], 0, 90_000 * 8);
    }

    [Fact]
    public void ReaderThatLostTwoSeconds_SaysSoInPlaceOfALongSegment()
    {
        var stream = new HlsStream().Run(0, 4.5).Run(6, 10.1);
        Assert.Equal([2.0, 2.0, 0.52, 2.0, 2.0], stream.Durations);
        Assert.Equal(3, stream.Segments.FindIndex(segment => segment.IsDiscontinuity));
    }

    [Fact]
    public void SourceThatStandsStill_DoesNotStretchWhatThePlaylistPromises()
    {
        var stream = new HlsStream().Run(0, 4.5, hasAudio: false);
        stream.Picture(MediaTime.FromMilliseconds(7_400), isKeyframe: false);
        stream.Run(7.44, 10.1, hasAudio: false);
        Assert.All(stream.Durations, duration => Assert.InRange(duration, 0, 2.4));
    }

    [Fact]
    public void Program_OverCutsOfItsSource_IsOneTimelineWithoutADiscontinuity()
    {
        var program = new ProgramHarness();
        var encoder = program.Publish(settings: new EncoderSettings { HasBFrames = true, KeyframeEvery = 61 });
        program.Run(8);
        program.End(encoder, StreamManager.Rtmp.Server.RtmpPublishEnd.Broken);
        program.Run(7);
        program.Publish(settings: new EncoderSettings { HasBFrames = true, KeyframeEvery = 61 });
        program.Run(12);
        var stream = new HlsStream(header: program.Machine.Header!.Stream);
        foreach (var packet in program.Program)
            stream.Add(packet);
        Assert.InRange(stream.Segments.Count, 11, 18);
        Assert.All(stream.Segments, segment => Assert.False(segment.IsDiscontinuity));
        Assert.Single(stream.Segments.Select(segment => segment.Init).Distinct());
        stream.AssertContinuous();
    }

    [Fact]
    public void WhatHlsCannotCarry_IsSaid()
    {
        var (segmenter, none) = (new HlsSegmenter(), new List<HlsSegment>());
        var header = HlsStream.Header();
        Assert.Contains("no pictures", segmenter.Begin(header with { Video = null }, none), StringComparison.Ordinal);
        Assert.Contains("video codec vp09", segmenter.Begin(header with { Video = HlsStream.Configuration(MediaKind.Video, FourCc.Vp9, new byte[30], 5) }, none), StringComparison.Ordinal);
        Assert.Contains("audio codec fLaC", segmenter.Begin(header with { Audio = HlsStream.Configuration(MediaKind.Audio, FourCc.Flac, new byte[60], 5) }, none), StringComparison.Ordinal);
        Assert.Contains("cannot be read", segmenter.Begin(header with { Video = HlsStream.Configuration(MediaKind.Video, FourCc.Avc, new byte[6], 5) }, none), StringComparison.Ordinal);
        segmenter.Finish(none);
        Assert.Empty(none);
    }
}
