using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;

namespace StreamManager.Server.Tests.Storage.Sqlite;

public sealed class SqliteCrashTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_AtAnyInstant_LosesNothingThatWasAcknowledged()
    {
        const int rounds = 24;
        var random = new Random(20_260);
        for (var round = 0; round < rounds; round++)
        {
            using var writer = StoreWriter.Start(_folder.Path, $"r{round}");
            // Every third is killed while it opens, makes or recovers the file; the others in the middle of their writes.
            if (round % 3 != 0)
                await Eventually.TrueAsync(() => writer.Lines.Count > 0);
            await Task.Delay(random.Next(round % 3 == 0 ? 400 : 120), TestContext.Current.CancellationToken);
            await writer.KillAsync();
            await CheckAsync($"r{round}", writer.Lines);
        }
    }

    [Fact]
    public async Task Disk_ThatTakesNoMore_IsToldAndTheStoreRecoversByItself()
    {
        using var writer = StoreWriter.Start(_folder.Path, "full");
        await Eventually.TrueAsync(() => writer.Lines.Count(line => line.StartsWith("kept", StringComparison.Ordinal)) > 20);
        // No file of that process may grow beyond this: the log cannot, and each write fails in the middle.
        await LimitAsync(writer.Id, $"{100 << 10}:unlimited");
        await Eventually.TrueAsync(() => writer.Lines.Count(line => line.StartsWith("refused", StringComparison.Ordinal)) > 20);
        var refused = writer.Lines.Last(line => line.StartsWith("refused", StringComparison.Ordinal));
        Assert.StartsWith("refused False", refused, StringComparison.Ordinal);
        Assert.Contains("state.db", refused, StringComparison.Ordinal);
        Assert.Contains("full", refused, StringComparison.Ordinal);

        await LimitAsync(writer.Id, "unlimited:unlimited");
        var before = writer.Lines.Count;
        await Eventually.TrueAsync(() => writer.Lines.Skip(before).Count(line => line.StartsWith("kept", StringComparison.Ordinal)) > 100);
        await writer.KillAsync();
        await CheckAsync("full", writer.Lines);
    }

    [Fact]
    public async Task Folder_MadeReadOnly_IsToldWhenTheFilesAreOpenedAnewAndTheStoreRecoversByItself()
    {
        var asUser = await UnprivilegedAsync();
        using var writer = StoreWriter.Start(_folder.Path, "read-only", asUser);
        await Eventually.TrueAsync(() => Kept(writer) > 20);
        SetModes(UnixFileMode.None);
        var before = Kept(writer);
        // What is open stays writable.
        await Eventually.TrueAsync(() => Kept(writer) > before + 100);
        Assert.All(writer.Lines, line => Assert.StartsWith("kept", line, StringComparison.Ordinal));

        // After an error of the disk the files are opened anew.
        await LimitAsync(writer.Id, $"{100 << 10}:unlimited", asUser);
        await Eventually.TrueAsync(() => writer.Lines.Any(line => line.StartsWith("refused", StringComparison.Ordinal)));
        await LimitAsync(writer.Id, "unlimited:unlimited", asUser);
        await Eventually.TrueAsync(() => writer.Lines[^1].Contains("is read-only for the server's user", StringComparison.Ordinal));
        Assert.StartsWith("refused False", writer.Lines.Last(line => line.Contains("read-only for", StringComparison.Ordinal)), StringComparison.Ordinal);

        before = Kept(writer);
        SetModes(UnixFileMode.UserWrite);
        await Eventually.TrueAsync(() => Kept(writer) > before + 100);
        await writer.KillAsync();
        await CheckAsync("read-only", writer.Lines);
    }

    private static int Kept(StoreWriter writer) => writer.Lines.Count(line => line.StartsWith("kept", StringComparison.Ordinal));

    private static async Task LimitAsync(int process, string limit, params string[] through) =>
        await RunAsync([.. through, "prlimit", "--pid", process.ToString(CultureInfo.InvariantCulture), $"--fsize={limit}"]);

    private static async Task RunAsync(params string[] words)
    {
        var result = await ChildProcess.RunAsync(words[0], words[1..]);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
    }

    /// <summary>For root nothing is read-only: what a command is run through to be nobody, who gets the folder. Nothing, when the tests are not root's.</summary>
    private async Task<string[]> UnprivilegedAsync()
    {
        if (!Environment.IsPrivilegedProcess)
            return [];
        const string nobody = "65534";
        string[] asNobody = ["setpriv", $"--reuid={nobody}", $"--regid={nobody}", "--clear-groups"];
        await RunAsync("chown", $"{nobody}:{nobody}", _folder.Path);
        string[] look = [.. asNobody, "test", "-x", Environment.ProcessPath!, "-a", "-r", typeof(SqliteCrashTests).Assembly.Location, "-a", "-w", _folder.Path];
        if ((await ChildProcess.RunAsync(look[0], look[1..])).ExitCode != 0)
            Assert.Skip("root may write to everything, and no other user can run these tests here: setpriv, and a path to them that is open to all, are needed");
        return asNobody;
    }

    /// <summary>Of the folder and the files of the state: readable for its user, and writable or not.</summary>
    private void SetModes(UnixFileMode writable)
    {
        foreach (var file in Directory.GetFiles(_folder.Path, "state.db*"))
            File.SetUnixFileMode(file, UnixFileMode.UserRead | writable);
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute | writable);
    }

    private async Task CheckAsync(string run, IReadOnlyList<string> lines)
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using var store = SqliteStateStore.Open(held, TimeProvider.System, NullLogger<SqliteStateStore>.Instance);
        var stays = Numbers(await store.ListAsync("stays", CancellationToken.None), run);
        var last = Numbers(await store.ListAsync("last", CancellationToken.None), run);
        var journal = new HashSet<string>(StringComparer.Ordinal);
        string? position = null;
        while (await store.Journal.ReadAsync(position, IEventJournal.LargestPage, CancellationToken.None) is { IsEmpty: false } page)
        {
            journal.UnionWith(page.Select(entry => Encoding.UTF8.GetString(entry.Body.Span)));
            position = page[^1].Position;
        }

        foreach (var line in lines.Where(line => line.StartsWith("kept", StringComparison.Ordinal)))
        {
            var parts = line.Split(' ');
            Assert.Contains(int.Parse(parts[2], CultureInfo.InvariantCulture), stays[parts[1]]);
            Assert.Contains($"{parts[1]} {parts[2]}", journal);
        }

        // All or nothing, acknowledged or not: no gap, and "last" is where "stays" ends.
        foreach (var writer in stays)
        {
            Assert.Equal(Enumerable.Range(0, writer.Count()), writer.Order());
            Assert.Equal([writer.Max()], last[writer.Key]);
        }

        Assert.Equal(stays.Count, last.Count);
    }

    private static ILookup<string, int> Numbers(IEnumerable<StoredDocument> documents, string run) => documents
        .Where(document => document.Id.StartsWith($"{run}-", StringComparison.Ordinal))
        .Select(document => document.Id.Split('.'))
        .ToLookup(parts => parts[0], parts => int.Parse(parts[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
}
