using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Redis;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Storage.Redis;

/// <summary>One connection against a peer that does as it is told, on a clock that stands still.</summary>
public sealed class RedisConnectionTests
{
    private readonly ManualTimeProvider _time = new();

    private static CancellationToken None => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Replies_OfPipelinedCommands_ReachTheirCallers()
    {
        await using var peer = ScriptedRedis.Start(words => words[0] == "ECHO" ? new ScriptedReply($"${words[1].Length}\r\n{words[1]}\r\n") : null);
        await using var connection = await OpenAsync(peer.Options with { MaxQueued = 4, MaxUnanswered = 4 });
        var texts = Enumerable.Range(0, 500).Select(i => $"number {i}").ToList();
        var replies = await Task.WhenAll(texts.Select(text => connection.SendAsync(new RedisCommand("ECHO", text), None)));
        Assert.Equal(texts, replies.Cast<RespValue.Bulk>().Select(reply => reply.Text));
    }

    [Fact]
    public async Task Commands_BeyondTheBound_WaitAndAreNotSent()
    {
        await using var peer = ScriptedRedis.Start(words => words[0] == "HANG" ? new ScriptedReply("") : null);
        await using var connection = await OpenAsync(peer.Options with { MaxQueued = 2, MaxUnanswered = 3 });
        var calls = Enumerable.Range(0, 20).Select(_ => connection.SendAsync(new RedisCommand("HANG"), None)).ToList();
        await Eventually.TrueAsync(() => Hangs(peer) == 3);
        connection.End(RedisFailure.Stopped);
        foreach (var call in calls)
            await Assert.ThrowsAsync<StoreUnavailableException>(() => call);
        Assert.Equal(3, Hangs(peer));
    }

