using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StreamManager.Server.Tests.Storage.Redis;

/// <summary>
/// Stands between a server and its real Redis, and can lose its mind: from then on log-ins are still answered by the Redis, and every script, stream and subscription by garbage, on old connections
/// and new ones.
/// </summary>
internal sealed class GarblingRelay : IAsyncDisposable
{
    /// <summary>What a garbling connection sends at most: far above every limit of the reader, so that a reader without limits is found out.</summary>
    public const long MostGarbage = 256L << 20;

    private static readonly string[] Garbled = ["EVAL", "XADD", "XRANGE", "XREVRANGE", "SUBSCRIBE", "SCAN"];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _target;
    private readonly Task _accepting;
    private volatile byte[]? _garbage;
    private long _mostSent;
    private int _connections;

    private GarblingRelay(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Bytes of garbage that one connection took at most.</summary>
    public long MostSent => Interlocked.Read(ref _mostSent);

    public static GarblingRelay Start(int target) => new(target);

    /// <summary>From now on. The garbage is repeated without end; "cut" in its end closes the connection after it.</summary>
    public void Garble(byte[] garbage) => _garbage = garbage;

    /// <summary>Comes to its senses, for new connections and old ones.</summary>
    public void Restore() => _garbage = null;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var conversations = new List<Task>();
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                conversations.Add(ConverseAsync(socket));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(conversations);
        }
    }

    private async Task ConverseAsync(Socket client)
    {
        using var target = new TcpClient();
        using (client)
        {
            try
            {
                await target.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
                using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                var replies = PassAsync(target.Client, client, end.Token);
                await ListenAsync(client, target.Client, end.Token);
                await end.CancelAsync();
                await replies;
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // One of the two is gone, or the test ends.
            }
        }
    }

    private static async Task PassAsync(Socket from, Socket to, CancellationToken stop)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, stop) is > 0 and var count)
                await to.SendAsync(buffer.AsMemory(0, count), stop);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The other direction ends it.
        }
    }

    private async Task ListenAsync(Socket client, Socket target, CancellationToken stop)
    {
        var buffer = new byte[64 * 1024];
        while (await client.ReceiveAsync(buffer, stop) is > 0 and var count)
        {
            if (_garbage is { } garbage && Garbled.Any(word => Encoding.Latin1.GetString(buffer, 0, count).Contains(word, StringComparison.Ordinal)))
            {
                await SendAsync(client, garbage, stop);
                return;
            }

            await target.SendAsync(buffer.AsMemory(0, count), stop);
        }
    }

    private async Task SendAsync(Socket client, byte[] garbage, CancellationToken stop)
    {
        var isCut = garbage.AsSpan().EndsWith("cut"u8);
        var sent = 0L;
        try
        {
            do
                sent += await client.SendAsync(isCut ? garbage.AsMemory(..^3) : garbage, stop);
            while (!isCut && sent < MostGarbage);
        }
        finally
        {
            if (sent > Interlocked.Read(ref _mostSent))
                Interlocked.Exchange(ref _mostSent, sent);
        }
    }
}
