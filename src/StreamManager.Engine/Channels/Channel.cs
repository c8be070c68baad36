using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using StreamManager.Engine.Codecs;
using StreamManager.Engine.Outputs;
using StreamManager.Engine.Playback;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Sources;
using StreamManager.Media.Aac;
using StreamManager.Media.Formats;
using StreamManager.Rtmp.Server;

namespace StreamManager.Engine.Channels;

/// <summary>
/// A channel: its sources, its program, its outputs. The outside of the engine; every member may be called from any thread.
/// </summary>
public sealed partial class Channel : IAsyncDisposable
{
    /// <summary>How long a stop waits for the destinations to be told: two seconds for the last packets, three for the farewell, and one for all else.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(6);

    private readonly EngineServices _services;
    private readonly ILogger _logger;
    private readonly ImmutableDictionary<string, SourceSlot> _slots;
    private readonly ProgramLoop _loop;
    private readonly FallbackPreparer _fallback;
    private readonly SourceTranscoders _transcoders;
    private readonly Thumbnailer _thumbnailer;
    private readonly RecentPicture _programPicture;
    private readonly ImmutableDictionary<string, RecentPicture> _sourcePictures;
    private readonly HlsFeeds _hls;
    private readonly Lock _gate = new();
    private ImmutableList<Output> _outputs = [];
    private ChannelDefinition _definition;
    private StreamHeader? _onAir;
    private bool _needsFallback;
    private DateTimeOffset? _startedAt;
    private ProgramFormat? _lastFormat;
    private Task _saving = Task.CompletedTask;
    private int _viewers;

    /// <summary>Creates a channel, off air. <see cref="RunStartModeAsync"/> sets it going.</summary>
    public Channel(ChannelDefinition definition, EngineServices services)
    {
        _definition = definition;
        _services = services;
        _logger = services.LoggerFactory.CreateLogger<Channel>();
        var slots = definition.Sources.Select(id => new SourceSlot(id, services.Options.KeepsGroup)).ToImmutableArray();
        _slots = slots.ToImmutableDictionary(slot => slot.Id, StringComparer.Ordinal);
        _lastFormat = services.Broadcasts.Load(definition.Id)?.Format.ToFormat();
        _transcoders = new SourceTranscoders(definition.Id, services, () => _loop!);
        _thumbnailer = new Thumbnailer(services.Ffmpeg, services.TimeProvider);
        _programPicture = NewPicture(null);
        _sourcePictures = slots.ToImmutableDictionary(slot => slot.Id, NewPicture, StringComparer.Ordinal);
        _hls = new HlsFeeds(OpenQueueAsync, KeyframeSeconds, services.TimeProvider, services.LoggerFactory);
        _loop = new ProgramLoop(new ProgramMachine(definition, slots), new Host(this), definition.Id, services);
        _fallback = new FallbackPreparer(definition.Id, services, _loop.SetFallbackAsync);
        _loop.Run();
    }

    /// <summary>The channel's id.</summary>
    public string Id => _definition.Id;

    /// <summary>What the user wants of it.</summary>
    public ChannelDefinition Definition
    {
        get
        {
            lock (_gate)
                return _definition;
        }
    }

    /// <summary>Everything visible, now.</summary>
    public ChannelSnapshot GetSnapshot()
    {
        var status = _loop.Status;
        ImmutableList<Output> outputs;
        DateTimeOffset? startedAt;
        lock (_gate)
            (outputs, startedAt) = (_outputs, _startedAt);
        var now = _services.TimeProvider.GetUtcNow();
        var isOnAir = status.State is ChannelState.Live or ChannelState.Fallback;
        return new ChannelSnapshot
        {
            Id = Id,
            State = status.State,
            StartedAt = isOnAir ? startedAt : null,
            Uptime = isOnAir && startedAt is { } start ? now - start : TimeSpan.Zero,
            Selected = status.Selected,
            ActiveSource = status.ActiveSource,
            Sources = [.. status.Sources.Select(source => Describe(source, now))],
            Program = status.Program,
            Outputs = [.. outputs.Where(output => !output.Destination.IsRehearsal).Select(output => output.GetSnapshot())],
            Viewers = Volatile.Read(ref _viewers) + _hls.Viewers,
            FallbackNote = _fallback.Note,
            SinceFault = _loop.SinceFault,
        };
    }

    /// <summary>Completes after a turn of the program's loop: a sign of life. At once when the loop has ended.</summary>
    public Task TurnAsync() => _loop.TurnAsync();

