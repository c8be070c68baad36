using System.Text;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Storage;

/// <summary>What every journal promises. Derived for each implementation; each test has a journal to itself.</summary>
public abstract class EventJournalContract : IAsyncLifetime
{
    private IEventJournal _journal = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _journal = await OpenEmptyAsync();

    public async ValueTask DisposeAsync()
    {
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A journal with nothing in it.</summary>
    private protected abstract ValueTask<IEventJournal> OpenEmptyAsync();

    /// <summary>Closes it and removes what it stood on.</summary>
    protected abstract ValueTask CleanUpAsync();

    [Fact]
    public async Task Empty_HasNothing()
    {
        Assert.Empty(await _journal.ReadAsync(null, 10, Cancel));
        Assert.Empty(await _journal.ReadNewestAsync(null, 10, Cancel));
        await _journal.AppendAsync([], Cancel);
        await _journal.TrimAsync(DateTimeOffset.UnixEpoch, 10, 1_000_000, Cancel);
        Assert.Empty(await _journal.ReadAsync(null, 10, Cancel));
    }

    [Fact]
    public async Task Appended_IsReadInOrderBothWays()
    {
        var time = new DateTimeOffset(2026, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);
        string[] bodies = ["{\"n\":1}", "žluťoučký 日本語 🎥 \r\n\0", ""];
        await _journal.AppendAsync([Entry(bodies[0], time), Entry(bodies[1], time.AddMilliseconds(1))], Cancel);
        await _journal.AppendAsync([Entry(bodies[2], time.AddDays(-1).ToOffset(TimeSpan.FromHours(3)))], Cancel);
        var all = await _journal.ReadAsync(null, 10, Cancel);
        Assert.Equal(bodies, all.Select(Text));
        Assert.Equal([time, time.AddMilliseconds(1), time.AddDays(-1)], all.Select(entry => entry.Time));
        Assert.Equal(3, all.Select(entry => entry.Position).Distinct(StringComparer.Ordinal).Count());
        Assert.All(all, entry => Assert.NotEmpty(entry.Position));
        Assert.Equal(Enumerable.Reverse(bodies), (await _journal.ReadNewestAsync(null, 10, Cancel)).Select(Text));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(50)]
    [InlineData(IEventJournal.LargestPage)]
    public async Task Pages_HaveEachEntryOnce(int limit)
    {
        const int count = 50;
        var bodies = Enumerable.Range(0, count).Select(i => $"{i}").ToArray();
        await AppendAsync(bodies);
        var forward = new List<string>();
        string? position = null;
        while (await _journal.ReadAsync(position, limit, Cancel) is { IsEmpty: false } page)
        {
            Assert.True(page.Length <= limit);
            forward.AddRange(page.Select(Text));
            position = page[^1].Position;
        }

        Assert.Equal(bodies, forward);
        var backward = new List<string>();
        position = null;
        while (await _journal.ReadNewestAsync(position, limit, Cancel) is { IsEmpty: false } page)
        {
            Assert.True(page.Length <= limit);
            backward.AddRange(page.Select(Text));
            position = page[^1].Position;
        }

        Assert.Equal(bodies.Reverse(), backward);
    }

    [Fact]
    public async Task Appended_WhileReading_ComesAfterThePosition()
    {
        await AppendAsync("1", "2");
        var last = (await _journal.ReadAsync(null, 10, Cancel))[^1].Position;
        Assert.Empty(await _journal.ReadAsync(last, 10, Cancel));
        await AppendAsync("3");
        Assert.Equal(["3"], (await _journal.ReadAsync(last, 10, Cancel)).Select(Text));
        Assert.Equal(["1"], (await _journal.ReadNewestAsync(last, 10, Cancel)).Select(Text));
    }

    [Fact]
    public async Task Time_IsFoundWhereverItIs_AlsoAmongEntriesThatCameTogether()
    {
        Assert.Null(await _journal.FindAsync(DateTimeOffset.UnixEpoch, Cancel));
        var start = new DateTimeOffset(2026, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);
        const int count = 700;

        // Three of each time; pieces of all lengths, since what is appended in one step came at one instant.
        var entries = Enumerable.Range(0, count).Select(i => Entry($"{i}", start.AddSeconds(i / 3))).ToArray();
        for (var (from, length) = (0, 1); from < count; (from, length) = (from + length, (length * 2) + 1))
            await _journal.AppendAsync([.. entries.Skip(from).Take(length)], Cancel);

        var all = await ReadAllAsync();
        for (var second = 0; second <= count / 3; second++)
        {
            var expected = all[second * 3].Position;
            Assert.Equal(expected, await _journal.FindAsync(start.AddSeconds(second), Cancel));
            Assert.Equal(expected, await _journal.FindAsync(start.AddSeconds(second).AddMilliseconds(-999).ToOffset(TimeSpan.FromHours(-7)), Cancel));
        }

        Assert.Equal(all[0].Position, await _journal.FindAsync(DateTimeOffset.MinValue, Cancel));
        Assert.Null(await _journal.FindAsync(start.AddSeconds(count), Cancel));
        Assert.Null(await _journal.FindAsync(DateTimeOffset.MaxValue, Cancel));
    }

    [Fact]
    public async Task Time_IsFoundAmongWhatIsLeftOfTheAudit_AndInTheGapBehindIt()
    {
        var start = new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.Zero);
        await _journal.AppendAsync([.. Enumerable.Range(0, 3_000).Select(i => Entry($"{i}", start.AddSeconds(i)) with { IsAudit = i % 500 == 0 })], Cancel);
        await _journal.TrimAsync(DateTimeOffset.UnixEpoch, 10, 1_000, Cancel);
        var left = await ReadAllAsync();
        Assert.InRange(left.Count, 10, 1_000);
        for (var i = 0; i < 3_000; i += 50)
            Assert.Equal(left.First(entry => entry.Time >= start.AddSeconds(i)).Position, await _journal.FindAsync(start.AddSeconds(i), Cancel));
    }

