using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using StreamManager.Server.Monitoring;
using StreamManager.Server.Tests.Webhooks;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.Server.Tests.Monitoring;

public sealed partial class MetricsTests
{
    /// <summary>What the contract promises: type and name, and the label if there is one.</summary>
    private static readonly (string Type, string Name, string? Label)[] Promised =
    [
        ("counter", "rtmp_connections_total", null), ("counter", "rtmp_connection_attempts_total", "status"), ("counter", "rtmp_publish_attempts_total", "status"),
        ("gauge", "rtmp_active_streams", null), ("counter", "rtmp_bandwidth_bytes", "direction"), ("counter", "rtmp_errors_total", "reason"),
        ("gauge", "encoder_fps", "channel"), ("gauge", "encoder_bitrate", "channel"), ("gauge", "encoder_queue_size", "channel"), ("gauge", "encoder_dropped_frames", "channel"),
        ("gauge", "encoder_rtmp_latency", "channel"),
        ("gauge", "program_state", "channel"), ("counter", "program_switches_total", "channel"), ("counter", "program_fallback_seconds_total", "channel"),
        ("histogram", "program_gap_milliseconds", "track"),
        ("gauge", "destination_state", "destination"), ("counter", "destination_bytes_total", "destination"), ("counter", "destination_frames_dropped_total", "destination"),
        ("counter", "destination_connects_total", "destination"), ("gauge", "destination_queue_milliseconds", "destination"),
        ("counter", "webhook_deliveries_total", "outcome"), ("counter", "webhook_attempts_total", "outcome"), ("gauge", "webhook_pending", null), ("gauge", "webhook_disabled", null),
        ("counter", "webhook_decisions_total", "outcome"), ("histogram", "webhook_decision_milliseconds", "le"),
        ("counter", "process_cpu_seconds_total", null), ("gauge", "process_resident_memory_bytes", null), ("counter", "dotnet_gc_collections_total", "generation"),
    ];

    /// <summary>Labels whose values are words of ours or ids of the owner's; nothing that a peer says gets into one of another name.</summary>
    private static readonly string[] KnownLabels = ["status", "direction", "reason", "channel", "track", "family", "listener", "destination", "generation", "le", "version", "outcome"];

    [Fact]
    public async Task Page_OfAServerOnAir_HasEveryPromisedSeriesAndNothingPrivate()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = (context, _) => context.Response.WriteAsync("""{ "allow": true }""");
        await using var server = await RunningServer.StartAsync($$"""
            webhook_allow_private_addresses: true
            ingest_key: ingest-s3cret
            destinations:
              - { name: Delivered, url: "{{nginx.ServerUrl()}}", stream_key: delivered-s3cret }
              - { name: Unreachable, url: "rtmp://somebody:user-s3cret@127.0.0.1:{{FreePort.Next()}}/live", stream_key: unreachable-s3cret }

            """);
        var hook = await server.PostAsync("/api/webhooks", $$"""{ "url": "{{receiver.Url}}/url-s3cret", "events": ["program.*"], "decides": ["connection.prePublish"] }""");
        Assert.True(hook.Status is HttpStatusCode.Created, hook.Text);
        await using (var publisher = await FfmpegPublisher.StartAsync($"rtmp://127.0.0.1:{server.Server.BoundPorts.Rtmp}/live/ingest-s3cret"))
        {
            await server.WaitForAsync("/api/status", status => status.GetProperty("program").GetProperty("bitrateKbps").GetInt32() > 0
                && status.GetProperty("destinations").EnumerateArray().First().GetProperty("framesSent").GetInt64() > 0);
            await Assert.ThrowsAsync<InvalidOperationException>(() => ScriptedEncoder.PublishAsync(server.Server.BoundPorts.Rtmp, "guess-s3cret"));
            var live = await PageAsync(server);
            Assert.True(Value(live, "encoder_fps{channel=\"main\"}") > 1, live);
            Assert.True(Value(live, "encoder_bitrate{channel=\"main\"}") > 10_000, live);
            Assert.True(Value(live, "encoder_rtmp_latency{channel=\"main\"}") is >= 0 and < 60, live);
            Assert.True(Value(live, "destination_bytes_total{destination=\"delivered\"}") > 0, live);
            Assert.True(Value(live, "source_keyframe_interval_seconds{channel=\"main\"}") >= 0, live);
            Assert.Contains("source_state{channel=\"main\"} 2\n", live, StringComparison.Ordinal);
            Assert.Contains("rtmp_active_streams 1\n", live, StringComparison.Ordinal);
            publisher.Kill();
        }

