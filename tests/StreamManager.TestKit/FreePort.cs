using System.Net;
using System.Net.Sockets;

namespace StreamManager.TestKit;

/// <summary>Ports for children that cannot be told to take "any free one", and for servers that come back on the port they had.</summary>
public static class FreePort
{
    // Below the ports from which the system serves "any free one" and outgoing connections: one of those may be taken again while its server is being restarted.
    private const int DefaultFirstEphemeral = 32768; // Linux, Documentation/networking/ip-sysctl: ip_local_port_range
    private const int Count = 16_000;

    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

    /// <summary>A loopback TCP port that nobody listens on, that the system gives to nobody by itself and that this process was not given before.</summary>
    /// <exception cref="InvalidOperationException">All are given or taken.</exception>
    public static int Next()
    {
        var end = FirstEphemeral();
        var first = Math.Max(1024, end - Count);
        lock (Gate)
        {
            // From a random place on, so that test runs side by side seldom meet.
            var start = Random.Shared.Next(end - first);
            for (var step = 0; step < end - first; step++)
            {
                var port = first + ((start + step) % (end - first));
                if (!Given.Contains(port) && IsFree(port))
                {
                    Given.Add(port);
                    return port;
                }
            }
        }

        throw new InvalidOperationException($"No port from {first} to {end - 1} is free.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FirstEphemeral()
    {
        const string path = "/proc/sys/net/ipv4/ip_local_port_range";
        return File.Exists(path) && int.TryParse(File.ReadAllText(path).Split('\t')[0], out var first) && first > 1024 + Count ? first : DefaultFirstEphemeral;
    }
}