    /// <summary>To be called once, when the server starts: takes up a broadcast that was on air when the server ended without a stop, or starts a channel that is always on air.</summary>
    public async Task RunStartModeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_services.Broadcasts.Load(Id) is { OnAir: true } record)
        {
            LogResuming(_logger, Id);
            lock (_gate)
                _startedAt = record.StartedAt;
            await _loop.StartAsync(_lastFormat ?? ConfiguredFormat());
        }
        else if (Definition.Start is StartMode.Always)
        {
            await _loop.StartAsync(_lastFormat ?? ConfiguredFormat());
        }
        else
        {
            _fallback.BeginCheck(Definition);
        }
    }

    /// <summary>Goes on air: with a source that is there, else with the fallback. Nothing happens when it is on air.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ProgramFormat format;
        lock (_gate)
            format = _lastFormat ?? ConfiguredFormat();
        return _loop.StartAsync(format);
    }

    /// <summary>
    /// Ends the broadcast. Off air until it is started, or an encoder publishes anew. Nothing happens when it is off air. Completes when the destinations have been told, so that
    /// a snapshot taken afterwards does not show them as live; a destination that does not listen holds it up for six seconds at most.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await _loop.StopAsync(BroadcastEnd.Operator);

        // Remembered before it is answered: a server that is killed right afterwards must not go on air again.
        Task saving;
        lock (_gate)
            saving = _saving;
        await saving;
        await OutputsAtRestAsync(cancellationToken);
    }

    /// <summary>The operator's choice of what is shown. False: there is no such source.</summary>
    public Task<bool> SelectSourceAsync(SourceSelection selection, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _loop.SelectAsync(selection);
    }

    /// <summary>
    /// For drills: what the source on the program sends is not heard for a while, as if its network had died. Everything that follows is what follows a real loss. False: no source is on the program.
    /// </summary>
    public Task<bool> CutSourceAsync(TimeSpan time) => _loop.CutAsync(time);

    /// <summary>New rules; what is on air goes on. The ids of the sources cannot change.</summary>
    public async Task ReconfigureAsync(ChannelDefinition definition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var fallbackChanged = (_definition.Fallback, _definition.FallbackFile) != (definition.Fallback, definition.FallbackFile);
            _definition = definition;
            // Under the lock, so that what the loop asks for at the same time does not come behind this with the old definition.
            if (fallbackChanged && _needsFallback)
                _fallback.Begin(definition, _lastFormat!);
            else if (fallbackChanged)
                _fallback.BeginCheck(definition);
        }
        await _loop.ReconfigureAsync(definition);
    }

    /// <summary>Adds a destination, or replaces the one with the same id. Takes effect at once, also on air; no other destination notices.</summary>
    public void PutDestination(DestinationDefinition destination)
    {
        lock (_gate)
        {
            if (_outputs.Find(output => output.Destination.Id == destination.Id) is { } existing)
                existing.SetDestination(destination);
            else
                _outputs = _outputs.Add(new Output(destination, _onAir, new OutputProgram(this, isTold: !destination.IsRehearsal), _services));
        }
    }

    /// <summary>Removes a destination; its server is told that the stream has ended. False: there is none with this id.</summary>
    public async Task<bool> RemoveDestinationAsync(string destinationId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Output? removed;
        lock (_gate)
        {
            removed = _outputs.Find(output => output.Destination.Id == destinationId);
            if (removed is null)
                return false;
            _outputs = _outputs.Remove(removed);
        }
        await removed.DisposeAsync();
        return true;
    }

    /// <summary>A publisher wants to be a source.</summary>
    public async ValueTask<SourceAdmission> AttachSourceAsync(string sourceId, SourceOrigin origin)
    {
        if (!_slots.TryGetValue(sourceId, out var slot))
            return new SourceAdmission.Unknown();
        return await _loop.AttachAsync(slot, origin)
            ? new SourceAdmission.Granted(new SourceSession(_loop, slot, _services.TimeProvider))
            : new SourceAdmission.Busy();
    }

    /// <summary>The program (null) is on air, or the source is there: asked before a viewer is announced to anybody. It may have gone when the viewer comes.</summary>
    public async ValueTask<bool> IsThereAsync(string? sourceId)
    {
        SourceSlot? slot = null;
        return (sourceId is null || _slots.TryGetValue(sourceId, out slot)) && await _loop.IsThereAsync(slot);
    }

    /// <summary>The program (null) or a source for an RTMP player; null: there is nothing to play.</summary>
    public async ValueTask<IRtmpPlayFeed?> OpenPlayFeedAsync(string? sourceId) => await OpenViewerAsync(sourceId) is { } queue ? new PlayFeed(queue) : null;

    /// <summary>The program (null) or a source as FLV; null: there is nothing to play.</summary>
    public async ValueTask<FlvFeed?> OpenFlvFeedAsync(string? sourceId) => await OpenViewerAsync(sourceId) is { } queue ? new FlvFeed(queue) : null;

    /// <summary>The program (null) or a source as HLS; null: there is no such source. Whether there is something to play is known after <see cref="HlsViewing.WaitUntilReadyAsync"/>.</summary>
    public HlsViewing? OpenHls(string? sourceId) => sourceId is null || _slots.ContainsKey(sourceId) ? _hls.Join(sourceId) : null;

    /// <summary>The newest keyframe of the program (null) or a source as a JPEG; null: there is none, or no ffmpeg to decode it. All who ask within a second get the same one.</summary>
    public async Task<byte[]?> GetThumbnailAsync(string? sourceId, CancellationToken cancellationToken)
    {
        var picture = sourceId is null ? _programPicture : _sourcePictures.GetValueOrDefault(sourceId);
        if (picture is null)
            return null;
        return (await picture.GetAsync(cancellationToken))?.Jpeg;
    }

    /// <summary>Takes the channel down: outputs get a clean end. The record of what is on air is kept, so that the next start of the server goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _loop.StopAsync(BroadcastEnd.Shutdown);
        ImmutableList<Output> outputs;
        lock (_gate)
            (outputs, _outputs) = (_outputs, []);
        await Task.WhenAll(outputs.Select(output => output.DisposeAsync().AsTask()));
        await _hls.DisposeAsync();
        await _fallback.DisposeAsync();
        await _transcoders.DisposeAsync();
        await Task.WhenAll(_sourcePictures.Values.Append(_programPicture).Select(picture => picture.DisposeAsync().AsTask()));
        await _loop.DisposeAsync();
        await _saving;
        _thumbnailer.Dispose();
    }

    private RecentPicture NewPicture(SourceSlot? slot) => new(
        async cancel => await _loop.GetKeyframeAsync(slot) is var (configuration, keyframe) ? await _thumbnailer.MakeAsync(configuration, keyframe, cancel) : null,
        _services.TimeProvider);

    private async Task OutputsAtRestAsync(CancellationToken cancellationToken)
    {
        ImmutableList<Output> outputs;
        lock (_gate)
            outputs = _outputs;
        try
        {
            await Task.WhenAll(outputs.Select(output => output.Resting)).WaitAsync(StopPatience, _services.TimeProvider, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Started again meanwhile, or a destination that takes its time: the snapshot says so.
        }
    }

    private async ValueTask<PlaybackQueue?> OpenViewerAsync(string? sourceId)
    {
        if (await OpenQueueAsync(sourceId, () => Interlocked.Decrement(ref _viewers)) is not { } queue)
            return null;
        Interlocked.Increment(ref _viewers);
        return queue;
    }

    private ValueTask<PlaybackQueue?> OpenQueueAsync(string? sourceId) => OpenQueueAsync(sourceId, null);

    private async ValueTask<PlaybackQueue?> OpenQueueAsync(string? sourceId, Action? left)
    {
        SourceSlot? slot = null;
        if (sourceId is not null && !_slots.TryGetValue(sourceId, out slot))
            return null;
        var queue = new PlaybackQueue(leaving =>
        {
            left?.Invoke();
            _ = _loop.UnsubscribeAsync(slot, leaving);
        });
        return await _loop.SubscribeAsync(slot, queue) ? queue : null;
    }

    // Of the program: of any source, since each may be on it next.
    private double KeyframeSeconds(string? sourceId) =>
        _loop.Status.Sources.Where(source => sourceId is null || source.Snapshot.Id == sourceId).Select(source => source.Snapshot.KeyframeIntervalSeconds).DefaultIfEmpty().Max();

    private ProgramFormat ConfiguredFormat() => new()
    {
        Width = _definition.Width,
        Height = _definition.Height,
        FrameRate = FrameRate.Create((ulong)_definition.FramesPerSecond, 1) ?? ProgramFormat.DefaultFrameRate,
        Audio = AudioSpecificConfig.CreateLowComplexity(48000, 2),
    };

    private SourceSnapshot Describe(SourceStatus source, DateTimeOffset now)
    {
        if (source.Snapshot.State is SourceState.Absent)
            return source.Snapshot;
        var age = _loop.Now - source.AttachedAt;
        return source.Snapshot with { ConnectedAt = now - age.ToTimeSpan(), Warnings = SourceAdvice.Of(source.Snapshot, _transcoders.ProblemOf(_slots[source.Snapshot.Id])) };
    }

    [LoggerMessage(1, LogLevel.Information, "Channel {Channel} was on air when the server ended; going on air again.")]
    private static partial void LogResuming(ILogger logger, string channel);

    private sealed class OutputProgram(Channel channel, bool isTold) : IOutputProgram
    {
        public TimeSpan CheckInterval => channel.Definition.CheckInterval;

        public void Tell(EngineEvent happened)
        {
            if (isTold)
                channel.Tell(happened);
        }

        public Task<bool> SubscribeAsync(IHubSubscriber subscriber) => channel._loop.SubscribeAsync(null, subscriber);

        public Task UnsubscribeAsync(IHubSubscriber subscriber) => channel._loop.UnsubscribeAsync(null, subscriber);
    }
}
