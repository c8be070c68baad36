using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace StreamManager.Server.Tests.Realtime;

/// <summary>A client of the WebSocket: .NET's own.</summary>
internal sealed class RealtimePeer : IDisposable
{
    private readonly byte[] _buffer = new byte[256 * 1024];

    private RealtimePeer(ClientWebSocket socket) => Socket = socket;

    public ClientWebSocket Socket { get; }

    /// <summary>Connects; the token goes into the header.</summary>
    public static async Task<RealtimePeer> ConnectAsync(RunningServer server, string? token = RunningServer.Token, string path = "/ws", int? port = null, Action<ClientWebSocketOptions>? change = null)
    {
        var socket = new ClientWebSocket();
        if (token is not null)
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        change?.Invoke(socket.Options);
        try
        {
            await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port ?? server.Server.BoundPorts.Api}{path}"), TestContext.Current.CancellationToken);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new RealtimePeer(socket);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public Task SendAsync(byte[] bytes, WebSocketMessageType type = WebSocketMessageType.Text) =>
        Socket.SendAsync(bytes, type, endOfMessage: true, TestContext.Current.CancellationToken);

    /// <summary>The next frame; null: the server closed.</summary>
    public async Task<JsonElement?> ReceiveAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var length = 0;
        while (true)
        {
            var read = await Socket.ReceiveAsync(_buffer.AsMemory(length), limit.Token);
            if (read.MessageType is WebSocketMessageType.Close)
            {
                if (Socket.State is WebSocketState.CloseReceived)
                    await Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
                return null;
            }

            length += read.Count;
            if (read.EndOfMessage)
                return JsonDocument.Parse(_buffer.AsMemory(0, length).ToArray()).RootElement;
        }
    }

    /// <summary>The next frame that is as wanted; what comes before is thrown away.</summary>
    public async Task<JsonElement> ReceiveAsync(Func<JsonElement, bool> wanted)
    {
        while (await ReceiveAsync() is { } frame)
        {
            if (wanted(frame))
                return frame;
        }

        throw new InvalidOperationException($"The server closed: {Socket.CloseStatus} {Socket.CloseStatusDescription}");
    }

    /// <summary>The next frame of a type.</summary>
    public Task<JsonElement> ReceiveAsync(string type) => ReceiveAsync(frame => frame.GetProperty("type").GetString() == type);

    /// <summary>Sends a command and returns its answer's type and data.</summary>
    public async Task<(string Type, JsonElement Data)> CallAsync(string type, string data = "{}")
    {
        var id = Guid.NewGuid().ToString();
        await SendAsync($$"""{ "id": "{{id}}", "type": "{{type}}", "data": {{data}} }""");
        var answer = await ReceiveAsync(frame => frame.TryGetProperty("id", out var given) && given.ValueKind is JsonValueKind.String && given.GetString() == id);
        return (answer.GetProperty("type").GetString()!, answer.GetProperty("data"));
    }

    /// <summary>Reads until the server has closed; the code it gave, and the last error before.</summary>
    public async Task<(WebSocketCloseStatus? Status, string? Code)> ReadToCloseAsync()
    {
        string? code = null;
        while (await ReceiveAsync() is { } frame)
        {
            if (frame.GetProperty("type").GetString() == "error")
                code = frame.GetProperty("data").GetProperty("code").GetString();
        }

        return (Socket.CloseStatus, code);
    }

    public void Dispose() => Socket.Dispose();
}
