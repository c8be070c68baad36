using System.Buffers;
using System.IO.Pipelines;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Rtmp.Client;

/// <summary>
/// The reading half of an outgoing connection, the same while it is set up and while it publishes: messages out of bytes, and the answers that the protocol asks for. One reader.
/// An idle link holds no read buffer: it waits with an empty read.
/// </summary>
internal sealed class RtmpClientLink : IDisposable
{
    // An ingest server sends notices of some hundred bytes; one that sends more is no server for us.
    private static readonly RtmpWireLimits WireLimits = new()
    {
        MaxVideoMessageBytes = 64 * 1024,
        MaxAudioMessageBytes = 64 * 1024,
        MaxOtherMessageBytes = 64 * 1024,
        MaxPartialBytes = 256 * 1024,
    };

    private readonly PipeReader _input;
    private readonly ChunkReader _chunks = new(WireLimits);
    private long _bytesLeft;
    private AcknowledgementWindow _acknowledgements;

    public RtmpClientLink(RtmpTransport transport)
    {
        Transport = transport;
        _input = PipeReader.Create(transport.Stream, new StreamPipeReaderOptions(bufferSize: 1024, minimumReadSize: 256, leaveOpen: true, useZeroByteReads: true));
    }

    public RtmpTransport Transport { get; }

    public long BytesReceived { get; private set; }

    public async Task HandshakeAsync(uint time, CancellationToken cancellationToken)
    {
        var output = new ArrayBufferWriter<byte>(2048);
        Handshake.WriteClientHello(output, time);
        await Transport.Stream.WriteAsync(output.WrittenMemory, cancellationToken);
        HandshakePacket hello = default;
        await TakeAsync((ref ReadOnlySequence<byte> buffer) => Handshake.TryReadServerHello(ref buffer, out hello), cancellationToken);
        output.ResetWrittenCount();
        Handshake.WriteClientEcho(output, hello);
        await Transport.Stream.WriteAsync(output.WrittenMemory, cancellationToken);
        await TakeAsync(Handshake.TryReadServerEcho, cancellationToken);
    }

    /// <summary>The next message of any kind; null when the server has closed its side.</summary>
    public async ValueTask<RtmpMessage?> ReadAsync(CancellationToken cancellationToken)
    {
        RtmpMessage message = default;
        // The delegate would be a closure per message; messages of a server are few.
        return await TryTakeAsync((ref ReadOnlySequence<byte> buffer) => _chunks.TryReadMessage(ref buffer, out message), cancellationToken) ? message : null;
    }

    /// <summary>Writes what the protocol wants to be said after <paramref name="message"/>: pong, acknowledgement, our window.</summary>
    public void Answer(in RtmpMessage message, IBufferWriter<byte> answers)
    {
        if (message.Type is >= RtmpMessageType.SetChunkSize and <= RtmpMessageType.SetPeerBandwidth)
        {
            switch (RtmpControlMessage.Read(message.Type, message.Body.Span))
            {
                case RtmpControlMessage.WindowAcknowledgementSize window:
                    _acknowledgements.Size = window.Size;
                    break;
                case RtmpControlMessage.SetPeerBandwidth bandwidth:
                    Write(new RtmpControlMessage.WindowAcknowledgementSize(bandwidth.Size), answers);
                    break;
                case RtmpControlMessage.PingRequest ping:
                    Write(new RtmpControlMessage.PingResponse(ping.Timestamp), answers);
                    break;
            }
        }

        if (_acknowledgements.TryAcknowledge(BytesReceived, out var sequenceNumber))
            Write(new RtmpControlMessage.Acknowledgement(sequenceNumber), answers);
    }

    public void Dispose()
    {
        Transport.Dispose();
        _chunks.Dispose();
    }

    /// <summary>Gives the read buffer back. Only when no read is under way.</summary>
    public void CompleteReading() => _input.Complete();

    // Full headers: they depend on nothing, so they may stand between anybody's chunks.
    private static void Write(RtmpControlMessage control, IBufferWriter<byte> answers) =>
        ChunkWriter.WriteAbsoluteMessage(answers, RtmpChunkStreamIds.Control, 0, 0, control.Type, control.ToBody(), ChunkWriter.DefaultChunkSize);

    private delegate bool TryTake(ref ReadOnlySequence<byte> buffer);

    private async ValueTask TakeAsync(TryTake take, CancellationToken cancellationToken)
    {
        if (!await TryTakeAsync(take, cancellationToken))
            throw new EndOfStreamException();
    }

    private async ValueTask<bool> TryTakeAsync(TryTake take, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _input.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            BytesReceived += buffer.Length - _bytesLeft;
            _bytesLeft = buffer.Length;
            var isTaken = take(ref buffer);
            _bytesLeft = buffer.Length;
            _input.AdvanceTo(buffer.Start, isTaken ? buffer.Start : buffer.End);
            if (isTaken)
                return true;
            if (read.IsCompleted)
                return false;
        }
    }
}
