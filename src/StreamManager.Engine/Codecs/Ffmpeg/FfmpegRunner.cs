using StreamManager.Engine.Codecs.Processes;
using StreamManager.Media;

namespace StreamManager.Engine.Codecs.Ffmpeg;

/// <summary>Starts ffmpeg and ffprobe with the rules that hold for every run: no network, no terminal, no environment of ours, a directory of its own.</summary>
internal sealed class FfmpegRunner(FfmpegOptions options, TimeProvider time)
{
    /// <summary>ffmpeg's last lines that go into a result's words: the first of them names the cause, the later ones its consequences.</summary>
    private const int WordLines = 3;

    // Only files and pipes: a file can name other inputs (playlists, references), and those must not become connections into our network.
    private static readonly string[] Confinement = ["-protocol_whitelist", "file,pipe"];
    // SIGXCPU ends ffprobe; ffmpeg catches it as it does SIGTERM, which only we send, and ends with a code of its own.
    private const int SignalBase = 128, ProcessorTimeExceeded = 24, EndedBySignalInOrder = 255;
    private static readonly string[] MemoryWords = ["Cannot allocate memory", "malloc of size", "Resource temporarily unavailable", "failed to map segment", "out of memory"];
    private static readonly string[] FfmpegPrefix = ["-nostdin", "-hide_banner", "-loglevel", "error"];

    /// <summary>Options that belong in front of each input.</summary>
    public static IReadOnlyList<string> InputConfinement => Confinement;

    /// <summary>Starts a long-running ffmpeg; the caller owns child and directory. Null: <paramref name="failure"/> says why.</summary>
    public RunningFfmpeg? Start(IEnumerable<string> arguments, bool lowPriority, out FfmpegResult? failure) =>
        StartProgram(options.Ffmpeg, [.. FfmpegPrefix, .. arguments], lowPriority, null, out failure);

    /// <summary>Runs ffmpeg to its end.</summary>
    /// <exception cref="OperationCanceledException">The caller lost interest; the child is gone when this is thrown.</exception>
    public Task<FfmpegResult> RunAsync(FfmpegJob job, CancellationToken cancel) =>
        RunProgramAsync(options.Ffmpeg, [.. FfmpegPrefix, .. job.Arguments], job, cancel);

    /// <summary>Runs ffprobe to its end.</summary>
    /// <exception cref="OperationCanceledException">The caller lost interest; the child is gone when this is thrown.</exception>
    public Task<FfmpegResult> RunProbeAsync(FfmpegJob job, CancellationToken cancel) =>
        RunProgramAsync(FfprobePath(), ["-hide_banner", "-loglevel", "error", .. job.Arguments], job, cancel);

    private string FfprobePath()
    {
        if (options.Ffprobe is { } given) return given;
        var beside = ExecutablePath.Find(options.Ffmpeg) is { } ffmpeg ? Path.Combine(Path.GetDirectoryName(ffmpeg)!, "ffprobe") : null;
        return beside is not null && File.Exists(beside) ? beside : "ffprobe";
    }

