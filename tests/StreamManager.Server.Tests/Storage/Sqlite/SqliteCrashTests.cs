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

    private static async Task LimitAsync(int process, string limit)
    {
        var result = await ChildProcess.RunAsync("prlimit", ["--pid", process.ToString(CultureInfo.InvariantCulture), $"--fsize={limit}"]);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
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
