using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Storage.Sqlite;

/// <summary>A process that writes to a store as fast as it can and says on its standard output what was acknowledged (<c>kept</c>) and what was not (<c>refused</c>).</summary>
internal sealed class StoreWriter : IDisposable
{
    /// <summary>First argument of the child.</summary>
    public const string Argument = "write-to-a-store";

    /// <summary>Writers at once in the child.</summary>
    public const int Writers = 4;

    private static readonly Lock Output = new();

    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly Task _reading;

    private StoreWriter(Process process)
    {
        _process = process;
        _reading = Task.Run(ReadAsync);
    }

    public int Id => _process.Id;

    /// <summary>Whole lines so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    /// <summary>Starts the child. What goes beyond a limit on file sizes is an error there instead of its end (SIGXFSZ is ignored).</summary>
    /// <param name="folder">Its data directory.</param>
    /// <param name="run">Begins the names of its documents.</param>
    /// <param name="through">A program that runs it, with arguments: to be another user.</param>
    public static StoreWriter Start(string folder, string run, params string[] through)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true, UseShellExecute = false };
        string[] arguments = ["-c", "trap '' XFSZ; exec \"$@\"", "sh", .. through, Environment.ProcessPath!, .. ProgramArguments(), Argument, folder, run];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return new StoreWriter(Process.Start(start)!);
    }

    /// <summary>SIGKILL; returns when it is gone and all that it said is in <see cref="Lines"/>.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _reading.WaitAsync(Eventually.DefaultTimeout);
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    /// <summary>The child's side.</summary>
    public static async Task<int> RunAsync(string folder, string run)
    {
        using var held = DataDirectoryLock.Take(folder);
        await using var store = SqliteStateStore.Open(held, TimeProvider.System, NullLogger<SqliteStateStore>.Instance);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(store, $"{run}-{writer}"))));
        return 0;
    }

    private static async Task WriteAsync(SqliteStateStore store, string name)
    {
        for (var i = 0; ;)
        {
            try
            {
                await store.Journal.AppendAsync([new JournalEntry("", TimeProvider.System.GetUtcNow(), Encoding.UTF8.GetBytes($"{name} {i}"))], CancellationToken.None);
                // "last" moves on with each step: it is in the same transaction as the document that stays.
                await store.WriteAsync([Put("stays", $"{name}.{i}"), Put("last", $"{name}.{i}"), new StateWrite.Remove("last", $"{name}.{i - 1}")], CancellationToken.None);
                Say($"kept {name} {i}");
                i++;
            }
            catch (StoreUnavailableException e)
            {
                Say($"refused {store.Health.IsAvailable} {e.Message}");
                await Task.Delay(50);
            }
        }
    }

    private static StateWrite.Put Put(string kind, string id) => new(kind, id, Encoding.UTF8.GetBytes(new string('x', 500) + id));

    private static void Say(string line)
    {
        // One line is one write: a kill leaves whole lines, or none.
        lock (Output)
            Console.Out.WriteLine(line);
    }

    private static string[] ProgramArguments() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(StoreWriter).Assembly.Location] : [];

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            lock (_lines)
                _lines.Add(line);
        }
    }
}
