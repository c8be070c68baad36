using StreamManager.Media;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Rtmp.Server;

/// <summary>Commands and their answers, as encoders and players expect them from Flash Media Server and those who copied it.</summary>
internal sealed partial class RtmpServerSession
{
    private string _app = "";
    private string _appQuery = "";
    private string _flashVersion = "";
    private int _commandsBeforeStream;
    private uint _createdStreams;
    private double _fcPublishTransaction;

    private IRtmpPublishSink? _sink;
    private uint _streamId;
    private bool _mayHaveStrayMedia;

    private ValueTask TakeCommandAsync(in RtmpMessage message)
    {
        if (_state is not (State.Publishing or State.Playing) && ++_commandsBeforeStream > _server.Limits.MaxCommandsBeforeStream)
        {
            End(RtmpEndReason.TooManyCommands);
            return ValueTask.CompletedTask;
        }

        RtmpCommand command;
        try
        {
            command = RtmpCommand.Read(message);
        }
        catch (MediaFormatException e)
        {
            LogSkipped(_server.Logger, _connectionId, e.Message);
            return ValueTask.CompletedTask;
        }

        return RunCommandAsync(command, message.StreamId);
    }

    private async ValueTask RunCommandAsync(RtmpCommand command, uint streamId)
    {
        var isConnect = command.Name == "connect";
        if (isConnect != (_state == State.AwaitConnect))
        {
            End(RtmpEndReason.CommandOutOfOrder);
            return;
        }

        switch (command.Name)
        {
            case "connect":
                await ConnectAsync(command);
                break;
            case "createStream":
                CreateStream(command);
                break;
            case "FCPublish":
                _fcPublishTransaction = command.TransactionId;
                AnswerUndefined(command);
                break;
            case "publish":
                await PublishAsync(command, streamId);
                break;
            case "play":
                await PlayAsync(command, streamId);
                break;
            case "FCUnpublish":
                await UnpublishAsync();
                AnswerUndefined(command);
                break;
            case "closeStream":
                await CloseStreamAsync();
                break;
            case "deleteStream":
                // A missing or odd id means the only stream there is.
                if (command.Argument(0) is not AmfValue.Number { Value: var id } || id == _streamId)
                    await CloseStreamAsync();
                AnswerUndefined(command);
                break;
            default:
                // releaseStream, _checkbw, getStreamLength, FCSubscribe and what else encoders ask: some wait for an answer, none looks into it.
                AnswerUndefined(command);
                break;
        }

        if (_answers.WrittenCount > _server.Limits.MaxAnswerBytes)
            await FlushAnswersAsync();
    }

    private async ValueTask ConnectAsync(RtmpCommand command)
    {
        var app = command.CommandObject.FindString("app") ?? AppOf(command.CommandObject.FindString("tcUrl") ?? "");
        if (app.Length > _server.Limits.MaxAppLength)
        {
            Answer(RtmpCommand.Error(command.TransactionId, RtmpStatusCodes.ConnectRejected, "The application name is too long.").ToMessage());
            Refuse(RtmpEndReason.NameTooLong);
            return;
        }

        (_app, _appQuery) = SplitQuery(app);
        _app = _app.Trim('/');
        var flashVersion = command.CommandObject.FindString("flashVer") ?? "";
        _flashVersion = flashVersion[..Math.Min(flashVersion.Length, _server.Limits.MaxFlashVersionLength)];

        // The host takes its own time, as long as the peer has patience.
        _deadline = null;
        _inHost = true;
        var refusal = await _server.Handler.AuthorizeConnectAsync(new RtmpConnectRequest(_connectionId, _remoteAddress, _app), _stop.Token);
        _inHost = false;
        if (refusal is not null)
        {
            Answer(RtmpCommand.Error(command.TransactionId, RtmpStatusCodes.ConnectRejected, refusal).ToMessage());
            Refuse(RtmpEndReason.ConnectRefused);
            LogRefused(_server.Logger, _connectionId, _remoteAddress, RtmpStatusCodes.ConnectRejected);
            return;
        }

        // The chunk size goes first: OBS throws away everything that comes after its publish was granted.
        var options = _server.Options;
        Answer(new RtmpControlMessage.WindowAcknowledgementSize(options.WindowAcknowledgementSize).ToMessage());
        Answer(new RtmpControlMessage.SetPeerBandwidth(options.WindowAcknowledgementSize, RtmpPeerBandwidthLimit.Dynamic).ToMessage());
        Answer(new RtmpControlMessage.SetChunkSize(options.OutgoingChunkSize).ToMessage());
        _answerChunks.ChunkSize = options.OutgoingChunkSize;
        Answer(new RtmpControlMessage.StreamBegin(0).ToMessage());
        Answer(RtmpCommand.Result(
            command.TransactionId,
            new AmfValue.Object([new("fmsVer", options.ServerVersion), new("capabilities", 31.0)]),
            new RtmpStatus(RtmpStatus.StatusLevel, RtmpStatusCodes.ConnectSuccess, "Connection succeeded.").ToValue(new AmfProperty("objectEncoding", 0.0))).ToMessage());

        _wasAccepted = true;
        _server.Metrics.ConnectionAttempt(accepted: true);
        BecomeConnected();
    }

