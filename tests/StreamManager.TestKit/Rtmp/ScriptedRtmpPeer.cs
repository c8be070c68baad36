using System.Buffers;
using System.IO.Pipelines;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Wire;

namespace StreamManager.TestKit.Rtmp;

/// <summary>
/// The other side of a connection, made of the product's own reader and writer and led by a test step by step. Either role: what differs is the handshake. Reads give up after
/// <see cref="Eventually.DefaultTimeout"/>.
/// </summary>
public sealed class ScriptedRtmpPeer : IAsyncDisposable
{
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly ChunkReader _reader = new();
    private readonly ChunkWriter _writer = new();
    private double _transaction;

    /// <summary>Takes one end of a connection.</summary>
    public ScriptedRtmpPeer(IDuplexPipe transport)
    {
        _input = transport.Input;
        _output = transport.Output;
    }

    /// <summary>Takes a stream, for example a socket's.</summary>
    public ScriptedRtmpPeer(Stream stream)
    {
        _input = PipeReader.Create(stream);
        _output = PipeWriter.Create(stream);
    }

    /// <summary>The chunk size of what is sent. Setting it does not tell the peer.</summary>
    public int ChunkSize
    {
        get => _writer.ChunkSize;
        set => _writer.ChunkSize = value;
    }

    /// <summary>The chunk size that the peer announced.</summary>
    public int PeerChunkSize => _reader.ChunkSize;

    /// <summary>Sends audio, video and data on this chunk stream (OBS: all on 4); null: each type on one of its own.</summary>
    public int? MediaChunkStreamId { get; set; }

    /// <summary>The client's handshake.</summary>
    public async Task HandshakeAsync()
    {
        Handshake.WriteClientHello(_output, 0);
        await _output.FlushAsync();
        HandshakePacket hello = default;
        await ReadUntilAsync((ref ReadOnlySequence<byte> buffer) => Handshake.TryReadServerHello(ref buffer, out hello));
        Handshake.WriteClientEcho(_output, hello);
        await _output.FlushAsync();
        await ReadUntilAsync(Handshake.TryReadServerEcho);
    }

    /// <summary>The server's handshake.</summary>
    public async Task AcceptHandshakeAsync()
    {
        HandshakePacket hello = default;
        await ReadUntilAsync((ref ReadOnlySequence<byte> buffer) => Handshake.TryReadClientHello(ref buffer, out hello));
        Handshake.WriteServerReply(_output, hello, 0);
        await _output.FlushAsync();
        await ReadUntilAsync(Handshake.TryReadClientEcho);
    }

    /// <summary>Handshake and a usual connect; returns when it was granted.</summary>
    public async Task<RtmpCommand> ConnectAsync(string app = "live", params AmfProperty[] more)
    {
        await HandshakeAsync();
        await CallAsync("connect", new AmfValue.Object([
            new("app", app), new("type", "nonprivate"), new("flashVer", "FMLE/3.0 (compatible; Scripted)"), new("tcUrl", $"rtmp://localhost/{app}"), .. more]));
        return await ReadCommandAsync("_result");
    }

    /// <summary>Everything up to a publish command; what it was answered is left to read.</summary>
    public async Task PublishAsync(string name, string app = "live")
    {
        await ConnectAsync(app);
        await CreateStreamAndPublishAsync(name);
    }

    /// <summary>createStream and publish on a connection that has connected; what publish was answered is left to read.</summary>
    public async Task CreateStreamAndPublishAsync(string name)
    {
        var streamId = await CreateStreamAsync();
        await SendAsync(RtmpCommand.Create("publish", ++_transaction, name, "live").ToMessage(streamId));
    }

    /// <summary>Everything up to a play command; what it was answered is left to read.</summary>
    public async Task PlayAsync(string name, string app = "live")
    {
        await ConnectAsync(app);
        var streamId = await CreateStreamAsync();
        await SendAsync(RtmpCommand.Create("play", ++_transaction, name).ToMessage(streamId));
    }

