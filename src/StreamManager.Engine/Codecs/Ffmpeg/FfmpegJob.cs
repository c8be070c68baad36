namespace StreamManager.Engine.Codecs.Ffmpeg;

/// <summary>One run of ffmpeg or ffprobe from start to end.</summary>
internal sealed record FfmpegJob
{
    /// <summary>Everything after the options that every run has.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Killed when it takes longer.</summary>
    public required TimeSpan TimeLimit { get; init; }

    /// <summary>See <see cref="Processes.ChildProcessStart.LowPriority"/>.</summary>
    public bool LowPriority { get; init; } = true;

    /// <summary>See <see cref="Processes.ChildProcessStart.Limits"/>.</summary>
    public Processes.ChildLimits? Limits { get; init; }

    /// <summary>Bytes for its standard input, then the end of it; empty = the end at once.</summary>
    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>
    /// Reads the standard output, on a thread of its own, until the end. May throw <see cref="Media.MediaFormatException"/> or
    /// <see cref="IOException"/>: the child is then killed and the result is <see cref="FfmpegOutcome.OutputRejected"/>.
    /// </summary>
    public Action<Stream>? ReadOutput { get; init; }
}
