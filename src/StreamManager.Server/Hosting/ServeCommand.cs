using System.Runtime.InteropServices;
using StreamManager.Server.Options;

namespace StreamManager.Server.Hosting;

/// <summary><c>stream-manager serve</c>: runs the server until SIGINT or SIGTERM.</summary>
internal static class ServeCommand
{
    /// <summary>The configuration or the machine does not allow a start.</summary>
    public const int CannotStart = 1;

    /// <summary>Runs to the end. 0: ended in order.</summary>
    /// <param name="takesOver">See <see cref="ServerOptions.TakesOver"/>.</param>
    public static async Task<int> RunAsync(bool takesOver)
    {
        var loaded = OptionsLoader.Load();
        if (loaded is OptionsResult.Invalid invalid)
        {
            await Console.Error.WriteLineAsync(invalid.Message);
            return CannotStart;
        }

        var (options, notices) = (OptionsResult.Loaded)loaded;
        options = options with { TakesOver = takesOver };
        var stop = new TaskCompletionSource<PosixSignal>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => OnSignal(context, stop));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => OnSignal(context, stop));
        using var loggers = LoggingOutput.CreateFactory(options);
        try
        {
            await using var server = await StreamManagerServer.StartAsync(options, OptionsLoader.Load, TimeProvider.System, loggers, CancellationToken.None);
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => OnHangUp(context, server));
            Banner.Write(Console.Out, server, options, notices, isTerminal: !Console.IsOutputRedirected);
            // A person at the keyboard ends the show; a service manager stops a process that it may start again in a moment, and the broadcast goes on then.
            var forGood = await stop.Task is PosixSignal.SIGINT;
            await Console.Out.WriteLineAsync(forGood
                ? "Ending: destinations get a clean end."
                : "Ending: destinations get a clean end; what is on air goes on at the next start.");
            if (forGood)
                await server.EndBroadcastsAsync();
        }
        catch (StartupException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return CannotStart;
        }

        await Console.Out.WriteLineAsync("Ended.");
        return 0;
    }

    /// <summary>A service manager's way to say: read the configuration again.</summary>
    private static void OnHangUp(PosixSignalContext context, StreamManagerServer server)
    {
        context.Cancel = true;
        server.RequestReload();
    }

    /// <summary>The first signal asks for an orderly end; a second one is not held back and kills.</summary>
    private static void OnSignal(PosixSignalContext context, TaskCompletionSource<PosixSignal> stop) => context.Cancel = stop.TrySetResult(context.Signal);
}
