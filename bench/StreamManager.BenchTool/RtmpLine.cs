using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Wire;

namespace StreamManager.BenchTool;

/// <summary>One RTMP connection up to a granted publish, from either side; as simple as a friendly peer on loopback allows.</summary>
internal sealed class RtmpLine : IDisposable
{
    private readonly NetworkStream _stream;
    private readonly PipeReader _input;
    private readonly ChunkReader _chunks = new();
    private readonly ChunkWriter _writer = new();
    private readonly ArrayBufferWriter<byte> _output = new();

    public RtmpLine(Socket socket)
    {
        Socket = socket;
        socket.NoDelay = true;
        _stream = new NetworkStream(socket, ownsSocket: false);
        _input = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: 65536));
    }

    public Socket Socket { get; }

    /// <summary>Server side: handshake and commands until a publish is granted. False: the peer went away before.</summary>
    public async Task<bool> AcceptPublishAsync(CancellationToken cancel)
    {
        HandshakePacket hello = default;
        if (!await ReadAsync((ref buffer) => Handshake.TryReadClientHello(ref buffer, out hello), cancel))
            return false;
        Handshake.WriteServerReply(_output, hello, 0);
        await FlushAsync(cancel);
        if (!await ReadAsync(Handshake.TryReadClientEcho, cancel))
            return false;
        while (await ReadMessageAsync(cancel) is { } message)
        {
            if (message.Type is not (RtmpMessageType.CommandAmf0 or RtmpMessageType.CommandAmf3))
                continue;
            var command = RtmpCommand.Read(message);
            switch (command.Name)
            {
                case "connect":
                    Write(new RtmpControlMessage.WindowAcknowledgementSize(int.MaxValue).ToMessage());
                    Write(new RtmpControlMessage.SetPeerBandwidth(int.MaxValue, RtmpPeerBandwidthLimit.Dynamic).ToMessage());
                    Write(RtmpCommand.Result(command.TransactionId, new AmfValue.Object([new("fmsVer", "FMS/3,0,1,123"), new("capabilities", 31)]),
                        new RtmpStatus(RtmpStatus.StatusLevel, RtmpStatusCodes.ConnectSuccess, "Connected.").ToValue()).ToMessage());
                    break;
                case "createStream":
                    Write(RtmpCommand.Result(command.TransactionId, AmfValue.NullValue, 1).ToMessage());
                    break;
                case "publish":
                    Write(new RtmpControlMessage.StreamBegin(1).ToMessage());
                    Write(RtmpCommand.OnStatus(new RtmpStatus(RtmpStatus.StatusLevel, RtmpStatusCodes.PublishStart, "Go on.")).ToMessage(1));
                    await FlushAsync(cancel);
                    return true;
                default:
                    if (command.TransactionId != 0)
                        Write(RtmpCommand.Result(command.TransactionId, AmfValue.NullValue, AmfValue.UndefinedValue).ToMessage());
                    break;
            }
            await FlushAsync(cancel);
        }
        return false;
    }

    /// <summary>Client side: handshake and commands until the publish is granted.</summary>
    /// <exception cref="InvalidOperationException">It was refused.</exception>
    public async Task PublishAsync(string app, string tcUrl, string key, int chunkSize, CancellationToken cancel)
    {
        HandshakePacket hello = default;
        Handshake.WriteClientHello(_output, 0);
        await FlushAsync(cancel);
        await ReadAsync((ref buffer) => Handshake.TryReadServerHello(ref buffer, out hello), cancel);
        Handshake.WriteClientEcho(_output, hello);
        await ReadAsync(Handshake.TryReadServerEcho, cancel);
        if (chunkSize != ChunkWriter.DefaultChunkSize)
        {
            Write(new RtmpControlMessage.SetChunkSize(chunkSize).ToMessage());
            _writer.ChunkSize = chunkSize;
        }
        Write(new RtmpCommand("connect", 1, new AmfValue.Object([new("app", app), new("type", "nonprivate"), new("flashVer", "FMLE/3.0 (compatible; bench)"), new("tcUrl", tcUrl)]), []).ToMessage());
        await FlushAsync(cancel);
        await ExpectAsync(command => command.Name == RtmpCommand.ResultName && command.TransactionId == 1, cancel);
        Write(RtmpCommand.Create("releaseStream", 2, key).ToMessage());
        Write(RtmpCommand.Create("FCPublish", 3, key).ToMessage());
        Write(RtmpCommand.Create("createStream", 4).ToMessage());
        await FlushAsync(cancel);
        await ExpectAsync(command => command.Name == RtmpCommand.ResultName && command.TransactionId == 4, cancel);
        Write(RtmpCommand.Create("publish", 5, key, "live").ToMessage(1));
        await FlushAsync(cancel);
        await ExpectAsync(command => RtmpStatus.Find(command)?.Code == RtmpStatusCodes.PublishStart, cancel);
    }

    /// <summary>Client side: the farewell of an encoder that stops; returns when the server has closed.</summary>
    public async Task UnpublishAsync(string key, CancellationToken cancel)
    {
        Write(RtmpCommand.Create("FCUnpublish", 6, key).ToMessage());
        Write(RtmpCommand.Create("deleteStream", 7, 1).ToMessage());
        await FlushAsync(cancel);
        Socket.Shutdown(SocketShutdown.Send);
        while (await ReadMessageAsync(cancel) is not null)
        {
            // Acknowledgements and words on the way out.
        }
    }

    /// <summary>The next message; null when the peer has closed.</summary>
    public async Task<RtmpMessage?> ReadMessageAsync(CancellationToken cancel)
    {
        RtmpMessage message = default;
        return await ReadAsync((ref buffer) => _chunks.TryReadMessage(ref buffer, out message), cancel) ? message : null;
    }

    public void Dispose()
    {
        _chunks.Dispose();
        _stream.Dispose();
        Socket.Dispose();
    }

    private async Task ExpectAsync(Func<RtmpCommand, bool> wanted, CancellationToken cancel)
    {
        while (await ReadMessageAsync(cancel) is { } message)
        {
            if (message.Type is not (RtmpMessageType.CommandAmf0 or RtmpMessageType.CommandAmf3))
                continue;
            var command = RtmpCommand.Read(message);
            if (wanted(command))
                return;
            if (RtmpStatus.Find(command) is { IsError: true } status)
                throw new InvalidOperationException($"Refused: {status.Code} {status.Description}");
        }
        throw new InvalidOperationException("The server closed the connection.");
    }

    private delegate bool TryRead(ref ReadOnlySequence<byte> buffer);

    private async Task<bool> ReadAsync(TryRead tryRead, CancellationToken cancel)
    {
        while (true)
        {
            var result = await _input.ReadAsync(cancel);
            var buffer = result.Buffer;
            var done = tryRead(ref buffer);
            _input.AdvanceTo(buffer.Start, done ? buffer.Start : buffer.End);
            if (done)
                return true;
            if (result.IsCompleted)
                return false;
        }
    }

    private void Write(in RtmpMessage message) => _writer.WriteMessage(_output, message);

    private async Task FlushAsync(CancellationToken cancel)
    {
        await _stream.WriteAsync(_output.WrittenMemory, cancel);
        _output.ResetWrittenCount();
    }
}
