using System.Buffers;
using System.IO.Pipelines;
using StreamManager.Media;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Rtmp.Server;

/// <summary>
/// One connection of a peer that publishes or plays. One loop reads, takes messages apart and answers; one exit cleans up. Authorisation is a state, closed by default: media is let
/// through in <see cref="State.Publishing"/> only, and that state is entered at one place, after the host said yes.
/// <para>
/// Threads: everything belongs to the loop, but for <see cref="End"/> and <see cref="OnTick"/>, which may come from anywhere, and the pump of a player, which shares only the
/// output (under <see cref="_writing"/>).
/// </para>
/// </summary>
internal sealed partial class RtmpServerSession : IDisposable
{
    private const long Never = long.MaxValue;

    private readonly RtmpServer _server;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly Action? _abort;
    private readonly string _connectionId;
    private readonly string _remoteAddress;
    private readonly ChunkReader _chunks;
    private readonly CancellationTokenSource _stop = new();

    // Answers are collected here and written in one piece: the output may be the pump's at the moment. The chunk streams of answers and of media differ, so that
    // the two writers' chains of deltas do not touch.
    private readonly ArrayBufferWriter<byte> _answers = new(512);
    private readonly ChunkWriter _answerChunks = new();
    private readonly SemaphoreSlim _writing = new(1, 1);

    private State _state = State.Handshake;
    private HandshakePacket? _clientHello;
    private RtmpEndReason? _refusal;
    private bool _wasAccepted;

    // Set while the host's code runs, so that what it throws is not taken for the network's doing.
    private bool _inHost;

    private long _bytesReceived;
    private AcknowledgementWindow _acknowledgements;

    // Read by the tick.
    private volatile Deadline? _deadline;
    private long _waitingForBytesSince = Never;
    private long _writingSince = Never;
    private long _lastHeard;
    private long _lastPing;
    private volatile bool _isPingDue;
    private int _end;

    public RtmpServerSession(RtmpServer server, IDuplexPipe transport, string connectionId, string remoteAddress, Action? abort)
    {
        _server = server;
        _input = transport.Input;
        _output = transport.Output;
        _connectionId = connectionId;
        _remoteAddress = remoteAddress;
        _abort = abort;
        _chunks = new ChunkReader(server.StrangersWireLimits, server.StrangersPartialBytes);
        _lastHeard = server.Time.GetTimestamp();
        SetDeadline(server.Limits.HandshakeTimeout, RtmpEndReason.HandshakeTimeout);
    }

    private enum State
    {
        Handshake = 1,
        AwaitConnect = 2,

        /// <summary>connect was answered; nothing is published or played.</summary>
        Connected = 3,

        Publishing = 4,
        Playing = 5,

        /// <summary>The peer was told no. What it sends is thrown away until the refusal delay is over.</summary>
        Refused = 6,
    }

    // Who has said goodbye and resets the connection, since our answer finds its socket closed, has left in order.
    private RtmpEndReason LossReason => _refusal ?? (_mayHaveStrayMedia && _state == State.Connected ? RtmpEndReason.PeerClosed : RtmpEndReason.PeerReset);

    private bool HasEnded => Volatile.Read(ref _end) != 0;

    /// <summary>Ends the session; the first reason counts. From any thread.</summary>
    public void End(RtmpEndReason reason)
    {
        if (Interlocked.CompareExchange(ref _end, (int)reason, 0) != 0)
            return;
        // Not inline: what waits on the token may be anybody's code, and the caller may be the tick of all sessions.
        _ = _stop.CancelAsync();
        _input.CancelPendingRead();
        _output.CancelPendingFlush();
    }

    /// <summary>Checks times. Called by the server's tick.</summary>
    public void OnTick(long now)
    {
        if (_deadline is { } deadline && now >= deadline.At)
            End(deadline.Reason);

        var limits = _server.Limits;
        if (Passed(Volatile.Read(ref _writingSince), now, limits.WriteTimeout))
        {
            End(RtmpEndReason.WriteTimeout);
            _abort?.Invoke();
        }

        switch (_state)
        {
            // Only while it is the peer that we wait for, and not the host's sink.
            case State.Publishing when Passed(Volatile.Read(ref _waitingForBytesSince), now, limits.PublisherIdleTimeout):
                End(RtmpEndReason.PublisherIdle);
                break;
            case State.Playing when Passed(Volatile.Read(ref _lastHeard), now, limits.PlayerSilenceTimeout):
                End(RtmpEndReason.PlayerSilent);
                break;
            case State.Playing when !_isPingDue && Passed(Volatile.Read(ref _lastPing), now, _server.Options.PingInterval):
                Volatile.Write(ref _lastPing, now);
                _isPingDue = true;
                _input.CancelPendingRead();
                break;
        }
    }

