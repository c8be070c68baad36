using StreamManager.TestKit.Media;
using StreamManager.TestKit.Processes;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>The promise to a destination, judged on what it recorded.</summary>
internal static class Unbroken
{
    /// <summary>Timestamps on the wire are whole milliseconds: a step is rounded at both ends.</summary>
    private const int RoundingMs = 2;

    /// <summary>
    /// Asserts that a recording is one continuous stream in one format: decode times rise on both tracks by one frame at most, and ffmpeg decodes it, and its copy in an MP4 file, without a word.
    /// </summary>
    /// <param name="file">An FLV file of a destination that ended its recording.</param>
    /// <param name="settings">Frame durations of the program: those of its first source.</param>
    /// <returns>What is in it.</returns>
    public static async Task<FlvRecording> AssertAsync(string file, EncoderSettings settings)
    {
        var recording = FlvRecording.Read(file);
        Assert.False(recording.IsTruncated, $"{file} ends inside a tag");
        AssertSteps("video", recording.Video, settings.FrameDuration);
        AssertSteps("audio", recording.Audio, settings.AudioFrameDuration);
        Assert.Single(recording.Video.Configurations);

        // nginx writes the first audio configuration down twice: once of its own when the recording begins, once as it came.
        Assert.InRange(recording.Audio.Configurations.Count, 1, 2);
        Assert.Single(recording.Audio.Configurations.Select(Convert.ToHexString).Distinct(StringComparer.Ordinal));
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(file));

        // Platforms remux what they get, and a muxer is stricter about times than a decoder.
        var copy = Path.ChangeExtension(file, ".mp4");
        var remux = await ChildProcess.RunAsync("ffmpeg", ["-nostdin", "-v", "error", "-y", "-i", file, "-c", "copy", copy]);
        Assert.Equal((0, ""), (remux.ExitCode, remux.ErrorTail));

        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(copy));
        return recording;
    }

    /// <summary>Asserts that a track has frames, each later than the one before, by one frame at most.</summary>
    public static void AssertSteps(string name, FlvTrack track, TimeSpan frame)
    {
        var limit = (long)(frame.TotalMilliseconds + RoundingMs);
        Assert.True(track.Count > 0, $"no {name}");
        Assert.True(track.IsStrictlyIncreasing && track.LargestStep <= limit, $"{name} steps: {track.DescribeStepsOver(limit)}");
    }
}
