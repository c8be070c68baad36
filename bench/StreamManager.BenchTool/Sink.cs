using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using StreamManager.Rtmp.Wire;

namespace StreamManager.BenchTool;

/// <summary>
/// Takes every publish and throws the media away. After the grant it does not even parse: one loop empties all sockets twenty times a second, so that a hundred
/// destinations cost a few per cent of a core. With <c>--latency</c> it parses at once, and measures.
/// </summary>
internal sealed class Sink : IDisposable
{
    private const int UserSignal1 = 10; // SIGUSR1 on Linux: what was measured so far is forgotten.

    private static readonly TimeSpan EmptyEvery = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _silent = [];
    private readonly List<double> _latencies = [];
    private int _publishing;
    private int _ended;
    private long _bytes;

    /// <summary>Publishes that were granted so far.</summary>
    public int Publishes => Volatile.Read(ref _publishing);

    /// <summary>Listens, and empties the sockets, until disposed or told to stop.</summary>
    public static Sink Start(int port, bool measure, CancellationToken stop)
    {
        var sink = new Sink();
        sink._listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        sink._listener.Listen(512);
        _ = sink.AcceptAsync(measure, stop);
        _ = sink.EmptyAgainAndAgainAsync(stop);
        return sink;
    }

    public static async Task RunAsync(ToolOptions options, CancellationToken stop)
    {
        using var sink = Start(options.Number("port", 19350), options.Has("latency"), stop);
        using var forget = PosixSignalRegistration.Create((PosixSignal)UserSignal1, context =>
        {
            context.Cancel = true;
            sink.Forget();
        });
        try
        {
            while (true)
            {
                await Task.Delay(EmptyEvery, stop);
                if (options.Has("status"))
                    await File.WriteAllTextAsync(options.Text("status"), $"{sink._publishing} {sink._ended} {Interlocked.Read(ref sink._bytes)}\n", stop);
            }
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine(sink.Report());
        }
    }

    /// <summary>Resets one of the connections that are emptied; which one is counted round by <paramref name="turn"/>. Nothing happens when there is none.</summary>
    public void ResetOne(int turn)
    {
        lock (_gate)
        {
            if (_silent.Count == 0)
                return;
            var socket = _silent[turn % _silent.Count];
            _silent.Remove(socket);
            _ended++;
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            socket.Dispose();
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Forget()
    {
        lock (_gate)
            _latencies.Clear();
    }

    private async Task EmptyAgainAndAgainAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(EmptyEvery, stop);
                Empty();
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }

    private async Task AcceptAsync(bool measure, CancellationToken stop)
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptAsync(stop), measure, stop);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The measurement is over.
        }
    }

    private async Task ServeAsync(Socket socket, bool measure, CancellationToken stop)
    {
        var line = new RtmpLine(socket);
        try
        {
            if (!await line.AcceptPublishAsync(stop))
                return;
            Interlocked.Increment(ref _publishing);
            if (measure)
                await MeasureAsync(line, stop);
            else
            {
                socket.Blocking = false;
                lock (_gate)
                    _silent.Add(socket);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or RtmpProtocolException)
        {
            line.Dispose();
        }
    }

    private async Task MeasureAsync(RtmpLine line, CancellationToken stop)
    {
        while (await line.ReadMessageAsync(stop) is { } message)
        {
            Interlocked.Add(ref _bytes, message.Body.Length);
            if (message.Type != RtmpMessageType.Video || LatencyStamp.Find(message.Body.Span) is not { } sent)
                continue;
            var latency = TimeProvider.System.GetElapsedTime(sent).TotalMilliseconds;
            lock (_gate)
                _latencies.Add(latency);
        }
        Interlocked.Increment(ref _ended);
    }

    private void Empty()
    {
        Span<byte> waste = stackalloc byte[65536];
        lock (_gate)
        {
            for (var i = _silent.Count - 1; i >= 0; i--)
            {
                int read;
                SocketError error;
                do
                {
                    read = _silent[i].Receive(waste, SocketFlags.None, out error);
                    _bytes += Math.Max(read, 0);
                }
                while (read == waste.Length);
                if (error == SocketError.WouldBlock || (error == SocketError.Success && read > 0))
                    continue;
                _ended++;
                _silent[i].Dispose();
                _silent.RemoveAt(i);
            }
        }
    }

    private string Report()
    {
        lock (_gate)
        {
            var text = $"publishes={_publishing} ended={_ended} bytes={_bytes}";
            if (_latencies.Count == 0)
                return text;
            _latencies.Sort();
            return $"{text} frames={_latencies.Count} p50={At(0.5):0.00} p99={At(0.99):0.00} max={_latencies[^1]:0.00} ms";
        }
    }

    private double At(double share) => _latencies[Math.Min(_latencies.Count - 1, (int)(share * _latencies.Count))];
}