        // A connection that broke, and a switch to the fallback with its gaps.
        await server.WaitForStateAsync("fallback");
        var page = "";
        await Eventually.TrueAsync(
            async () =>
            {
                page = await PageAsync(server);
                return Missing(page).Length == 0;
            },
            describe: () => "no series of " + string.Join(", ", Missing(page)));
        Assert.All(Promised, promise => Assert.Contains($"# TYPE {promise.Name} {promise.Type}\n", page, StringComparison.Ordinal));
        var complaints = await PromtoolAsync(page);
        Assert.All(complaints, AssertIsAboutAPromisedName);

        var labels = LabelPair().Matches(page).Select(match => (Name: match.Groups["name"].Value, Value: match.Groups["value"].Value)).ToArray();
        Assert.All(labels, label => Assert.Contains(label.Name, KnownLabels));
        Assert.DoesNotContain("s3cret", page, StringComparison.Ordinal);
        Assert.DoesNotContain("somebody", page, StringComparison.Ordinal);
        Assert.DoesNotContain(RunningServer.Token, page, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_OfARunningServer_IsTakenByPromtool()
    {
        await using var server = await RunningServer.StartAsync("start: always\ndestinations: [ { name: \"A \\\"quoted\\\" name\", url: \"rtmp://127.0.0.1:1/app/k\" } ]\n");
        await server.WaitForStateAsync("fallback");
        var answer = await server.SendAsync(HttpMethod.Get, "/metrics", token: null, port: server.Server.BoundPorts.Metrics);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.ContentType);
        var complaints = await PromtoolAsync(answer.Text);

        Assert.All(complaints, AssertIsAboutAPromisedName);
        Assert.Contains("program_state{channel=\"main\"} 4\n", answer.Text, StringComparison.Ordinal);
        Assert.Contains("destination_state{destination=\"a-quoted-name\"}", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "203.0.113.9")]
    [InlineData("X-Real-IP", "203.0.113.9")]
    [InlineData("Forwarded", "for=203.0.113.9")]
    public async Task Page_AskedByAProxyOfThisMachine_NeedsTheToken(string header, string value)
    {
        await using var server = await RunningServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{server.Server.BoundPorts.Metrics}/metrics");
        request.Headers.Add(header, value);
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

    private static async Task<string> PageAsync(RunningServer server) => (await server.SendAsync(HttpMethod.Get, "/metrics", token: null, port: server.Server.BoundPorts.Metrics)).Text;

    private static string[] Missing(string page) => [.. Promised.Where(promise => !HasSeries(page, promise.Name, promise.Label)).Select(promise => promise.Name)];

    private static bool HasSeries(string page, string name, string? label) =>
        page.Split('\n').Any(line => line.StartsWith(label is null ? name + " " : name, StringComparison.Ordinal) && (label is null || line.Contains($"{label}=\"", StringComparison.Ordinal)));

    private static double Value(string page, string series) =>
        double.Parse(page.Split('\n').Single(line => line.StartsWith(series + " ", StringComparison.Ordinal))[(series.Length + 1)..], CultureInfo.InvariantCulture);

    /// <summary>Names that the contract promises with another unit or suffix than Prometheus advises.</summary>
    private static void AssertIsAboutAPromisedName(string complaint) => Assert.True(
        complaint.Contains("_milliseconds", StringComparison.Ordinal) || complaint.StartsWith("rtmp_bandwidth_bytes", StringComparison.Ordinal), complaint);

    [GeneratedRegex(@"[{,](?<name>\w+)=""(?<value>[^""]*)""")]
    private static partial Regex LabelPair();

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
