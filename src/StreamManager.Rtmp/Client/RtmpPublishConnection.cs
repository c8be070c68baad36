using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using StreamManager.Media;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Rtmp.Client;

/// <summary>
/// A granted publish. Two writers share the connection: the caller with its media, and the reader with pongs and acknowledgements. <see cref="_sending"/> is held for each send, and
/// control bytes wait in a small queue until a send begins at a boundary: after a <see cref="TrySend"/> that took only a part, the rest goes first.
/// </summary>
internal sealed partial class RtmpPublishConnection : IRtmpPublishConnection
{
    // What a server has to say to a publisher: acknowledgements (a dozen a second at the smallest windows seen), a ping now and then. One that says far more wants our processor.
    private const int MaxMessagesPerWindow = 2000;
    private static readonly TimeSpan MessageWindow = TimeSpan.FromSeconds(10);

    // A pong is 18 bytes. A server that pings faster than its connection takes answers loses some of them.
    private const int MaxControlBytes = 512;

    // One send of the slow path: the counters move on while a large batch drips into a slow connection.
    private const int MaxSlice = 64 * 1024;

    // A failed send is often the echo of a close whose reason is still to be read.
    private static readonly TimeSpan LastWordsTimeout = TimeSpan.FromMilliseconds(500);

    private readonly RtmpClientLink _link;
    private readonly Socket _socket;
    private readonly string _streamKey;
    private readonly RtmpClientLimits _limits;
    private readonly PeerText _text;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource<RtmpFailure> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly Lock _controlLock = new();
    private readonly ArrayBufferWriter<byte> _control = new(64);
    private Task _reading = Task.CompletedTask;
    private long _bytesSent;
    private volatile bool _hasControl;
    private volatile bool _isSendLost;
    private volatile bool _isEnding;
    private bool _isMidCall;

    public RtmpPublishConnection(
        RtmpClientLink link, string streamKey, uint messageStreamId, RtmpPublishOptions options, PeerText text, TimeProvider time, ILogger logger)
    {
        _link = link;
        _socket = link.Transport.Socket;
        _streamKey = streamKey;
        _limits = options.Limits;
        _text = text;
        _time = time;
        _logger = logger;
        MessageStreamId = messageStreamId;
        OutgoingChunkSize = options.OutgoingChunkSize;
    }

    /// <inheritdoc/>
    public uint MessageStreamId { get; }

    /// <inheritdoc/>
    public int OutgoingChunkSize { get; }

    /// <inheritdoc/>
    public bool SupportsDirectSend => !_link.Transport.IsTls;

    /// <inheritdoc/>
    public Task<RtmpFailure> Completion => _completion.Task;

    /// <summary>Whether answers of the reader wait for a boundary.</summary>
    internal bool HasQueuedControl => _hasControl;

    private bool IsGone => _isSendLost || _completion.Task.IsCompleted;

    /// <summary>Begins to read. Called once.</summary>
    public void Start() => _reading = ReadLoopAsync();

