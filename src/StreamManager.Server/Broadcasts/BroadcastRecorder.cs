using System.Collections.Immutable;
using System.Globalization;
using StreamManager.Engine;
using StreamManager.Engine.Channels;
using StreamManager.Server.Events;

namespace StreamManager.Server.Broadcasts;

/// <summary>Makes the report of one broadcast out of what happens. Pure: no clock, no I/O. One owner.</summary>
internal sealed class BroadcastRecorder
{
    // What each destination had sent before the server was restarted: the engine counts from zero.
    private readonly ImmutableDictionary<string, BroadcastDestination> _before;
    private BroadcastReport _report;
    private DateTime _segmentBegan;
    private int _moments;

    private BroadcastRecorder(BroadcastReport report)
    {
        _report = report;
        _before = report.Destinations.ToImmutableDictionary(destination => destination.Id, StringComparer.Ordinal);
        _moments = report.Destinations.Sum(destination => destination.Moments.Count);
    }

    /// <summary>Its report's id.</summary>
    public string Id => _report.Id;

    /// <summary>True once it is over.</summary>
    public bool IsEnded => _report.EndedAt is not null;

    /// <summary>A broadcast went on air.</summary>
    public static BroadcastRecorder Begin(string channelId, DateTimeOffset startedAt)
    {
        var recorder = new BroadcastRecorder(new BroadcastReport { Id = IdOf(channelId, startedAt), Channel = channelId, StartedAt = startedAt.UtcDateTime });
        recorder.Show(startedAt.UtcDateTime, "fallback", null, null);
        return recorder;
    }

    /// <summary>A broadcast goes on that the server went down with.</summary>
    /// <param name="report">As it was saved last.</param>
    /// <param name="now">Since when it is on air again.</param>
    public static BroadcastRecorder Resume(BroadcastReport report, DateTimeOffset now)
    {
        var end = report.StartedAt.AddSeconds(report.Seconds);
        var recorder = new BroadcastRecorder(report with { EndedAt = null, EndReason = null }) { _segmentBegan = end };
        recorder.Show(end, "down", null, null);
        recorder.Show(now.UtcDateTime, "fallback", null, null);
        return recorder;
    }

    /// <summary>The id of a broadcast's report.</summary>
    public static string IdOf(string channelId, DateTimeOffset startedAt) =>
        string.Create(CultureInfo.InvariantCulture, $"{startedAt.UtcDateTime:yyyyMMdd-HHmmssfff}-{channelId}");

    /// <summary>Something happened on its channel.</summary>
    public void Add(DateTimeOffset at, EngineEvent happened)
    {
        var now = at.UtcDateTime;
        switch (happened)
        {
            case EngineEvent.ProgramSwitched e:
                if (e.Reason is not SwitchReason.Start)
                    _report = _report with { Switches = _report.Switches + 1 };
                Show(now, e.To is null ? "fallback" : "source", e.To, EventType.Word(e.Reason));
                break;
            case EngineEvent.ProgramEnded e:
                AddGaps(e.Figures.LargestVideoGapMs, e.Figures.LargestAudioGapMs);
                _report = At(now) with { EndedAt = now, EndReason = EventType.Word(e.Reason) };
                break;
            case EngineEvent.DestinationConnecting e:
                AddMoment(e.DestinationId, e.Name, now, "connecting", null);
                break;
            case EngineEvent.DestinationLive e:
                AddMoment(e.DestinationId, e.Name, now, "live", null, destination => destination with { Connects = destination.Connects + 1 });
                break;
            case EngineEvent.DestinationRetrying e:
                AddMoment(e.DestinationId, e.Name, now, "retrying", e.Reason, Lose);
                break;
            case EngineEvent.DestinationFailed e:
                AddMoment(e.DestinationId, e.Name, now, "failed", e.Reason, Lose);
                break;
            case EngineEvent.DestinationStalled e:
                AddMoment(e.DestinationId, e.Name, now, "stalled", e.Reason);
                break;
            case EngineEvent.DestinationRecovered e:
                AddMoment(e.DestinationId, e.Name, now, "recovered", null);
                break;
            case EngineEvent.DestinationDisabled e:
                AddMoment(e.DestinationId, e.Name, now, "disabled", null);
                break;
        }
    }

