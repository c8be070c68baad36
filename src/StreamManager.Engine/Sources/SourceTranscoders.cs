using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Codecs.Live;
using StreamManager.Engine.Programs;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Sources;

/// <summary>
/// Runs a transcoder for each source that needs one, and a new one, after a while, when one ends. Called on the program's loop; starting and stopping children happens elsewhere.
/// </summary>
internal sealed partial class SourceTranscoders : IAsyncDisposable
{
    /// <summary>Waits before a transcoder that failed is started again: a broken one must not keep a processor busy with starting.</summary>
    private static readonly TimeSpan RetryInitial = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryMaximum = TimeSpan.FromSeconds(30);

    private readonly string _channelId;
    private readonly EngineServices _services;
    private readonly Func<ProgramLoop> _loop;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<SourceSlot, Runner> _runners = new();

    // The last one of each source: the next one begins after its end. Used on the loop only.
    private readonly Dictionary<SourceSlot, Runner> _stopped = [];

    /// <summary>Creates the set; empty.</summary>
    public SourceTranscoders(string channelId, EngineServices services, Func<ProgramLoop> loop)
    {
        _channelId = channelId;
        _services = services;
        _loop = loop;
        _logger = services.LoggerFactory.CreateLogger<SourceTranscoders>();
    }

    /// <summary>A source needs a transcoder to <paramref name="target"/> from now on (null: none any more).</summary>
    public void Want(SourceSlot slot, ProgramHeader? header, ProgramFormat? target, ChannelDefinition definition)
    {
        if (_runners.TryRemove(slot, out var old))
        {
            old.Stop();
            _stopped[slot] = old;
        }
        if (header is null || target is null)
            return;
        var request = new LiveTranscodeRequest
        {
            Target = target,
            VideoConfiguration = slot.VideoConfiguration,
            AudioConfiguration = slot.AudioConfiguration,
            TranscodeVideo = !ProgramHeader.VideoFits(header, slot),
            TranscodeAudio = !ProgramHeader.AudioFits(header, slot),
            VideoBitrateKbps = definition.VideoBitrateKbps,
            AudioBitrateKbps = definition.AudioBitrateKbps,
        };
        var runner = new Runner(this, slot, request, _stopped.GetValueOrDefault(slot));
        _runners[slot] = runner;
        runner.Start();
    }

    /// <summary>A packet of a source that is being transcoded.</summary>
    public void Write(SourceSlot slot, MediaPacket packet)
    {
        if (_runners.TryGetValue(slot, out var runner))
            runner.Write(packet);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var runners = _runners.Values.ToArray();
        _runners.Clear();
        foreach (var runner in runners)
            runner.Stop();
        await Task.WhenAll(runners.Select(runner => runner.Running));
    }

    [LoggerMessage(1, LogLevel.Information, "Source {Source} of channel {Channel} does not have the program's format and is transcoded.")]
    private static partial void LogStarted(ILogger logger, string channel, string source);

    [LoggerMessage(2, LogLevel.Warning, "The transcoder of source {Source} of channel {Channel} ended: {Words} Next attempt in {Wait}.")]
    private static partial void LogEnded(ILogger logger, string channel, string source, string words, TimeSpan wait);

    private sealed class Runner(SourceTranscoders owner, SourceSlot slot, LiveTranscodeRequest request, Runner? before) : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private Runner? _before = before;
        private long? _startedAt;
        private volatile LiveTranscoder? _current;

        public Task Running { get; private set; } = Task.CompletedTask;

        public void Start() => Running = Task.Run(RunAsync);

        // Whoever waits for it, and then ends the child, goes on elsewhere and not on the program's loop.
        public void Stop() => _ = _stop.CancelAsync();

        public void Write(MediaPacket packet) => _current?.Write(packet);

        public void Dispose() => _stop.Dispose();

        private async Task RunAsync()
        {
            await FollowAsync();
            var wait = RetryInitial;
            while (!_stop.IsCancellationRequested)
            {
                var words = await RunOnceAsync();
                if (_stop.IsCancellationRequested)
                    return;
                LogEnded(owner._logger, owner._channelId, slot.Id, words, wait);
                try
                {
                    await Task.Delay(wait, owner._services.TimeProvider, _stop.Token);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
                wait = wait * 2 < RetryMaximum ? wait * 2 : RetryMaximum;
            }
        }

        // An encoder that changes its format many times a second must not start as many children: one at a time, and none within the first wait after the start of the one before.
        private async Task FollowAsync()
        {
            if (_before is not { } before)
                return;
            _before = null;
            await before.Running;
            _startedAt = before._startedAt;
            if (_startedAt is not { } started || RetryInitial - owner._services.TimeProvider.GetElapsedTime(started) is not { Ticks: > 0 } wait)
                return;
            try
            {
                await Task.Delay(wait, owner._services.TimeProvider, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                // Not wanted any more: the caller sees that.
            }
        }

        private async Task<string> RunOnceAsync()
        {
            _startedAt = owner._services.TimeProvider.GetTimestamp();
            var loop = owner._loop();
            // The reading thread of the transcoder must not wait; a loop that is seconds behind has lost more than this frame.
            var transcoder = LiveTranscoder.Start(
                request, owner._services.Ffmpeg, owner._services.TimeProvider, packet => loop.TryPostTranscoded(slot, packet), out var problem);
            if (transcoder is null)
                return problem;
            await using (transcoder)
            {
                LogStarted(owner._logger, owner._channelId, slot.Id);
                _current = transcoder;
                var stopped = new TaskCompletionSource();
                await using var registration = _stop.Token.Register(() => stopped.TrySetResult());
                await Task.WhenAny(transcoder.Completion, stopped.Task);
                _current = null;
                return transcoder.Completion.IsCompleted ? (await transcoder.Completion).Words : "";
            }
        }
    }
}