    /// <inheritdoc/>
    public int TrySend(ReadOnlySpan<byte> wire)
    {
        if (!SupportsDirectSend)
            throw new InvalidOperationException("A TLS connection cannot send without waiting.");
        if (IsGone)
            return -1;
        // Taken: the reader is just sending a pong. To the caller that is a full socket.
        if (!_sending.Wait(0))
            return 0;
        try
        {
            if (_isMidCall)
                throw new InvalidOperationException("The rest of the send before must follow by SendAsync first.");
            if (_hasControl && !TrySendControl())
                return IsGone ? -1 : 0;
            var sent = SendNow(wire);
            _isMidCall = sent > 0 && sent < wire.Length;
            return sent;
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> wire, CancellationToken cancellationToken)
    {
        if (IsGone)
            return false;
        await _sending.WaitAsync(cancellationToken);
        try
        {
            if (_hasControl && !_isMidCall)
                await SendControlAsync(cancellationToken);
            await SendAllAsync(wire, cancellationToken);
            _isMidCall = false;
            return true;
        }
        catch (OperationCanceledException)
        {
            // Half a chunk may be out: nothing that follows would be understood.
            End(RtmpFailureKind.Local, "Sending was given up half-way.");
            throw;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            LoseSend();
            return false;
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <inheritdoc/>
    public RtmpTransportStatistics GetStatistics() => TcpInformation.Read(_socket) is { } tcp
        ? new RtmpTransportStatistics(Interlocked.Read(ref _bytesSent), tcp.UnacknowledgedBytes, tcp.RoundTrip)
        : new RtmpTransportStatistics(Interlocked.Read(ref _bytesSent), -1, TimeSpan.Zero);

    /// <inheritdoc/>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        _isEnding = true;
        using var limit = new CancellationTokenSource(_limits.EndTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await SayFarewellAsync(both.Token);
            await Completion.WaitAsync(both.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The server had its chance.
        }

        End(RtmpFailureKind.Local, "Ended by us.");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        End(RtmpFailureKind.Local, "Closed by us.");
        await _reading;
    }

    private async Task SayFarewellAsync(CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            if (IsGone || _isMidCall)
                return;
            if (_hasControl)
                await SendControlAsync(cancellationToken);
            var farewell = new ArrayBufferWriter<byte>(256);
            // Transaction numbers go on after those of the attempt.
            WriteCommand(farewell, RtmpCommand.Create("FCUnpublish", 6, _streamKey));
            WriteCommand(farewell, RtmpCommand.Create("deleteStream", 7, (double)MessageStreamId));
            await SendAllAsync(farewell.WrittenMemory, cancellationToken);
            if (_link.Transport.Stream is SslStream tls)
                await tls.ShutdownAsync().WaitAsync(cancellationToken);
            _socket.Shutdown(SocketShutdown.Send);
        }
        finally
        {
            _sending.Release();
        }
    }

    private void WriteCommand(ArrayBufferWriter<byte> output, RtmpCommand command)
    {
        var message = command.ToMessage();
        ChunkWriter.WriteAbsoluteMessage(output, RtmpChunkStreamIds.Command, 0, 0, message.Type, message.Body.Span, OutgoingChunkSize);
    }

    private async Task ReadLoopAsync()
    {
        var answers = new ArrayBufferWriter<byte>(64);
        var windowStart = _time.GetTimestamp();
        var messages = 0;
        try
        {
            while (await _link.ReadAsync(CancellationToken.None) is { } message)
            {
                if (++messages > MaxMessagesPerWindow)
                {
                    if (_time.GetElapsedTime(windowStart) < MessageWindow)
                    {
                        End(RtmpFailureKind.Closed, "The server floods the connection with messages.");
                        return;
                    }
                    (windowStart, messages) = (_time.GetTimestamp(), 0);
                }
                _link.Answer(message, answers);
                if (answers.WrittenCount > 0)
                {
                    await QueueControlAsync(answers.WrittenMemory);
                    answers.ResetWrittenCount();
                }

                if (TakeCommand(message))
                    return;
            }

            End(RtmpFailureKind.Closed, "The server closed the connection.");
        }
        catch (Exception e) when (e is RtmpProtocolException or MediaFormatException)
        {
            End(RtmpFailureKind.Closed, $"The server does not speak RTMP as it should: {e.Message}");
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            End(RtmpFailureKind.Closed, "The connection to the server was reset.");
        }
        catch (Exception e)
        {
            LogOwnFault(_logger, e);
            End(RtmpFailureKind.Local, "An error in this program ended the connection.");
        }
        finally
        {
            _link.CompleteReading();
        }
    }

    // True: the server has ended it.
    private bool TakeCommand(in RtmpMessage message)
    {
        if (message.Type is not (RtmpMessageType.CommandAmf0 or RtmpMessageType.CommandAmf3))
            return false;
        var command = RtmpCommand.Read(message);
        switch (command.Name)
        {
            case RtmpCommand.OnStatusName when RtmpStatus.Find(command) is { } status && RtmpPublishStatus.IsFatal(status):
                End(RtmpFailureKind.Rejected, $"The server ended the publish: {RtmpPublishStatus.Words(status, _text)}");
                return true;
            case "close":
                End(RtmpFailureKind.Closed, "The server asked to close the connection.");
                return true;
            default:
                return false;
        }
    }

    private async ValueTask QueueControlAsync(ReadOnlyMemory<byte> bytes)
    {
        lock (_controlLock)
        {
            if (_control.WrittenCount + bytes.Length > MaxControlBytes)
                return;
            _control.Write(bytes.Span);
            _hasControl = true;
        }

        // A sender at work takes it along before its next send; else it goes now.
        if (!_sending.Wait(0))
            return;
        try
        {
            if (_isMidCall || IsGone)
                return;
            if (SupportsDirectSend)
                TrySendControl();
            else
                await SendControlAsync(CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }
    }

    // With _sending held. False: some is left, or the connection is gone.
    private bool TrySendControl()
    {
        Span<byte> bytes = stackalloc byte[MaxControlBytes];
        var sent = SendNow(bytes[..PeekControl(bytes)]);
        return sent >= 0 && DropControl(sent);
    }

    // With _sending held.
    private async ValueTask SendControlAsync(CancellationToken cancellationToken)
    {
        var bytes = new byte[MaxControlBytes];
        var count = PeekControl(bytes);
        await SendAllAsync(bytes.AsMemory(0, count), cancellationToken);
        DropControl(count);
    }

    private int PeekControl(Span<byte> destination)
    {
        lock (_controlLock)
        {
            _control.WrittenSpan.CopyTo(destination);
            return _control.WrittenCount;
        }
    }

    // True: nothing is left.
    private bool DropControl(int count)
    {
        lock (_controlLock)
        {
            var rest = _control.WrittenSpan[count..].ToArray();
            _control.ResetWrittenCount();
            _control.Write(rest);
            _hasControl = rest.Length > 0;
            return rest.Length == 0;
        }
    }

    private int SendNow(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var sent = _socket.Send(bytes, SocketFlags.None, out var error);
            if (error == SocketError.Success)
            {
                Interlocked.Add(ref _bytesSent, sent);
                return sent;
            }

            if (error is SocketError.WouldBlock or SocketError.TryAgain)
                return 0;
        }
        catch (ObjectDisposedException)
        {
            // Ended meanwhile.
        }

        LoseSend();
        return -1;
    }

    private async ValueTask SendAllAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var slice = bytes[..Math.Min(bytes.Length, MaxSlice)];
            var sent = slice.Length;
            if (SupportsDirectSend)
                sent = await _socket.SendAsync(slice, SocketFlags.None, cancellationToken);
            else
                await _link.Transport.Stream.WriteAsync(slice, cancellationToken);
            Interlocked.Add(ref _bytesSent, sent);
            bytes = bytes[sent..];
        }
    }

    private void LoseSend()
    {
        if (IsGone)
            return;
        _isSendLost = true;
        _ = WaitForLastWordsAsync();
    }

    private async Task WaitForLastWordsAsync()
    {
        await Task.WhenAny(Completion, Task.Delay(LastWordsTimeout, _time));
        End(RtmpFailureKind.Closed, "The connection to the server was reset.");
    }

    private void End(RtmpFailureKind kind, string detail)
    {
        if (_isEnding)
            (kind, detail) = (RtmpFailureKind.Local, "Ended by us.");
        if (_completion.TrySetResult(new RtmpFailure(RtmpConnectStage.Publishing, kind, detail)))
            _link.Dispose();
    }

    [LoggerMessage(1, LogLevel.Error, "Reading from an RTMP server failed")]
    private static partial void LogOwnFault(ILogger logger, Exception exception);
}
