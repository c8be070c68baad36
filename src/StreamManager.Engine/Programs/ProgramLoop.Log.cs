using Microsoft.Extensions.Logging;

namespace StreamManager.Engine.Programs;

/// <content>Messages.</content>
internal sealed partial class ProgramLoop
{
    [LoggerMessage(1, LogLevel.Information, "Channel {Channel} is on air.")]
    private static partial void LogOnAir(ILogger logger, string channel);

    [LoggerMessage(2, LogLevel.Information, "Channel {Channel} switched from {From} to {To}: {Reason}.")]
    private static partial void LogSwitched(ILogger logger, string channel, string from, string to, SwitchReason reason);

    [LoggerMessage(3, LogLevel.Information, "The broadcast of channel {Channel} ended: {Reason}.")]
    private static partial void LogEnded(ILogger logger, string channel, BroadcastEnd reason);

    [LoggerMessage(4, LogLevel.Warning, "Source {Source} of channel {Channel} sent a configuration that cannot be read: {Fault} ({Unsaid} more since the last such line)")]
    private static partial void LogUnreadableConfiguration(ILogger logger, string channel, string source, string fault, int unsaid);

    [LoggerMessage(5, LogLevel.Critical, "A fault in the program loop of channel {Channel}; the program goes on.")]
    private static partial void LogFault(ILogger logger, string channel, Exception exception);
}
