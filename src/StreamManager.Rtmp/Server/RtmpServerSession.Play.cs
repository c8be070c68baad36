using StreamManager.Rtmp.Wire;

namespace StreamManager.Rtmp.Server;

/// <summary>The pump of a player: a task beside the loop, which goes on reading acknowledgements, pongs and the close.</summary>
internal sealed partial class RtmpServerSession
{
    private Task? _pump;
    private CancellationTokenSource? _pumpStop;
    private volatile bool _playHasEnded;
    private bool _playEndWasTold;

    private async ValueTask StartPlayAsync(IRtmpPlayFeed feed, uint streamId)
    {
        _streamId = streamId;
        _state = State.Playing;
        _deadline = null;
        Volatile.Write(ref _lastPing, _server.Time.GetTimestamp());
        _playHasEnded = false;
        _pumpStop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        try
        {
            // What was answered goes out before the first media.
            await FlushAnswersAsync();
        }
        finally
        {
            // Also when the flush failed: the pump is what disposes the feed.
            _pump = PumpAsync(feed, streamId, _pumpStop.Token);
        }
    }

    private async ValueTask StopPlayAsync()
    {
        if (_pump is not { } pump)
            return;
        _pump = null;
        await _pumpStop!.CancelAsync();
        await pump;
        _pumpStop.Dispose();
        _playHasEnded = false;
    }

    private async Task PumpAsync(IRtmpPlayFeed feed, uint streamId, CancellationToken cancellationToken)
    {
        var inHost = true;
        try
        {
            await Task.Yield();
            var chunks = new ChunkWriter { ChunkSize = _server.Options.OutgoingChunkSize };
            while (await feed.WaitToReadAsync(cancellationToken))
            {
                inHost = false;
                await _writing.WaitAsync(cancellationToken);
                try
                {
                    var written = 0;
                    inHost = true;
                    while (written < _server.Limits.PlayFlushBytes && feed.TryRead(out var message))
                    {
                        inHost = false;
                        chunks.WriteMessage(_output, message with { StreamId = streamId });
                        written += message.Body.Length;
                        inHost = true;
                    }

                    inHost = false;
                    await FlushOutputAsync(written);
                }
                finally
                {
                    _writing.Release();
                }

                inHost = true;
            }

            _playHasEnded = true;
            _input.CancelPendingRead();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped by the player, or the session has ended.
        }
        catch (Exception e) when (!inHost && e is IOException or OperationCanceledException)
        {
            End(RtmpEndReason.PeerReset);
        }
        catch (Exception e)
        {
            End(RtmpEndReason.InternalError);
            LogHostFault(_server.Logger, e, _connectionId);
        }
        finally
        {
            await DisposeFeedAsync(feed);
        }
    }

    private async ValueTask DisposeFeedAsync(IRtmpPlayFeed feed)
    {
        try
        {
            await feed.DisposeAsync();
        }
        catch (Exception e)
        {
            End(RtmpEndReason.InternalError);
            LogHostFault(_server.Logger, e, _connectionId);
        }
    }

    private void TellEndOfPlay()
    {
        _playHasEnded = false;
        if (_state != State.Playing)
            return;
        Answer(new RtmpControlMessage.StreamEof(_streamId).ToMessage());
        // The first is what ffmpeg takes for the end, the second what Flash players do.
        AnswerStatus(_streamId, RtmpStatus.StatusLevel, RtmpStatusCodes.PlayUnpublishNotify, "The stream has ended.");
        AnswerStatus(_streamId, RtmpStatus.StatusLevel, RtmpStatusCodes.PlayStop, "Playing stopped.");
        _playEndWasTold = true;
    }
}
