using System.Globalization;
using System.Text;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Storage;

/// <summary>What every store promises. Derived for each implementation; each test has a store to itself.</summary>
public abstract partial class StateStoreContract : IAsyncLifetime
{
    private const string Kind = "thing";

    private IStateStore _store = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _store = await OpenEmptyAsync();

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A store with nothing in it, in real time.</summary>
    private protected abstract ValueTask<IStateStore> OpenEmptyAsync();

    /// <summary>Removes what the store stood on; it is closed already.</summary>
    protected abstract ValueTask CleanUpAsync();

    [Fact]
    public async Task Get_OfNothing_IsNull()
    {
        Assert.Null(await _store.GetAsync(Kind, "a", Cancel));
        Assert.Null(await _store.GetAsync(Kind, "an id that nobody may write", Cancel));
        Assert.Empty(await _store.ListAsync(Kind, Cancel));
        Assert.True(_store.Health.IsAvailable);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"name\":\"x\"}")]
    [InlineData("žluťoučký kůň 日本語 🎥 \0 \r\n \"'\\")]
    public async Task Put_ThenGet_IsWhatWasPut(string body)
    {
        var version = await PutAsync("a", body);
        var document = await _store.GetAsync(Kind, "a", Cancel);
        Assert.NotNull(document);
        Assert.Equal((Kind, "a", body, version, null), (document.Kind, document.Id, Text(document), document.Version, document.ExpiresAt));
        Assert.Equal([document], await _store.ListAsync(Kind, Cancel), SameDocument);
    }

    [Fact]
    public async Task Put_Again_ReplacesBodyAndRaisesVersion()
    {
        var first = await PutAsync("a", "1");
        var second = await PutAsync("a", "2", expected: first);
        Assert.True(second > first);
        Assert.Equal("2", Text(Assert.Single(await _store.ListAsync(Kind, Cancel))));
    }

    [Fact]
    public async Task Put_WithAnotherVersionThanTheActualOne_NamesItAndChangesNothing()
    {
        Assert.Equal(new StateWriteResult.Conflict(Kind, "a", StateWrite.Absent), await TryPutAsync("a", "0", expected: 5));
        Assert.Null(await _store.GetAsync(Kind, "a", Cancel));

        var version = await PutAsync("a", "1", StateWrite.Absent);
        Assert.Equal(new StateWriteResult.Conflict(Kind, "a", version), await TryPutAsync("a", "2", StateWrite.Absent));
        Assert.Equal(new StateWriteResult.Conflict(Kind, "a", version), await TryPutAsync("a", "2", version + 1));
        var document = await _store.GetAsync(Kind, "a", Cancel);
        Assert.Equal(("1", version), (Text(document!), document!.Version));
    }

    [Fact]
    public async Task Remove_ChecksTheVersionToo()
    {
        Assert.IsType<StateWriteResult.Done>(await WriteAsync(new StateWrite.Remove(Kind, "a")));
        Assert.IsType<StateWriteResult.Done>(await WriteAsync(new StateWrite.Remove(Kind, "a", StateWrite.Absent)));
        Assert.Equal(new StateWriteResult.Conflict(Kind, "a", StateWrite.Absent), await WriteAsync(new StateWrite.Remove(Kind, "a", 7)));

        var version = await PutAsync("a", "1");
        Assert.Equal(new StateWriteResult.Conflict(Kind, "a", version), await WriteAsync(new StateWrite.Remove(Kind, "a", version - 1)));
        Assert.Equal(new StateWriteResult.Conflict(Kind, "a", version), await WriteAsync(new StateWrite.Remove(Kind, "a", StateWrite.Absent)));
        Assert.NotNull(await _store.GetAsync(Kind, "a", Cancel));
        Assert.IsType<StateWriteResult.Done>(await WriteAsync(new StateWrite.Remove(Kind, "a", version)));
        Assert.Null(await _store.GetAsync(Kind, "a", Cancel));
        Assert.Empty(await _store.ListAsync(Kind, Cancel));
    }

    [Fact]
    public async Task Versions_AreNeverSeenAgain()
    {
        var seen = new List<long>();
        for (var round = 0; round < 5; round++)
        {
            seen.Add(await PutAsync("a", "x"));
            seen.Add(await PutAsync("b", "x"));
            await WriteAsync(new StateWrite.Remove(Kind, "a"));
        }

        Assert.Equal(seen.Order().Distinct(), seen);
        Assert.True(seen[0] >= 1);
    }

    [Fact]
    public async Task Write_OfSeveral_IsAllOrNothing()
    {
        var version = await PutAsync("a", "1");
        Assert.Equal(
            new StateWriteResult.Conflict(Kind, "c", StateWrite.Absent),
            await WriteAsync(Put("a", "2", version), Put("b", "2", StateWrite.Absent), new StateWrite.Remove(Kind, "c", 3), Put("other", "d", "2")));
        Assert.Equal("1", Text(Assert.Single(await _store.ListAsync(Kind, Cancel))));
        Assert.Empty(await _store.ListAsync("other", Cancel));

        var done = Assert.IsType<StateWriteResult.Done>(await WriteAsync(new StateWrite.Remove(Kind, "a", version), Put("b", "2", StateWrite.Absent), Put("other", "d", "2")));
        Assert.Null(await _store.GetAsync(Kind, "a", Cancel));
        Assert.Equal(done.Version, (await _store.GetAsync(Kind, "b", Cancel))!.Version);
        Assert.Equal(done.Version, (await _store.GetAsync("other", "d", Cancel))!.Version);
    }

    [Fact]
    public async Task Write_OfTheMost_IsMade()
    {
        await WriteAsync([.. Enumerable.Range(0, StateLimits.MostWrites).Select(i => Put($"{i}", "x", StateWrite.Absent))]);
        Assert.Equal(StateLimits.MostWrites, (await _store.ListAsync(Kind, Cancel)).Length);
    }

    [Fact]
    public async Task Body_UpToTheLimit_IsKeptAndBeyondIsRefused()
    {
        var body = new byte[StateLimits.LargestBody];
        Array.Fill(body, (byte)'x');
        body[^1] = (byte)'y';
        await WriteAsync(new StateWrite.Put(Kind, "a", body));
        Assert.True((await _store.GetAsync(Kind, "a", Cancel))!.Body.Span.SequenceEqual(body));
        await RefusedAsync(new StateWrite.Put(Kind, "b", new byte[StateLimits.LargestBody + 1]));
        Assert.Single(await _store.ListAsync(Kind, Cancel));
    }

    [Theory]
    [InlineData("", "a")]
    [InlineData("Thing", "a")]
    [InlineData("th ing", "a")]
    [InlineData("th_ing", "a")]
    [InlineData("é", "a")]
    [InlineData("a1234567890123456789012345678901234567890", "a")]
    [InlineData("thing", "")]
    [InlineData("thing", "a b")]
    [InlineData("thing", "a\n")]
    [InlineData("thing", "é")]
    [InlineData("thing", "\u007f")]
    public async Task Names_OutsideTheLimits_AreRefused(string kind, string id)
    {
        await RefusedAsync(Put("fine", "x"), new StateWrite.Put(kind, id, "x"u8.ToArray()));
        await RefusedAsync(new StateWrite.Remove(kind, id));
        Assert.Empty(await _store.ListAsync(Kind, Cancel));
    }

    [Fact]
    public async Task Writes_NoneTooManyOrTwice_AreRefused()
    {
        await RefusedAsync();
        await RefusedAsync([.. Enumerable.Range(0, StateLimits.MostWrites + 1).Select(i => Put($"{i}", "x"))]);
        await RefusedAsync(Put("a", "1"), new StateWrite.Remove(Kind, "a"));
        await RefusedAsync(Put(new string('x', StateLimits.LongestId + 1), "1"));
        Assert.Empty(await _store.ListAsync(Kind, Cancel));
    }

    [Fact]
    public async Task Names_WithEverythingAllowed_AreKeptApart()
    {
        string[] ids = ["*", "?", "[a-z]", "a", "A", "a:b", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "{x}", new string('z', StateLimits.LongestId), "-", "%", "_"];
        string[] kinds = ["thing", "thing-2", "thin", "1", "stream:key", "stream:alias", new string('k', StateLimits.LongestKind)];
        foreach (var kind in kinds)
            await WriteAsync([.. ids.Select(id => Put(kind, id, $"{kind} {id}"))]);
        foreach (var kind in kinds)
        {
            var all = await _store.ListAsync(kind, Cancel);
            Assert.Equal(ids.Order(StringComparer.Ordinal), all.Select(document => document.Id).Order(StringComparer.Ordinal));
            Assert.All(all, document => Assert.Equal($"{kind} {document.Id}", Text(document)));
            foreach (var id in ids)
                Assert.Equal($"{kind} {id}", Text((await _store.GetAsync(kind, id, Cancel))!));
        }
    }

    [Fact]
    public async Task List_OfTenThousand_HasEachOnce()
    {
        const int count = 10_000;
        foreach (var piece in Enumerable.Range(0, count).Chunk(StateLimits.MostWrites))
            await WriteAsync([.. piece.Select(i => Put($"{i}", $"body {i}", StateWrite.Absent))]);
        await WriteAsync(Put("thing-2", "x", "x"), Put("thin", "x", "x"));
        var all = await _store.ListAsync(Kind, Cancel);
        Assert.Equal(count, all.Length);
        Assert.Equal(count, all.Select(document => document.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.All(all, document => Assert.Equal($"body {document.Id}", Text(document)));
    }

    [Fact]
    public async Task Writers_AtOnceWithCompareAndSet_LoseNothing()
    {
        const int writers = 16, increments = 20;
        await PutAsync("n", "0");
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            for (var done = 0; done < increments;)
            {
                var document = (await _store.GetAsync(Kind, "n", Cancel))!;
                var next = (int.Parse(Text(document), CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);
                if (await TryPutAsync("n", next, document.Version) is StateWriteResult.Done)
                    done++;
            }
        })));
        Assert.Equal($"{writers * increments}", Text((await _store.GetAsync(Kind, "n", Cancel))!));
    }

    [Fact]
    public async Task Cancelled_BeforeTheCall_ChangesNothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.WriteAsync([Put("a", "1")], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.GetAsync(Kind, "a", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.ListAsync(Kind, cancelled));
        Assert.Null(await _store.GetAsync(Kind, "a", Cancel));
    }

    private protected static StateWrite Put(string id, string body, long? expected = null) => new StateWrite.Put(Kind, id, Encoding.UTF8.GetBytes(body), expected);

    private protected static StateWrite Put(string kind, string id, string body) => new StateWrite.Put(kind, id, Encoding.UTF8.GetBytes(body));

    private static string Text(StoredDocument document) => Encoding.UTF8.GetString(document.Body.Span);

    private static bool SameDocument(StoredDocument one, StoredDocument other) =>
        (one.Kind, one.Id, one.Version, one.ExpiresAt, Text(one)) == (other.Kind, other.Id, other.Version, other.ExpiresAt, Text(other));

    private async Task<long> PutAsync(string id, string body, long? expected = null) => Assert.IsType<StateWriteResult.Done>(await TryPutAsync(id, body, expected)).Version;

    private async Task<StateWriteResult> TryPutAsync(string id, string body, long? expected) => await WriteAsync(Put(id, body, expected));

    private async Task<StateWriteResult> WriteAsync(params StateWrite[] writes) => await _store.WriteAsync([.. writes], Cancel);

    private async Task RefusedAsync(params StateWrite[] writes) => await Assert.ThrowsAnyAsync<ArgumentException>(() => WriteAsync(writes));
}
