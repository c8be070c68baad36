using StreamManager.Server.Hosting;
using StreamManager.Server.Keys;
using StreamManager.Server.Realtime;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Api;

/// <summary>
/// Stands before every route, closed by default: a route says what it needs (<see cref="RouteAccess"/>), one that says nothing is for owners, and where there is no route a token is needed
/// to be told so. Metrics are open to this machine. The gate also sees to it that each port serves its own paths only, and that whatever goes wrong is answered by problem details.
/// </summary>
internal sealed partial class ApiGate(Authenticator authenticator, StreamAccess access, ServerLifetime lifetime, ILogger<ApiGate> logger)
{
    private static readonly PathString[] Reserved = ["/api", "/preview", "/hls", "/openapi", "/metrics", "/health", "/ws"];

    /// <summary>Before routing: runs the rest, and answers what it throws or leaves bare.</summary>
    public async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";

        // The WebSocket's own port has nothing else: there it is at the root.
        if (context.Features.Get<ListenerFeature>()?.Role is ListenerRole.WebSocket && context.Request.Path == "/")
            context.Request.Path = RealtimeEndpoint.Path;
        if (HttpMethods.IsHead(context.Request.Method) && AnswersHead(context.Request))
            context.Request.Method = HttpMethods.Get;
        try
        {
            await next(context);
            await DescribeBareErrorAsync(context);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone; nobody is left to answer.
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await new Problem(e.StatusCode, "bad_request", "The request cannot be read.").ExecuteAsync(context);
        }
        catch (StoreUnavailableException e) when (!context.Response.HasStarted)
        {
            await Problem.StoreUnavailable(e.Message).ExecuteAsync(context);
        }
        catch (DamagedDocumentException e) when (!context.Response.HasStarted)
        {
            LogDamaged(logger, e.Message);
            await Problem.StoreDamaged(e.Message).ExecuteAsync(context);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !context.Response.HasStarted)
        {
            LogNotSaved(logger, e);
            await Problem.NotSaved.ExecuteAsync(context);
        }
        catch (Exception) when (lifetime.IsStopping && !context.Response.HasStarted)
        {
            // What it needed has been closed under it.
            await Problem.Stopping.ExecuteAsync(context);
        }
        catch (Exception e)
        {
            LogFailed(logger, context.Request.Method, context.GetEndpoint()?.DisplayName ?? "no route", e);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await Problem.Internal.ExecuteAsync(context);
        }
    }

    /// <summary>After routing: lets a request through to its route, or answers it.</summary>
    public async Task AdmitAsync(HttpContext context, RequestDelegate next)
    {
        // What watches the server goes on seeing it; nothing is begun any more.
        if (lifetime.IsStopping && !IsMetrics(context.Request) && !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
        {
            await Problem.Stopping.ExecuteAsync(context);
            return;
        }

        var isServedHere = IsServedHere(context);
        var needed = Needed(context, isServedHere);
        if (needed is not Permissions.None)
        {
            var path = context.Request.Path;
            var isPreview = isServedHere && (path.StartsWithSegments("/preview", StringComparison.Ordinal) || path.StartsWithSegments("/hls", StringComparison.Ordinal));
            var signed = isPreview ? CheckSigned(context) : null;
            if (signed is KeyVerdict.Granted)
            {
                await next(context);
                return;
            }

            // A wrong signature is a guess like any wrong token; one that has ended is not.
            if (signed is not (null or KeyVerdict.Unknown))
            {
                await Problem.Unauthorized.ExecuteAsync(context);
                return;
            }

            var authentication = await authenticator.AuthenticateAsync(context, allowQuery: isPreview);
            if (authentication is not Authentication.Granted { Caller: var caller })
            {
                await (authentication is Authentication.Forged ? Problem.Antiforgery : Problem.Unauthorized).ExecuteAsync(context);
                return;
            }

            if (needed is { } permission && (caller.Permissions & permission) is Permissions.None)
            {
                await Problem.Forbidden(permission).ExecuteAsync(context);
                return;
            }

            context.Features.Set(caller);
        }

        if (isServedHere)
            await next(context);
        else
            await Problem.NoRoute.ExecuteAsync(context);
    }

    /// <summary>What a signed address of a preview is worth; null: it is none.</summary>
    private KeyVerdict? CheckSigned(HttpContext context)
    {
        var channel = context.GetRouteValue("channel") as string ?? "";
        var name = context.Request.Query["source"].ToString() is { Length: > 0 } source ? $"{channel}/{source}" : channel;
        return access.CheckPlay(name, context.Request.QueryString.Value?.TrimStart('?') ?? "", Addresses.Text(context.Connection.RemoteIpAddress));
    }

    /// <summary>The permission that is needed; null: any caller will do, since there is nothing but an error to see.</summary>
    private static Permissions? Needed(HttpContext context, bool isServedHere)
    {
        // What is no address of ours in any case is no secret: a browser that asks for its icon is not told to bring a token.
        if (context.GetEndpoint() is null && IsElsewhere(context.Request.Path))
            return Permissions.None;

        // Routing puts in endpoints of its own for "no such method": they are not routes.
        if (!isServedHere || context.GetEndpoint() is not RouteEndpoint route)
            return null;
        if (IsMetrics(context.Request) && IsFromThisMachine(context))
            return Permissions.None;
        return route.Metadata.GetMetadata<RouteAccess>()?.Needed ?? Permissions.Administer;
    }

    private static bool IsServedHere(HttpContext context) => context.Features.Get<ListenerFeature>()?.Role switch
    {
        ListenerRole.Health => context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal),
        ListenerRole.Metrics => IsMetrics(context.Request),
        ListenerRole.WebSocket => context.Request.Path.Equals(RealtimeEndpoint.Path, StringComparison.Ordinal),
        ListenerRole.Api => !IsMetrics(context.Request),
        _ => false,
    };

    /// <summary>Addresses that routes may be at; only for these a token is needed to be told that there is nothing.</summary>
    private static bool IsElsewhere(PathString path) =>
        Array.TrueForAll(Reserved, reserved => !path.StartsWithSegments(reserved, StringComparison.OrdinalIgnoreCase));

    private static bool IsMetrics(HttpRequest request) => request.Path.Equals("/metrics", StringComparison.Ordinal);

    /// <summary>Routing answers 404, 405 and 415 with nothing in them.</summary>
    private static Task DescribeBareErrorAsync(HttpContext context) => (context.Response.HasStarted, context.Response.StatusCode) switch
    {
        (false, StatusCodes.Status404NotFound) => Problem.NoRoute.ExecuteAsync(context),
        (false, StatusCodes.Status405MethodNotAllowed) => RefuseMethodAsync(context),
        (false, StatusCodes.Status415UnsupportedMediaType) => Problem.NotJson.ExecuteAsync(context),
        _ => Task.CompletedTask,
    };

    private static Task RefuseMethodAsync(HttpContext context)
    {
        var allowed = context.Response.Headers.Allow;
        if (AnswersHead(context.Request) && allowed.ToString().Split(',', StringSplitOptions.TrimEntries).Contains("GET", StringComparer.Ordinal))
            context.Response.Headers.Allow = $"{allowed}, HEAD";
        return Problem.NoMethod.ExecuteAsync(context);
    }

    /// <summary>HEAD is GET without a body (RFC 9110, 9.3.2), which the server leaves out by itself. Not where the body has no end: nobody could tell when it is over.</summary>
    private static bool AnswersHead(HttpRequest request) => !request.Path.StartsWithSegments("/preview", StringComparison.OrdinalIgnoreCase);

    /// <summary>A proxy on this machine is not this machine.</summary>
    private static bool IsFromThisMachine(HttpContext context) =>
        Addresses.IsLoopback(Addresses.Text(context.Connection.RemoteIpAddress)) && !ForwardedRequests.IsForwarded(context.Request);

    [LoggerMessage(1, LogLevel.Error, "The answer to {Method} {Route} failed.")]
    private static partial void LogFailed(ILogger logger, string method, string route, Exception exception);

    [LoggerMessage(2, LogLevel.Error, "A change could not be saved.")]
    private static partial void LogNotSaved(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Error, "{Message}")]
    private static partial void LogDamaged(ILogger logger, string message);
}
