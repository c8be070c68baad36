namespace StreamManager.Engine.Codecs.Processes;

/// <summary>What to start and how.</summary>
internal sealed record ChildProcessStart
{
    /// <summary>Absolute path, from <see cref="ExecutablePath.Find"/>.</summary>
    public required string Program { get; init; }

    /// <summary>Arguments, each passed as it is: no shell reads them.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Working directory, HOME and TMPDIR of the child.</summary>
    public required string Directory { get; init; }

    /// <summary>
    /// True for work that may take longer (clips, thumbnails): it runs at nice 10, so that on a machine with two cores it does not
    /// disturb the program which is on air.
    /// </summary>
    public bool LowPriority { get; init; }

    /// <summary>What it may use at most; null: as much as we may.</summary>
    public ChildLimits? Limits { get; init; }
}

/// <summary>How long each step of <see cref="ChildProcess.StopAsync"/> may take.</summary>
/// <param name="AfterInputClosed">ffmpeg that reads our pipe writes what it still holds and ends: about the time of its own buffers.</param>
/// <param name="AfterTerminate">ffmpeg ends its files on SIGTERM.</param>
/// <param name="AfterKill">The kernel needs a moment to tear down a process with much memory.</param>
internal sealed record ChildStopPatience(TimeSpan AfterInputClosed, TimeSpan AfterTerminate, TimeSpan AfterKill)
{
    /// <summary>For a child whose last output is still wanted.</summary>
    public static ChildStopPatience Graceful { get; } = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    /// <summary>For a child whose output nobody wants any more.</summary>
    public static ChildStopPatience None { get; } = new(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(5));
}
