using StreamManager.Rtmp.Server;

namespace StreamManager.Server.Security;

/// <summary>
/// Checks the token of a request. Who sends a wrong one waits for the answer, longer each time, by address; who sends the right one never waits.
/// </summary>
internal sealed class BearerAuthenticator(TokenDigest adminToken, TimeProvider time)
{
    private const string Scheme = "Bearer ";

    private readonly RefusalThrottle _refusals = new(time);

    /// <summary>Is the request allowed? May take seconds to say no.</summary>
    /// <param name="context">The request.</param>
    /// <param name="allowQuery">Take the token from <c>?token=</c> too: players of previews cannot set headers.</param>
    public async ValueTask<bool> AuthenticateAsync(HttpContext context, bool allowQuery)
    {
        if (TokenOf(context.Request, allowQuery) is not { } token)
            return false;
        if (adminToken.Matches(token))
            return true;
        var delay = _refusals.RecordFailure(Addresses.Text(context.Connection.RemoteIpAddress));
        if (delay > TimeSpan.Zero)
            await Task.Delay(delay, time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return false;
    }

    private static string? TokenOf(HttpRequest request, bool allowQuery)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return header[Scheme.Length..].Trim();
        return allowQuery && request.Query["token"] is [{ Length: > 0 } token] ? token : null;
    }
}
