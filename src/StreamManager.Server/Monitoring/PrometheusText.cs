using System.Globalization;
using System.Text;

namespace StreamManager.Server.Monitoring;

/// <summary>The kinds of metric of the text format.</summary>
internal enum PrometheusType
{
    /// <summary>Only grows.</summary>
    Counter = 1,

    /// <summary>Goes up and down.</summary>
    Gauge = 2,

    /// <summary>Buckets, sum and count.</summary>
    Histogram = 3,
}

/// <summary>
/// Writes the Prometheus text format, version 0.0.4: one HELP and TYPE line per name, its samples after it in one group, every line ended by a line feed.
/// The exporter packages are not to be had everywhere; what is needed is this page.
/// </summary>
internal sealed class PrometheusText
{
    /// <summary>The media type; Prometheus 3 refuses a scrape without it.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new(16 * 1024);
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Begins a name. Its samples must follow before the next name.</summary>
    public void Begin(string name, PrometheusType type, string help)
    {
        if (!_names.Add(name))
            throw new InvalidOperationException($"The metric {name} was written twice.");
        _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type.ToString().ToLowerInvariant()).Append('\n');
    }

    /// <summary>One sample.</summary>
    public void Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        if (labels.Length > 0)
        {
            _text.Append('{');
            for (var i = 0; i < labels.Length; i++)
            {
                _text.Append(i == 0 ? "" : ",").Append(labels[i].Name).Append("=\"");
                Escape(labels[i].Value);
                _text.Append('"');
            }

            _text.Append('}');
        }

        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <summary>A name with one sample.</summary>
    public void Single(string name, PrometheusType type, string help, double value)
    {
        Begin(name, type, help);
        Sample(name, value);
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>A number as Go reads it.</summary>
    public static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private void Escape(string value)
    {
        foreach (var c in value)
        {
            _ = c switch
            {
                '\\' => _text.Append("\\\\"),
                '"' => _text.Append("\\\""),
                '\n' => _text.Append("\\n"),
                _ => _text.Append(c),
            };
        }
    }
}
