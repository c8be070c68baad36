using System.Text;
using StreamManager.Server.Hosting;

namespace StreamManager.Server.Dashboard;

/// <summary>
/// Answers what a browser asks for outside the API: the dashboard's files, and its page for every address that a person may open. Open to everybody, since the files hold no secret; what they
/// show comes through the API. Stands before routing: what is not the dashboard's goes on to the routes.
/// </summary>
/// <param name="files">The built dashboard; null: it was not built, and the start page says so.</param>
internal sealed class DashboardPages(DashboardFiles? files)
{
    /// <summary>
    /// Nothing but the dashboard's own files, and requests to this server. The player makes its media out of what it has fetched (<c>blob:</c>); uploads are shown before they are sent, the same way.
    /// </summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; connect-src 'self'; media-src 'self' blob:; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>The name has a hash of the content: a year is the longest that caches heed (RFC 9111 has no bound, older caches do).</summary>
    private const string Forever = "public, max-age=31536000, immutable";

    /// <summary>Kept, but asked about each time: the answer is 304 as long as it is the same.</summary>
    private const string AskEachTime = "no-cache";

    /// <summary>Kept by nobody.</summary>
    private const string NotKept = "no-store";

    /// <summary>What is not the dashboard's, whoever asks: errors there are problem details, also for browsers.</summary>
    private static readonly PathString[] OtherPaths = ["/api", "/hls", "/preview", "/metrics", "/health", "/ws", "/openapi", "/assets"];

    private static readonly DashboardFile NotBuilt = new(
        "text/html; charset=utf-8",
        IsHashed: false,
        DashboardFile.Form.Of(Encoding.UTF8.GetBytes("""
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Stream Manager</title></head>
            <body>
            <h1>Stream Manager is running</h1>
            <p>The dashboard was not built: <code>./run.sh</code> builds it, and so does the container image. Everything else works.</p>
            <p><a href="/setup">Set up</a> the first owner with the link that the server printed at its start.</p>
            </body>
            </html>

            """)),
        Gzip: null,
        Brotli: null);

    /// <summary>Answers, or leaves it to <paramref name="next"/>.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        return HttpMethods.IsGet(request.Method) && context.Features.Get<ListenerFeature>()?.Role is ListenerRole.Api && Find(request) is { } file
            ? SendAsync(file, context)
            : next(context);
    }

    private DashboardFile? Find(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        if (files is null)
            return path == "/" ? NotBuilt : null;
        return files.Find(path) ?? (IsNavigation(request) ? files.Index : null);
    }

    /// <summary>Somebody opens an address in a browser, and it may be one of the dashboard's pages: it knows itself which it has.</summary>
    private static bool IsNavigation(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        && !OtherPaths.Any(other => request.Path.StartsWithSegments(other, StringComparison.OrdinalIgnoreCase));

    private static async Task SendAsync(DashboardFile file, HttpContext context)
    {
        var (form, encoding) = file.Choose(context.Request);
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        headers.CacheControl = file.IsHashed ? Forever : AskEachTime;
        headers.Vary = "Accept-Encoding";
        if (encoding is not null)
            headers.ContentEncoding = encoding;
        await TypedResults.Bytes(form.Bytes, file.ContentType, enableRangeProcessing: true, entityTag: form.Tag).ExecuteAsync(context);

        // A range beyond the end, or a condition that does not hold: that is about this request, not about the file. Neither has a body, so that nothing is on its way yet.
        if (context.Response is { StatusCode: >= StatusCodes.Status400BadRequest, HasStarted: false })
            headers.CacheControl = NotKept;
    }
}