    private RunningFfmpeg? StartProgram(string program, IReadOnlyList<string> arguments, bool lowPriority, ChildLimits? limits, out FfmpegResult? failure)
    {
        if (ExecutablePath.Find(program) is not { } path)
        {
            failure = new(FfmpegOutcome.NotInstalled, null, $"{Path.GetFileName(program)} is not installed (looked for \"{program}\")");
            return null;
        }

        PrivateDirectory directory;
        try
        {
            directory = PrivateDirectory.Create(options.WorkDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failure = new(FfmpegOutcome.NotStarted, null, $"no working directory could be made for {Path.GetFileName(program)}: {e.Message}");
            return null;
        }

        var start = new ChildProcessStart { Program = path, Arguments = arguments, Directory = directory.Path, LowPriority = lowPriority, Limits = limits };
        if (!ChildProcess.TryStart(start, time, out var child, out var problem))
        {
            directory.Dispose();
            failure = new(FfmpegOutcome.NotStarted, null, problem);
            return null;
        }

        failure = null;
        return new RunningFfmpeg(child!, directory);
    }

    private async Task<FfmpegResult> RunProgramAsync(string program, IReadOnlyList<string> arguments, FfmpegJob job, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        await using var running = StartProgram(program, arguments, job.LowPriority, job.Limits, out var failure);
        if (running is null) return failure!;

        var child = running.Child;
        var name = Path.GetFileName(program);
        var writing = ChildProcess.RunOnThread("child-stdin", () => WriteInput(child, job.Input));
        var reading = ChildProcess.RunOnThread("child-stdout", () => ReadOutput(child, job.ReadOutput));
        try
        {
            await reading.WaitAsync(job.TimeLimit, time, cancel);
            await Task.WhenAll(writing, child.Completion).WaitAsync(job.TimeLimit, time, cancel);
        }
        catch (TimeoutException)
        {
            return new(FfmpegOutcome.TimedOut, null, $"{name} took longer than {job.TimeLimit.TotalSeconds:0} s and was stopped");
        }
        catch (Exception e) when (e is MediaFormatException or IOException or UnauthorizedAccessException)
        {
            // When ffmpeg failed, its output is cut short too: its own words are the cause then.
            var code = await child.StopAsync(new(TimeSpan.FromSeconds(1), TimeSpan.Zero, TimeSpan.FromSeconds(5)));
            return code is { } ended and not 0 && !child.WasKilled
                ? Failed(name, ended, child, job.Limits)
                : new(FfmpegOutcome.OutputRejected, code, $"the output of {name} could not be used: {e.Message}");
        }
        finally
        {
            // The reader ends when the pipe does; it must not run on after its stream's owner has returned.
            await child.StopAsync(ChildStopPatience.None);
            await Task.WhenAny(Task.WhenAll(reading, writing), Task.Delay(TimeSpan.FromSeconds(5), time, CancellationToken.None));
        }

        var exitCode = await child.Completion;
        return exitCode == 0 ? new(FfmpegOutcome.Succeeded, 0, "") : Failed(name, exitCode, child, job.Limits);
    }

    /// <summary>The result for a child that ended with a code other than 0 by itself.</summary>
    public static FfmpegResult Failed(string name, int exitCode, ChildProcess child)
    {
        var said = child.Errors.LastLines(WordLines);
        var how = exitCode > 128 ? $"was ended by signal {exitCode - 128}" : $"ended with code {exitCode}";
        return new(FfmpegOutcome.Failed, exitCode, said.Length == 0 ? $"{name} {how}" : $"{name} {how}: {said}");
    }

    private static FfmpegResult Failed(string name, int exitCode, ChildProcess child, ChildLimits? limits)
    {
        if (limits is null || ChildLimits.Setter is null) return Failed(name, exitCode, child);
        if (exitCode is EndedBySignalInOrder or SignalBase + ProcessorTimeExceeded)
            return new(FfmpegOutcome.BeyondProcessorTime, exitCode, $"{name} used more than {limits.ProcessorSeconds} s of processor time and was stopped");
        return SaysOutOfMemory(child.Errors.ToString())
            ? new(FfmpegOutcome.BeyondMemory, exitCode, $"{name} needed more than {limits.AddressSpaceBytes >> 20} MiB of memory")
            : Failed(name, exitCode, child);
    }

    // The words of ffmpeg, x264, the C library's threads, and the loader. A buffer is refused for a wrong size, too; then it says so.
    private static bool SaysOutOfMemory(string errors) =>
        MemoryWords.Any(words => errors.Contains(words, StringComparison.OrdinalIgnoreCase))
        || (errors.Contains("get_buffer() failed", StringComparison.Ordinal) && !errors.Contains("invalid", StringComparison.OrdinalIgnoreCase) && !errors.Contains("exceeds", StringComparison.Ordinal));

    private static void WriteInput(ChildProcess child, ReadOnlyMemory<byte> input)
    {
        try
        {
            child.Input.Write(input.Span);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It ended, or it has seen enough: its exit code tells which.
        }

        child.CloseInput();
    }

    private static void ReadOutput(ChildProcess child, Action<Stream>? read)
    {
        read?.Invoke(child.Output);
        // What nobody wants is read all the same: a full pipe would hold the child up for ever.
        var rest = new byte[16 * 1024];
        while (child.Output.Read(rest) > 0)
        {
        }
    }
}

/// <summary>A started ffmpeg and its directory. Disposing ends the one, then deletes the other.</summary>
internal sealed class RunningFfmpeg(ChildProcess child, PrivateDirectory directory) : IAsyncDisposable
{
    /// <summary>The child.</summary>
    public ChildProcess Child { get; } = child;

    /// <summary>Its working directory.</summary>
    public string Directory => directory.Path;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Child.DisposeAsync();
        directory.Dispose();
    }
}
