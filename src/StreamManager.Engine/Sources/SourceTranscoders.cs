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

    /// <summary>
    /// A transcoder that has delivered for so long works, and what ended it is another matter than what ended the one before: the waits begin anew. As long as the longest wait, so that one
    /// which dies some seconds after each start is not started more often for that.
    /// </summary>
    private static readonly TimeSpan GoodRun = RetryMaximum;

    private readonly string _channelId;
    private readonly EngineServices _services;
    private readonly Func<ProgramLoop> _loop;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();

    // The newest runner of each source, running or stopped: the next one begins after its end. Behind the gate, with the word that there will be no more.
    private readonly Dictionary<SourceSlot, Runner> _runners = [];
    private bool _isDisposed;

    /// <summary>Creates the set; empty.</summary>
    public SourceTranscoders(string channelId, EngineServices services, Func<ProgramLoop> loop)
    {
        _channelId = channelId;
        _services = services;
        _loop = loop;
        _logger = services.LoggerFactory.CreateLogger<SourceTranscoders>();
    }

    /// <summary>
    /// A source needs a transcoder to <paramref name="target"/> from now on (null: none any more). On the loop, which owns the slot: whatever still comes from the one before is of an
    /// older generation and is left out there.
    /// </summary>
    public void Want(SourceSlot slot, ProgramHeader? header, ProgramFormat? target, ChannelDefinition definition)
    {
        var generation = ++slot.TranscoderGeneration;
        var request = header is null || target is null ? null : new LiveTranscodeRequest
        {
            Target = target,
            VideoConfiguration = slot.VideoConfiguration,
            AudioConfiguration = slot.AudioConfiguration,
            TranscodeVideo = !ProgramHeader.VideoFits(header, slot),
            TranscodeAudio = !ProgramHeader.AudioFits(header, slot),
            VideoBitrateKbps = definition.VideoBitrateKbps,
            AudioBitrateKbps = definition.AudioBitrateKbps,
        };
        lock (_gate)
        {
            var before = _runners.GetValueOrDefault(slot);
            before?.Stop();
            if (request is null || _isDisposed)
                return;
            var runner = new Runner(this, slot, request, generation, before);
            _runners[slot] = runner;
            runner.Start();
        }
    }

    /// <summary>A packet of a source that is being transcoded.</summary>
    public void Write(SourceSlot slot, MediaPacket packet) => RunnerOf(slot)?.Write(packet);

    /// <summary>Why a source that should be transcoded is not, in words for its user; null: it is, or need not be.</summary>
    public string? ProblemOf(SourceSlot slot) => RunnerOf(slot)?.Problem;

    /// <summary>Ends all, also those that were stopped and are still ending. Afterwards there is no child.</summary>
    public async ValueTask DisposeAsync()
    {
        Runner[] runners;
        lock (_gate)
        {
            _isDisposed = true;
            runners = [.. _runners.Values];
            _runners.Clear();
        }
        foreach (var runner in runners)
            runner.Stop();
        // A runner ends after the one before it, so the newest ones are the last to end.
        await Task.WhenAll(runners.Select(runner => runner.DisposeAsync().AsTask()));
    }

    private Runner? RunnerOf(SourceSlot slot)
    {
        lock (_gate)
            return _runners.GetValueOrDefault(slot);
    }

    [LoggerMessage(1, LogLevel.Information, "Source {Source} of channel {Channel} does not have the program's format and is transcoded.")]
    private static partial void LogStarted(ILogger logger, string channel, string source);

    [LoggerMessage(2, LogLevel.Warning, "The transcoder of source {Source} of channel {Channel} ended: {Words}. Next attempt in {Wait}.")]
    private static partial void LogEnded(ILogger logger, string channel, string source, string words, TimeSpan wait);

    [LoggerMessage(3, LogLevel.Error, "An internal fault in the transcoder of source {Source} of channel {Channel}; it is started again.")]
    private static partial void LogFault(ILogger logger, string channel, string source, Exception exception);
}
