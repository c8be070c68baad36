using System.Text;
using Microsoft.AspNetCore.Http;
using StreamManager.Server.Api;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Api;

/// <summary>Clients that go while something is made for them, and stores that go.</summary>
public sealed class IdempotencyAbortTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerState _state = null!;
    private Vault _vault = null!;
    private Idempotency _idempotency = null!;
    private int _made;

    public async ValueTask InitializeAsync()
    {
        _state = await TestStore.OpenAsync(_folder);
        _vault = await Vault.OpenAsync(_state.Store, null, _folder.Path, TimeProvider.System, CancellationToken.None);
        _idempotency = new Idempotency(_state.Store, _vault, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _vault.Dispose();
        await _state.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Client_ThatGoesWhileSomethingIsMade_GetsTheAnswerWhenItAsksAgain()
    {
        using var gone = new CancellationTokenSource();
        var first = Request(gone.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _idempotency.HandleAsync(first, context =>
        {
            gone.Cancel();
            return MakeAsync(context);
        }));
        var second = Request(CancellationToken.None);
        await _idempotency.HandleAsync(second, MakeAsync);
        Assert.Equal((1, StatusCodes.Status201Created, "made 1"), (_made, second.Response.StatusCode, Body(second)));
        Assert.Equal("true", second.Response.Headers["Idempotency-Replayed"].ToString());
    }

    [Fact]
    public async Task Store_ThatMayHaveMadeIt_LeavesTheKeyTaken_AndOneThatDidNotLeavesItFree()
    {
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _idempotency.HandleAsync(Request(CancellationToken.None), _ => throw new StoreUnavailableException("nothing was written")));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _idempotency.HandleAsync(Request(CancellationToken.None), _ => throw new StoreUnavailableException("gone while it answered") { MayBeDone = true }));
        var again = Request(CancellationToken.None);
        await _idempotency.HandleAsync(again, MakeAsync);
        Assert.Equal((0, StatusCodes.Status409Conflict), (_made, again.Response.StatusCode));
    }

    // As a route does it: what waits for the store heeds the request's token.
    private async Task MakeAsync(HttpContext context)
    {
        context.RequestAborted.ThrowIfCancellationRequested();
        context.Response.StatusCode = StatusCodes.Status201Created;
        await context.Response.WriteAsync($"made {++_made}", context.RequestAborted);
    }

    private static DefaultHttpContext Request(CancellationToken aborted)
    {
        var context = new DefaultHttpContext { RequestAborted = aborted };
        context.Request.Method = HttpMethods.Post;
        context.Request.Path = "/api/things";
        context.Request.ContentType = "application/json";
        context.Request.Body = new MemoryStream("{}"u8.ToArray());
        context.Request.Headers[Idempotency.Header] = "k-1";
        context.Response.Body = new MemoryStream();
        context.Features.Set(Caller.Administrator);
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(new RouteDescription("makeThing", "Makes a thing.").Creates()), null));
        return context;
    }

    private static string Body(HttpContext context) => Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
}
