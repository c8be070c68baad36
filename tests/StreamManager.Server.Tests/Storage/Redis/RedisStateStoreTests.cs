using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Redis;
using StreamManager.TestKit;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Storage.Redis;

/// <summary>What only the store in Redis does: a layout that others read and write, several servers on one store, and a store that goes away.</summary>
public sealed class RedisStateStoreTests
{
    private static CancellationToken None => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Layout_IsWhatOthersExpect()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        var expires = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var done = Assert.IsType<StateWriteResult.Done>(await store.WriteAsync(
            [new StateWrite.Put("stream:key", "5f3a", "{\"n\":1}"u8.ToArray(), null, expires), new StateWrite.Put("stream:alias", "obs", "5f3a"u8.ToArray())], None));
        Assert.Equal("{\"n\":1}", await server.CommandAsync("GET", "stream:key:5f3a"));
        Assert.Equal("5f3a", await server.CommandAsync("GET", "stream:alias:obs"));
        Assert.Equal($"{done.Version}", await server.CommandAsync("GET", "version:stream:key:5f3a"));
        Assert.Equal($"{done.Version}", await server.CommandAsync("GET", "state:version"));
        Assert.Equal($"{expires.ToUnixTimeMilliseconds()}", await server.CommandAsync("PEXPIRETIME", "stream:key:5f3a"));
        Assert.Equal($"{expires.ToUnixTimeMilliseconds()}", await server.CommandAsync("PEXPIRETIME", "version:stream:key:5f3a"));
        Assert.Equal("-1", await server.CommandAsync("PEXPIRETIME", "version:stream:alias:obs"));
        await store.WriteAsync([new StateWrite.Remove("stream:key", "5f3a"), new StateWrite.Remove("stream:alias", "obs")], None);
        Assert.Equal("state:version", await server.CommandAsync("KEYS", "*"));
    }

    [Fact]
    public async Task Version_AfterTheRedisWasEmptied_DoesNotComeAgain()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        var versions = new List<long>();
        for (var i = 0; i < 3; i++)
        {
            await server.CommandAsync("FLUSHALL");
            versions.Add(Version(await store.WriteAsync([new StateWrite.Put("user", "a", "1"u8.ToArray(), StateWrite.Absent)], None)));
        }

        Assert.Equal(versions.Order().Distinct(), versions);
    }

    [Fact]
    public async Task Document_WithAnExpiryBeyondTheYear9999_HasNone()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        await server.CommandAsync("SET", "stream:alias:obs", "5f3a", "PXAT", "253402300800000");
        Assert.Null((await store.GetAsync("stream:alias", "obs", None))!.ExpiresAt);
    }

    [Fact]
    public async Task Document_WrittenByOthers_IsReadAsVersionOneAndCanBeReplaced()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        await server.CommandAsync("SET", "stream:alias:obs", "5f3a", "PXAT", "4102444800123");
        var document = Assert.Single(await store.ListAsync("stream:alias", None));
        Assert.Equal(("obs", "5f3a", 1L, 4102444800123L), (document.Id, Text(document), document.Version, document.ExpiresAt?.ToUnixTimeMilliseconds()));
        Assert.Equal(
            new StateWriteResult.Conflict("stream:alias", "obs", 1), await store.WriteAsync([new StateWrite.Put("stream:alias", "obs", "b"u8.ToArray(), StateWrite.Absent)], None));
        var done = Assert.IsType<StateWriteResult.Done>(await store.WriteAsync([new StateWrite.Put("stream:alias", "obs", "b"u8.ToArray(), 1)], None));
        // Version 1 is only ever that of others.
        Assert.True(done.Version > 1);
        document = await store.GetAsync("stream:alias", "obs", None);
        Assert.Equal(("b", done.Version, null), (Text(document!), document!.Version, document.ExpiresAt));
    }

    [Theory]
    [InlineData("HSET", "media:x", "field", "value")]
    [InlineData("SETRANGE", "media:x", "9000000", "x")]
    public async Task Key_OfOthersThatIsNoDocument_IsAbsent(params string[] command)
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        await server.CommandAsync(command);
        await server.CommandAsync("SET", "media:y", "1");
        await server.CommandAsync("SADD", "version:media:y", "1");
        Assert.Null(await store.GetAsync("media", "x", None));
        Assert.Equal(("y", 1L), (Assert.Single(await store.ListAsync("media", None)) is var only ? (only.Id, only.Version) : default));
        await store.WriteAsync([new StateWrite.Remove("media", "x")], None);
        Assert.Equal("1", await server.CommandAsync("EXISTS", "media:x"));
        Assert.IsType<StateWriteResult.Done>(await store.WriteAsync([new StateWrite.Put("media", "x", "1"u8.ToArray(), StateWrite.Absent)], None));
        Assert.Equal("1", Text((await store.GetAsync("media", "x", None))!));
    }

    [Fact]
    public async Task Versions_BeyondTheNumbersOfLua_StayExact()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        await server.CommandAsync("SET", "state:version", "9007199254740992");
        var first = await store.WriteAsync([new StateWrite.Put("user", "a", "1"u8.ToArray())], None);
        Assert.Equal(new StateWriteResult.Done(9007199254740993), first);
        Assert.Equal(new StateWriteResult.Conflict("user", "a", 9007199254740993), await store.WriteAsync([new StateWrite.Put("user", "a", "2"u8.ToArray(), 9007199254740992)], None));
        Assert.Equal(new StateWriteResult.Done(9007199254740994), await store.WriteAsync([new StateWrite.Put("user", "a", "2"u8.ToArray(), 9007199254740993)], None));
    }

    [Theory]
    [InlineData("version")]
    [InlineData("version:user")]
    [InlineData("state")]
    public async Task Kind_ThatTheStoreItselfUses_IsRefused(string kind)
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.WriteAsync([new StateWrite.Put(kind, "version", "1"u8.ToArray())], None));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.GetAsync(kind, "version", None));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.ListAsync(kind, None));
    }

    [Fact]
    public async Task List_OfDocumentsOfTheGreatestSize_IsWithinTheLimitsOfAReply()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        var body = new byte[StateLimits.LargestBody];
        for (var i = 0; i < RedisStateStore.DocumentsPerReply + 5; i++)
            await store.WriteAsync([new StateWrite.Put("media", $"{i}", body)], None);
        var all = await store.ListAsync("media", None);
        Assert.Equal(RedisStateStore.DocumentsPerReply + 5, all.Length);
        Assert.All(all, document => Assert.Equal(StateLimits.LargestBody, document.Body.Length));
    }

    [Fact]
    public async Task Changes_OfAnotherServer_AreHeard()
    {
        await using var server = await RedisServer.StartAsync();
        await using var here = await RedisStores.OpenAsync(server);
        await using var there = await RedisStores.OpenAsync(server);
        var told = new ConcurrentQueue<StateChange>();
        using var subscription = here.Subscribe(told.Enqueue);
        var first = Version(await there.WriteAsync([new StateWrite.Put("user", "a", "1"u8.ToArray()), new StateWrite.Put("user", "b", "1"u8.ToArray())], None));
        await there.WriteAsync([new StateWrite.Put("user", "a", "2"u8.ToArray(), 1)], None);
        var last = Version(await there.WriteAsync([new StateWrite.Remove("user", "a", first), new StateWrite.Remove("user", "c")], None));
        await Eventually.TrueAsync(() => told.Count >= 3);
        Assert.Equal([new StateChange.Written("user", "a", first), new StateChange.Written("user", "b", first), new StateChange.Removed("user", "a", last)], told);
    }

    [Fact]
    public async Task Changes_WhileTheConnectionForThemWasAway_AreToldAsEverything()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        var told = new ConcurrentQueue<StateChange>();
        using var subscription = store.Subscribe(told.Enqueue);
        Assert.NotEqual("0", await server.CommandAsync("CLIENT", "KILL", "TYPE", "pubsub"));
        await Eventually.TrueAsync(() => told.Contains(new StateChange.EverythingMayHaveChanged()) && store.Health.IsAvailable);
        var version = Version(await store.WriteAsync([new StateWrite.Put("user", "a", "1"u8.ToArray())], None));
        await Eventually.TrueAsync(() => told.Contains(new StateChange.Written("user", "a", version)));
        Assert.Single(told.OfType<StateChange.EverythingMayHaveChanged>());
    }

    [Fact]
    public async Task Changes_MoreThanAHandlerTakes_AreToldAsEverything()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        var gate = new TaskCompletionSource();
        var told = new ConcurrentQueue<StateChange>();
        using var subscription = store.Subscribe(change =>
        {
            gate.Task.Wait(None);
            told.Enqueue(change);
        });
        var rounds = RedisChangeFeed.Capacity / StateLimits.MostWrites * 3;
        for (var round = 0; round < rounds; round++)
            await store.WriteAsync([.. Enumerable.Range(0, StateLimits.MostWrites).Select(i => new StateWrite.Put("user", $"{i}", "1"u8.ToArray()))], None);
        // Somebody who hears the last one: by far the most of the others have come here, too.
        var seen = new ConcurrentQueue<StateChange>();
        await using var second = await RedisStores.OpenAsync(server);
        using var other = second.Subscribe(seen.Enqueue);
        await store.WriteAsync([new StateWrite.Put("user", "last", "1"u8.ToArray())], None);
        await Eventually.TrueAsync(() => !seen.IsEmpty);
        gate.SetResult();
        await Eventually.TrueAsync(() => told.Contains(new StateChange.EverythingMayHaveChanged()));
        Assert.InRange(told.Count, RedisChangeFeed.Capacity, rounds * StateLimits.MostWrites);
        var version = Version(await store.WriteAsync([new StateWrite.Put("user", "after", "1"u8.ToArray())], None));
        await Eventually.TrueAsync(() => told.Contains(new StateChange.Written("user", "after", version)));
    }

    [Fact]
    public async Task Message_OfSomebodyElse_IsToldAsEverything()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        var told = new ConcurrentQueue<StateChange>();
        using var subscription = store.Subscribe(told.Enqueue);
        await server.CommandAsync("PUBLISH", "state:changes", "hello");
        await Eventually.TrueAsync(() => told.Contains(new StateChange.EverythingMayHaveChanged()));
        Assert.True(store.Health.IsAvailable);
    }

    [Fact]
    public async Task Handler_ThatThrows_DoesNotKeepOthersFromHearing()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        var told = new ConcurrentQueue<StateChange>();
        using var bad = store.Subscribe(_ => throw new InvalidOperationException("a handler's error"));
        using var good = store.Subscribe(told.Enqueue);
        for (var i = 0; i < 3; i++)
            await store.WriteAsync([new StateWrite.Put("user", "a", "1"u8.ToArray())], None);
        await Eventually.TrueAsync(() => told.Count == 3);
    }

    [Fact]
    public async Task Restart_OfRedis_KeepsWhatWasAcknowledgedAndIsToldByHealth()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        var told = new ConcurrentQueue<StateChange>();
        using var subscription = store.Subscribe(told.Enqueue);
        var version = Version(await store.WriteAsync([new StateWrite.Put("user", "a", "1"u8.ToArray())], None));
        await server.KillAsync();
        await Eventually.TrueAsync(() => !store.Health.IsAvailable);
        Assert.Contains("127.0.0.1", store.Health.Reason, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.WriteAsync([new StateWrite.Put("user", "a", "2"u8.ToArray())], None));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.GetAsync("user", "a", None));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.ListAsync("user", None));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.Journal.ReadAsync(null, 1, None));
        await server.RestartAsync();
        await Eventually.TrueAsync(() => store.Health.IsAvailable);
        var document = await store.GetAsync("user", "a", None);
        Assert.Equal(("1", version), (Text(document!), document!.Version));
        // The scripts are sent anew to a Redis that has forgotten them.
        Assert.True(Version(await store.WriteAsync([new StateWrite.Put("user", "a", "2"u8.ToArray(), version)], None)) > version);
        await Eventually.TrueAsync(() => told.Contains(new StateChange.EverythingMayHaveChanged()));
    }

    [Fact]
    public async Task Open_WithoutRedis_SaysWhyAfterItsPatience()
    {
        Assert.Null(RedisUrl.TryParse($"redis://:s3cret@127.0.0.1:{FreePort.Next()}", null, out var url));
        var time = new ManualTimeProvider();
        var opening = RedisStateStore.OpenAsync(new RedisOptions { Url = url }, TimeSpan.FromSeconds(30), time, NullLoggerFactory.Instance, None);
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return opening.IsCompleted;
        });
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(() => opening);
        Assert.Contains("no Redis runs on this host and port", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", e.ToString(), StringComparison.Ordinal);
        Assert.True(time.Elapsed >= TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Open_WithTheWrongPassword_SaysSoAtOnce()
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSettings { Password = "s3cret" });
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(() => RedisStores.OpenAsync(server, password: "wr0ng", patience: TimeSpan.FromDays(1)));
        Assert.Contains("does not accept the password", e.Message, StringComparison.Ordinal);
        await using var store = await RedisStores.OpenAsync(server, password: "s3cret");
        Assert.True(store.Health.IsAvailable);
    }

    [Fact]
    public async Task Open_ByAUserWhoMayNotHearChanges_SaysSo()
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSettings { Lines = ["user default on nopass ~* resetchannels +@all"] });
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(() => RedisStores.OpenAsync(server, patience: TimeSpan.FromSeconds(1)));
        Assert.Contains("may not use SUBSCRIBE", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_CancelledOnceItWasSent_IsAnsweredAsItEnds()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        using var cancel = new CancellationTokenSource();
        server.Freeze();
        var change = store.WriteAsync([new StateWrite.Put("channel", "x", "{}"u8.ToArray(), StateWrite.Absent)], cancel.Token).AsTask();
        await cancel.CancelAsync();
        server.Resume();
        Assert.IsType<StateWriteResult.Done>(await change);
    }

    [Fact]
    public async Task Journal_WithEntriesOfOthers_PassesOverThem()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        for (var i = 0; i < 60; i++)
            await server.CommandAsync("XADD", "state:journal", "*", "hello", "world");
        await store.Journal.AppendAsync([new JournalEntry("", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), "{}"u8.ToArray())], None);
        Assert.Equal("{}", Encoding.UTF8.GetString(Assert.Single(await store.Journal.ReadAsync(null, 2, None)).Body.Span));
        Assert.Single(await store.Journal.ReadNewestAsync(null, 2, None));
        await store.Journal.TrimAsync(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), 1000, 1_000_000, None);
        Assert.Equal("1", await server.CommandAsync("XLEN", "state:journal"));
    }

    [Fact]
    public async Task Journal_OfEntriesOfTheGreatestSize_IsReadInPieces()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server);
        var body = new byte[StateLimits.LargestBody];
        const int count = RedisStateStore.DocumentsPerReply + 20;
        await store.Journal.AppendAsync([.. Enumerable.Range(0, count).Select(i => new JournalEntry("", new DateTimeOffset(2026, 1, 1, 0, 0, i % 60, TimeSpan.Zero), body))], None);
        Assert.Equal(count, (await store.Journal.ReadAsync(null, IEventJournal.LargestPage, None)).Length);
    }

    private static long Version(StateWriteResult result) => Assert.IsType<StateWriteResult.Done>(result).Version;

    private static string Text(StoredDocument document) => Encoding.UTF8.GetString(document.Body.Span);
}
