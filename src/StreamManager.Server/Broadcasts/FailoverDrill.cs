using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Channels;

namespace StreamManager.Server.Broadcasts;

/// <summary>What a drill has found. Times in milliseconds.</summary>
/// <param name="Passed">One connection, no step over a frame, no time that went back, and every destination kept its connection.</param>
/// <param name="Summary">The same in words.</param>
/// <param name="FrameMs">Largest step between two video frames before the cut: a frame, rounded.</param>
/// <param name="LargestVideoStepMs">Largest step between two video frames at the rehearsal sink, over the cut and the return.</param>
/// <param name="LargestAudioStepMs">The same for sound.</param>
/// <param name="LongestSilenceMs">Longest time in which nothing came to the sink.</param>
/// <param name="FallbackAfterMs">From the cut to the fallback on the program.</param>
/// <param name="ReturnedAfterMs">From the end of the cut to the source on the program.</param>
/// <param name="Destinations">Each destination that was live, with the publishes that it had granted before and after.</param>
internal sealed record DrillResult(
    bool Passed, string Summary, int FrameMs, int LargestVideoStepMs, int LargestAudioStepMs, long LongestSilenceMs, long FallbackAfterMs, long ReturnedAfterMs,
    IReadOnlyList<DrillDestination> Destinations);

/// <summary>A destination in a drill.</summary>
internal sealed record DrillDestination(string Id, string Name, int ConnectsBefore, int ConnectsAfter);

/// <summary>A drill as it stands.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="State">running, done, or failed: it could not be carried out.</param>
/// <param name="Phase">What it is doing, or why it failed, in words.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="Seconds">For how long the source is cut off.</param>
/// <param name="Result">What it found; null: it is not done.</param>
internal sealed record DrillStatus(string Channel, string State, string Phase, DateTime StartedAt, int Seconds, DrillResult? Result);

/// <summary>
/// Rehearses the loss of a source: sends the program to a sink of its own, cuts the source off for some seconds, and measures what came. What happens in between is what happens in earnest. One
/// drill at a time, whatever the channel; the newest of each channel is remembered as long as the channel is there. Thread-safe.
/// </summary>
internal sealed partial class FailoverDrill(ChannelDirectory channels, TimeProvider time, ILoggerFactory loggers) : IAsyncDisposable
{
    /// <summary>Id of the sink among a channel's destinations, drill after drill. No destination of a user can have it: theirs begin with a letter or digit.</summary>
    private const string SinkId = "_rehearsal";

    /// <summary>The shortest and the longest cut: a stall is noticed after a second, and nobody rehearses an evening.</summary>
    public const int ShortestCut = 2;

    /// <summary>See <see cref="ShortestCut"/>.</summary>
    public const int LongestCut = 30;