    [Fact]
    public async Task Reply_CutInTheMiddle_FailsItsCallerAndAllBehindIt()
    {
        await using var peer = ScriptedRedis.Start(words => words[0] switch
        {
            "GET" => new ScriptedReply("$10\r\nhalf", Close: true),
            _ => null,
        });
        await using var connection = await OpenAsync(peer.Options);
        var first = connection.SendAsync(new RedisCommand("GET", "a"), None);
        var second = connection.SendAsync(new RedisCommand("GET", "b"), None);
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(() => first);
        Assert.Contains("may have been done or not", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => second);
        Assert.Equal(RedisFailureKind.Closed, (await connection.Ended).Kind);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => connection.SendAsync(new RedisCommand("PING"), None));
    }

    [Theory]
    [InlineData("$999999999\r\n", RedisFailureKind.TooLarge)]
    [InlineData("*999999999\r\n", RedisFailureKind.TooLarge)]
    [InlineData("HTTP/1.1 200 OK\r\n", RedisFailureKind.NotRedis)]
    [InlineData("+OK\r\n+OK\r\n", RedisFailureKind.NotRedis)]
    internal async Task Reply_ThatIsHugeOrWrong_EndsTheConnection(string wire, RedisFailureKind expected)
    {
        await using var peer = ScriptedRedis.Start(words => words[0] == "GET" ? new ScriptedReply(wire) : null);
        await using var connection = await OpenAsync(peer.Options);
        var call = connection.SendAsync(new RedisCommand("GET", "a"), None);
        Assert.Equal(expected, (await connection.Ended.WaitAsync(Eventually.DefaultTimeout, None)).Kind);
        // In the last case the first of the two is its own.
        await Task.WhenAny(call).WaitAsync(Eventually.DefaultTimeout, None);
    }

    [Fact]
    public async Task Command_ThatIsNotAnsweredInTime_EndsTheConnection()
    {
        await using var peer = ScriptedRedis.Start(words => words[0] == "HANG" ? new ScriptedReply("") : null);
        await using var connection = await OpenAsync(peer.Options);
        var call = connection.SendAsync(new RedisCommand("HANG"), None);
        await Eventually.TrueAsync(() => Hangs(peer) == 1);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(connection.Ended.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.6));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => call);
        Assert.Equal(RedisFailureKind.TimedOut, (await connection.Ended).Kind);
    }

    [Fact]
    public async Task Silence_IsBrokenByAPing_AndEndsTheConnectionWhenThatIsNotAnswered()
    {
        var isAlive = true;
        await using var peer = ScriptedRedis.Start(_ => Volatile.Read(ref isAlive) ? null : new ScriptedReply(""));
        await using var connection = await OpenAsync(peer.Options);
        var pings = Pings(peer);
        _time.Advance(TimeSpan.FromSeconds(10));
        await Eventually.TrueAsync(() => Pings(peer) == pings + 1);
        // Answered: nothing is asked again for another while.
        await connection.SendAsync(new RedisCommand("INFO"), None);
        Volatile.Write(ref isAlive, false);
        _time.Advance(TimeSpan.FromSeconds(10));
        await Eventually.TrueAsync(() => Pings(peer) == pings + 2);
        Assert.False(connection.Ended.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(RedisFailureKind.TimedOut, (await connection.Ended.WaitAsync(Eventually.DefaultTimeout, None)).Kind);
    }

    [Fact]
    public async Task Caller_ThatGivesUp_GetsItsCancellationAndTheNextItsOwnReply()
    {
        var gate = new TaskCompletionSource();
        await using var peer = ScriptedRedis.Start(words =>
        {
            if (words[0] != "ECHO")
                return null;
            gate.Task.Wait(None);
            return new ScriptedReply($"+{words[1]}\r\n");
        });
        await using var connection = await OpenAsync(peer.Options);
        using var giveUp = new CancellationTokenSource();
        var first = connection.SendAsync(new RedisCommand("ECHO", "first"), giveUp.Token);
        var second = connection.SendAsync(new RedisCommand("ECHO", "second"), None);
        await Eventually.TrueAsync(() => peer.Commands.Any(words => words[0] == "ECHO"));
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult();
        Assert.Equal(new RespValue.Status("second"), await second);
    }

    [Fact]
    public async Task Command_WhoseCallerGaveUpWhileItWasQueued_IsNeverSent()
    {
        var gate = new TaskCompletionSource();
        await using var peer = ScriptedRedis.Start(words =>
        {
            if (words[0] != "ECHO")
                return null;
            gate.Task.Wait(None);
            return new ScriptedReply($"+{words[1]}\r\n");
        });
        await using var connection = await OpenAsync(peer.Options with { MaxUnanswered = 1 });
        using var giveUp = new CancellationTokenSource();
        // The first is unanswered, the second waits for room behind it, the third is queued.
        var first = connection.SendAsync(new RedisCommand("ECHO", "first"), None);
        var second = connection.SendAsync(new RedisCommand("ECHO", "second"), None);
        var third = connection.SendAsync(new RedisCommand("ECHO", "third"), giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        gate.SetResult();
        Assert.Equal([new RespValue.Status("first"), new RespValue.Status("second")], await Task.WhenAll(first, second));
        Assert.Equal(new RespValue.Status("fourth"), await connection.SendAsync(new RedisCommand("ECHO", "fourth"), None));
        Assert.DoesNotContain(peer.Commands, words => words is ["ECHO", "third"]);
    }

    [Theory]
    [InlineData("-LOADING Redis is loading the dataset in memory\r\n", RedisFailureKind.Loading)]
    [InlineData("-NOAUTH Authentication required.\r\n", RedisFailureKind.Credentials)]
    [InlineData("-MASTERDOWN Link with MASTER is down\r\n", RedisFailureKind.ReadOnly)]
    [InlineData("-ERR no such command 's3cret'\r\n", RedisFailureKind.Refused)]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", RedisFailureKind.NotRedis)]
    [InlineData("\u0015\u0003\u0003\0\u0002\u0002\u0028", RedisFailureKind.NotRedis)]
    internal async Task LogIn_ThatIsRefused_SaysWhy(string wire, RedisFailureKind expected)
    {
        await using var peer = ScriptedRedis.Start(words => words[0] == "PING" ? new ScriptedReply(wire) : null);
        var e = await Assert.ThrowsAsync<RedisConnectException>(() => OpenAsync(peer.Options));
        Assert.Equal(expected, e.Failure.Kind);
        Assert.DoesNotContain("s3cret", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LogIn_ToAPeerThatRepeatsThePassword_DoesNotShowIt()
    {
        await using var peer = ScriptedRedis.Start(words => words[0] == "AUTH" ? new ScriptedReply($"-ERR unknown command AUTH, with args beginning with: {words[1]}\r\n") : null);
        Assert.Null(RedisUrl.TryParse(peer.Options.Url.ToString(), "s3cret", out var url));
        var e = await Assert.ThrowsAsync<RedisConnectException>(() => OpenAsync(peer.Options with { Url = url }));
        Assert.Equal(RedisFailureKind.Credentials, e.Failure.Kind);
        Assert.DoesNotContain("s3cret", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LogIn_ToAnOldRedis_SaysSo()
    {
        await using var peer = ScriptedRedis.Start(words => words[0] == "INFO" ? new ScriptedReply("$20\r\nredis_version:6.0.16\r\n") : null);
        Assert.Equal(RedisFailureKind.TooOld, (await Assert.ThrowsAsync<RedisConnectException>(() => OpenAsync(peer.Options))).Failure.Kind);
    }

    [Fact]
    public async Task LogIn_ToAPeerThatSaysNothing_GivesUpInTime()
    {
        await using var peer = ScriptedRedis.Start(_ => new ScriptedReply(""));
        var opening = OpenAsync(peer.Options);
        await Eventually.TrueAsync(() => Pings(peer) == 1);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(RedisFailureKind.TimedOut, (await Assert.ThrowsAsync<RedisConnectException>(() => opening)).Failure.Kind);
    }

    [Fact]
    public async Task Connecting_ToAClosedPort_IsUnreachable()
    {
        Assert.Null(RedisUrl.TryParse($"redis://127.0.0.1:{FreePort.Next()}", null, out var url));
        Assert.Equal(RedisFailureKind.Unreachable, (await Assert.ThrowsAsync<RedisConnectException>(() => OpenAsync(new RedisOptions { Url = url }))).Failure.Kind);
    }

    private static int Hangs(ScriptedRedis peer) => peer.Commands.Count(words => words[0] == "HANG");

    private static int Pings(ScriptedRedis peer) => peer.Commands.Count(words => words[0] == "PING");

    private Task<RedisConnection> OpenAsync(RedisOptions options) => RedisConnection.OpenAsync(options, _time, onPush: null, None);
}
