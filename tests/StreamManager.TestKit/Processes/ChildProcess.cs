using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace StreamManager.TestKit.Processes;

/// <summary>
/// A supervised child: arguments as a list, its error output drained into a bounded tail, its standard input held open, and its whole tree killed on
/// disposal or when the test process ends (a test process that is itself killed by SIGKILL cannot do that).
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, ChildProcess> Running = new();
    private static readonly TimeSpan KillWait = TimeSpan.FromSeconds(10);

    /// <summary>What a process wrote before its end is in the pipe: it takes no time to read it.</summary>
    private static readonly TimeSpan DrainWait = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly Task _errorDrain;
    private readonly Task _outputDrain;
    private int _disposed;

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var child in Running.Values)
            child.Kill();
    };

    private ChildProcess(Process process, MemoryStream? output, int tailLines)
    {
        _process = process;
        Tail = new BoundedTail(tailLines);
        Id = process.Id;
        Name = process.StartInfo.FileName;
        _errorDrain = DrainTextAsync(process.StandardError);
        _outputDrain = output is null ? DrainTextAsync(process.StandardOutput) : process.StandardOutput.BaseStream.CopyToAsync(output);
        Exited = WaitForExitAsync();
    }

    /// <summary>Process id.</summary>
    public int Id { get; }

    /// <summary>The program.</summary>
    public string Name { get; }

    /// <summary>What it wrote to its error output (and, if that is not collected, its standard output) last.</summary>
    public BoundedTail Tail { get; }

    /// <summary>Completes with the exit code (128 + signal number when a signal ended it) when its last words are in <see cref="Tail"/>. Never faults.</summary>
    public Task<int> Exited { get; }

    /// <summary>True until it has ended.</summary>
    public bool IsRunning => !Exited.IsCompleted;

    /// <summary>Starts a program.</summary>
    /// <exception cref="InvalidOperationException">It cannot be started: most often it is not installed (<c>test.sh</c> installs what tests need).</exception>
    public static ChildProcess Start(
        string fileName, IEnumerable<string> arguments, string? workingDirectory = null, IReadOnlyDictionary<string, string?>? environment = null,
        int tailLines = BoundedTail.DefaultCapacity) =>
        Start(fileName, arguments, workingDirectory, environment, output: null, tailLines);

    /// <summary>Runs a program to its end and returns its exit code, standard output and error tail.</summary>
    /// <exception cref="TimeoutException">It did not end in time; it is killed.</exception>
    public static async Task<ChildResult> RunAsync(string fileName, IEnumerable<string> arguments, TimeSpan? timeout = null)
    {
        using var output = new MemoryStream();
        await using var child = Start(fileName, arguments, workingDirectory: null, environment: null, output, BoundedTail.DefaultCapacity);
        child.CloseInput();
        var limit = timeout ?? TimeSpan.FromMinutes(2);
        if (await Task.WhenAny(child.Exited, Task.Delay(limit)) != child.Exited)
            throw new TimeoutException($"{fileName} did not end within {limit.TotalSeconds:0} s.\n{child.Tail}");
        await child._outputDrain;
        await child._errorDrain;
        return new ChildResult(await child.Exited, output.ToArray(), child.Tail.ToString());
    }

    /// <summary>Writes to its standard input; nothing happens when it has ended.</summary>
    public async Task WriteInputAsync(string text)
    {
        try
        {
            await _process.StandardInput.WriteAsync(text);
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // It ended meanwhile: what it should be told is moot.
        }
        catch (ObjectDisposedException)
        {
        }
    }

    /// <summary>Closes its standard input.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Sends a POSIX signal. False: it has ended already.</summary>
    public bool Signal(ChildSignal signal) => IsRunning && NativeKill(Id, (int)signal) == 0;

    /// <summary>SIGKILL to it and its children. Its sockets are closed by the kernel: with unread data in them the peer sees a reset.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // Ended already.
        }
        catch (Win32Exception)
        {
            // Ending right now.
        }
        catch (AggregateException)
        {
            // Some of its children were gone before they could be killed.
        }
    }

    /// <summary>Waits for the end, and kills it when that takes longer than <paramref name="grace"/>. Returns the exit code.</summary>
    public async Task<int> WaitOrKillAsync(TimeSpan grace)
    {
        if (await Task.WhenAny(Exited, Task.Delay(grace)) != Exited)
            Kill();
        return await Exited.WaitAsync(KillWait);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        if (IsRunning)
        {
            Kill();
            await Task.WhenAny(Exited, Task.Delay(KillWait));
        }
        Running.TryRemove(Id, out _);
        _process.Dispose();
    }

    private static ChildProcess Start(
        string fileName, IEnumerable<string> arguments, string? workingDirectory, IReadOnlyDictionary<string, string?>? environment, MemoryStream? output,
        int tailLines)
    {
        var start = new ProcessStartInfo(fileName)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = workingDirectory ?? "",
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal))
            start.Environment[name] = value;
        Process process;
        try
        {
            process = Process.Start(start) ?? throw new InvalidOperationException($"{fileName} did not start.");
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{fileName} cannot be started; ./test.sh installs what the tests need.", e);
        }
        var child = new ChildProcess(process, output, tailLines);
        Running[child.Id] = child;
        return child;
    }

    private async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync();
        var code = _process.ExitCode;

        // Its last words come after its end; a grandchild may hold the pipe open.
        await Task.WhenAny(_errorDrain, Task.Delay(DrainWait));
        return code;
    }

    private async Task DrainTextAsync(StreamReader reader)
    {
        try
        {
            while (await reader.ReadLineAsync() is { } line)
                Tail.Add(line);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The pipe went away with the process.
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NativeKill(int processId, int signal);
}

/// <summary>What a child that ran to its end left.</summary>
/// <param name="ExitCode">0 is success.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="ErrorTail">The last lines of its error output.</param>
public sealed record ChildResult(int ExitCode, byte[] Output, string ErrorTail);

/// <summary>POSIX signals by their Linux numbers.</summary>
public enum ChildSignal
{
    /// <summary>SIGINT: the user pressed Ctrl-C.</summary>
    Interrupt = 2,

    /// <summary>SIGQUIT.</summary>
    Quit = 3,

    /// <summary>SIGKILL.</summary>
    Kill = 9,

    /// <summary>SIGTERM: the service manager ends it.</summary>
    Terminate = 15,

    /// <summary>SIGCONT: run on.</summary>
    Continue = 18,

    /// <summary>SIGSTOP: stand still; sockets stay open and the kernel goes on acknowledging.</summary>
    Stop = 19,
}
