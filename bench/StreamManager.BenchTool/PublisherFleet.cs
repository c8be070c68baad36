using System.Buffers;
using System.Net.Sockets;
using StreamManager.Media.Flv;
using StreamManager.Rtmp.Wire;

namespace StreamManager.BenchTool;

/// <summary>Publishes one FLV file in real time to any number of keys. The wire bytes of a message are made once and sent to all.</summary>
internal sealed class PublisherFleet
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(2);
    private static readonly byte[] Waste = new byte[65536];

    private readonly List<Socket> _sockets = [];
    private readonly List<FlvTag> _tags;
    private readonly int _chunkSize;
    private readonly bool _stamp;
    private readonly ArrayBufferWriter<byte> _wire = new(1 << 20);
    private int _lost;

    private PublisherFleet(List<FlvTag> tags, int chunkSize, bool stamp)
    {
        _tags = tags;
        _chunkSize = chunkSize;
        _stamp = stamp;
    }

    public static async Task<int> RunAsync(ToolOptions options, CancellationToken stop)
    {
        var fleet = new PublisherFleet(FlvFile.ReadTags(options.Text("file")), options.Number("chunk-size", 4096), options.Has("stamp"));
        var url = new Uri(options.Text("url"));
        var count = options.Number("count", 1);
        for (var i = 1; i <= count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(url.Host, url.IsDefaultPort ? 1935 : url.Port, stop);
            await new RtmpLine(socket).PublishAsync(url.AbsolutePath.Trim('/'), url.ToString(), options.Text("key") + (count > 1 ? i : ""), fleet._chunkSize, stop);
            fleet._sockets.Add(socket);
        }
        Console.WriteLine($"publishing={fleet._sockets.Count}");
        try
        {
            await fleet.SendAsync(stop);
        }
        catch (OperationCanceledException)
        {
        }
        Console.WriteLine($"publishers={count} lost={fleet._lost}");
        return fleet._lost == 0 ? 0 : 1;
    }

    private async Task SendAsync(CancellationToken stop)
    {
        var start = TimeProvider.System.GetTimestamp();
        var length = _tags[^1].Timestamp + 33;
        for (uint round = 0; ; round++)
        {
            foreach (var tag in _tags)
            {
                if (round > 0 && IsOnceOnly(tag))
                    continue;
                var due = round * length + tag.Timestamp;
                while (TimeProvider.System.GetElapsedTime(start).TotalMilliseconds < due)
                {
                    Flush();
                    await Task.Delay(Tick, stop);
                }
                Append(tag, due);
                if (_stamp)
                    Flush();
            }
        }
    }

    private static bool IsOnceOnly(FlvTag tag) => tag.Type == FlvTagType.Script || tag.Body.Length < 2 || tag.Body.Span[1] != 1;

    private void Append(FlvTag tag, uint timestamp)
    {
        var type = (RtmpMessageType)(byte)tag.Type;
        var body = tag.Body;
        if (_stamp && tag.Type == FlvTagType.Video && !IsOnceOnly(tag))
        {
            var stamped = LatencyStamp.MakeRoom(body.Span, out var digitsAt);
            LatencyStamp.Write(stamped.AsSpan(digitsAt), TimeProvider.System.GetTimestamp());
            body = stamped;
        }
        // Every message whole in itself: all connections can be given the same bytes.
        ChunkWriter.WriteAbsoluteMessage(_wire, RtmpChunkStreamIds.For(type), timestamp, 1, type, body.Span, _chunkSize);
    }

    private void Flush()
    {
        if (_wire.WrittenCount == 0)
            return;
        for (var i = _sockets.Count - 1; i >= 0; i--)
        {
            try
            {
                var socket = _sockets[i];
                if (socket.Available > 0)
                    socket.Receive(Waste); // Acknowledgements: taken, not read.
                for (var rest = _wire.WrittenSpan; !rest.IsEmpty;)
                    rest = rest[socket.Send(rest)..];
            }
            catch (SocketException)
            {
                _lost++;
                _sockets[i].Dispose();
                _sockets.RemoveAt(i);
            }
        }
        _wire.ResetWrittenCount();
    }
}
