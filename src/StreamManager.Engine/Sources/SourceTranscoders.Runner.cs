using StreamManager.Engine.Codecs.Live;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Sources;

/// <content>The transcoder of one source.</content>
internal sealed partial class SourceTranscoders
{
    /// <summary>Keeps a transcoder running from <see cref="Start"/> to <see cref="Stop"/>, one child after the other. <see cref="DisposeAsync"/> waits for the end, and is called once, by whoever comes after it.</summary>
    private sealed class Runner(SourceTranscoders owner, SourceSlot slot, LiveTranscodeRequest request, int generation, Runner? before) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private Task _running = Task.CompletedTask;
        private Task _stopping = Task.CompletedTask;
        private Runner? _before = before;
        private long? _startedAt;
        private volatile LiveTranscoder? _current;
        private volatile string? _problem;

        // Written by the transcoder's reading thread, read after its end.
        private long? _firstFrameAt;
        private long _lastFrameAt;

        /// <summary>What keeps it from delivering, in words; null: nothing that is known.</summary>
        public string? Problem => _stop.IsCancellationRequested ? null : _problem;

        public void Start() => _running = Task.Run(RunAsync);

        // Whoever waits for it, and then ends the child, goes on elsewhere and not on the program's loop.
        public void Stop()
        {
            if (!_stop.IsCancellationRequested)
                _stopping = _stop.CancelAsync();
        }

        public void Write(MediaPacket packet)
        {
            if (!_stop.IsCancellationRequested)
                _current?.Write(packet);
        }

        public async ValueTask DisposeAsync()
        {
            await _running;
            await _stopping;
            _stop.Dispose();
        }

        private async Task RunAsync()
        {
            await FollowAsync();
            var wait = RetryInitial;
            while (!_stop.IsCancellationRequested)
            {
                var words = await RunOnceAsync();
                if (_stop.IsCancellationRequested)
                    return;
                if (HasRunWell())
                    wait = RetryInitial;
                _problem = $"The source cannot be transcoded to the program's format, so it is not shown: {words}.";
                LogEnded(owner._logger, owner._channelId, slot.Id, words, wait);
                await WaitAsync(wait);
                wait = wait * 2 < RetryMaximum ? wait * 2 : RetryMaximum;
            }
        }

        // An encoder that changes its format many times a second must not start as many children: one at a time, and none within the first wait after the start of the one before.
        private async Task FollowAsync()
        {
            if (_before is not { } before)
                return;
            _before = null;
            await before.DisposeAsync();
            _startedAt = before._startedAt;
            if (_startedAt is { } started && RetryInitial - owner._services.TimeProvider.GetElapsedTime(started) is { Ticks: > 0 } wait)
                await WaitAsync(wait);
        }

        // Ends early when it is not wanted any more: the caller sees that.
        private async Task WaitAsync(TimeSpan wait) =>
            await Task.Delay(wait, owner._services.TimeProvider, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        private async Task<string> RunOnceAsync()
        {
            _startedAt = owner._services.TimeProvider.GetTimestamp();
            _firstFrameAt = null;
            try
            {
                var transcoder = LiveTranscoder.Start(request, owner._services.Ffmpeg, owner._services.TimeProvider, Deliver, out var problem);
                if (transcoder is null)
                    return problem.TrimEnd('.');
                await using (transcoder)
                {
                    LogStarted(owner._logger, owner._channelId, slot.Id);
                    _current = transcoder;
                    await ((Task)transcoder.Completion.WaitAsync(_stop.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    return transcoder.Completion.IsCompleted ? (await transcoder.Completion).Words.TrimEnd('.') : "";
                }
            }
            catch (Exception exception)
            {
                // A fault of ours costs this attempt, and not the source for as long as it is connected.
                LogFault(owner._logger, owner._channelId, slot.Id, exception);
                return "an internal fault, which the log describes";
            }
            finally
            {
                _current = null;
            }
        }

        // On the transcoder's reading thread, which must not wait: a loop that is seconds behind has lost more than this frame.
        private void Deliver(MediaPacket packet)
        {
            _lastFrameAt = owner._services.TimeProvider.GetTimestamp();
            _firstFrameAt ??= _lastFrameAt;
            _problem = null;
            owner._loop().TryPostTranscoded(slot, packet, generation);
        }

        private bool HasRunWell() => _firstFrameAt is { } first && owner._services.TimeProvider.GetElapsedTime(first, _lastFrameAt) >= GoodRun;
    }
}
