using System.Net;
using System.Net.Sockets;
using Xunit;

namespace StreamManager.TestKit.Tests;

public sealed class TcpRelayTests : IAsyncDisposable
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly TcpRelay _relay;

    public TcpRelayTests()
    {
        _server.Start();
        _relay = TcpRelay.Start(((IPEndPoint)_server.LocalEndpoint).Port);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Relay_PassesBothDirectionsAndACleanClose()
    {
        var (client, server) = await ConnectAsync();
        using (client)
        using (server)
        {
            await client.Client.SendAsync("ping"u8.ToArray(), Cancel);
            Assert.Equal("ping"u8.ToArray(), await ReadAsync(server, 4));
            await server.Client.SendAsync("pong"u8.ToArray(), Cancel);
            Assert.Equal("pong"u8.ToArray(), await ReadAsync(client, 4));
            client.Client.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await server.Client.ReceiveAsync(new byte[1], Cancel));
            Assert.Equal(1, _relay.Connections);
        }
    }

    [Fact]
    public async Task ResetAll_GivesBothSidesAReset()
    {
        var (client, server) = await ConnectAsync();
        using (client)
        using (server)
        {
            _relay.ResetAll();
            foreach (var side in (TcpClient[])[client, server])
            {
                var failure = await Assert.ThrowsAsync<SocketException>(() => side.Client.ReceiveAsync(new byte[1], Cancel).AsTask());
                Assert.Equal(SocketError.ConnectionReset, failure.SocketErrorCode);
            }
        }
    }

    [Fact]
    public async Task Stall_HoldsTheBytesUntilResume()
    {
        var (client, server) = await ConnectAsync();
        using (client)
        using (server)
        {
            _relay.Stall();
            // The relay may have been waiting in a read already: that one chunk it takes, but does not pass on.
            await client.Client.SendAsync("late"u8.ToArray(), Cancel);
            var read = ReadAsync(server, 4);
            await Task.Delay(50, Cancel);
            Assert.False(read.IsCompleted);
            _relay.Resume();
            Assert.Equal("late"u8.ToArray(), await read);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        _server.Dispose();
    }

    private static async Task<byte[]> ReadAsync(TcpClient from, int count)
    {
        var bytes = new byte[count];
        await from.GetStream().ReadExactlyAsync(bytes, Cancel);
        return bytes;
    }

    private async Task<(TcpClient Client, TcpClient Server)> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _relay.Port, Cancel);
        return (client, await _server.AcceptTcpClientAsync(Cancel));
    }
}
