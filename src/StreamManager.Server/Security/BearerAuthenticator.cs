using StreamManager.Rtmp.Server;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Security;

/// <summary>
/// Checks the token of a request. Who sends a wrong one waits for the answer, longer each time, by address; who sends the right one never waits.
/// </summary>
internal sealed class BearerAuthenticator(TokenDigest adminToken, TimeProvider time)
{
    private const string Scheme = "Bearer ";

    private readonly RefusalThrottle _refusals = new(time);

    /// <summary>Who sends the request; null: nobody that is known. May take seconds to say so.</summary>
    /// <param name="context">The request.</param>
    /// <param name="allowQuery">Take the token from <c>?token=</c> too: players of previews cannot set headers.</param>
    public async ValueTask<Caller?> AuthenticateAsync(HttpContext context, bool allowQuery)
    {
        if (TokenOf(context.Request, allowQuery) is not { } token)
            return null;
        if (adminToken.Matches(token))
            return Caller.Administrator;
        var delay = _refusals.RecordFailure(Addresses.Text(context.Connection.RemoteIpAddress));
        if (delay > TimeSpan.Zero)
            await Task.Delay(delay, time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return null;
    }

    private static string? TokenOf(HttpRequest request, bool allowQuery)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return header[Scheme.Length..].Trim();
        return allowQuery && request.Query["token"] is [{ Length: > 0 } token] ? token : null;
    }
}