    [Fact]
    public async Task Time_WhereTimesWentBack_IsAPlaceAtWhichTheyPassIt()
    {
        var start = new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.Zero);
        await _journal.AppendAsync([.. Enumerable.Range(0, 1_000).Select(i => Entry($"{i}", start.AddSeconds(i + (i % 7 * 3))))], Cancel);
        var all = await ReadAllAsync();
        for (var i = 20; i < 980; i += 13)
        {
            var time = start.AddSeconds(i);
            var position = await _journal.FindAsync(time, Cancel);
            var at = all.FindIndex(entry => entry.Position == position);
            Assert.True(all[at].Time >= time && all[at - 1].Time < time);
            Assert.InRange(at, i - 20, i + 20);
        }
    }

    [Fact]
    public async Task Trim_ToANumber_KeepsTheNewestAndDropsMostOthers()
    {
        const int count = 5_000, kept = 100;
        var bodies = Enumerable.Range(0, count).Select(i => $"{i}").ToArray();
        foreach (var piece in bodies.Chunk(500))
            await AppendAsync(piece);
        var first = (await _journal.ReadAsync(null, 1, Cancel))[0].Position;
        await _journal.TrimAsync(DateTimeOffset.UnixEpoch, kept, 1_000_000, Cancel);
        var left = await ReadAllAsync();
        Assert.InRange(left.Count, kept, 1_000);
        Assert.Equal(bodies[^left.Count..], left.Select(Text));

        // A reader that stood at a dropped entry goes on at what is left.
        Assert.Equal(left[0].Position, (await _journal.ReadAsync(first, 1, Cancel))[0].Position);
        await AppendAsync("new");
        Assert.Equal("new", Text((await _journal.ReadNewestAsync(null, 1, Cancel))[0]));
    }

    [Fact]
    public async Task Trim_ToATime_KeepsWhatIsYounger()
    {
        await AppendAsync([.. Enumerable.Range(0, 1_000).Select(i => $"{i}")]);
        var now = TimeProvider.System.GetUtcNow();
        await _journal.TrimAsync(now.AddHours(-1), int.MaxValue, 1_000_000, Cancel);
        Assert.Equal(1_000, (await ReadAllAsync()).Count);
        await _journal.TrimAsync(now.AddHours(1), int.MaxValue, 1_000_000, Cancel);
        Assert.InRange((await ReadAllAsync()).Count, 0, 300);
    }

    [Fact]
    public async Task Trim_ToANumber_KeepsTheAuditInItsPlace()
    {
        await AppendAuditAsync(0, 5);
        foreach (var piece in Enumerable.Range(0, 5_000).Select(i => $"{i}").Chunk(500))
            await AppendAsync(piece);
        await AppendAuditAsync(5, 1);
        await AppendAsync("last");
        await _journal.TrimAsync(DateTimeOffset.UnixEpoch, 100, 1_000, Cancel);

        var left = (await ReadAllAsync()).Select(Text).ToArray();
        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"audit {i}"), left.Take(5));
        Assert.Equal(["4999", "audit 5", "last"], left[^3..]);
        Assert.InRange(left.Length, 100, 1_000);
        var backwards = new List<JournalEntry>();
        while (await _journal.ReadNewestAsync(backwards.Count == 0 ? null : backwards[^1].Position, 7, Cancel) is { IsEmpty: false } page)
            backwards.AddRange(page);
        Assert.Equal(left, backwards.Select(Text).Reverse());
        var forwards = new List<JournalEntry>();
        while (await _journal.ReadAsync(forwards.Count == 0 ? null : forwards[^1].Position, 3, Cancel) is { IsEmpty: false } page)
            forwards.AddRange(page);
        Assert.Equal(left, forwards.Select(Text));
    }

    [Fact]
    public async Task Trim_OfTheAudit_IsByItsOwnNumberAndByTime()
    {
        await AppendAuditAsync(0, 600);
        await AppendAsync([.. Enumerable.Range(0, 1_000).Select(i => $"{i}")]);
        await _journal.TrimAsync(DateTimeOffset.UnixEpoch, 10, 20, Cancel);
        var left = (await ReadAllAsync()).Select(Text).Where(body => body.StartsWith("audit", StringComparison.Ordinal)).ToArray();
        Assert.InRange(left.Length, 20, 300);
        Assert.Equal("audit 599", left[^1]);

        await _journal.TrimAsync(TimeProvider.System.GetUtcNow().AddHours(1), int.MaxValue, int.MaxValue, Cancel);
        Assert.DoesNotContain(await ReadAllAsync(), entry => Text(entry).StartsWith("audit", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Positions_AfterAllWasDropped_AreNotGivenAgain()
    {
        await AppendAsync("1", "2");
        var last = (await _journal.ReadNewestAsync(null, 1, Cancel))[0].Position;
        await _journal.TrimAsync(TimeProvider.System.GetUtcNow().AddHours(1), 0, 1_000_000, Cancel);
        await AppendAsync("3");
        Assert.Equal(["3"], (await _journal.ReadAsync(last, 10, Cancel)).Select(Text));
    }

    [Fact]
    public async Task Appenders_AtOnce_KeepTheirOrder()
    {
        const int appenders = 16, rounds = 20;
        await Task.WhenAll(Enumerable.Range(0, appenders).Select(appender => Task.Run(async () =>
        {
            for (var round = 0; round < rounds; round++)
                await AppendAsync($"{appender} {round} a", $"{appender} {round} b");
        })));
        var all = (await ReadAllAsync()).Select(Text).ToList();
        Assert.Equal(appenders * rounds * 2, all.Count);
        for (var appender = 0; appender < appenders; appender++)
        {
            Assert.Equal(
                Enumerable.Range(0, rounds).SelectMany(round => new[] { $"{appender} {round} a", $"{appender} {round} b" }),
                all.Where(body => body.StartsWith($"{appender} ", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Entry_UpToTheLimit_IsKeptAndBeyondIsRefused()
    {
        var body = new byte[StateLimits.LargestBody];
        Array.Fill(body, (byte)'x');
        await _journal.AppendAsync([new JournalEntry("", TimeProvider.System.GetUtcNow(), body)], Cancel);
        Assert.True(Assert.Single(await _journal.ReadAsync(null, 10, Cancel)).Body.Span.SequenceEqual(body));
        var tooLarge = new JournalEntry("", TimeProvider.System.GetUtcNow(), new byte[StateLimits.LargestBody + 1]);
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _journal.AppendAsync([Entry("small", TimeProvider.System.GetUtcNow()), tooLarge], Cancel));
        Assert.Single(await _journal.ReadAsync(null, 10, Cancel));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("1; DROP TABLE journal")]
    [InlineData("99999999999999999999999999")]
    public async Task Position_ThatIsNone_IsRefused(string position)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _journal.ReadAsync(position, 10, Cancel));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _journal.ReadNewestAsync(position, 10, Cancel));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(IEventJournal.LargestPage + 1)]
    public async Task Limit_OutsideOfThePage_IsRefused(int limit)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _journal.ReadAsync(null, limit, Cancel));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _journal.ReadNewestAsync(null, limit, Cancel));
    }

    [Fact]
    public async Task Cancelled_BeforeTheCall_AppendsNothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _journal.AppendAsync([Entry("1", TimeProvider.System.GetUtcNow())], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _journal.ReadAsync(null, 10, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _journal.FindAsync(DateTimeOffset.UnixEpoch, cancelled));
        Assert.Empty(await _journal.ReadAsync(null, 10, Cancel));
    }

    private static JournalEntry Entry(string body, DateTimeOffset time) => new("", time, Encoding.UTF8.GetBytes(body));

    private static string Text(JournalEntry entry) => Encoding.UTF8.GetString(entry.Body.Span);

    private async Task AppendAsync(params string[] bodies) => await _journal.AppendAsync([.. bodies.Select(body => Entry(body, TimeProvider.System.GetUtcNow()))], Cancel);

    private async Task AppendAuditAsync(int first, int count) => await _journal.AppendAsync(
        [.. Enumerable.Range(first, count).Select(i => Entry($"audit {i}", TimeProvider.System.GetUtcNow()) with { IsAudit = true })], Cancel);

    private async Task<List<JournalEntry>> ReadAllAsync()
    {
        var all = new List<JournalEntry>();
        while (await _journal.ReadAsync(all.Count == 0 ? null : all[^1].Position, IEventJournal.LargestPage, Cancel) is { IsEmpty: false } page)
            all.AddRange(page);
        return all;
    }
}
