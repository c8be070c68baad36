using System.Net.Sockets;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Wire;

namespace StreamManager.TestKit.Rtmp;

/// <summary>
/// An encoder that behaves on the wire as OBS does (its own chunk size before connect, no enhanced-RTMP fields, audio, video and data all on chunk stream 4, everything that the server sends
/// thrown away once it publishes) and that sends exactly the messages that a test gives it, at the times it gives.
/// </summary>
public sealed class ScriptedEncoder : IAsyncDisposable
{
    private const int ObsChunkSize = 4096;
    private const int ObsMediaChunkStream = 4;

    private readonly TcpClient _client;
    private readonly ScriptedRtmpPeer _peer;
    private Task _draining = Task.CompletedTask;
    private uint _streamId;

    private ScriptedEncoder(TcpClient client)
    {
        _client = client;
        _peer = new ScriptedRtmpPeer(client.GetStream()) { MediaChunkStreamId = ObsMediaChunkStream };
    }

    /// <summary>Connects and publishes.</summary>
    /// <exception cref="InvalidOperationException">The server refused.</exception>
    public static async Task<ScriptedEncoder> PublishAsync(int port, string key)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port);
        var encoder = new ScriptedEncoder(client);
        try
        {
            await encoder.StartAsync(port, key);
            return encoder;
        }
        catch
        {
            await encoder.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends one message now, on the published stream.</summary>
    public ValueTask SendAsync(RtmpMessage message) => _peer.SendAsync(message with { StreamId = _streamId });

    /// <summary>Sends messages at their times, which must not go back; the first one's time is now.</summary>
    /// <exception cref="IOException">The server closed.</exception>
    public async Task SendAsync(IEnumerable<TimedMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var start = TimeProvider.System.GetTimestamp();
        TimeSpan? first = null;
        foreach (var message in messages)
        {
            first ??= message.Due;
            var wait = message.Due - first.Value - TimeProvider.System.GetElapsedTime(start);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait);
            await SendAsync(message.Message);
        }
    }

    /// <summary>The stop button: FCUnpublish, deleteStream, close.</summary>
    public async Task StopAsync()
    {
        await _peer.CallAsync("FCUnpublish");
        await _peer.CallAsync("deleteStream", null, (double)_streamId);
        await _peer.CloseAsync();
        await _draining;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _draining;
        await _peer.DisposeAsync();
    }

    private async Task StartAsync(int port, string key)
    {
        await _peer.HandshakeAsync();
        await _peer.SendAsync(new RtmpControlMessage.SetChunkSize(ObsChunkSize));
        _peer.ChunkSize = ObsChunkSize;
        var url = $"rtmp://127.0.0.1:{port}/live";
        await _peer.CallAsync("connect", new AmfValue.Object([
            new("app", "live"), new("type", "nonprivate"), new("flashVer", "FMLE/3.0 (compatible; FMSc/1.0)"), new("swfUrl", url), new("tcUrl", url)]));
        await _peer.ReadCommandAsync("_result");
        await _peer.CallAsync("releaseStream", null, key);
        await _peer.CallAsync("FCPublish", null, key);
        await _peer.CreateStreamAndPublishAsync(key);
        var status = await _peer.ReadStatusAsync();
        if (status.IsError)
            throw new InvalidOperationException($"{status.Code}: {status.Description}");
        _streamId = 1;
        _draining = DrainAsync(_client.GetStream());
    }

    private static async Task DrainAsync(NetworkStream stream)
    {
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Closed, by either side.
        }
    }
}
