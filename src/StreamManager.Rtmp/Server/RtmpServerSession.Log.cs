using Microsoft.Extensions.Logging;

namespace StreamManager.Rtmp.Server;

/// <summary>What a session logs: ids, addresses and closed sets. Nothing that the peer wrote.</summary>
internal sealed partial class RtmpServerSession
{
    [LoggerMessage(1, LogLevel.Debug, "RTMP {ConnectionId}: opened from {RemoteAddress}")]
    private static partial void LogOpened(ILogger logger, string connectionId, string remoteAddress);

    [LoggerMessage(2, LogLevel.Debug, "RTMP {ConnectionId}: closed, {Reason}, after {BytesReceived} bytes")]
    private static partial void LogClosed(ILogger logger, string connectionId, string reason, long bytesReceived);

    [LoggerMessage(3, LogLevel.Debug, "RTMP {ConnectionId}: the peer broke the protocol: {Rule}")]
    private static partial void LogProtocolError(ILogger logger, string connectionId, string rule);

    [LoggerMessage(4, LogLevel.Debug, "RTMP {ConnectionId}: a message was skipped: {Rule}")]
    private static partial void LogSkipped(ILogger logger, string connectionId, string rule);

    [LoggerMessage(5, LogLevel.Information, "RTMP {ConnectionId}: publishing")]
    private static partial void LogPublishing(ILogger logger, string connectionId);

    [LoggerMessage(6, LogLevel.Information, "RTMP {ConnectionId}: unpublished")]
    private static partial void LogUnpublished(ILogger logger, string connectionId);

    [LoggerMessage(7, LogLevel.Debug, "RTMP {ConnectionId}: playing")]
    private static partial void LogPlaying(ILogger logger, string connectionId);

    [LoggerMessage(8, LogLevel.Information, "RTMP {ConnectionId}: refused {RemoteAddress} with {Code}")]
    private static partial void LogRefused(ILogger logger, string connectionId, string remoteAddress, string code);

    [LoggerMessage(9, LogLevel.Information, "RTMP {ConnectionId}: kicked: {Reason}")]
    private static partial void LogKicked(ILogger logger, string connectionId, string reason);

    [LoggerMessage(10, LogLevel.Error, "RTMP {ConnectionId}: handler, sink or feed failed")]
    private static partial void LogHostFault(ILogger logger, Exception exception, string connectionId);

    [LoggerMessage(11, LogLevel.Error, "RTMP {ConnectionId}: the session itself failed")]
    private static partial void LogOwnFault(ILogger logger, Exception exception, string connectionId);
}
