using System.Net;
using StreamManager.Server.Options;

namespace StreamManager.Server.Hosting;

/// <summary><c>stream-manager health</c>: asks the server of this machine whether it is ready. 0: yes; 1: no, or nobody answers.</summary>
internal static class HealthCommand
{
    /// <summary>Shorter than the 10 s of a container's health check, so that the reason is told and not the time-out.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>An answer has a line for each check; more is not ours.</summary>
    private const int LongestAnswer = 64 << 10;

    /// <summary>Asks by the settings that the server has, too.</summary>
    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var output = Console.Out;
        var loaded = OptionsLoader.LoadHealthEndpoint(OptionsLoader.Variables);
        if (loaded is not OptionsResult.Loaded { Options: var options })
        {
            await output.WriteLineAsync(((OptionsResult.Invalid)loaded).Message);
            return 1;
        }

        if (options.HealthPort == 0)
        {
            await output.WriteLineAsync("HEALTH_PORT is 0, any free port: set it to a number, so that it is known here.");
            return 1;
        }

        // A proxy of the environment leads elsewhere than to this machine.
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var client = new HttpClient(handler) { Timeout = Patience, MaxResponseContentBufferSize = LongestAnswer };
        try
        {
            var url = new UriBuilder("http", Host(options.BindAddress), options.HealthPort, "/health/ready").Uri;
            using var answer = await client.GetAsync(url, cancellationToken);
            await output.WriteLineAsync(await answer.Content.ReadAsStringAsync(cancellationToken));
            return answer.StatusCode is HttpStatusCode.OK ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            await output.WriteLineAsync($"Nobody answers on port {options.HealthPort}: {e.Message}");
            return 1;
        }
    }

    private static string Host(IPAddress bound) =>
        bound.Equals(IPAddress.Any) ? "127.0.0.1"
        : bound.Equals(IPAddress.IPv6Any) ? "[::1]"
        : bound.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{bound}]" : bound.ToString();
}
