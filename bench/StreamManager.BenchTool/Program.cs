using System.Runtime.InteropServices;
using StreamManager.BenchTool;

// What the scripts beside this folder need that no installed program does: a sink that costs next to nothing, publishers by the hundred, stamps for
// latency, and the CPU time and memory of a process tree.
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);

var options = ToolOptions.Parse(args);
switch (args.FirstOrDefault())
{
    case "sink":
        await Sink.RunAsync(options, stop.Token);
        return 0;
    case "publish":
        return await PublisherFleet.RunAsync(options, stop.Token);
    case "usage":
        await ProcessUsage.RunAsync(options, stop.Token);
        return 0;
    default:
        Console.Error.WriteLine("""
            sink     --port P [--latency] [--status FILE]                     take every publish, throw the media away
            publish  --url rtmp://HOST:PORT/APP --key KEY --file FLV          publish a file in real time, again and again
                     [--count N] [--stamp] [--chunk-size 4096]                N > 1: keys KEY1 … KEYN; --stamp: for the sink's --latency
            usage    --pid PID[,PID…] --seconds S                             CPU and memory of these processes and their children
            """);
        return 2;
}

void OnSignal(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
