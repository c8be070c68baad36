using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.Server.Tests.Monitoring;

/// <summary>A collector of our own on a real socket, and what arrives there.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task Telemetry_ToACollectorOverHttp_BringsMetricsAndTraces()
    {
        await using var collector = await Collector.StartAsync();
        await using (var server = await RunningServer.StartAsync(
            $"ingest_key: ingest-s3cret\ndestinations: [ {{ name: Away, url: \"rtmp://127.0.0.1:{FreePort.Next()}/live\", stream_key: away-s3cret }} ]\n",
            change: options => options with
            {
                Telemetry = new TelemetryOptions { Endpoint = collector.Url, Headers = new Secret("x-tenant=of-the-test"), MetricInterval = TimeSpan.FromSeconds(1), ServiceName = "studio-one" },
            }))
        {
            await using (var publisher = await FfmpegPublisher.StartAsync($"rtmp://127.0.0.1:{server.Server.BoundPorts.Rtmp}/live/ingest-s3cret"))
            {
                await server.WaitForStateAsync("live");
                publisher.Kill();
            }

            await server.WaitForStateAsync("fallback");
            await server.GetAsync("/api/destinations/no-such-id?token=query-s3cret");
            await Eventually.TrueAsync(
                () => Task.FromResult(collector.Has("/v1/metrics", "program_state") && collector.Has("/v1/metrics", "destination_connects_total")),
                describe: () => "no metrics: " + collector);
        }

        // What was not sent yet went out with the end of the server.
        Assert.True(collector.Has("/v1/traces", "GET /api/destinations/{id}"), collector.ToString());
        Assert.True(collector.Has("/v1/traces", "destination.connect"), collector.ToString());
        Assert.True(collector.Has("/v1/traces", "program.switch"), collector.ToString());
        Assert.False(collector.Has("/v1/traces", "/health"), collector.ToString());
        Assert.All(collector.Received, request =>
        {
            Assert.Equal("application/x-protobuf", request.ContentType);
            Assert.Equal("of-the-test", request.Tenant);
            Assert.Contains("studio-one", request.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cret", request.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(RunningServer.Token, request.Text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Telemetry_ToACollectorThatIsAway_DisturbsNeitherWorkNorEnd()
    {
        var server = await RunningServer.StartAsync("start: always\n", change: options => options with
        {
            Telemetry = new TelemetryOptions { Endpoint = new Uri($"http://127.0.0.1:{FreePort.Next()}"), Protocol = OtlpProtocol.Grpc },
        });
        await server.WaitForStateAsync("fallback");
        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("Error ", server.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "http://name:passw0rd@collector:4318")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "no-value-passw0rd")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "=passw0rd")]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL", "10")]
    [InlineData("LOG_FORMAT", "xml")]
    [InlineData("LOG_LEVEL", "loud")]
    public void Setting_ThatIsWrong_IsNamedAndItsSecretIsNot(string name, string value)
    {
        using var folder = new TemporaryFolder();
        var invalid = Assert.IsType<OptionsResult.Invalid>(OptionsLoader.Load(new Dictionary<string, string> { [name] = value }, folder.Path));
        Assert.Contains(name, invalid.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("passw0rd", invalid.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_OfACollector_AreReadWithTheSpecificationsDefaults()
    {
        using var folder = new TemporaryFolder();
        ServerOptions Load(params (string Name, string Value)[] variables) =>
            Assert.IsType<OptionsResult.Loaded>(OptionsLoader.Load(variables.ToDictionary(pair => pair.Name, pair => pair.Value), folder.Path)).Options;
        Assert.Null(Load(("OTEL_SERVICE_NAME", "alone")).Telemetry);
        Assert.Equal(
            new TelemetryOptions { Endpoint = new Uri("http://collector:4318/") },
            Load(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")).Telemetry);
        var all = Load(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=b,c=d"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "5000"), ("OTEL_SERVICE_NAME", "studio")).Telemetry!;
        Assert.Equal((OtlpProtocol.Grpc, "a=b,c=d", TimeSpan.FromSeconds(5), "studio"), (all.Protocol, all.Headers!.Value, all.MetricInterval, all.ServiceName));
    }

    private sealed record Export(string Path, string ContentType, string Tenant, string Text);

    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication _application;

        private Collector(WebApplication application) => _application = application;

        public ConcurrentQueue<Export> Received { get; } = new();

        public Uri Url => new(_application.Urls.Single());

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var application = builder.Build();
            var collector = new Collector(application);
            application.Run(async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);

                // Names and label values stand in protobuf as plain UTF-8.
                collector.Received.Enqueue(new Export(
                    context.Request.Path, context.Request.ContentType ?? "", context.Request.Headers["x-tenant"].ToString(), Encoding.UTF8.GetString(body.ToArray())));
                context.Response.ContentType = "application/x-protobuf";
            });
            await application.StartAsync();
            return collector;
        }

        public bool Has(string path, string text) => Received.Any(request => request.Path == path && request.Text.Contains(text, StringComparison.Ordinal));

        public override string ToString() => string.Join('\n', Received.Select(request => $"{request.Path}: {request.Text}"));

        public ValueTask DisposeAsync() => _application.DisposeAsync();
    }
}
