using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using StreamManager.Rtmp.Wire;

namespace StreamManager.BenchTool;

/// <summary>
/// Publishes the beginning of a file (a third of a second), again and again, and cuts it off: three times of four by a reset, else with a farewell. Each third time one of the destinations, which
/// are here as well, resets its connection; each fiftieth time the source has another format, long enough for its transcoder to work. What the server's memory does meanwhile is read from
/// its metrics and from /proc; the heap after a full collection.
/// </summary>
internal sealed class PublishCycles : IDisposable
{
    private const int ChunkSize = 4096;
    private const int CleanEvery = 4;
    private const int DestinationCutEvery = 3;
    private const int OtherFormatEvery = 50;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan RefusedWait = TimeSpan.FromMilliseconds(50);

    private readonly ToolOptions _options;
    private readonly Uri _url;
    private readonly string _key;
    private readonly HttpClient _http = new();
    private readonly List<Row> _rows = [];
    private int _refusals;

    private PublishCycles(ToolOptions options)
    {
        _options = options;
        _url = new Uri(options.Text("url"));
        _key = options.Text("key");
    }

    public static async Task<int> RunAsync(ToolOptions options, CancellationToken stop)
    {
        using var sink = Sink.Start(options.Number("sink-port", 19350), measure: false, stop);
        using var cycles = new PublishCycles(options);
        try
        {
            await cycles.RunAsync(sink, stop);
        }
        catch (OperationCanceledException)
        {
            return 1;
        }
        return cycles.Report() ? 0 : 1;
    }

    public void Dispose() => _http.Dispose();

    private async Task RunAsync(Sink sink, CancellationToken stop)
    {
        var usual = Load(_options.Text("file"), (uint)_options.Number("media-ms", 333));
        var other = Load(_options.Text("other-file"), 2000);
        var warmUp = _options.Number("warm-up", 100);
        var every = _options.Number("every", 100);
        var last = warmUp + _options.Number("count", 1000);
        Console.WriteLine(Row.Head);
        for (var i = 1; i <= last; i++)
        {
            await PublishAsync(i % OtherFormatEvery == 0 ? other : usual, isClean: i % CleanEvery == 0, stop);
            if (i % DestinationCutEvery == 0)
                sink.ResetOne(i / DestinationCutEvery);
            if (i == last || (i >= warmUp && (i - warmUp) % every == 0))
                await SampleAsync(i, sink, stop);
        }
    }

    private async Task PublishAsync((uint Due, byte[] Wire)[] messages, bool isClean, CancellationToken stop)
    {
        using var line = await ConnectAsync(stop);
        var start = TimeProvider.System.GetTimestamp();
        foreach (var (due, wire) in messages)
        {
            while (TimeProvider.System.GetElapsedTime(start).TotalMilliseconds < due)
                await Task.Delay(Tick, stop);
            await line.Socket.SendAsync(wire, stop);
        }
        if (isClean)
            await line.UnpublishAsync(_key, stop);
        else
            line.Socket.LingerState = new LingerOption(enable: true, seconds: 0); // Closed by a reset: what an encoder's crash or a lost link looks like.
    }

    private async Task<RtmpLine> ConnectAsync(CancellationToken stop)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(_url.Host, _url.Port, stop);
            var line = new RtmpLine(socket);
            try
            {
                await line.PublishAsync(_url.AbsolutePath.Trim('/'), _url.ToString(), _key, ChunkSize, stop);
                return line;
            }
            catch (InvalidOperationException)
            {
                // The server has not yet noticed that the one before is gone. The key was good, so nobody is slowed down for that.
                line.Dispose();
                _refusals++;
                await Task.Delay(RefusedWait, stop);
            }
        }
    }

    private async Task SampleAsync(int cycle, Sink sink, CancellationToken stop)
    {
        var server = _options.Number("pid", 0);
        var memory = ProcessUsage.MemoryOf(server);
        await FullCollection.RequestAsync(server, stop);
        var metrics = MetricsText.Parse(await _http.GetStringAsync(new Uri(_options.Text("metrics")), stop));
        var row = new Row(
            cycle, memory.Rss, memory.Pss, memory.Anonymous, metrics.Sum("dotnet_gc_heap_bytes") / (1 << 20), metrics.Sum("process_threads"), metrics.Sum("process_open_fds"),
            metrics.Sum("dotnet_gc_collections_total", "\"2\""), metrics.Sum("program_switches_total"), metrics.Sum("destination_connects_total"), sink.Publishes);
        _rows.Add(row);
        Console.WriteLine(row);
    }

    // The figures after the warm-up; false: the cycles were none, since the program did not go to the source and back in each.
    private bool Report()
    {
        var (first, last) = (_rows[0], _rows[^1]);
        var cycles = last.Cycle - first.Cycle;
        var switches = (last.Switches - first.Switches) / cycles;
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"per 1,000 cycles, fitted line: RSS {Slope(row => row.Rss):+0.00;-0.00} MB, PSS {Slope(row => row.Pss):+0.00;-0.00} MB, anonymous {Slope(row => row.Anonymous):+0.00;-0.00} MB, live heap {Slope(row => row.Heap):+0.00;-0.00} MB, threads {Slope(row => row.Threads):+0.0;-0.0}, open files {Slope(row => row.Files):+0.0;-0.0}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"switches per cycle {switches:0.00}, publishes that had to be tried again {_refusals}, connections of destinations {last.Publishes - first.Publishes}"));
        return switches > 1.5;
    }

    private double Slope(Func<Row, double> value)
    {
        var (x, y) = (_rows.Average(row => row.Cycle), _rows.Average(value));
        return _rows.Sum(row => (row.Cycle - x) * (value(row) - y)) / _rows.Sum(row => (row.Cycle - x) * (row.Cycle - x)) * 1000;
    }

    // Every message whole in itself, made once: what is sent is the same in each cycle.
    private static (uint Due, byte[] Wire)[] Load(string file, uint milliseconds)
    {
        var messages = new List<(uint, byte[])>();
        var wire = new ArrayBufferWriter<byte>();
        foreach (var tag in FlvFile.ReadTags(file).TakeWhile(tag => tag.Timestamp <= milliseconds))
        {
            var type = (RtmpMessageType)(byte)tag.Type;
            ChunkWriter.WriteAbsoluteMessage(wire, RtmpChunkStreamIds.For(type), tag.Timestamp, 1, type, tag.Body.Span, ChunkSize);
            messages.Add((tag.Timestamp, wire.WrittenSpan.ToArray()));
            wire.ResetWrittenCount();
        }
        return [.. messages];
    }

    private sealed record Row(
        int Cycle, double Rss, double Pss, double Anonymous, double Heap, double Threads, double Files, double FullCollections, double Switches, double Connects, int Publishes)
    {
        public const string Head = "cycle   RSS MB   PSS MB   anonymous MB   live heap MB   threads   open files   full collections   switches   connects of destinations";

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Cycle,5} {Rss,8:0.0} {Pss,8:0.0} {Anonymous,14:0.0} {Heap,14:0.00} {Threads,9:0} {Files,12:0} {FullCollections,18:0} {Switches,10:0} {Connects,26:0}");
    }
}
