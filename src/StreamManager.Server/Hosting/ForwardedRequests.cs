using Microsoft.AspNetCore.HttpOverrides;
using StreamManager.Server.Security;

namespace StreamManager.Server.Hosting;

/// <summary>
/// Requests that a proxy asks for somebody else. Where the proxy is trusted, address and scheme of the request become the client's before anything looks at them: the last address in
/// <c>X-Forwarded-For</c> that is not a trusted proxy's itself. What cannot be read there ends the search, and whoever was reached by then counts; what others say is not looked at.
/// </summary>
internal static class ForwardedRequests
{
    /// <summary>Proxies, one behind the other, that are looked through: a content network, a balancer and the one on this machine, twice over.</summary>
    private const int MostHops = 6;

    /// <summary>Only proxies send one of these; those with "Original" are what the framework makes of what it took.</summary>
    private static readonly string[] Signs =
    [
        ForwardedHeadersDefaults.XForwardedForHeaderName, ForwardedHeadersDefaults.XForwardedProtoHeaderName, ForwardedHeadersDefaults.XForwardedHostHeaderName,
        ForwardedHeadersDefaults.XOriginalForHeaderName, ForwardedHeadersDefaults.XOriginalProtoHeaderName, "X-Real-IP", "Forwarded", "Via",
    ];

    /// <summary>Takes the word of <paramref name="proxies"/>. Must be the first of the application's steps.</summary>
    public static void Use(WebApplication application, TrustedProxies proxies)
    {
        // With an empty list the framework would believe everybody.
        if (proxies.IsEmpty)
            return;
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = MostHops };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in proxies.Networks)
            options.KnownIPNetworks.Add(network);
        application.UseForwardedHeaders(options);
    }

    /// <summary>Did a proxy send it, trusted or not? Then it is not from the machine that its connection comes from.</summary>
    public static bool IsForwarded(HttpRequest request) => Array.Exists(Signs, request.Headers.ContainsKey);
}
