using System.Globalization;

namespace StreamManager.BenchTool;

/// <summary>A page of metrics in Prometheus text form, as far as these measurements need it: sums over labels, and quantiles of histograms.</summary>
internal sealed class MetricsText
{
    private readonly List<(string Name, string Labels, double Value)> _samples = [];

    public static MetricsText Parse(string text)
    {
        var metrics = new MetricsText();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#'))
        {
            var space = line.LastIndexOf(' ');
            var brace = line.IndexOf('{', StringComparison.Ordinal);
            var value = line[(space + 1)..] is "+Inf" ? double.PositiveInfinity : double.Parse(line[(space + 1)..], CultureInfo.InvariantCulture);
            metrics._samples.Add(brace < 0 ? (line[..space], "", value) : (line[..brace], line[brace..space], value));
        }
        return metrics;
    }

    /// <summary>The sum of all samples of a name whose labels contain a text; 0 when there is none.</summary>
    public double Sum(string name, string labels = "") =>
        _samples.Where(sample => sample.Name == name && sample.Labels.Contains(labels, StringComparison.Ordinal)).Sum(sample => sample.Value);

    /// <summary>
    /// A quantile of what a histogram took since <paramref name="before"/>, by linear interpolation inside its bucket, and how many values that were. Infinite when it lies above
    /// the last bucket; NaN when nothing was recorded.
    /// </summary>
    public (double Value, double Count) Quantile(string name, double share, MetricsText before)
    {
        var buckets = Buckets(name);
        var earlier = before.Buckets(name);
        var total = 0.0;
        foreach (var (bound, count) in buckets)
            total = Math.Max(total, count - earlier.GetValueOrDefault(bound));
        var (lowerBound, lowerCount) = (0.0, 0.0);
        foreach (var (bound, cumulated) in buckets)
        {
            var count = cumulated - earlier.GetValueOrDefault(bound);
            if (total > 0 && count >= share * total)
                return (double.IsInfinity(bound) ? bound : lowerBound + ((bound - lowerBound) * (share * total - lowerCount) / Math.Max(count - lowerCount, 1)), total);
            (lowerBound, lowerCount) = (bound, count);
        }
        return (double.NaN, total);
    }

    private SortedDictionary<double, double> Buckets(string name)
    {
        const string Bound = "le=\"";
        var buckets = new SortedDictionary<double, double>();
        foreach (var (_, labels, value) in _samples.Where(sample => sample.Name == name + "_bucket"))
        {
            var text = labels[(labels.IndexOf(Bound, StringComparison.Ordinal) + Bound.Length)..];
            text = text[..text.IndexOf('"', StringComparison.Ordinal)];
            var bound = text is "+Inf" ? double.PositiveInfinity : double.Parse(text, CultureInfo.InvariantCulture);
            buckets[bound] = buckets.GetValueOrDefault(bound) + value;
        }
        return buckets;
    }
}
