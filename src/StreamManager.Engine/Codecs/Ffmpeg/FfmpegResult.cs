namespace StreamManager.Engine.Codecs.Ffmpeg;

/// <summary>How a run of ffmpeg ended.</summary>
public enum FfmpegOutcome
{
    /// <summary>Exit code 0, and its output was taken whole.</summary>
    Succeeded = 1,

    /// <summary>The program is not there.</summary>
    NotInstalled = 2,

    /// <summary>It is there and could not be started (rights, memory, disk).</summary>
    NotStarted = 3,

    /// <summary>It said no: an input that it cannot read, an encoder that it does not have, or a crash.</summary>
    Failed = 4,

    /// <summary>It took longer than allowed and was killed.</summary>
    TimedOut = 5,

    /// <summary>Its output broke a rule of ours, or could not be stored.</summary>
    OutputRejected = 6,

    /// <summary>It used more processor time than <see cref="FfmpegJob.Limits"/> allow, and the kernel told it to end.</summary>
    BeyondProcessorTime = 7,

    /// <summary>It needed more memory than <see cref="FfmpegJob.Limits"/> allow.</summary>
    BeyondMemory = 8,
}

/// <summary>The end of a run, as a value: a child that fails is an event.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="ExitCode">ffmpeg's exit code, 128 + n after signal n; null when it never ran.</param>
/// <param name="Words">Empty on success; otherwise what happened, for a person, with ffmpeg's own last words.</param>
public sealed record FfmpegResult(FfmpegOutcome Outcome, int? ExitCode, string Words)
{
    /// <summary>All went well.</summary>
    public bool IsSuccess => Outcome is FfmpegOutcome.Succeeded;
}
