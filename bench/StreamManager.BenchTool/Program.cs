using System.Globalization;
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
    case "quantile":
        var before = MetricsText.Parse(await File.ReadAllTextAsync(options.Text("before"), stop.Token));
        var after = MetricsText.Parse(await File.ReadAllTextAsync(options.Text("after"), stop.Token));
        var (value, count) = after.Quantile(options.Text("metric"), options.Number("percent", 99) / 100.0, before);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{value:0.00} {count:0}"));
        return 0;
    case "cycles":
        return await PublishCycles.RunAsync(options, stop.Token);
    case "websocket":
        return await WebSocketFleet.RunAsync(options, stop.Token);
    case "ingest":
        await IngestHost.RunAsync(options, stop.Token);
        return 0;
    default:
        Console.Error.WriteLine("""
            sink     --port P [--latency] [--status FILE]                     take every publish, throw the media away
            publish  --url rtmp://HOST:PORT/APP --key KEY --file FLV          publish a file in real time, again and again
                     [--count N] [--stamp] [--chunk-size 4096]                N > 1: keys KEY1 … KEYN; --stamp: for the sink's --latency
            usage    --pid PID[,PID…] --seconds S                             CPU and memory of these processes and their children
            quantile --metric NAME --before FILE --after FILE [--percent 99]  a quantile of a histogram between two pages of metrics, and how many values it had
            cycles   --url rtmp://HOST:PORT/APP --key KEY --file FLV          publish and cut off, again and again; a sink for destinations is at --sink-port
                     --other-file FLV --metrics URL --pid PID --sink-port P   --other-file: the source in another format
                     [--count 1000] [--warm-up 100] [--every 100] [--media-ms 333]
            websocket --url ws://HOST:PORT/ --token T                         clients that listen; the frames of metrics that each gets
                     [--count 2000] [--seconds 20]
            ingest   --transport kestrel|kestrel-inline|sockets --port P      the product's RTMP sessions; every publish is granted, media thrown away
                     [--buffer 4096]                                          sockets: bytes of a read
            """);
        return 2;
}

void OnSignal(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
