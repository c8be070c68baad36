using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>What "the destination missed nothing" means.</summary>
internal static class RecordingJudge
{
    /// <summary>RTMP counts whole milliseconds: a step of 33.3 ms is written as 33 or 34, and each end of it may be rounded.</summary>
    private const int RoundingMilliseconds = 2;

    /// <summary>One connection, and time that goes on frame by frame on both tracks so far. The recording may still be growing.</summary>
    public static FlvRecording AssertNoHole(NginxRtmp nginx, string key, EncoderSettings settings)
    {
        Assert.Equal(1, nginx.PublishCount(key));
        var recording = FlvRecording.Read(nginx.Recording(key));
        AssertNoHole(recording, settings);
        return recording;
    }

    /// <summary>Time goes on frame by frame on both tracks.</summary>
    public static void AssertNoHole(FlvRecording recording, EncoderSettings settings)
    {
        AssertSteps(recording.Video, settings.FrameDuration, "video");
        AssertSteps(recording.Audio, settings.AudioFrameDuration, "audio");
    }

    /// <summary>Strictly increasing decode times, whatever their distance.</summary>
    public static void AssertMonotonic(FlvRecording recording)
    {
        Assert.True(recording.Video.IsStrictlyIncreasing, $"video: {recording.Video.DescribeStepsOver(long.MaxValue)}");
        Assert.True(recording.Audio.IsStrictlyIncreasing, $"audio: {recording.Audio.DescribeStepsOver(long.MaxValue)}");
    }

    private static void AssertSteps(FlvTrack track, TimeSpan frame, string name)
    {
        var limit = (long)Math.Ceiling(frame.TotalMilliseconds) + RoundingMilliseconds;
        Assert.True(track.Count > 0, $"no {name}");
        Assert.True(track.IsStrictlyIncreasing && track.LargestStep <= limit, $"{name} steps over {limit} ms: {track.DescribeStepsOver(limit)}");
    }
}
