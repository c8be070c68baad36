using System.Buffers;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using StreamManager.Media;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Rtmp.Client;

/// <summary>What came of one TCP connection.</summary>
internal abstract record RtmpAttemptOutcome
{
    private RtmpAttemptOutcome()
    {
    }

    public sealed record Done(RtmpPublishResult Result) : RtmpAttemptOutcome;

    /// <summary>The server wants a name, a proof, or found the proof wrong; each answer goes on a new connection.</summary>
    public sealed record Challenged(RtmpAuthenticationChallenge Challenge, string Words) : RtmpAttemptOutcome;

    public sealed record Redirected(string Url) : RtmpAttemptOutcome;
}

/// <summary>One TCP connection from the name look-up to the granted publish. Used once.</summary>
internal sealed class RtmpPublishAttempt(
    RtmpPublishOptions options, RtmpDestinationUrl destination, string authenticationQuery, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    : IDisposable
{
    private const double ConnectTransaction = 1;
    private const double ReleaseStreamTransaction = 2;
    private const double FcPublishTransaction = 3;
    private const double CreateStreamTransaction = 4;
    private const double PublishTransaction = 5;

    private readonly RtmpStageTimer _stage = new(time, cancellationToken);
    private readonly PeerText _text = new(destination);
    private readonly ChunkWriter _chunks = new();
    private readonly ArrayBufferWriter<byte> _output = new(1024);
    private RtmpClientLink? _link;

    public async Task<RtmpAttemptOutcome> RunAsync()
    {
        RtmpClientLink? link = null;
        var isHandedOver = false;
        try
        {
            _link = link = new RtmpClientLink(await RtmpTransport.ConnectAsync(options, destination, _stage, time));
            _stage.Enter(RtmpConnectStage.Handshake, options.Limits.HandshakeTimeout);
            await link.HandshakeAsync(time: 0, _stage.Token);

            _stage.Enter(RtmpConnectStage.ConnectCommand, options.Limits.CommandTimeout);
            if (await ConnectAsync() is { } other)
                return other;
            _stage.Enter(RtmpConnectStage.CreateStream, options.Limits.CommandTimeout);
            var streamId = await CreateStreamAsync();
            _stage.Enter(RtmpConnectStage.Publish, options.Limits.PublishTimeout);
            await PublishAsync(streamId);

            isHandedOver = true;
            return Connected(new RtmpPublishConnection(link, destination.StreamKey, streamId, options, _text, time, logger));
        }
        catch (RtmpStageException e)
        {
            return Failed(e.Kind, e.Message);
        }
        catch (OperationCanceledException) when (_stage.TimedOut)
        {
            return TimedOut();
        }
        catch (OperationCanceledException)
        {
            return Failed(RtmpFailureKind.Local, "The attempt was given up.");
        }
        catch (Exception e) when (e is RtmpProtocolException or MediaFormatException)
        {
            // The wire's messages never quote the peer.
            return Failed(RtmpFailureKind.Closed, $"The server does not speak RTMP as it should: {e.Message}");
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            return Failed(RtmpFailureKind.Closed, ClosedWords());
        }
        finally
        {
            if (!isHandedOver && link is not null)
            {
                link.Dispose();
                link.CompleteReading();
            }
        }
    }

    public void Dispose() => _stage.Dispose();

    private static RtmpAttemptOutcome.Done Connected(RtmpPublishConnection connection)
    {
        connection.Start();
        return new RtmpAttemptOutcome.Done(new RtmpPublishResult.Connected(connection));
    }

    // Null: granted.
    private async Task<RtmpAttemptOutcome?> ConnectAsync()
    {
        var query = authenticationQuery.Length == 0 ? "" : (destination.App.Contains('?', StringComparison.Ordinal) ? "&" : "?") + authenticationQuery;
        var tcUrl = destination.TcUrl + query;
        List<AmfProperty> properties =
        [
            new("app", destination.App + query), new("type", "nonprivate"), new("flashVer", options.FlashVersion), new("swfUrl", tcUrl), new("tcUrl", tcUrl),
        ];
        if (options.FourCcList.Count > 0)
            properties.Add(new AmfProperty("fourCcList", new AmfValue.StrictArray([.. options.FourCcList.Select(code => (AmfValue)code)])));
        Write(new RtmpCommand("connect", ConnectTransaction, new AmfValue.Object([.. properties]), []).ToMessage());
        await FlushAsync();

        var answer = await ReadAnswerAsync(ConnectTransaction);
        var status = RtmpStatus.Find(answer);
        if (answer.Name == RtmpCommand.ResultName && status?.IsError != true)
            return null;

        if (FindRedirect(answer) is { } url)
            return new RtmpAttemptOutcome.Redirected(url);
        if (RtmpAuthenticationChallenge.Find(status?.Description ?? "") is { } challenge)
            return new RtmpAttemptOutcome.Challenged(challenge, Words(answer));
        throw Rejected("connect", answer);
    }

    private async Task<uint> CreateStreamAsync()
    {
        // The size goes out with the small default; what follows has room.
        Write(new RtmpControlMessage.SetChunkSize(options.OutgoingChunkSize).ToMessage());
        _chunks.ChunkSize = options.OutgoingChunkSize;
        Write(RtmpCommand.Create("releaseStream", ReleaseStreamTransaction, destination.StreamKey).ToMessage());
        Write(RtmpCommand.Create("FCPublish", FcPublishTransaction, destination.StreamKey).ToMessage());
        Write(RtmpCommand.Create("createStream", CreateStreamTransaction).ToMessage());
        await FlushAsync();

        var answer = await ReadAnswerAsync(CreateStreamTransaction);
        if (answer.Name != RtmpCommand.ResultName)
            throw Rejected("createStream", answer);
        if (answer.Argument(0) is not AmfValue.Number { Value: >= 0 and <= uint.MaxValue and var id })
            throw new RtmpStageException(RtmpFailureKind.Closed, "The server answered createStream without a stream.");
        return (uint)id;
    }

    private async Task PublishAsync(uint streamId)
    {
        Write(RtmpCommand.Create("publish", PublishTransaction, destination.StreamKey, "live").ToMessage(streamId));
        await FlushAsync();
        while (true)
        {
            var answer = await ReadAnswerAsync(PublishTransaction);
            if (answer.Name == RtmpCommand.ErrorName)
                throw Rejected("publish", answer);
            // Servers say it with an onStatus, some with a result only.
            if (answer.Name == RtmpCommand.ResultName || RtmpStatus.Find(answer)?.Code == RtmpStatusCodes.PublishStart)
                return;
        }
    }

    // The answer to a command, or any onStatus. Other answers (releaseStream's may well be an error) and notices are passed over.
    private async Task<RtmpCommand> ReadAnswerAsync(double transaction)
    {
        for (var count = 0; count < options.Limits.MaxMessagesPerStage; count++)
        {
            if (await _link!.ReadAsync(_stage.Token) is not { } message)
                throw new RtmpStageException(RtmpFailureKind.Closed, ClosedWords());
            _link.Answer(message, _output);
            await FlushAsync();
            if (message.Type is not (RtmpMessageType.CommandAmf0 or RtmpMessageType.CommandAmf3))
                continue;

            var command = RtmpCommand.Read(message);
            switch (command.Name)
            {
                case RtmpCommand.ResultName or RtmpCommand.ErrorName when command.TransactionId == transaction:
                    return command;
                case RtmpCommand.OnStatusName when RtmpPublishStatus.IsFatal(RtmpStatus.Find(command)):
                    throw Rejected(_stage.Stage == RtmpConnectStage.ConnectCommand ? "connect" : "publish", command);
                case RtmpCommand.OnStatusName when _stage.Stage == RtmpConnectStage.Publish:
                    return command;
                case "close":
                    throw new RtmpStageException(RtmpFailureKind.Closed, ClosedWords());
            }
        }

        throw new RtmpStageException(RtmpFailureKind.Closed, "The server sends messages without end but no answer.");
    }

    private void Write(in RtmpMessage message) => _chunks.WriteMessage(_output, message);

    private async ValueTask FlushAsync()
    {
        if (_output.WrittenCount == 0)
            return;
        await _link!.Transport.Stream.WriteAsync(_output.WrittenMemory, _stage.Token);
        _output.ResetWrittenCount();
    }

    private RtmpStageException Rejected(string what, RtmpCommand answer) =>
        new(RtmpFailureKind.Rejected, $"The server refused {what}: {Words(answer)}");

    private string Words(RtmpCommand answer) => RtmpPublishStatus.Words(RtmpStatus.Find(answer), _text);

    private static string? FindRedirect(RtmpCommand answer)
    {
        foreach (var argument in answer.Arguments)
        {
            var ex = argument.Find("ex");
            if (ex.FindNumber("code") == 302 && (ex.FindString("redirect") ?? ex.FindString("redirect2")) is { Length: > 0 } url)
                return url;
        }

        return null;
    }

    private RtmpAttemptOutcome.Done Failed(RtmpFailureKind kind, string detail) => new(new RtmpPublishResult.Failed(new RtmpFailure(_stage.Stage, kind, detail)));

    private RtmpAttemptOutcome.Done TimedOut() => _stage.Stage switch
    {
        RtmpConnectStage.Resolve => Failed(RtmpFailureKind.Unreachable, "The server's name could not be looked up in time."),
        RtmpConnectStage.Connect => Failed(RtmpFailureKind.Unreachable, "The server does not answer on this port."),
        RtmpConnectStage.Tls => Failed(RtmpFailureKind.Unreachable, "The TLS handshake was not answered in time."),
        RtmpConnectStage.Handshake when _link is not { BytesReceived: > 0 } => Failed(RtmpFailureKind.Unreachable, "The server accepts the connection but says nothing."),
        RtmpConnectStage.Handshake => Failed(RtmpFailureKind.TimedOut, "The server did not complete the RTMP handshake in time."),
        RtmpConnectStage.ConnectCommand => Failed(RtmpFailureKind.TimedOut, "The server did not answer connect in time."),
        RtmpConnectStage.CreateStream => Failed(RtmpFailureKind.TimedOut, "The server did not answer createStream in time."),
        _ => Failed(RtmpFailureKind.TimedOut, "The server did not answer publish in time."),
    };

    private string ClosedWords() => _stage.Stage switch
    {
        RtmpConnectStage.Handshake => "The server closed the connection during the RTMP handshake.",
        RtmpConnectStage.ConnectCommand => "The server closed the connection without a word after connect: the application name may be wrong.",
        RtmpConnectStage.CreateStream => "The server closed the connection without a word after createStream.",
        RtmpConnectStage.Publish => "The server closed the connection without a word after publish: most likely the stream key is wrong or in use.",
        _ => "The server closed the connection.",
    };
}

/// <summary>Which words of a server end a publish.</summary>
internal static class RtmpPublishStatus
{
    /// <summary>Level "error", and the codes that librtmp gives up at whatever the level says.</summary>
    public static bool IsFatal(RtmpStatus? status) => status is not null && (status.IsError || status.Code is
        RtmpStatusCodes.StreamFailed or RtmpStatusCodes.PlayFailed or RtmpStatusCodes.PlayStreamNotFound or RtmpStatusCodes.ConnectInvalidApp
        or RtmpStatusCodes.ConnectRejected or RtmpStatusCodes.PublishRejected or RtmpStatusCodes.PublishDenied or RtmpStatusCodes.PublishBadName);

    /// <summary>Code and description, fit to show.</summary>
    public static string Words(RtmpStatus? status, PeerText text)
    {
        if (status is null)
            return "no reason given.";
        return text.Clean(status.Description.Length > 0 && status.Description != status.Code ? $"{status.Code}: {status.Description}" : status.Code);
    }
}
