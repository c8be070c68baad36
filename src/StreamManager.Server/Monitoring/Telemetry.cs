using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using StreamManager.Engine.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;

namespace StreamManager.Server.Monitoring;

/// <summary>
/// Sends metrics and traces to an OpenTelemetry collector. Made only when one is configured; without it nothing of OpenTelemetry runs. A collector that is away costs what was
/// for it and nothing else: the queues are bounded, and sending happens on threads of their own.
/// </summary>
internal sealed class Telemetry : IDisposable
{
    /// <summary>How long the last values may take at the end: the orderly end of the server must not wait for a collector that is away.</summary>
    private const int FlushMilliseconds = 1_000;

    private const string StatusMeter = MeterCollector.MeterPrefix + "Status";

    private readonly Func<IReadOnlyList<ChannelSnapshot>> _snapshots;
    private readonly Meter _meter = new(StatusMeter);
    private readonly MeterProvider _metrics;
    private readonly TracerProvider _traces;

    /// <summary>Starts sending.</summary>
    /// <param name="options">Where to, and how.</param>
    /// <param name="snapshots">What is true now. Called on a thread of the exporter.</param>
    public Telemetry(TelemetryOptions options, Func<IReadOnlyList<ChannelSnapshot>> snapshots)
    {
        _snapshots = snapshots;
        foreach (var metric in StatusMetrics.All)
            Observe(metric);
        var resource = ResourceBuilder.CreateDefault().AddService(options.ServiceName, serviceVersion: ProductVersion.Text);
        _metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(MeterCollector.MeterPrefix + "*", "System.Runtime")
            .AddView(View)
            .AddOtlpExporter((exporter, reader) =>
            {
                Configure(exporter, options, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.MetricInterval.TotalMilliseconds;
            })
            .Build();
        _traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(MeterCollector.MeterPrefix + "*")
            .AddOtlpExporter(exporter => Configure(exporter, options, "v1/traces"))
            .Build();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _metrics.Shutdown(FlushMilliseconds);
        _traces.Shutdown(FlushMilliseconds);
        _metrics.Dispose();
        _traces.Dispose();
        _meter.Dispose();
    }

    private static void Configure(OtlpExporterOptions exporter, TelemetryOptions options, string path)
    {
        var isHttp = options.Protocol is OtlpProtocol.HttpProtobuf;
        exporter.Protocol = isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        exporter.Endpoint = isHttp ? new Uri(options.Endpoint.AbsoluteUri.TrimEnd('/') + "/" + path) : options.Endpoint;
        if (options.Headers is { } headers)
            exporter.Headers = headers.Value;
    }

    /// <summary>What the snapshots tell is not sent a second time from the counters, and histograms have the buckets of <c>/metrics</c>.</summary>
    private static MetricStreamConfiguration? View(Instrument instrument) =>
        instrument.Meter.Name != StatusMeter && StatusMetrics.Names.Contains(instrument.Name) ? MetricStreamConfiguration.Drop
        : instrument is Histogram<double> && instrument.Meter.Name.StartsWith(MeterCollector.MeterPrefix, StringComparison.Ordinal)
            ? new ExplicitBucketHistogramConfiguration { Boundaries = MeterCollector.Buckets }
        : null;

    private void Observe(StatusMetric metric)
    {
        IEnumerable<Measurement<double>> Read() => metric.Read(_snapshots())
            .Select(sample => new Measurement<double>(sample.Value, new KeyValuePair<string, object?>(metric.Label, sample.LabelValue)));
        if (metric.Type is PrometheusType.Counter)
            _meter.CreateObservableCounter(metric.Name, Read, description: metric.Help);
        else
            _meter.CreateObservableGauge(metric.Name, Read, description: metric.Help);
    }
}
