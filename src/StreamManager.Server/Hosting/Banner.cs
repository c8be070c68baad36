using System.Net;
using StreamManager.Server.Keys;
using StreamManager.Server.Options;

namespace StreamManager.Server.Hosting;

/// <summary>What a person needs to know after a start, on the standard output.</summary>
internal static class Banner
{
    /// <summary>
    /// Writes it. Keys are shown in full at the first start and on a terminal; a service's log gets only their ends at later starts, since logs are kept and passed on.
    /// </summary>
    public static void Write(TextWriter output, StreamManagerServer server, ServerOptions options, IEnumerable<string> notices, bool isTerminal)
    {
        var ports = server.BoundPorts;
        var isEverywhere = options.BindAddress.Equals(IPAddress.Any) || options.BindAddress.Equals(IPAddress.IPv6Any);
        var host = isEverywhere ? "localhost" : HostName(options.BindAddress);
        var showsSecrets = isTerminal || server.IsFirstStart;
        output.WriteLine($"Stream Manager {ProductVersion.Text} is running.");
        output.WriteLine();
        if (server.HasDashboard)
            output.WriteLine($"  Dashboard http://{host}:{ports.Api}/");
        output.WriteLine($"  API       http://{host}:{ports.Api}/api/status");
        output.WriteLine($"  WebSocket ws://{host}:{ports.WebSocket}/");
        output.WriteLine($"  Metrics   http://{host}:{ports.Metrics}/metrics");
        output.WriteLine($"  Health    http://{host}:{ports.Health}/health");
        if (options.AdminToken is not null)
            output.WriteLine("  Token     from ADMIN_TOKEN");
        if (server.SetupToken is { } setup)
        {
            output.WriteLine();
            output.WriteLine("  Set up (makes the first owner; works once, until the next start):");
            output.WriteLine($"  http://{host}:{ports.Api}/setup#{setup.Value}");
            if (!options.TrustedProxies.IsEmpty)
                output.WriteLine("  (through your proxy: https and its name in place of what stands before /setup)");
        }

        output.WriteLine();
        output.WriteLine("  Paste into OBS (Settings > Stream > Custom):");
        if (isEverywhere)
            output.WriteLine("  (from another machine: this machine's name or address in place of localhost)");
        foreach (var channel in options.Channels)
        {
            var id = channel.Definition.Id;
            output.WriteLine($"  Server      rtmp://{host}:{ports.Rtmp}/live" + (ports.Rtmps is { } rtmps ? $"  or  rtmps://{host}:{rtmps}/live" : ""));
            foreach (var source in channel.Definition.Sources)
            {
                var key = server.Keys.KeyOf(id, source)!.Value;
                var label = source == ChannelOptions.MainId ? "Stream key" : $"{source} key";
                output.WriteLine($"  {label,-11} {(showsSecrets ? key : Security.Secret.Hint(key) + " (shown in full when started on a terminal)")}" + (id == ChannelOptions.MainId ? "" : $"  (channel {id})"));
                if (key.Length < StreamAlias.ShortestSecret && !options.AliasesOnPublicAddresses)
                    output.WriteLine($"              (shorter than {StreamAlias.ShortestSecret} characters: works from private addresses only, see aliases_on_public_addresses)");
            }
        }

        foreach (var notice in notices)
        {
            output.WriteLine();
            output.WriteLine($"  Note: {notice}");
        }

        output.WriteLine();
        output.Flush();
    }

    private static string HostName(IPAddress address) => address.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
}
