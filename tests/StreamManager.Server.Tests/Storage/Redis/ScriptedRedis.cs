using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StreamManager.Server.Storage.Redis;

namespace StreamManager.Server.Tests.Storage.Redis;

/// <summary>What a <see cref="ScriptedRedis"/> says to a command.</summary>
/// <param name="Wire">Bytes as text; empty: nothing.</param>
/// <param name="Close">Closes the connection after them.</param>
internal sealed record ScriptedReply(string Wire, bool Close = false);

/// <summary>A peer that does what no real Redis can be brought to do: it answers a log-in like one, and everything else as a test says.</summary>
internal sealed class ScriptedRedis : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string[], ScriptedReply?> _script;
    private readonly ConcurrentQueue<string[]> _commands = new();
    private readonly Task _accepting;

    private ScriptedRedis(Func<string[], ScriptedReply?> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public RedisOptions Options
    {
        get
        {
            Assert.Null(RedisUrl.TryParse($"redis://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}", null, out var url));
            return new RedisOptions { Url = url };
        }
    }

    /// <summary>All commands so far, of all connections, the log-in included.</summary>
    public IReadOnlyCollection<string[]> Commands => _commands;

    /// <param name="script">The answer to a command; null: as a healthy Redis answers a log-in.</param>
    public static ScriptedRedis Start(Func<string[], ScriptedReply?> script) => new(script);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private static ScriptedReply LogIn(string[] words) => new(words[0] switch
    {
        "PING" => "+PONG\r\n",
        "INFO" => "$20\r\nredis_version:7.0.15\r\n",
        "AUTH" or "SELECT" or "CLIENT" => "+OK\r\n",
        _ => "-ERR unknown command\r\n",
    });

    private async Task AcceptAsync()
    {
        var conversations = new List<Task>();
        try
        {
            while (true)
                conversations.Add(ConverseAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(conversations);
        }
    }

    private async Task ConverseAsync(Socket socket)
    {
        using var _ = socket;
        var received = new ArrayBufferWriter<byte>();
        try
        {
            while (true)
            {
                var count = await socket.ReceiveAsync(received.GetMemory(4096), _stop.Token);
                if (count == 0)
                    return;
                received.Advance(count);
                var buffer = new ReadOnlySequence<byte>(received.WrittenMemory);
                while (RespReader.TryRead(ref buffer, RespLimits.Default, out var value))
                {
                    string[] words = [.. ((RespValue.Array)value).Items.Cast<RespValue.Bulk>().Select(word => word.Text)];
                    _commands.Enqueue(words);
                    var reply = _script(words) ?? LogIn(words);
                    await socket.SendAsync(Encoding.UTF8.GetBytes(reply.Wire), _stop.Token);
                    if (reply.Close)
                        return;
                }

                var rest = buffer.ToArray();
                received.ResetWrittenCount();
                received.Write(rest);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The other side is gone, or the test ends.
        }
    }
}
