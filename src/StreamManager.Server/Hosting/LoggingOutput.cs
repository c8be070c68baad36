using Microsoft.Extensions.Logging.Console;
using StreamManager.Server.Options;

namespace StreamManager.Server.Hosting;

/// <summary>Where log entries go: the standard error, as lines for people or as JSON for machines.</summary>
internal static class LoggingOutput
{
    /// <summary>Makes the loggers of <paramref name="options"/>; whoever asks disposes of them, which writes what is still waiting.</summary>
    public static ILoggerFactory CreateFactory(ServerOptions options) => LoggerFactory.Create(logging => Configure(logging, options));

    private static void Configure(ILoggingBuilder logging, ServerOptions options)
    {
        logging.SetMinimumLevel(options.LogLevel);

        // The framework tells of every request and connection below this; ours say what matters.
        logging.AddFilter("Microsoft", options.LogLevel > LogLevel.Warning ? options.LogLevel : LogLevel.Warning);

        // It writes what it throws, with its stack; a StartupException says the same in words.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        const string Utc = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        if (options.LogFormat is LogFormat.Json)
        {
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = Utc;
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = Utc + " ";
                console.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }

        // The standard output is the banner's.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
