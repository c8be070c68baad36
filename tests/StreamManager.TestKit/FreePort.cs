using System.Net;
using System.Net.Sockets;

namespace StreamManager.TestKit;

/// <summary>Ports for children that cannot be told to take "any free one".</summary>
public static class FreePort
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

    /// <summary>A loopback TCP port that nobody listens on and that this process was not given before.</summary>
    public static int Next()
    {
        lock (Gate)
        {
            while (true)
            {
                using var probe = new TcpListener(IPAddress.Loopback, 0);
                probe.Start();
                var port = ((IPEndPoint)probe.LocalEndpoint).Port;
                if (Given.Add(port))
                    return port;
            }
        }
    }
}
