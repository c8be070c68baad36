using System.Diagnostics.Metrics;

namespace StreamManager.Server.Monitoring;

/// <summary>
/// Adds up what the meters "StreamManager.*" of this process report: counters by their tags, histograms in fixed buckets. Observable instruments are left out: what they observe is
/// read at its source. Thread-safe; a measurement costs a dictionary look-up.
/// </summary>
internal sealed class MeterCollector : IDisposable
{
    /// <summary>How the names of our meters begin.</summary>
    internal const string MeterPrefix = "StreamManager.";

    /// <summary>Most tag sets of one instrument. Tags are closed sets; this bound is for the day when one is not.</summary>
    private const int MostSeries = 1_000;

    /// <summary>Milliseconds: from a hand-over to a step that a viewer sees. 17, 34 and 42 are a frame at 60, 30 and 24 per second, rounded up.</summary>
    internal static readonly double[] Buckets = [0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 7.5, 10, 17, 22, 25, 34, 42, 51, 68, 100, 200, 500, 1000, 2000, 5000];

    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);

    /// <summary>Starts listening.</summary>
    public MeterCollector()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!instrument.IsObservable && instrument.Meter.Name.StartsWith(MeterPrefix, StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Record((Family)state!, value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Record((Family)state!, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Record((Family)state!, value, tags));
        _listener.Start();
    }

    /// <summary>Writes every instrument but those in <paramref name="except"/>.</summary>
    public void Write(PrometheusText text, IReadOnlySet<string> except)
    {
        lock (_lock)
        {
            foreach (var (name, family) in _families)
            {
                if (!except.Contains(name))
                    family.Write(text);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private Family FamilyOf(Instrument instrument)
    {
        lock (_lock)
        {
            if (!_families.TryGetValue(instrument.Name, out var family))
            {
                var type = instrument.GetType();
                var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
                var kind = definition == typeof(Histogram<>) ? PrometheusType.Histogram : definition == typeof(Counter<>) ? PrometheusType.Counter : PrometheusType.Gauge;
                _families[instrument.Name] = family = new Family(instrument.Name, instrument.Description ?? instrument.Name, kind);
            }

            return family;
        }
    }

    private void Record(Family family, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_lock)
            family.Record(value, tags);
    }

    /// <summary>One metric name with all its tag sets.</summary>
    private sealed class Family(string name, string help, PrometheusType type)
    {
        private readonly Dictionary<string, Series> _series = new(StringComparer.Ordinal);

        public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            // Counters without tags or with one are the rule; their key is the tag's own text.
            var key = tags.Length switch { 0 => "", 1 => tags[0].Value?.ToString() ?? "", _ => Join(tags) };
            if (!_series.TryGetValue(key, out var series))
            {
                if (_series.Count >= MostSeries)
                    return;
                _series[key] = series = new Series(Labels(tags), type is PrometheusType.Histogram ? new long[Buckets.Length] : []);
            }

            series.Count++;
            series.Sum = type is PrometheusType.Gauge ? value : series.Sum + value;
            for (var i = 0; i < series.Buckets.Length; i++)
            {
                if (value <= Buckets[i])
                    series.Buckets[i]++;
            }
        }

        public void Write(PrometheusText text)
        {
            text.Begin(name, type, help);
            foreach (var (_, series) in _series)
            {
                if (type is not PrometheusType.Histogram)
                {
                    text.Sample(name, series.Sum, series.Labels);
                    continue;
                }

                for (var i = 0; i < Buckets.Length; i++)
                    text.Sample(name + "_bucket", series.Buckets[i], [.. series.Labels, ("le", PrometheusText.Number(Buckets[i]))]);
                text.Sample(name + "_bucket", series.Count, [.. series.Labels, ("le", "+Inf")]);
                text.Sample(name + "_sum", series.Sum, series.Labels);
                text.Sample(name + "_count", series.Count, series.Labels);
            }
        }

        private static string Join(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var key = "";
            foreach (var tag in tags)
                key += $"{tag.Key}\u0001{tag.Value}\u0002";
            return key;
        }

        private static (string Name, string Value)[] Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = new (string, string)[tags.Length];
            for (var i = 0; i < tags.Length; i++)
                labels[i] = (tags[i].Key, tags[i].Value?.ToString() ?? "");
            return labels;
        }
    }

    private sealed class Series((string Name, string Value)[] labels, long[] buckets)
    {
        public (string Name, string Value)[] Labels { get; } = labels;

        public long[] Buckets { get; } = buckets;

        public double Sum { get; set; }

        public long Count { get; set; }
    }
}