    public async Task<RtmpEndReason> RunAsync()
    {
        _server.Metrics.Connected();
        LogOpened(_server.Logger, _connectionId, _remoteAddress);
        try
        {
            await ReadLoopAsync();
        }
        catch (Exception e) when (_inHost && !(HasEnded && e is OperationCanceledException))
        {
            End(RtmpEndReason.InternalError);
            LogHostFault(_server.Logger, e, _connectionId);
        }
        catch (RtmpProtocolException e)
        {
            End(_state is State.Handshake ? HandshakeReason(e.Error) : RtmpEndReason.ProtocolError);
            LogProtocolError(_server.Logger, _connectionId, e.Message);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // A reset below us; or the cancellation that End asked for, which has its reason already.
            End(LossReason);
        }
        catch (Exception e)
        {
            End(RtmpEndReason.InternalError);
            LogOwnFault(_server.Logger, e, _connectionId);
        }
        finally
        {
            await CleanUpAsync();
        }

        return (RtmpEndReason)_end;
    }

    public void Dispose()
    {
        _stop.Dispose();
        _writing.Dispose();
        _chunks.Dispose();
    }

    private async Task ReadLoopAsync()
    {
        long left = 0;
        while (!HasEnded)
        {
            Volatile.Write(ref _waitingForBytesSince, _server.Time.GetTimestamp());
            var read = await _input.ReadAsync();
            Volatile.Write(ref _waitingForBytesSince, Never);
            var buffer = read.Buffer;
            try
            {
                CountReceived(buffer.Length - left);
                while (!HasEnded)
                {
                    if (_state == State.Refused)
                    {
                        buffer = buffer.Slice(buffer.End);
                        break;
                    }

                    if (_state == State.Handshake)
                    {
                        if (!TryHandshake(ref buffer))
                            break;
                        continue;
                    }

                    if (!_chunks.TryReadMessage(ref buffer, out var message))
                        break;
                    var dispatch = DispatchAsync(message);
                    if (!dispatch.IsCompletedSuccessfully)
                        await dispatch;
                }

                if (_isPingDue || _playHasEnded)
                    Wake();
                AcknowledgeReceived();
                if (!read.IsCompleted)
                    await FlushAnswersAsync();
                if (_playEndWasTold)
                    End(RtmpEndReason.PlayEnded);
                if (read.IsCompleted)
                    End(_refusal ?? (_state == State.Handshake ? RtmpEndReason.HandshakeInvalid : RtmpEndReason.PeerClosed));
            }
            finally
            {
                left = buffer.Length;
                _input.AdvanceTo(buffer.Start, buffer.End);
            }
        }
    }

    // False: needs more bytes.
    private bool TryHandshake(ref ReadOnlySequence<byte> buffer)
    {
        if (_clientHello is null)
        {
            if (!Handshake.TryReadClientHello(ref buffer, out var hello))
                return false;
            _clientHello = hello;
            Handshake.WriteServerReply(_answers, hello, (uint)(_server.Time.GetTimestamp() / (_server.Time.TimestampFrequency / 1000)));
        }

        if (!Handshake.TryReadClientEcho(ref buffer))
            return false;
        _clientHello = null;
        _state = State.AwaitConnect;
        SetDeadline(_server.Limits.ConnectTimeout, RtmpEndReason.ConnectTimeout);
        return true;
    }

    private ValueTask DispatchAsync(in RtmpMessage message)
    {
        switch (message.Type)
        {
            case RtmpMessageType.Audio or RtmpMessageType.Video:
                return TakeMediaAsync(message);
            case RtmpMessageType.DataAmf0:
                return TakeMediaAsync(message);
            case RtmpMessageType.DataAmf3:
                return TakeMediaAsync(RtmpDataMessage.ToAmf0(message));
            case RtmpMessageType.Aggregate:
                return TakeAggregateAsync(message);
            case RtmpMessageType.CommandAmf0 or RtmpMessageType.CommandAmf3:
                return TakeCommandAsync(message);
            case >= RtmpMessageType.SetChunkSize and <= RtmpMessageType.SetPeerBandwidth:
                TakeControl(RtmpControlMessage.Read(message.Type, message.Body.Span));
                return ValueTask.CompletedTask;
            default:
                // Shared objects and types that do not exist: encoders of the Flash era send them, and nothing depends on them.
                return ValueTask.CompletedTask;
        }
    }

    private ValueTask TakeMediaAsync(in RtmpMessage message)
    {
        if (_sink is not null && _state == State.Publishing)
            return WriteToSinkAsync(message);
        // After an unpublish some encoders' last packets are still on their way, and players may send data.
        if (!_mayHaveStrayMedia && !(_state == State.Playing && message.Type == RtmpMessageType.DataAmf0))
            End(RtmpEndReason.MediaBeforePublish);
        return ValueTask.CompletedTask;
    }

