using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StreamManager.Server.Tests.Realtime;

/// <summary>A WebSocket client that sends whatever bytes the test wants.</summary>
internal sealed class RawWebSocket : IDisposable
{
    private readonly TcpClient _client = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public NetworkStream Stream => _client.GetStream();

    public static async Task<RawWebSocket> ConnectAsync(RunningServer server, string token = RunningServer.Token)
    {
        var socket = new RawWebSocket();
        await socket._client.ConnectAsync(IPAddress.Loopback, server.Server.BoundPorts.Api, Cancel);
        await socket.Stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"),
            Cancel);
        var head = "";
        var one = new byte[1];
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal) && await socket.Stream.ReadAsync(one, Cancel) == 1)
            head += (char)one[0];
        socket.Answer = head;
        return socket;
    }

    /// <summary>Head of the answer to the upgrade.</summary>
    public string Answer { get; private set; } = "";

    /// <summary>A frame as RFC 6455, 5.2 lays it out, with a mask of zeros.</summary>
    public static byte[] Frame(byte first, byte[] payload) => payload.Length switch
    {
        < 126 => [first, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload],
        < 65_536 => [first, 0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length, 0, 0, 0, 0, .. payload],
        _ => [first, 0x80 | 127, 0, 0, 0, 0, .. BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(payload.Length)), 0, 0, 0, 0, .. payload],
    };

    /// <summary>Reads frames until the server says farewell; null: it went without.</summary>
    public async Task<int?> ReadCloseCodeAsync()
    {
        try
        {
            var head = new byte[2];
            while (true)
            {
                await Stream.ReadExactlyAsync(head, Cancel);
                long length = head[1] & 0x7F;
                if (length >= 126)
                {
                    var more = new byte[length == 126 ? 2 : 8];
                    await Stream.ReadExactlyAsync(more, Cancel);
                    length = more.Length == 2 ? BinaryPrimitives.ReadUInt16BigEndian(more) : BinaryPrimitives.ReadInt64BigEndian(more);
                }

                var payload = new byte[length];
                await Stream.ReadExactlyAsync(payload, Cancel);
                if ((head[0] & 0xF) == 8)
                    return payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(payload) : 1005;
            }
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Dispose() => _client.Dispose();
}
