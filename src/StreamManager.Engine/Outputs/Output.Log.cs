using Microsoft.Extensions.Logging;
using StreamManager.Rtmp.Client;

namespace StreamManager.Engine.Outputs;

/// <content>Messages, and a time that nobody sets.</content>
internal sealed partial class Output
{
    /// <summary>How long an intended end waits for the last packets to leave: a peer that reads has them in milliseconds.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    [LoggerMessage(1, LogLevel.Information, "Destination {Name} ({Destination}) granted the publish.")]
    private static partial void LogPublishing(ILogger logger, string name, string destination);

    [LoggerMessage(2, LogLevel.Warning, "Destination {Name} ({Destination}) failed at {Stage} ({Kind}): {Detail}")]
    private static partial void LogFailed(ILogger logger, string name, string destination, RtmpConnectStage stage, RtmpFailureKind kind, string detail);

    [LoggerMessage(6, LogLevel.Warning, "Destination {Name} ({Destination}) still fails at {Stage} ({Kind}), {Times} times since this was last said: {Detail}")]
    private static partial void LogStillFails(
        ILogger logger, string name, string destination, RtmpConnectStage stage, RtmpFailureKind kind, string detail, int times);

    [LoggerMessage(3, LogLevel.Warning, "Destination {Name} ({Destination}) has acknowledged nothing for {StalledFor}.")]
    private static partial void LogStalled(ILogger logger, string name, string destination, TimeSpan stalledFor);

    [LoggerMessage(4, LogLevel.Warning, "Destination {Name} ({Destination}) was given up after {Attempts} attempts.")]
    private static partial void LogGaveUp(ILogger logger, string name, string destination, int attempts);

    [LoggerMessage(5, LogLevel.Error, "An internal fault in destination {Name} ({Destination}).")]
    private static partial void LogFault(ILogger logger, string name, string destination, Exception exception);
}
