using System.Net;
using System.Net.Sockets;

namespace StreamManager.TestKit;

/// <summary>
/// A bad network on loopback: accepts connections and passes bytes on to another port until a test stalls, slows, cuts or resets them. Put before a
/// destination it makes a bad destination, put before our server a bad uplink.
/// </summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private const int BufferSize = 4096; // Small: a slow or stalled relay must not swallow seconds of media into buffers of its own.
    private const int SocketBufferSize = 8192;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<Socket> _sockets = [];
    private readonly Task _accepting;
    private TaskCompletionSource _open = Opened();
    private int _connections;
    private int _bytesPerSecond;

    private TcpRelay(int targetPort)
    {
        _target = new IPEndPoint(IPAddress.Loopback, targetPort);
        _listener.ReceiveBufferSize = SocketBufferSize; // Before listening: accepted sockets inherit it, and with it the TCP window.
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Where to connect to, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Connections accepted so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Bytes a second that each connection passes on towards the target; 0: as fast as it goes. May change at any time.</summary>
    public int BytesPerSecond
    {
        get => Volatile.Read(ref _bytesPerSecond);
        set => Volatile.Write(ref _bytesPerSecond, value);
    }

    /// <summary>Starts one in front of a loopback port.</summary>
    public static TcpRelay Start(int targetPort) => new(targetPort);

    /// <summary>Reads and passes on nothing more, in either direction, on old and new connections; they stay open.</summary>
    public void Stall()
    {
        lock (_gate)
        {
            if (_open.Task.IsCompleted)
                _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Goes on after <see cref="Stall"/>.</summary>
    public void Resume()
    {
        lock (_gate)
            _open.TrySetResult();
    }

    /// <summary>Resets all connections (RST) on both sides. New ones are accepted.</summary>
    public void ResetAll() => CloseAll(reset: true);

    /// <summary>Closes all connections in order (FIN). New ones are accepted.</summary>
    public void CloseAll() => CloseAll(reset: false);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        CloseAll();
        await _accepting;
        _stop.Dispose();
    }

    private static TaskCompletionSource Opened()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                _ = RelayAsync(client);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task RelayAsync(Socket client)
    {
        var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        lock (_gate)
            _sockets.AddRange([client, target]);
        try
        {
            client.NoDelay = target.NoDelay = true;
            await target.ConnectAsync(_target, _stop.Token);
            await Task.WhenAll(PassAsync(client, target, slow: true), PassAsync(target, client, slow: false));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One side is gone; the other follows below.
        }
        finally
        {
            lock (_gate)
            {
                _sockets.Remove(client);
                _sockets.Remove(target);
            }
            client.Dispose();
            target.Dispose();
        }
    }

    private async Task PassAsync(Socket from, Socket to, bool slow)
    {
        var buffer = new byte[BufferSize];
        try
        {
            while (true)
            {
                await Gate().WaitAsync(_stop.Token);
                var read = await from.ReceiveAsync(buffer, _stop.Token);
                if (read == 0)
                    break;
                await Gate().WaitAsync(_stop.Token);
                for (var sent = 0; sent < read;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _stop.Token);
                if (slow && BytesPerSecond is > 0 and var rate)
                    await Task.Delay(TimeSpan.FromSeconds((double)read / rate), _stop.Token);
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            // A reset on one side is a reset on the other.
            from.Close(0);
            to.Close(0);
            throw;
        }
    }

    private Task Gate()
    {
        lock (_gate)
            return _open.Task;
    }

    private void CloseAll(bool reset)
    {
        Socket[] sockets;
        lock (_gate)
        {
            sockets = [.. _sockets];
            _sockets.Clear();
        }
        foreach (var socket in sockets)
        {
            if (reset)
                socket.Close(0);
            else
                socket.Dispose();
        }
    }
}
