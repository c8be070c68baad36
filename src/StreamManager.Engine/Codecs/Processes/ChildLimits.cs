namespace StreamManager.Engine.Codecs.Processes;

/// <summary>
/// What the kernel lets a child use at most. Set by <c>prlimit</c> of util-linux before the child becomes the program; on a machine without it children run without these limits, and
/// only the time limit of the job holds.
/// </summary>
internal sealed record ChildLimits
{
    /// <summary>Address space in bytes; beyond it an allocation fails.</summary>
    public required long AddressSpaceBytes { get; init; }

    /// <summary>Processor time in seconds, over all threads; beyond it the child gets SIGXCPU, and <see cref="Grace"/> seconds of it later SIGKILL.</summary>
    public required int ProcessorSeconds { get; init; }

    /// <summary>Processor time in which a child that was told to end may do so.</summary>
    public const int Grace = 5;

    /// <summary>Largest file that it may write, in bytes. Pipes are no files.</summary>
    public long FileBytes { get; init; }

    /// <summary>Open files at once: a program with its libraries and one input needs about ten.</summary>
    public int OpenFiles { get; init; } = 64;

    /// <summary>The program that sets them; null: there is none on this machine.</summary>
    public static string? Setter => OperatingSystem.IsLinux() ? ExecutablePath.Find("prlimit") : null;

    /// <summary>Arguments of <see cref="Setter"/>, before the program and its own.</summary>
    public IEnumerable<string> Arguments =>
        [$"--as={AddressSpaceBytes}", $"--cpu={ProcessorSeconds}:{ProcessorSeconds + Grace}", $"--fsize={FileBytes}", $"--nofile={OpenFiles}", "--core=0"];
}
