using System.Net.Sockets;
using StreamManager.TestKit;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.EndToEnd.Tests.Ingest;

/// <summary>A connection that does what it likes.</summary>
internal sealed class HostilePeer : IAsyncDisposable
{
    private readonly TcpClient _client;

    private HostilePeer(TcpClient client)
    {
        _client = client;
        Stream = client.GetStream();
        Rtmp = new ScriptedRtmpPeer(Stream);
    }

    /// <summary>Speaks RTMP where wanted.</summary>
    public ScriptedRtmpPeer Rtmp { get; }

    /// <summary>The bare connection.</summary>
    public NetworkStream Stream { get; }

    /// <summary>Connects.</summary>
    public static async Task<HostilePeer> OpenAsync(int port)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port);
        return new HostilePeer(client);
    }

    /// <summary>Sends bytes; false when the server has closed.</summary>
    public async Task<bool> TrySendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await Stream.WriteAsync(bytes);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Sends the same again and again until the server closes.</summary>
    public async Task SendUntilClosedAsync(ReadOnlyMemory<byte> bytes, int times)
    {
        for (var i = 0; i < times && await TrySendAsync(bytes); i++)
        {
        }
        await WaitForCloseAsync();
    }

    /// <summary>Reads until the server closes or resets.</summary>
    public async Task WaitForCloseAsync()
    {
        var buffer = new byte[4096];
        using var limit = new CancellationTokenSource(Eventually.DefaultTimeout);
        try
        {
            while (await Stream.ReadAsync(buffer, limit.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset: closed all the same.
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
