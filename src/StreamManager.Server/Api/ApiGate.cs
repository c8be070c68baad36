using StreamManager.Server.Hosting;
using StreamManager.Server.Security;

namespace StreamManager.Server.Api;

/// <summary>
/// Stands before every route, closed by default: health is open, metrics are open to this machine, everything else needs the token. It also sees to it that each port serves its own
/// paths only, and that whatever goes wrong is answered by problem details.
/// </summary>
internal sealed partial class ApiGate(BearerAuthenticator authenticator, ILogger<ApiGate> logger)
{
    /// <summary>Lets a request through or answers it.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            var path = context.Request.Path;
            var role = context.Features.Get<ListenerFeature>()?.Role;
            var isHealth = path.StartsWithSegments("/health", StringComparison.Ordinal);
            var isMetrics = path.Equals("/metrics", StringComparison.Ordinal);
            var isServedHere = role switch
            {
                ListenerRole.Health => isHealth,
                ListenerRole.Metrics => isMetrics,
                ListenerRole.Api => !isMetrics,
                _ => false,
            };
            var isOpen = isHealth || (isMetrics && isServedHere && IsFromThisMachine(context));
            if (!isOpen && !await authenticator.AuthenticateAsync(context, allowQuery: path.StartsWithSegments("/preview", StringComparison.Ordinal)))
            {
                await Problem.Unauthorized.ExecuteAsync(context);
                return;
            }

            if (!isServedHere)
            {
                await Problem.NoRoute.ExecuteAsync(context);
                return;
            }

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
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !context.Response.HasStarted)
        {
            LogNotSaved(logger, e);
            await Problem.NotSaved.ExecuteAsync(context);
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

    /// <summary>Routing answers 404, 405 and 415 with nothing in them.</summary>
    private static Task DescribeBareErrorAsync(HttpContext context) => (context.Response.HasStarted, context.Response.StatusCode) switch
    {
        (false, StatusCodes.Status404NotFound) => Problem.NoRoute.ExecuteAsync(context),
        (false, StatusCodes.Status405MethodNotAllowed) => Problem.NoMethod.ExecuteAsync(context),
        (false, StatusCodes.Status415UnsupportedMediaType) => Problem.NotJson.ExecuteAsync(context),
        _ => Task.CompletedTask,
    };

    /// <summary>A proxy on this machine is not this machine: it says for whom it asks.</summary>
    private static bool IsFromThisMachine(HttpContext context) =>
        Addresses.IsLoopback(Addresses.Text(context.Connection.RemoteIpAddress))
        && !context.Request.Headers.ContainsKey("X-Forwarded-For")
        && !context.Request.Headers.ContainsKey("Forwarded");

    [LoggerMessage(1, LogLevel.Error, "The answer to {Method} {Route} failed.")]
    private static partial void LogFailed(ILogger logger, string method, string route, Exception exception);

    [LoggerMessage(2, LogLevel.Error, "A change could not be saved.")]
    private static partial void LogNotSaved(ILogger logger, Exception exception);
}