    private async ValueTask WriteToSinkAsync(RtmpMessage message)
    {
        _inHost = true;
        await _sink!.WriteAsync(message, _stop.Token);
        _inHost = false;
    }

    private async ValueTask TakeAggregateAsync(RtmpMessage message)
    {
        var parts = new AggregateReader(message);
        while (!HasEnded)
        {
            RtmpMessage part;
            try
            {
                if (!parts.TryRead(out part))
                    return;
            }
            catch (MediaFormatException e)
            {
                LogSkipped(_server.Logger, _connectionId, e.Message);
                return;
            }

            await TakeMediaAsync(RtmpDataMessage.ToAmf0(part));
        }
    }

    private void TakeControl(RtmpControlMessage control)
    {
        switch (control)
        {
            case RtmpControlMessage.WindowAcknowledgementSize window:
                _acknowledgements.Size = window.Size;
                break;
            case RtmpControlMessage.PingRequest ping:
                Answer(new RtmpControlMessage.PingResponse(ping.Timestamp).ToMessage());
                break;
            default:
                // Set Chunk Size and Abort took effect in the reader. Peers' acknowledgements, buffer lengths and bandwidths (DJI drones send one) ask nothing of us.
                break;
        }
    }

    private void CountReceived(long count)
    {
        if (count <= 0)
            return;
        _bytesReceived += count;
        _server.Metrics.BytesIn(count);
        Volatile.Write(ref _lastHeard, _server.Time.GetTimestamp());
    }

    private void AcknowledgeReceived()
    {
        if (_acknowledgements.TryAcknowledge(_bytesReceived, out var sequenceNumber))
            Answer(new RtmpControlMessage.Acknowledgement(sequenceNumber).ToMessage());
    }

    private void Wake()
    {
        if (_isPingDue && _state == State.Playing)
            Answer(new RtmpControlMessage.PingRequest(unchecked((uint)_server.Time.GetElapsedTime(0).TotalMilliseconds)).ToMessage());
        _isPingDue = false;
        if (_playHasEnded)
            TellEndOfPlay();
    }

    private void Answer(in RtmpMessage message) => _answerChunks.WriteMessage(_answers, message);

    private async ValueTask FlushAnswersAsync()
    {
        if (_answers.WrittenCount == 0)
            return;
        await _writing.WaitAsync(_stop.Token);
        try
        {
            _output.Write(_answers.WrittenSpan);
            await FlushOutputAsync(_answers.WrittenCount);
            _answers.ResetWrittenCount();
        }
        finally
        {
            _writing.Release();
        }
    }

    // With _writing held.
    private async ValueTask FlushOutputAsync(int written)
    {
        _server.Metrics.BytesOut(written);
        Volatile.Write(ref _writingSince, _server.Time.GetTimestamp());
        var flush = await _output.FlushAsync();
        Volatile.Write(ref _writingSince, Never);
        if (flush.IsCompleted)
            End(LossReason);
    }

    /// <summary>The peer hears what was answered so far, has the refusal delay to read it, and is then closed for <paramref name="reason"/>.</summary>
    private void Refuse(RtmpEndReason reason)
    {
        _refusal = reason;
        _state = State.Refused;
        SetDeadline(_server.Limits.RefusalDelay, reason);
    }

    private void SetDeadline(TimeSpan after, RtmpEndReason reason) =>
        _deadline = new Deadline(_server.Time.GetTimestamp() + Ticks(after), reason);

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _server.Time.TimestampFrequency);

    private bool Passed(long since, long now, TimeSpan limit) => since != Never && now - since >= Ticks(limit);

    private async Task CleanUpAsync()
    {
        // Whatever way led here, there is a reason by now; without one our own code is at fault.
        End(RtmpEndReason.InternalError);
        var reason = (RtmpEndReason)_end;
        await StopPlayAsync();
        await EndPublishAsync(reason.PublishEnd());
        if (_wasAccepted)
            TellClosed();
        await _input.CompleteAsync();
        await _output.CompleteAsync();
        _chunks.Dispose();

        if (!_wasAccepted)
            _server.Metrics.ConnectionAttempt(accepted: false);
        if (reason.IsError())
            _server.Metrics.Error(reason);
        LogClosed(_server.Logger, _connectionId, reason.Tag(), _bytesReceived);
    }

    private void TellClosed()
    {
        try
        {
            _server.Handler.Closed(_connectionId);
        }
        catch (Exception e)
        {
            LogHostFault(_server.Logger, e, _connectionId);
        }
    }

    private static RtmpEndReason HandshakeReason(RtmpProtocolError error) => error switch
    {
        RtmpProtocolError.TextProtocol => RtmpEndReason.NotRtmpText,
        RtmpProtocolError.TlsOnPlainPort => RtmpEndReason.NotRtmpTls,
        _ => RtmpEndReason.HandshakeInvalid,
    };

    private sealed record Deadline(long At, RtmpEndReason Reason);
}
