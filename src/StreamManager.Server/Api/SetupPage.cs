using StreamManager.Server.Api.Description;
using StreamManager.Server.Security;

namespace StreamManager.Server.Api;

/// <summary>The page that the set-up link leads to: a form for the first owner, then what to enter into an encoder. Open, since nobody has an account yet; it holds no secret.</summary>
internal static class SetupPage
{
    /// <summary>Nothing but the page's own files, and requests to this server.</summary>
    private const string ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Adds the routes.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        Serve(routes, "/setup", "setup.html", "text/html; charset=utf-8").Describes("getSetupPage", "The page of the set-up link.", route => route.GivesBytes("text/html"));
        Serve(routes, "/setup.css", "setup.css", "text/css; charset=utf-8").Describes("getSetupStyle", "Its style.", route => route.GivesBytes("text/css"));
        Serve(routes, "/setup.js", "setup.js", "text/javascript; charset=utf-8").Describes("getSetupScript", "Its script.", route => route.GivesBytes("text/javascript"));
    }

    private static RouteHandlerBuilder Serve(IEndpointRouteBuilder routes, string path, string file, string contentType)
    {
        var content = Read(file);
        return routes.MapGet(path, (HttpContext context) =>
        {
            context.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            context.Response.Headers.CacheControl = "no-cache";
            return TypedResults.Bytes(content, contentType);
        }).Needs(Permissions.None);
    }

    private static byte[] Read(string file)
    {
        using var stream = typeof(SetupPage).Assembly.GetManifestResourceStream($"StreamManager.Server.Api.Pages.{file}")!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