    /// <summary>createStream; returns the stream's id.</summary>
    public async Task<uint> CreateStreamAsync()
    {
        await CallAsync("createStream");
        var transaction = _transaction;
        while (true)
        {
            // Answers to earlier calls (FCPublish and the like) may come first.
            if (await ReadCommandAsync("_result") is var answer && answer.TransactionId == transaction)
                return (uint)((AmfValue.Number)answer.Argument(0)!).Value;
        }
    }

    /// <summary>Sends a command with the next transaction id.</summary>
    public ValueTask CallAsync(string name, AmfValue? commandObject = null, params AmfValue[] arguments) =>
        SendAsync(new RtmpCommand(name, ++_transaction, commandObject ?? AmfValue.NullValue, [.. arguments]).ToMessage());

    /// <summary>Sends a message on the chunk stream of its type, or on <see cref="MediaChunkStreamId"/>.</summary>
    public async ValueTask SendAsync(RtmpMessage message)
    {
        if (MediaChunkStreamId is { } id && message.Type is (RtmpMessageType.Audio or RtmpMessageType.Video or RtmpMessageType.DataAmf0))
            _writer.WriteMessage(_output, id, message.Type, message.StreamId, message.Timestamp, message.Body.Span);
        else
            _writer.WriteMessage(_output, message);
        await _output.FlushAsync();
    }

    /// <summary>Sends a control message.</summary>
    public ValueTask SendAsync(RtmpControlMessage message) => SendAsync(message.ToMessage());

    /// <summary>Sends bytes as they are.</summary>
    public async ValueTask SendRawAsync(ReadOnlyMemory<byte> bytes) => await _output.WriteAsync(bytes);

    /// <summary>The next message of the peer; null when it has closed.</summary>
    public async Task<RtmpMessage?> ReadAsync()
    {
        RtmpMessage message = default;
        return await TryReadUntilAsync((ref ReadOnlySequence<byte> buffer) => _reader.TryReadMessage(ref buffer, out message)) ? message : null;
    }

    /// <summary>The next command of that name; other messages are passed over.</summary>
    public async Task<RtmpCommand> ReadCommandAsync(string name)
    {
        while (await ReadAsync() is { } message)
        {
            if (message.Type is RtmpMessageType.CommandAmf0 && RtmpCommand.Read(message) is var command && command.Name == name)
                return command;
        }

        throw new EndOfStreamException($"The peer closed before it sent {name}.");
    }

    /// <summary>The status of the next onStatus.</summary>
    public async Task<RtmpStatus> ReadStatusAsync() =>
        RtmpStatus.Find(await ReadCommandAsync("onStatus")) ?? throw new InvalidDataException("onStatus without a status.");

    /// <summary>Passes over all that comes until the peer closes.</summary>
    public async Task ReadToEndAsync()
    {
        while (await ReadAsync() is not null)
        {
        }
    }

    /// <summary>Closes our side in order.</summary>
    public async Task CloseAsync() => await _output.CompleteAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _output.CompleteAsync();
            await _input.CompleteAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Completing sends what was written last, and the other side may have closed already: that is how many a test ends.
        }
        _reader.Dispose();
    }

    private delegate bool TryTake(ref ReadOnlySequence<byte> buffer);

    private async Task ReadUntilAsync(TryTake take)
    {
        if (!await TryReadUntilAsync(take))
            throw new EndOfStreamException("The peer closed.");
    }

    private async Task<bool> TryReadUntilAsync(TryTake take)
    {
        using var limit = new CancellationTokenSource(Eventually.DefaultTimeout);
        while (true)
        {
            ReadResult read;
            try
            {
                read = await _input.ReadAsync(limit.Token);
            }
            catch (IOException)
            {
                return false;
            }

            var buffer = read.Buffer;
            var done = take(ref buffer);
            _input.AdvanceTo(buffer.Start, done ? buffer.Start : buffer.End);
            if (done)
                return true;
            if (read.IsCompleted)
                return false;
        }
    }
}
