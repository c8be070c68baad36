using System.ComponentModel;
using System.Diagnostics;

namespace StreamManager.Engine.Codecs.Processes;

/// <summary>
/// One supervised child: started whole or not at all, its error stream always drained, ended in bounded time with everything it started.
/// </summary>
/// <remarks>
/// The pipes are blocking ones: .NET serves an "asynchronous" read of an anonymous pipe by blocking a thread of the pool, and two children would
/// hold up the pool of a machine with two cores, and with it every connection. So each pipe is read by a thread of its own (see <see cref="RunOnThread"/>).
/// </remarks>
internal sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>Enough for the last some hundred lines; a child may say much more in a week on air.</summary>
    public const int ErrorTailBytes = 16 * 1024;

    private readonly Process _process;
    private readonly TimeProvider _time;
    private readonly BoundedTail _errors = new(ErrorTailBytes);
    private int _inputClosed;

    private ChildProcess(Process process, TimeProvider time)
    {
        _process = process;
        _time = time;
        Id = process.Id;
        Input = process.StandardInput.BaseStream;
        Output = process.StandardOutput.BaseStream;
        var drained = RunOnThread("child-stderr", DrainErrors);
        Completion = CompleteAsync(drained);
    }

    /// <summary>The operating system's number for it.</summary>
    public int Id { get; }

    /// <summary>The child's standard input. Written by one owner; closed by <see cref="CloseInput"/>.</summary>
    public Stream Input { get; }

    /// <summary>The child's standard output. Read by one owner, on a thread of its own: a read blocks.</summary>
    public Stream Output { get; }

    /// <summary>The exit code, when the child has ended and its last words are read; 128 + n after signal n.</summary>
    public Task<int> Completion { get; }

    /// <summary>True when it was us who killed it: its exit code then says nothing about it.</summary>
    public bool WasKilled { get; private set; }

    /// <summary>What it wrote to its error stream last.</summary>
    public BoundedTail Errors => _errors;

    /// <summary>Starts a child. False: <paramref name="problem"/> says why in words, and nothing is left behind.</summary>
    public static bool TryStart(ChildProcessStart start, TimeProvider time, out ChildProcess? child, out string problem)
    {
        child = null;
        problem = "";
        var command = CommandOf(start);
        var info = new ProcessStartInfo
        {
            FileName = command[0],
            WorkingDirectory = start.Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in command.Skip(1)) info.ArgumentList.Add(argument);
        SetEnvironment(info, start.Directory);

        var process = new Process { StartInfo = info };
        try
        {
            if (!process.Start()) throw new InvalidOperationException("no process was started");
            child = new ChildProcess(process, time);
            return true;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            process.Dispose();
            problem = $"{Path.GetFileName(start.Program)} could not be started: {e.Message}";
            return false;
        }
    }

    /// <summary>Runs blocking work on a thread of its own and gives its end as a task.</summary>
    public static Task RunOnThread(string name, Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                work();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        { IsBackground = true, Name = name };
        thread.Start();
        return done.Task;
    }

    /// <summary>Tells the child that nothing more will come. For the owner of <see cref="Input"/>: it waits for a write that is under way. Twice is harmless.</summary>
    public void CloseInput()
    {
        if (Interlocked.Exchange(ref _inputClosed, 1) != 0) return;
        try
        {
            Input.Dispose();
        }
        catch (IOException)
        {
            // The child closed its side first.
        }
    }

    /// <summary>Ends the child: close its input, wait, SIGTERM, wait, kill it with all it started. Returns the exit code, null when even that did not end it.</summary>
    public async Task<int?> StopAsync(ChildStopPatience patience)
    {
        if (Completion.IsCompleted) return await Completion;
        if (patience.AfterInputClosed > TimeSpan.Zero)
        {
            // Closing waits for a write that hangs in a full pipe, which only the child's end frees: so not on this thread.
            _ = RunOnThread("child-close", CloseInput);
            if (await EndsWithinAsync(patience.AfterInputClosed)) return await Completion;
        }

        if (patience.AfterTerminate > TimeSpan.Zero)
        {
            await SendTerminateAsync();
            if (await EndsWithinAsync(patience.AfterTerminate)) return await Completion;
        }

        Kill();
        return await EndsWithinAsync(patience.AfterKill) ? await Completion : null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // A child that the kernel does not let go (a disk that hangs) keeps its Process object; it is reaped when it ends.
        if (await StopAsync(ChildStopPatience.None) is null) return;
        CloseInput();
        Output.Dispose();
        _process.Dispose();
    }

    // `nice` and `prlimit` set what they set before they become the program, so that it holds for every thread of it: a later setpriority would miss some.
    private static List<string> CommandOf(ChildProcessStart start)
    {
        var command = new List<string>();
        if (start.LowPriority && ExecutablePath.Find("nice") is { } nice) command.AddRange([nice, "-n", "10"]);
        if (start.Limits is { } limits && ChildLimits.Setter is { } setter) command.AddRange([setter, .. limits.Arguments]);
        command.AddRange([start.Program, .. start.Arguments]);
        return command;
    }

    private static void SetEnvironment(ProcessStartInfo info, string directory)
    {
        // Our own environment has stream keys and tokens in it; /proc shows a child's to everybody who may look at the child.
        var path = Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin";
        info.Environment.Clear();
        info.Environment["PATH"] = path;
        info.Environment["HOME"] = directory;
        info.Environment["TMPDIR"] = directory;
        info.Environment["LANG"] = "C.UTF-8";
        info.Environment["AV_LOG_FORCE_NOCOLOR"] = "1";
    }

    private void DrainErrors()
    {
        var buffer = new byte[4096];
        var stream = _process.StandardError.BaseStream;
        try
        {
            int read;
            while ((read = stream.Read(buffer)) > 0) _errors.Append(buffer.AsSpan(0, read));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The end of the pipe, said otherwise.
        }
    }

    private async Task<int> CompleteAsync(Task drained)
    {
        await _process.WaitForExitAsync();
        // A grandchild can hold the pipe open after the child's end; the words that count are there by then.
        await Task.WhenAny(drained, Task.Delay(TimeSpan.FromSeconds(1), _time));
        return _process.ExitCode;
    }

    private async Task<bool> EndsWithinAsync(TimeSpan limit)
    {
        if (Completion.IsCompleted) return true;
        if (limit <= TimeSpan.Zero) return false;
        return await Task.WhenAny(Completion, Task.Delay(limit, _time)) == Completion;
    }

    private async Task SendTerminateAsync()
    {
        // .NET knows only SIGKILL; the shell's own `kill` is on every POSIX system.
        if (OperatingSystem.IsWindows() || Completion.IsCompleted) return;
        try
        {
            var info = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardError = true };
            foreach (var argument in (string[])["-c", "kill -TERM \"$0\"", Id.ToString()]) info.ArgumentList.Add(argument);
            info.Environment.Clear();
            using var shell = Process.Start(info);
            if (shell is not null) await shell.WaitForExitAsync();
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            // No shell: the kill that follows needs none.
        }
    }

    private void Kill()
    {
        WasKilled = true;
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended between the look and the call.
        }
    }
}
