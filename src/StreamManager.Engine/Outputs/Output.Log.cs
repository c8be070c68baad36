using Microsoft.Extensions.Logging;
using StreamManager.Rtmp.Client;

namespace StreamManager.Engine.Outputs;

/// <content>Messages, and a time that nobody sets.</content>
internal sealed partial class Output
{
    /// <summary>How long an intended end waits for the last packets to leave: a peer that reads has them in milliseconds.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    [LoggerMessage(1, LogLevel.Information, "Destination {Destination} granted the publish.")]
    private static partial void LogPublishing(ILogger logger, string destination);

    [LoggerMessage(2, LogLevel.Warning, "Destination {Destination} failed at {Stage} ({Kind}): {Detail}")]
    private static partial void LogFailed(ILogger logger, string destination, RtmpConnectStage stage, RtmpFailureKind kind, string detail);

    [LoggerMessage(3, LogLevel.Warning, "Destination {Destination} has acknowledged nothing for {StalledFor}.")]
    private static partial void LogStalled(ILogger logger, string destination, TimeSpan stalledFor);

    [LoggerMessage(4, LogLevel.Warning, "Destination {Destination} was given up after {Attempts} attempts.")]
    private static partial void LogGaveUp(ILogger logger, string destination, int attempts);

    [LoggerMessage(5, LogLevel.Error, "An internal fault in destination {Destination}.")]
    private static partial void LogFault(ILogger logger, string destination, Exception exception);
}
