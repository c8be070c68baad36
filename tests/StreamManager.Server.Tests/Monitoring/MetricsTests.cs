using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using StreamManager.Server.Monitoring;

namespace StreamManager.Server.Tests.Monitoring;

public sealed class MetricsTests
{
    /// <summary>What the contract names and this version has.</summary>
    private static readonly string[] Promised =
    [
        "rtmp_connections_total", "rtmp_connection_attempts_total", "rtmp_publish_attempts_total", "rtmp_active_streams", "rtmp_bandwidth_bytes", "rtmp_errors_total",
        "program_state", "program_switches_total", "program_fallback_seconds_total", "program_gap_milliseconds",
        "destination_state", "destination_bytes_total", "destination_frames_dropped_total", "destination_connects_total", "destination_queue_milliseconds",
        "process_cpu_seconds_total", "process_resident_memory_bytes", "dotnet_gc_collections_total",
    ];

    [Fact]
    public async Task Page_OfARunningServer_IsTakenByPromtoolAndHasEveryName()
    {
        await using var server = await RunningServer.StartAsync("start: always\ndestinations: [ { name: \"A \\\"quoted\\\" name\", url: \"rtmp://127.0.0.1:1/app/k\" } ]\n");
        await server.WaitForStateAsync("fallback");
        var answer = await server.SendAsync(HttpMethod.Get, "/metrics", token: null, port: server.Server.BoundPorts.Metrics);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.ContentType);
        var complaints = await PromtoolAsync(answer.Text);

        // Names that the contract promises with another unit or suffix than Prometheus advises.
        Assert.All(complaints, line => Assert.True(
            line.Contains("_milliseconds", StringComparison.Ordinal) || line.StartsWith("rtmp_bandwidth_bytes", StringComparison.Ordinal), line));
        Assert.All(Promised, name => Assert.Contains($"# TYPE {name} ", answer.Text, StringComparison.Ordinal));
        Assert.Contains("program_state{channel=\"main\"} 4\n", answer.Text, StringComparison.Ordinal);
        Assert.Contains("destination_state{destination=\"a-quoted-name\"}", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_AskedByAProxyOfThisMachine_NeedsTheToken()
    {
        await using var server = await RunningServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{server.Server.BoundPorts.Metrics}/metrics");
        request.Headers.Add("X-Forwarded-For", "203.0.113.9");
        using var refused = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task Instruments_OfOurMeters_AreAddedUp()
    {
        using var collector = new MeterCollector();
        using var meter = new Meter("StreamManager.Test");
        using var other = new Meter("Somebody.Else");
        var counter = meter.CreateCounter<long>("test_things_total", description: "Things \\ and\nlines.");
        var histogram = meter.CreateHistogram<double>("test_gap_milliseconds");
        other.CreateCounter<long>("test_foreign_total").Add(1);
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a\"b\\c\nd"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "a\"b\\c\nd"));
        histogram.Record(17);
        histogram.Record(40);
        histogram.Record(9999);

        var page = new PrometheusText();
        collector.Write(page, new HashSet<string>());
        var text = page.ToString();
        Assert.Contains("# HELP test_things_total Things \\\\ and\\nlines.\n", text, StringComparison.Ordinal);
        Assert.Contains("test_things_total{kind=\"a\\\"b\\\\c\\nd\"} 5\n", text, StringComparison.Ordinal);
        Assert.Contains("test_gap_milliseconds_bucket{le=\"10\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("test_gap_milliseconds_bucket{le=\"17\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("test_gap_milliseconds_bucket{le=\"42\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("test_gap_milliseconds_bucket{le=\"+Inf\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("test_gap_milliseconds_count 3\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("test_foreign_total", text, StringComparison.Ordinal);
        await PromtoolAsync(text);
    }

    [Fact]
    public void Instrument_WithEndlessTags_IsBounded()
    {
        using var collector = new MeterCollector();
        using var meter = new Meter("StreamManager.Test.Endless");
        var counter = meter.CreateCounter<long>("test_endless_total");
        for (var i = 0; i < 5_000; i++)
            counter.Add(1, new KeyValuePair<string, object?>("tag", i));
        var page = new PrometheusText();
        collector.Write(page, new HashSet<string>());
        Assert.Equal(1_000, page.ToString().Split('\n').Count(line => line.StartsWith("test_endless_total{", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(0d, "0")]
    [InlineData(1.5, "1.5")]
    [InlineData(1e21, "1E+21")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public void Number_OfEveryKind_IsWrittenAsPrometheusReadsIt(double value, string text) => Assert.Equal(text, PrometheusText.Number(value));

    /// <summary>The complaints about style. A page that cannot be read fails the test.</summary>
    private static async Task<string[]> PromtoolAsync(string page)
    {
        var start = new ProcessStartInfo("promtool") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("check");
        start.ArgumentList.Add("metrics");
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(page);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var lines = (await errors + await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        // 3: read, but with complaints about style.
        Assert.True(process.ExitCode is 0 or 3, string.Join('\n', lines));
        return lines;
    }
}
