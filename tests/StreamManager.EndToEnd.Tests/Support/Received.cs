using System.IO.Pipelines;
using System.Net.Http.Headers;
using System.Net.Sockets;
using StreamManager.Media.Flv;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>What a player gets, message by message: for what ffmpeg cannot play, and for the first bytes of a preview.</summary>
internal static class Received
{
    /// <summary>Plays by RTMP until so much media has come.</summary>
    public static async Task<IReadOnlyList<RtmpMessage>> ByRtmpAsync(ServerProcess server, string name, int seconds)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", server.RtmpPort);
        await using var peer = new ScriptedRtmpPeer(client.GetStream());
        await peer.PlayAsync(name);
        List<RtmpMessage> messages = [];
        while (await peer.ReadAsync() is { } message)
        {
            if (message.Type is RtmpMessageType.Audio or RtmpMessageType.Video)
                messages.Add(message);
            if (message.Timestamp >= seconds * 1000)
                break;
        }
        return messages;
    }

    /// <summary>Reads an HTTP-FLV preview, with its script tags, until so much media has come.</summary>
    public static async Task<IReadOnlyList<RtmpMessage>> ByHttpAsync(ServerProcess server, string path, int seconds) => (await ReadFlvAsync(server, path, seconds)).Messages;

    /// <summary>The same with the flags of the file header.</summary>
    public static async Task<(FlvHeader Header, IReadOnlyList<RtmpMessage> Messages)> ReadFlvAsync(ServerProcess server, string path, int seconds)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.ApiPort}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ServerProcess.Token);
        var reader = PipeReader.Create(await client.GetStreamAsync(new Uri(path, UriKind.Relative)));
        using var limit = new CancellationTokenSource(Eventually.DefaultTimeout);
        List<RtmpMessage> messages = [];
        FlvHeader? header = null;
        while (true)
        {
            var read = await reader.ReadAsync(limit.Token);
            var buffer = read.Buffer;
            if (header is null && FlvReader.TryReadHeader(ref buffer, out var flags))
                header = flags;
            while (header is not null && FlvReader.TryReadTag(ref buffer, FlvReaderLimits.Default, out var tag))
                messages.Add(new RtmpMessage((RtmpMessageType)tag.Type, 0, tag.Timestamp, tag.Body));
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted || messages is [.., { Timestamp: var time }] && time >= seconds * 1000)
                break;
        }
        await reader.CompleteAsync();
        return (header!.Value, messages);
    }
}