    /// <summary>Takes the counters as they are now. A destination that is not there any more was removed, which no event tells.</summary>
    public void Count(ChannelSnapshot snapshot, DateTimeOffset at)
    {
        if (!IsEnded)
            AddGaps(snapshot.Program.LargestVideoGapMs, snapshot.Program.LargestAudioGapMs);
        var counted = _report.Destinations;
        for (var i = 0; i < counted.Count; i++)
        {
            var destination = counted[i];
            if (snapshot.Outputs.FirstOrDefault(output => output.Destination.Id == destination.Id) is not { } output)
                continue;
            var before = _before.GetValueOrDefault(destination.Id);

            // A destination that was changed or added anew counts from zero: what it had stays.
            counted = counted.SetItem(i, destination with
            {
                FramesSent = Math.Max(destination.FramesSent, output.FramesSent + (before?.FramesSent ?? 0)),
                FramesDropped = Math.Max(destination.FramesDropped, output.FramesDropped + (before?.FramesDropped ?? 0)),
                BytesSent = Math.Max(destination.BytesSent, output.BytesSent + (before?.BytesSent ?? 0)),
            });
        }

        _report = _report with { Destinations = counted };
        foreach (var gone in counted.Where(destination => destination.Moments is not [.., { State: "disabled" }] && snapshot.Outputs.All(output => output.Destination.Id != destination.Id)))
            AddMoment(gone.Id, gone.Name, at.UtcDateTime, "disabled", null);
    }

    /// <summary>The server went down with it, and it did not go on: it ended when it was last heard of.</summary>
    public static BroadcastReport Interrupted(BroadcastReport report) =>
        report with { EndedAt = report.StartedAt.AddSeconds(report.Seconds), EndReason = "interrupted" };

    /// <summary>The report as it is at a moment.</summary>
    public BroadcastReport At(DateTime now)
    {
        if (IsEnded)
            return _report;
        var (fallback, down) = OfSegment(now);
        return _report with
        {
            Seconds = Round((now - _report.StartedAt).TotalSeconds),
            SecondsOnFallback = Round(_report.SecondsOnFallback + fallback),
            SecondsDown = Round(_report.SecondsDown + down),
        };
    }

    private static double Round(double seconds) => Math.Round(Math.Max(0, seconds), 3);

    private static BroadcastDestination Lose(BroadcastDestination destination) => destination.Moments is [.., { State: "live" or "stalled" or "recovered" }]
        ? destination with { Lost = destination.Lost + 1 }
        : destination;

    private (double Fallback, double Down) OfSegment(DateTime now)
    {
        var seconds = (now - _segmentBegan).TotalSeconds;
        return _report.Segments is [.., var last] ? (last.Shows == "fallback" ? seconds : 0, last.Shows == "down" ? seconds : 0) : (0, 0);
    }

    private void Show(DateTime at, string shows, string? source, string? reason)
    {
        var (fallback, down) = OfSegment(at);
        var segments = _report.Segments;

        // A broadcast begins with its source in the same moment in which it goes on air.
        if (reason == "start" && segments is [{ Shows: "fallback" }])
            segments = segments.Clear();
        else
            _report = _report with { SecondsOnFallback = _report.SecondsOnFallback + fallback, SecondsDown = _report.SecondsDown + down };
        segments = segments.Add(new BroadcastSegment(at, shows, source, reason));
        var omitted = _report.Omitted;
        while (segments.Count > BroadcastLimits.MostSegments)
            (segments, omitted) = (segments.RemoveAt(0), omitted + 1);
        _segmentBegan = at;
        _report = _report with { Segments = segments, Omitted = omitted };
    }

    private void AddGaps(double video, double audio) => _report = _report with
    {
        LargestVideoGapMs = Math.Max(_report.LargestVideoGapMs, Math.Round(video, 1)),
        LargestAudioGapMs = Math.Max(_report.LargestAudioGapMs, Math.Round(audio, 1)),
    };

    private void AddMoment(string id, string name, DateTime at, string state, string? reason, Func<BroadcastDestination, BroadcastDestination>? change = null)
    {
        var destinations = _report.Destinations;
        var index = destinations.FindIndex(destination => destination.Id == id);
        if (index < 0)
        {
            if (destinations.Count == BroadcastLimits.MostDestinations)
                return;
            index = destinations.Count;
            destinations = destinations.Add(new BroadcastDestination { Id = id, Name = BroadcastLimits.Cut(name) });
        }

        var one = destinations[index];
        one = change?.Invoke(one) ?? one;
        var moments = one.Moments.Add(new DestinationMoment(at, state, BroadcastLimits.Cut(reason)));
        var omitted = _report.Omitted;
        _moments++;
        if (moments.Count > BroadcastLimits.MostMoments)
            (moments, omitted, _moments) = (moments.RemoveAt(0), omitted + 1, _moments - 1);
        destinations = destinations.SetItem(index, one with { Name = BroadcastLimits.Cut(name), LastError = BroadcastLimits.Cut(reason) ?? one.LastError, Moments = moments });
        while (_moments > BroadcastLimits.MostMomentsOfAll)
        {
            // Of the one with the most: a destination that fails all the time does not push out what the others have to tell.
            var most = destinations.IndexOf(destinations.MaxBy(destination => destination.Moments.Count)!);
            destinations = destinations.SetItem(most, destinations[most] with { Moments = destinations[most].Moments.RemoveAt(0) });
            (omitted, _moments) = (omitted + 1, _moments - 1);
        }

        _report = _report with { Destinations = destinations, Omitted = omitted };
    }
}
