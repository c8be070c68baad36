using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace StreamManager.Server.Tests.Realtime;

/// <summary>A client of the WebSocket: .NET's own.</summary>
internal sealed class RealtimePeer : IDisposable
{
    /// <summary>How long anything may take that a test waits for: metrics come each second, so that silence alone would never end a wait.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly byte[] _buffer = new byte[256 * 1024];

    // What came before the answer to a command: an event may be faster than the answer to what caused it.
    private readonly Queue<JsonElement> _early = new();

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
        using var limit = Limit();
        return _early.TryDequeue(out var early) ? early : await ReadAsync(limit);
    }

    /// <summary>The next frame that is as wanted; what comes before is thrown away.</summary>
    /// <exception cref="InvalidOperationException">The server closed.</exception>
    /// <exception cref="OperationCanceledException">None came.</exception>
    public async Task<JsonElement> ReceiveAsync(Func<JsonElement, bool> wanted)
    {
        using var limit = Limit();
        while (_early.TryDequeue(out var early))
        {
            if (wanted(early))
                return early;
        }

        return await ReadAsync(wanted, _ => { }, limit);
    }

    /// <summary>The next frame of a type.</summary>
    public Task<JsonElement> ReceiveAsync(string type) => ReceiveAsync(frame => frame.GetProperty("type").GetString() == type);

    /// <summary>Sends a command and returns its answer's type and data. What comes before the answer is kept.</summary>
    public async Task<(string Type, JsonElement Data)> CallAsync(string type, string data = "{}")
    {
        var id = Guid.NewGuid().ToString();
        await SendAsync($$"""{ "id": "{{id}}", "type": "{{type}}", "data": {{data}} }""");
        using var limit = Limit();
        var answer = await ReadAsync(frame => frame.TryGetProperty("id", out var given) && given.ValueKind is JsonValueKind.String && given.GetString() == id, _early.Enqueue, limit);
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

    private static CancellationTokenSource Limit()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        return limit;
    }

    private async Task<JsonElement> ReadAsync(Func<JsonElement, bool> wanted, Action<JsonElement> other, CancellationTokenSource limit)
    {
        while (await ReadAsync(limit) is { } frame)
        {
            if (wanted(frame))
                return frame;
            other(frame);
        }

        throw new InvalidOperationException($"The server closed: {Socket.CloseStatus} {Socket.CloseStatusDescription}");
    }

    private async Task<JsonElement?> ReadAsync(CancellationTokenSource limit)
    {
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
}
