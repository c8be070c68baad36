using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace StreamManager.Server.Security.Accounts;

/// <summary>The cookie of a session, and what must come beside it so that no other page can use it.</summary>
internal static class SessionCookie
{
    /// <summary>Name of the cookie.</summary>
    public const string Name = "sm_session";

    /// <summary>Requests that change something carry the session's antiforgery token in this header: pages of other origins cannot set it.</summary>
    public const string AntiforgeryHeader = "X-CSRF-Token";

    /// <summary>The secret in a request's cookie; null: none that could be one.</summary>
    public static string? Read(HttpRequest request) =>
        request.Cookies.TryGetValue(Name, out var secret) && AccountSecret.IsWellFormed(secret) ? secret : null;

    /// <summary>Sends the cookie.</summary>
    public static void Write(HttpContext context, NewSession session) =>
        context.Response.Cookies.Append(Name, session.Secret.Value, Options(context.Request, session.ExpiresAt));

    /// <summary>Has the browser forget it.</summary>
    public static void Delete(HttpContext context) => context.Response.Cookies.Delete(Name, Options(context.Request, expires: null));

    /// <summary>The antiforgery token of a session: made of its secret, so that nothing more has to be kept.</summary>
    public static string AntiforgeryToken(string secret) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.ASCII.GetBytes(secret), "stream-manager antiforgery"u8));

    /// <summary>May the request use the cookie? Reading may; changing needs the header.</summary>
    public static bool HasAntiforgery(HttpRequest request, string secret)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
            return true;
        var sent = request.Headers[AntiforgeryHeader].ToString();
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), Encoding.ASCII.GetBytes(AntiforgeryToken(secret)));
    }

    /// <summary>A WebSocket is opened by GET and by pages of any origin, with the cookie: its <c>Origin</c> must be this server as the browser knows it.</summary>
    public static bool HasOwnOrigin(HttpRequest request)
    {
        if (!request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase))
            return true;
        return Uri.TryCreate(request.Headers.Origin.ToString(), UriKind.Absolute, out var origin)
            && (origin.Scheme == "https" || (origin.Scheme == "http" && !request.IsHttps))
            && Uri.TryCreate($"{origin.Scheme}://{request.Host.Value}", UriKind.Absolute, out var own)
            && string.Equals(origin.Authority, own.Authority, StringComparison.OrdinalIgnoreCase);
    }

    private static CookieOptions Options(HttpRequest request, DateTimeOffset? expires) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Path = "/",
        Expires = expires,

        // A client that lies about it only keeps the cookie from its own plain requests, so that no proxy needs to be trusted for this.
        Secure = request.IsHttps || string.Equals(request.Headers["X-Forwarded-Proto"].ToString(), "https", StringComparison.OrdinalIgnoreCase),
    };
}
