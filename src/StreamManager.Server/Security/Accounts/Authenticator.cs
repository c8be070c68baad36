using StreamManager.Rtmp.Server;

namespace StreamManager.Server.Security.Accounts;

/// <summary>Who sends a request.</summary>
internal abstract record Authentication
{
    private Authentication()
    {
    }

    /// <summary>Somebody who is known.</summary>
    public sealed record Granted(Caller Caller) : Authentication;

    /// <summary>Nobody who is known.</summary>
    public sealed record Unknown : Authentication;

    /// <summary>The session is good, and the request may come from another page.</summary>
    public sealed record Forged : Authentication;
}

/// <summary>
/// Finds out who sends a request: by the token in <c>Authorization</c>, or else by the session's cookie. Who sends a wrong one waits for the answer, longer each time, by address; who sends
/// the right one never waits. Thread-safe.
/// </summary>
internal sealed class Authenticator(TokenDigest? adminToken, UserDirectory users, SessionBook sessions, TokenBook tokens, TimeProvider time)
{
    private const string Scheme = "Bearer ";

    private readonly RefusalThrottle _refusals = new(time);

    /// <summary>Who sends the request. May take seconds to say that nobody is known.</summary>
    /// <param name="context">The request.</param>
    /// <param name="allowQuery">Take the token from <c>?token=</c> too: players of previews cannot set headers.</param>
    /// <exception cref="Storage.StoreUnavailableException">It is not known without the store, and that is away.</exception>
    public async ValueTask<Authentication> AuthenticateAsync(HttpContext context, bool allowQuery)
    {
        var request = context.Request;
        if (TokenOf(request, allowQuery) is { } token)
        {
            if (await FindAsync(token, context.RequestAborted) is { } caller)
                return new Authentication.Granted(caller);
        }
        else if (request.Headers.Authorization.Count == 0 && SessionCookie.Read(request) is { } cookie)
        {
            if (await sessions.FindAsync(cookie, await users.GetAsync(context.RequestAborted), context.RequestAborted) is { } caller)
            {
                return SessionCookie.HasAntiforgery(request, cookie) && SessionCookie.HasOwnOrigin(request)
                    ? new Authentication.Granted(caller)
                    : new Authentication.Forged();
            }

            SessionCookie.Delete(context);
        }
        else
        {
            return new Authentication.Unknown();
        }

        await DelayAsync(context);
        return new Authentication.Unknown();
    }

    /// <summary>Whose token this is; null: nobody's. For what does not come by HTTP, or not in a header; the asker sees to it that guessing is slow.</summary>
    /// <exception cref="Storage.StoreUnavailableException">It is not known without the store, and that is away.</exception>
    public ValueTask<Caller?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if (adminToken?.Matches(token) is true)
            return new ValueTask<Caller?>(Caller.Administrator);
        return AccountSecret.IsWellFormed(token, AccountSecret.TokenPrefix) ? tokens.FindAsync(token, users, cancellationToken) : default;
    }

    /// <summary>Holds up who has sent a wrong secret.</summary>
    public async Task DelayAsync(HttpContext context)
    {
        var delay = _refusals.RecordFailure(Addresses.Text(context.Connection.RemoteIpAddress));
        if (delay > TimeSpan.Zero)
            await Task.Delay(delay, time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static string? TokenOf(HttpRequest request, bool allowQuery)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return header[Scheme.Length..].Trim();
        return allowQuery && request.Query["token"] is [{ Length: > 0 } token] ? token : null;
    }
}
