using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;

namespace StreamManager.BenchTool;

/// <summary>Clients of the WebSocket that only listen: connects them, counts the frames of metrics that each gets within a time, and says how evenly they come.</summary>
internal static class WebSocketFleet
{
    /// <summary>Clients that connect at a time: as many as a browser farm that comes back after a restart.</summary>
    private const int AtOnce = 32;

    public static async Task<int> RunAsync(ToolOptions options, CancellationToken cancellationToken)
    {
        var count = options.Number("count", 2_000);
        var seconds = options.Number("seconds", 20);
        var url = new Uri(options.Text("url"));
        var clients = new Client[count];
        var started = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (i, cancel) =>
            clients[i] = await Client.ConnectAsync(url, options.Text("token"), cancel));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"connected {count} {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0}"));

        var reading = clients.Select(client => client.ReadAsync(cancellationToken)).ToArray();
        await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        foreach (var client in clients)
            client.Begin();
        // The caller measures the server meanwhile.
        Console.WriteLine("ready");
        await Task.Delay(TimeSpan.FromSeconds(seconds), cancellationToken);
        var frames = clients.Select(client => client.Frames).ToArray();
        var alive = clients.Count(client => client.IsOpen);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"frames {frames.Sum()} least {frames.Min()} most {frames.Max()} alive {alive}"));
        foreach (var client in clients)
            client.Dispose();
        await Task.WhenAll(reading);
        return alive == count && frames.Min() >= seconds - 2 ? 0 : 1;
    }

    private sealed class Client(ClientWebSocket socket) : IDisposable
    {
        private static readonly byte[] Wanted = Encoding.ASCII.GetBytes("{\"type\":\"metrics\"");

        private int _frames;

        public int Frames => Volatile.Read(ref _frames);

        public bool IsOpen => socket.State is WebSocketState.Open;

        public static async Task<Client> ConnectAsync(Uri url, string token, CancellationToken cancellationToken)
        {
            var socket = new ClientWebSocket();
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
            socket.Options.SetBuffer(4096, 512);
            await socket.ConnectAsync(url, cancellationToken);
            return new Client(socket);
        }

        public void Begin() => Volatile.Write(ref _frames, 0);

        public async Task ReadAsync(CancellationToken cancellationToken)
        {
            var buffer = new byte[4096];
            var isFirst = true;
            try
            {
                while (true)
                {
                    var read = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
                    if (read.MessageType is WebSocketMessageType.Close)
                        return;
                    if (isFirst && buffer.AsSpan(0, read.Count).StartsWith(Wanted))
                        Interlocked.Increment(ref _frames);
                    isFirst = read.EndOfMessage;
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The end, or the server dropped it: the count says so.
            }
        }

        public void Dispose() => socket.Dispose();
    }
}