    /// <summary>The sink is on this machine.</summary>
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);

    /// <summary>What a frame is, is looked at for so long before the cut; and what comes after the return.</summary>
    private static readonly TimeSpan LookTime = TimeSpan.FromSeconds(2);

    /// <summary>The source's longest timeout beyond the default is not waited for.</summary>
    private static readonly TimeSpan FallbackPatience = TimeSpan.FromSeconds(30);

    /// <summary>A return waits for the time that the source has to be good, and for a keyframe, which may be ten seconds away.</summary>
    private static readonly TimeSpan ReturnPatience = TimeSpan.FromSeconds(90);

    /// <summary>From one look to the next.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Timestamps are whole milliseconds, rounded at both ends of a step.</summary>
    private const int RoundingMs = 2;

    private readonly Lock _gate = new();

    // By the channel itself: another one that gets the id of one that was removed has had no drill.
    private readonly Dictionary<Channel, DrillStatus> _drills = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger _logger = loggers.CreateLogger<FailoverDrill>();
    private Task _running = Task.CompletedTask;

    /// <summary>Completes when no drill runs.</summary>
    public Task Ended
    {
        get
        {
            lock (_gate)
                return _running;
        }
    }

    /// <summary>The newest drill of a channel; null: there was none since the server started.</summary>
    public DrillStatus? Find(string channelId)
    {
        lock (_gate)
            return channels.Find(channelId) is { } channel ? _drills.GetValueOrDefault(channel) : null;
    }

    /// <summary>The newest drill of each channel that had one.</summary>
    public ImmutableArray<DrillStatus> All
    {
        get
        {
            lock (_gate)
            {
                Forget();
                return [.. _drills.Values];
            }
        }
    }

    /// <summary>Destinations that would show the fallback to their viewers.</summary>
    public static ImmutableArray<string> Watched(ChannelSnapshot snapshot) =>
        [.. snapshot.Outputs.Where(output => output.State is OutputState.Live or OutputState.Connecting or OutputState.Retrying).Select(output => output.Destination.Name)];

    /// <summary>Begins a drill. Null: one is running.</summary>
    public DrillStatus? Begin(Channel channel, int seconds)
    {
        lock (_gate)
        {
            if (!_running.IsCompleted || _stopping.IsCancellationRequested)
                return null;
            Forget();
            var drill = _drills[channel] = new DrillStatus(channel.Id, "running", "connecting the rehearsal sink", time.GetUtcNow().UtcDateTime, seconds, null);
            _running = Task.Run(() => RunAsync(channel, drill));
            return drill;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Task running;

        // One that had begun to begin is there by now, and no other begins.
        lock (_gate)
            running = _running;
        await running;
        _stopping.Dispose();
    }

    private async Task RunAsync(Channel channel, DrillStatus drill)
    {
        try
        {
            await using var sink = RehearsalSink.Start(time, loggers);
            channel.PutDestination(new DestinationDefinition { Id = SinkId, Name = "Rehearsal", Url = sink.Url, StreamKey = sink.Key, IsRehearsal = true });
            try
            {
                var result = await MeasureAsync(channel, drill, sink);
                Set(channel, drill with { State = "done", Phase = result.Passed ? "passed" : "not passed", Result = result });
            }
            finally
            {
                await channel.RemoveDestinationAsync(SinkId, CancellationToken.None);
            }
        }
        catch (DrillException e)
        {
            Set(channel, drill with { State = "failed", Phase = e.Message });
        }
        catch (OperationCanceledException)
        {
            Set(channel, drill with { State = "failed", Phase = "The server is stopping." });
        }
        catch (Exception e)
        {
            LogFault(_logger, channel.Id, e);
            Set(channel, drill with { State = "failed", Phase = "The server made a mistake; its log says more." });
        }
    }

    private async Task<DrillResult> MeasureAsync(Channel channel, DrillStatus drill, RehearsalSink sink)
    {
        await UntilAsync(
            channel, ConnectPatience, snapshot => sink.Figures.VideoFrames > 0 && snapshot.ActiveSource is not null, "The rehearsal sink got no picture of a source. Is the channel on air with one?");
        Set(channel, drill with { Phase = "looking at the stream before the cut" });
        sink.Begin();
        await Task.Delay(LookTime, time, _stopping.Token);
        var before = sink.Figures;
        var connects = Connects(channel);

        Set(channel, drill with { Phase = $"the source is cut off for {drill.Seconds} s" });
        sink.Begin();
        var cutAt = time.GetTimestamp();
        if (!await channel.CutSourceAsync(TimeSpan.FromSeconds(drill.Seconds)))
            throw new DrillException("The source was lost before it could be cut off.");
        await UntilAsync(channel, FallbackPatience, snapshot => snapshot.ActiveSource is null, "The program did not turn to the fallback: another source took over, or the source's timeout is longer than the cut.");
        var fallbackAfter = time.GetElapsedTime(cutAt);
        var left = TimeSpan.FromSeconds(drill.Seconds) - time.GetElapsedTime(cutAt);
        if (left > TimeSpan.Zero)
            await Task.Delay(left, time, _stopping.Token);

        Set(channel, drill with { Phase = "the source is back; waiting for its return to the program" });
        var backAt = time.GetTimestamp();
        await UntilAsync(channel, ReturnPatience, snapshot => snapshot.ActiveSource is not null, "The source did not return to the program.");
        var returnedAfter = time.GetElapsedTime(backAt);
        Set(channel, drill with { Phase = "looking at the stream after the return" });
        await Task.Delay(LookTime, time, _stopping.Token);

        var after = sink.Figures;
        var connectsAfter = Connects(channel).ToDictionary(entry => entry.Id, entry => entry.Connects, StringComparer.Ordinal);
        ImmutableArray<DrillDestination> destinations =
            [.. connects.Where(entry => connectsAfter.ContainsKey(entry.Id)).Select(entry => new DrillDestination(entry.Id, entry.Name, entry.Connects, connectsAfter[entry.Id]))];
        var faults = FindFaults(before, after, destinations);
        return new DrillResult(
            faults.IsEmpty,
            faults.IsEmpty ? $"No hole in picture or sound, and no destination reconnected. Viewers saw the fallback after {fallbackAfter.TotalSeconds:0.0} s." : string.Join(" ", faults),
            before.LargestVideoStepMs,
            after.LargestVideoStepMs,
            after.LargestAudioStepMs,
            (long)after.LongestSilence.TotalMilliseconds,
            (long)fallbackAfter.TotalMilliseconds,
            (long)returnedAfter.TotalMilliseconds,
            destinations);
    }

    internal static ImmutableArray<string> FindFaults(SinkFigures before, SinkFigures after, ImmutableArray<DrillDestination> destinations)
    {
        var faults = ImmutableArray.CreateBuilder<string>();
        if (after.Connections != 1)
            faults.Add($"The rehearsal sink was connected {after.Connections} times.");
        if (after.LargestVideoStepMs > before.LargestVideoStepMs + RoundingMs)
            faults.Add($"The picture has a hole: {after.LargestVideoStepMs} ms between two frames, {before.LargestVideoStepMs} before the cut.");
        if (after.LargestAudioStepMs > before.LargestAudioStepMs + RoundingMs)
            faults.Add($"The sound has a hole: {after.LargestAudioStepMs} ms between two frames, {before.LargestAudioStepMs} before the cut.");
        if (after.StepsBack > 0)
            faults.Add($"Time stood still or went back {after.StepsBack} times.");
        foreach (var destination in destinations.Where(destination => destination.ConnectsAfter != destination.ConnectsBefore))
            faults.Add($"{destination.Name} reconnected.");
        return faults.ToImmutable();
    }

    private static ImmutableArray<(string Id, string Name, int Connects)> Connects(Channel channel) =>
        [.. channel.GetSnapshot().Outputs
            .Where(output => output.State is OutputState.Live)
            .Select(output => (output.Destination.Id, output.Destination.Name, output.Connects))];

    private async Task UntilAsync(Channel channel, TimeSpan patience, Func<ChannelSnapshot, bool> wanted, string otherwise)
    {
        var began = time.GetTimestamp();
        while (!wanted(channel.GetSnapshot()))
        {
            if (time.GetElapsedTime(began) > patience || channels.Find(channel.Id) != channel)
                throw new DrillException(otherwise);
            await Task.Delay(LookInterval, time, _stopping.Token);
        }
    }

    private void Set(Channel channel, DrillStatus drill)
    {
        lock (_gate)
            _drills[channel] = drill;
    }

    // Under the lock. What a drill says of a channel that was removed while it ran is forgotten at the next look.
    private void Forget()
    {
        foreach (var gone in _drills.Keys.Where(channel => channels.Find(channel.Id) != channel).ToArray())
            _drills.Remove(gone);
    }

    [LoggerMessage(1, LogLevel.Error, "An internal fault in a drill of channel {Channel}.")]
    private static partial void LogFault(ILogger logger, string channel, Exception exception);

    private sealed class DrillException(string message) : Exception(message);
}
