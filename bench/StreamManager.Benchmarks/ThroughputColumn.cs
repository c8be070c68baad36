using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace StreamManager.Benchmarks;

/// <summary>Payload of the sample stream through one core, for the benchmarks whose operation is all of it.</summary>
internal sealed class ThroughputColumn : IColumn
{
    private static readonly Type[] WholeStream = [typeof(ChunkBenchmarks), typeof(FlvBenchmarks), typeof(SessionBenchmarks)];

    public string Id => nameof(ThroughputColumn);

    public string ColumnName => "Gbit/s";

    public string Legend => "Payload of the sample stream per time";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, summary.Style);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        WholeStream.Contains(benchmarkCase.Descriptor.Type) && summary[benchmarkCase]?.ResultStatistics is { } statistics
            ? (SampleStream.PayloadBytes * 8.0 / statistics.Mean).ToString("0.0", CultureInfo.InvariantCulture) // Bits per nanosecond.
            : "-";
}
