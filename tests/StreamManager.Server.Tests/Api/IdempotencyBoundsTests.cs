using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using StreamManager.Server.Api;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Keys;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Api;

/// <summary>Keys of requests when something is in the way: the store, the bound, another request, a client that has gone.</summary>
public sealed class IdempotencyBoundsTests : IAsyncLifetime
{
    private static readonly Caller Anna = new("user:anna", Permissions.Owner, "usr_anna") { SessionId = "s1" };

    private KeyBench _bench = null!;
    private Idempotency _keys = null!;
    private int _made;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StoreAway_NothingIsMade()
    {
        _bench.Store.IsAway = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => SendAsync("k"));
        Assert.Equal(0, _made);
        _bench.Store.IsAway = false;
        Assert.Equal((201, 1), (await SendAsync("k"), _made));
    }

    [Fact]
    public async Task StoreAway_OnceSomethingWasMade_TheAnswerIsGiven_AndTheKeyIsTakenForAWhile()
    {
        Assert.Equal(201, await SendAsync("k", during: _ => Away(true)));
        _bench.Store.IsAway = false;
        Assert.Equal("409 idempotency_in_progress", await CodeAsync("k"));
        Assert.Equal(1, _made);
        _bench.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(201, await SendAsync("k"));
    }

    [Fact]
    public async Task RequestThatFails_LeavesItsKeyFree_AndIsNotCounted()
    {
        for (var i = 0; i < Idempotency.MostKeys + 1; i++)
            Assert.Equal(400, await SendAsync($"k-{i}", status: 400));
        await Assert.ThrowsAsync<InvalidOperationException>(() => SendAsync("k", during: _ => throw new InvalidOperationException()));
        Assert.Equal(201, await SendAsync("k"));
    }

    [Fact]
    public async Task KeysOfOneCaller_AreBounded_ForADay_AndOldOnesGoOnAnswering()
    {
        for (var i = 0; i < Idempotency.MostKeys; i++)
        {
            if (i == 1)
                _bench.Time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(201, await SendAsync($"k-{i}"));
        }

        var context = Context("one-more", Anna, "{}");
        Assert.Equal("429 too_many_idempotency_keys", await CodeAsync(context));
        Assert.Equal("82800", context.Response.Headers.RetryAfter);
        Assert.Equal(Idempotency.MostKeys, _made);
        Assert.Equal(201, await SendAsync("k-7"));
        Assert.Equal(Idempotency.MostKeys, _made);
        Assert.Equal(201, await SendAsync("one-more", caller: Anna with { UserId = "usr_berta" }));
        _bench.Time.Advance(TimeSpan.FromHours(23));
        Assert.Equal(201, await SendAsync("one-more"));
        Assert.Equal("429 too_many_idempotency_keys", await CodeAsync("and-another"));
    }

    [Fact]
    public async Task KeyOfARequestThatIsUnderWay_IsInProgress_ForThisBodyOnly()
    {
        var inside = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        var first = SendAsync("k", during: async _ =>
        {
            inside.SetResult();
            await goOn.Task;
        });
        await inside.Task;
        var second = Context("k", Anna, "{}");
        Assert.Equal("409 idempotency_in_progress", await CodeAsync(second));
        Assert.Equal("1", second.Response.Headers.RetryAfter);
        Assert.Equal("422 idempotency_key_reused", await CodeAsync(Context("k", Anna, """{ "a": 1 }""")));
        goOn.SetResult();
        Assert.Equal(201, await first);
        var repeated = Context("k", Anna, "{}");
        await HandleAsync(repeated);
        Assert.Equal((201, "made 1", "true", 1), (repeated.Response.StatusCode, Text(repeated), repeated.Response.Headers["Idempotency-Replayed"].ToString(), _made));
        Assert.Equal("422 idempotency_key_reused", await CodeAsync(Context("k", Anna, """{ "a": 1 }""")));
    }

    [Fact]
    public async Task ServerThatEndedInTheMiddle_LeavesTheKeyTakenForAWhileOnly()
    {
        _ = SendAsync("k", during: _ => Task.Delay(Timeout.Infinite, Cancel));
        var again = new Idempotency(_bench.Store, _bench.Vault, _bench.Time);
        Assert.Equal("409 idempotency_in_progress", await CodeAsync(Context("k", Anna, "{}"), again));
        _bench.Time.Advance(TimeSpan.FromMinutes(2));
        var context = Context("k", Anna, "{}");
        await again.HandleAsync(context, one => MakeAsync(one, 201));
        Assert.Equal(201, context.Response.StatusCode);
    }

    [Fact]
    public async Task SameKey_OfAnotherUser_IsAnother_AndOfAnotherSessionOfTheSameUser_TheSame()
    {
        await SendAsync("k");
        await SendAsync("k", caller: Anna with { SessionId = "s2" });
        Assert.Equal(1, _made);
        await SendAsync("k", caller: new Caller("user:berta", Permissions.Owner, "usr_berta") { SessionId = "s3" });
        Assert.Equal(2, _made);
        await SendAsync("k", caller: new Caller("token:ci", Permissions.Owner, "usr_anna") { TokenId = "tok_1" });
        Assert.Equal(3, _made);
    }

    [Fact]
    public async Task ClientThatGoesAwayInTheMiddle_FindsTheAnswerWhenItAsksAgain()
    {
        using var gone = new CancellationTokenSource();
        var context = Context("k", Anna, "{}");
        context.RequestAborted = gone.Token;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _keys.HandleAsync(context, async one =>
        {
            await gone.CancelAsync();

            // As every route does: it gives up what nobody waits for.
            one.RequestAborted.ThrowIfCancellationRequested();
            await MakeAsync(one, 201);
        }));
        Assert.Equal((201, 1), (await SendAsync("k"), _made));
    }

    public async ValueTask InitializeAsync()
    {
        _bench = await KeyBench.StartAsync(new SqliteSource());
        _keys = new Idempotency(_bench.Store, _bench.Vault, _bench.Time);
    }

    public async ValueTask DisposeAsync() => await _bench.DisposeAsync();

    private static string Text(HttpContext context) => Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());

    private Task Away(bool isAway)
    {
        _bench.Store.IsAway = isAway;
        return Task.CompletedTask;
    }

    private static DefaultHttpContext Context(string key, Caller caller, string body)
    {
        var context = new DefaultHttpContext();
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(new RouteDescription("makeThing", "Makes a thing.").Creates()), "things"));
        context.Features.Set(caller);
        context.Request.Path = "/api/things";
        context.Request.ContentType = "application/json";
        context.Request.Headers[Idempotency.Header] = key;
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        context.Response.Body = new MemoryStream();
        return context;
    }

    private async Task MakeAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        if (status < 300)
            await context.Response.WriteAsync($"made {Interlocked.Increment(ref _made)}", Cancel);
    }

    private Task HandleAsync(HttpContext context, Func<HttpContext, Task>? during = null, int status = 201) => _keys.HandleAsync(context, async one =>
    {
        if (during is not null)
            await during(one);
        await MakeAsync(one, status);
    });

    private async Task<int> SendAsync(string key, Caller? caller = null, Func<HttpContext, Task>? during = null, int status = 201)
    {
        var context = Context(key, caller ?? Anna, "{}");
        await HandleAsync(context, during, status);
        return context.Response.StatusCode;
    }

    private Task<string> CodeAsync(string key) => CodeAsync(Context(key, Anna, "{}"));

    private async Task<string> CodeAsync(DefaultHttpContext context, Idempotency? keys = null)
    {
        await (keys ?? _keys).HandleAsync(context, one => MakeAsync(one, 201));
        return $"{context.Response.StatusCode} {JsonDocument.Parse(Text(context)).RootElement.GetProperty("code").GetString()}";
    }
}
