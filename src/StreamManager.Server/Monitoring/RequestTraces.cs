using System.Diagnostics;

namespace StreamManager.Server.Monitoring;

/// <summary>A span for each request of the API. It has the route and never the path or the query: those may hold ids, names and tokens.</summary>
internal static class RequestTraces
{
    private static readonly ActivitySource Source = new(MeterCollector.MeterPrefix + "Server");

    /// <summary>Lets a request through and tells of it.</summary>
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Probes and scrapes come every few seconds and say nothing.
        if (context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal) || context.Request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        // The framework's own span is not sent: as a parent it would be a hole.
        Activity.Current = null;
        _ = ActivityContext.TryParse(context.Request.Headers.TraceParent, context.Request.Headers.TraceState, isRemote: true, out var parent);
        var method = KnownMethod(context.Request.Method);
        using var span = Source.StartActivity(method, ActivityKind.Server, parent);
        try
        {
            await next(context);
        }
        finally
        {
            Describe(span, method, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText, context.Response.StatusCode);
        }
    }

    private static void Describe(Activity? span, string method, string? route, int status)
    {
        if (span is null)
            return;
        span.DisplayName = route is null ? method : $"{method} {route}";
        span.SetTag("http.request.method", method);
        span.SetTag("http.route", route);
        span.SetTag("http.response.status_code", status);
        if (status >= StatusCodes.Status500InternalServerError)
            span.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>A method is a word of the client's; only the known ones become names.</summary>
    private static string KnownMethod(string method) => method is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS" ? method : "_OTHER";
}