    private void CreateStream(RtmpCommand command)
    {
        if (_createdStreams >= _server.Limits.MaxCreatedStreams)
        {
            End(RtmpEndReason.TooManyStreams);
            return;
        }

        Answer(RtmpCommand.Result(command.TransactionId, AmfValue.NullValue, (double)++_createdStreams).ToMessage());
    }

    // publish name [live | record | append]. The third argument may be missing (Extron) and changes nothing: everything is live here.
    private async ValueTask PublishAsync(RtmpCommand command, uint streamId)
    {
        if (CheckStreamRequest(command, streamId, RtmpStatusCodes.PublishBadName) is not { } request)
            return;

        _inHost = true;
        var decision = await _server.Handler.AuthorizePublishAsync(request, _stop.Token);
        _inHost = false;
        if (decision is RtmpPublishDecision.Refused refused)
        {
            _server.Metrics.PublishAttempt(granted: false);
            await WaitForGuessersAsync(isGuess: !refused.KeyWasGood && !refused.WasNotChecked);
            AnswerStatus(streamId, RtmpStatus.ErrorLevel, refused.Code, refused.Description);
            Refuse(RtmpEndReason.PublishRefused);
            LogRefused(_server.Logger, _connectionId, _remoteAddress, refused.Code);
            return;
        }

        _server.Metrics.PublishAttempt(granted: true);
        _sink = ((RtmpPublishDecision.Granted)decision).Sink;
        _streamId = streamId;
        _state = State.Publishing;
        _deadline = null;
        _chunks.ChangeLimits(_server.WireLimits, _server.PartialBytes);

        // Vimeo's studio and some hardware encoders wait for this one, with the transaction id of their FCPublish.
        if (_fcPublishTransaction != 0)
        {
            var started = new RtmpStatus(RtmpStatus.StatusLevel, RtmpStatusCodes.PublishStart, "FCPublish to the stream.");
            Answer(RtmpCommand.Create("onFCPublish", _fcPublishTransaction, started.ToValue()).ToMessage());
        }

        Answer(new RtmpControlMessage.StreamBegin(streamId).ToMessage());
        AnswerStatus(streamId, RtmpStatus.StatusLevel, RtmpStatusCodes.PublishStart, "Publishing started.");
        LogPublishing(_server.Logger, _connectionId);
    }

    private async ValueTask PlayAsync(RtmpCommand command, uint streamId)
    {
        if (CheckStreamRequest(command, streamId, RtmpStatusCodes.PlayFailed) is not { } request)
            return;

        _inHost = true;
        var decision = await _server.Handler.AuthorizePlayAsync(request, _stop.Token);
        _inHost = false;
        if (decision is RtmpPlayDecision.Refused refused)
        {
            await WaitForGuessersAsync(isGuess: !refused.MayPlay);
            AnswerStatus(streamId, RtmpStatus.ErrorLevel, refused.Code, refused.Description);
            Refuse(RtmpEndReason.PlayRefused);
            LogRefused(_server.Logger, _connectionId, _remoteAddress, refused.Code);
            return;
        }

        Answer(new RtmpControlMessage.StreamBegin(streamId).ToMessage());
        AnswerStatus(streamId, RtmpStatus.StatusLevel, RtmpStatusCodes.PlayReset, "Playing and resetting the stream.");
        AnswerStatus(streamId, RtmpStatus.StatusLevel, RtmpStatusCodes.PlayStart, "Playing started.");
        // No NetStream.Data.Start: ffmpeg makes an empty data stream of it.
        Answer(new RtmpDataMessage("|RtmpSampleAccess", [true, true]).ToMessage(streamId, timestamp: 0));
        await StartPlayAsync(((RtmpPlayDecision.Granted)decision).Feed, streamId);
        LogPlaying(_server.Logger, _connectionId);
    }

