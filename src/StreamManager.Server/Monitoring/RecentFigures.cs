using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Server.Realtime;

namespace StreamManager.Server.Monitoring;

/// <summary>What a curve is about. <c>Kind</c>: program, source or destination.</summary>
internal readonly record struct FigureSubject(string Channel, string Kind, string Id);

/// <summary>Measures every channel each second and keeps the last minutes in memory, so that a page that is opened in the middle of a show has curves at once. Thread-safe.</summary>
internal sealed partial class RecentFigures : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Func<IEnumerable<ChannelSnapshot>> _channels;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Task _measuring;
    private Dictionary<FigureSubject, FigureCurve> _curves = [];

    /// <summary>Begins to measure.</summary>
    /// <param name="channels">All channels as they are now.</param>
    /// <param name="time">For the seconds.</param>
    /// <param name="logger">For faults of ours.</param>
    public RecentFigures(Func<IEnumerable<ChannelSnapshot>> channels, TimeProvider time, ILogger<RecentFigures> logger)
    {
        _channels = channels;
        _time = time;
        _logger = logger;
        _measuring = Task.Run(MeasureAsync);
    }

    /// <summary>The curves of a channel over <paramref name="seconds"/> that end with the last whole second.</summary>
    /// <returns>The first of these seconds (since 1970), and what was measured from it on; null: a hole.</returns>
    public (long From, ImmutableArray<(FigureSubject Subject, ImmutableArray<Figures?> Figures)> Curves) Read(string channel, int seconds)
    {
        var from = _time.GetUtcNow().ToUnixTimeSeconds() - seconds;
        lock (_gate)
        {
            return (from,
            [
                .. _curves.Where(curve => curve.Key.Channel == channel)
                    .Select(curve => (curve.Key, Enumerable.Range(0, seconds).Select(second => curve.Value[from + second]).ToImmutableArray())),
            ]);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _measuring;
        _stopping.Dispose();
    }

    private async Task MeasureAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            do
            {
                try
                {
                    Measure();
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // A fault of ours costs one second.
                    LogFault(_logger, e);
                }
            }
            while (await timer.WaitForNextTickAsync(_stopping.Token));
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    // Who is gone is forgotten with its curve: there are never more than channels, sources and destinations.
    private void Measure()
    {
        var second = _time.GetUtcNow().ToUnixTimeSeconds();
        var measured = _channels().Select(ChannelMetricsDocument.Of).SelectMany(Of).ToArray();
        lock (_gate)
        {
            var curves = new Dictionary<FigureSubject, FigureCurve>(measured.Length);
            foreach (var (subject, figures) in measured)
            {
                var curve = curves[subject] = _curves.GetValueOrDefault(subject) ?? new FigureCurve();
                curve.Add(second, figures);
            }

            _curves = curves;
        }
    }

    private static IEnumerable<(FigureSubject Subject, Figures Figures)> Of(ChannelMetricsDocument channel) =>
    [
        (new FigureSubject(channel.Channel, "program", channel.Channel), new Figures(channel.Program.BitrateKbps, (float)channel.Program.Fps, 0)),
        .. channel.Sources.Select(source => (new FigureSubject(channel.Channel, "source", source.Id), new Figures(source.VideoBitrateKbps + source.AudioBitrateKbps, (float)source.Fps, 0))),
        .. channel.Destinations.Select(each => (new FigureSubject(channel.Channel, "destination", each.Id), new Figures(each.BitrateKbps, (float)each.Fps, (int)Math.Min(each.QueueMs, int.MaxValue)))),
    ];

    [LoggerMessage(1, LogLevel.Error, "An internal fault while the figures of a second were taken.")]
    private static partial void LogFault(ILogger logger, Exception exception);
}
