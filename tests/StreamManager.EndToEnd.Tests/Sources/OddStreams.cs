using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.EndToEnd.Tests.Sources;

/// <summary>A server and a destination for encoders that send what no ffmpeg does; each stream is a broadcast of its own with a recording of its own.</summary>
public sealed class OddStreams : IAsyncLifetime
{
    private ServerProcess? _server;
    private NginxRtmp? _nginx;

    /// <summary>What is sent, before a test makes it odd: 640x360 at 30 frames, a key frame each second, red; AAC 48 kHz stereo.</summary>
    public EncoderSettings Settings { get; } = new();

    /// <summary>Five seconds of it.</summary>
    public EncodedMedia Media { get; private set; } = null!;

    internal ServerProcess Server => _server!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Media = await EncodedMedia.LoadAsync(Settings, TimeSpan.FromSeconds(5));
        _nginx = await NginxRtmp.StartAsync();
        _server = await ServerProcess.StartAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        if (_nginx is not null)
            await _nginx.DisposeAsync();
    }

    /// <summary>Broadcasts these messages and returns the path of what the destination recorded, ended in order, on one connection.</summary>
    internal Task<string> BroadcastAsync(string key, IEnumerable<TimedMessage> messages) => BroadcastAsync(key, encoder => encoder.SendAsync(messages));

    /// <summary>Broadcasts what <paramref name="send"/> sends.</summary>
    internal async Task<string> BroadcastAsync(string key, Func<ScriptedEncoder, Task> send)
    {
        var id = await Server.Api.AddDestinationAsync(key, _nginx!.ServerUrl(), key);
        await using (var encoder = await ScriptedEncoder.PublishAsync(Server.RtmpPort, ServerProcess.MainKey))
        {
            await send(encoder);
            // What was sent last is on its way; a slate must not come before it at the destination.
            await _nginx.WaitForRecordingAsync(key, TimeSpan.FromSeconds(2));
            await encoder.StopAsync();
        }
        await Server.Api.StopAsync();
        await Eventually.TrueAsync(
            () => FlvRecording.Read(_nginx.Recording(key)) is { HasEndOfSequence: true, IsTruncated: false },
            describe: () => $"no whole recording of {key}\n{_nginx.Log}");
        await Server.Api.RemoveDestinationAsync(id);
        Assert.Equal(1, _nginx.PublishCount(key));
        return _nginx.Recording(key);
    }

    /// <summary>The same, and the recording has every frame in its place and decodes without a word.</summary>
    internal async Task<FlvRecording> BroadcastUnbrokenAsync(string key, IEnumerable<TimedMessage> messages)
    {
        var file = await BroadcastAsync(key, messages);
        var recording = FlvRecording.Read(file);
        RecordingJudge.AssertNoHole(recording, Settings);
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(file));
        return recording;
    }
}