    private RtmpStreamRequest? CheckStreamRequest(RtmpCommand command, uint streamId, string code)
    {
        var name = command.TextArgument(0) ?? "";
        if (_state is State.Publishing or State.Playing)
        {
            AnswerStatus(streamId, RtmpStatus.ErrorLevel, code, "This connection has a stream already.");
            Refuse(RtmpEndReason.SecondStream);
            return null;
        }

        if (name.Length > _server.Limits.MaxStreamNameLength)
        {
            AnswerStatus(streamId, RtmpStatus.ErrorLevel, code, "The stream name is too long.");
            Refuse(RtmpEndReason.NameTooLong);
            return null;
        }

        var (streamName, query) = SplitQuery(name);
        return new RtmpStreamRequest
        {
            ConnectionId = _connectionId,
            RemoteAddress = _remoteAddress,
            App = _app,
            StreamName = streamName,
            Query = query.Length > 0 && _appQuery.Length > 0 ? $"{query}&{_appQuery}" : query + _appQuery,
            FlashVersion = _flashVersion,
            Kick = Kick,
        };
    }

    private void Kick(string reason)
    {
        LogKicked(_server.Logger, _connectionId, reason);
        End(RtmpEndReason.Kicked);
    }

    private Task WaitForGuessersAsync(bool isGuess)
    {
        _deadline = null;
        var delay = isGuess ? _server.Refusals.RecordFailure(_remoteAddress) : TimeSpan.Zero;
        return delay == TimeSpan.Zero ? Task.CompletedTask : Task.Delay(delay, _server.Time, _stop.Token);
    }

    private async ValueTask UnpublishAsync()
    {
        if (_sink is null)
            return;
        Answer(RtmpCommand.Create("onFCUnpublish", 0, new RtmpStatus(RtmpStatus.StatusLevel, RtmpStatusCodes.UnpublishSuccess, "FCUnpublish to the stream.").ToValue()).ToMessage());
        AnswerStatus(_streamId, RtmpStatus.StatusLevel, RtmpStatusCodes.UnpublishSuccess, "Publishing stopped.");
        _mayHaveStrayMedia = true;
        BecomeConnected();
        await EndPublishAsync(RtmpPublishEnd.Clean);
        LogUnpublished(_server.Logger, _connectionId);
    }

    private async ValueTask CloseStreamAsync()
    {
        await UnpublishAsync();
        if (_state != State.Playing)
            return;
        await StopPlayAsync();
        BecomeConnected();
    }

    // The one place that ends a sink, so that it is ended once.
    private async ValueTask EndPublishAsync(RtmpPublishEnd end)
    {
        if (_sink is not { } sink)
            return;
        _sink = null;
        try
        {
            await sink.EndAsync(end);
        }
        catch (Exception e)
        {
            End(RtmpEndReason.InternalError);
            LogHostFault(_server.Logger, e, _connectionId);
        }
    }

    private void BecomeConnected()
    {
        _state = State.Connected;
        _commandsBeforeStream = 0;
        _fcPublishTransaction = 0;
        SetDeadline(_server.Limits.StreamTimeout, RtmpEndReason.StreamTimeout);
    }

    private void AnswerUndefined(RtmpCommand command)
    {
        if (command.TransactionId != 0)
            Answer(RtmpCommand.Result(command.TransactionId, AmfValue.NullValue, AmfValue.UndefinedValue).ToMessage());
    }

    private void AnswerStatus(uint streamId, string level, string code, string description) =>
        Answer(RtmpCommand.OnStatus(new RtmpStatus(level, code, description)).ToMessage(streamId));

    // Some senders give no app but a tcUrl, and some put it in quotes.
    private static string AppOf(string tcUrl)
    {
        var url = tcUrl.Trim().Trim('\'', '"');
        var authority = url.IndexOf("://", StringComparison.Ordinal);
        var slash = authority < 0 ? -1 : url.IndexOf('/', authority + 3);
        return slash < 0 ? "" : url[(slash + 1)..];
    }

    private static (string Name, string Query) SplitQuery(string text)
    {
        var question = text.IndexOf('?', StringComparison.Ordinal);
        return question < 0 ? (text, "") : (text[..question], text[(question + 1)..]);
    }
}
