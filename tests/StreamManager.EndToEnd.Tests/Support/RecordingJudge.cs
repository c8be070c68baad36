using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>Judges recordings that are still growing, or of which less is asked than of a whole one (<see cref="Unbroken"/>).</summary>
internal static class RecordingJudge
{
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
        Unbroken.AssertSteps("video", recording.Video, settings.FrameDuration);
        Unbroken.AssertSteps("audio", recording.Audio, settings.AudioFrameDuration);
    }

    /// <summary>Strictly increasing decode times, whatever their distance.</summary>
    public static void AssertMonotonic(FlvRecording recording)
    {
        Assert.True(recording.Video.IsStrictlyIncreasing, $"video: {recording.Video.DescribeStepsOver(long.MaxValue)}");
        Assert.True(recording.Audio.IsStrictlyIncreasing, $"audio: {recording.Audio.DescribeStepsOver(long.MaxValue)}");
    }
}
