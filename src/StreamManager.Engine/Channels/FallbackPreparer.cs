using Microsoft.Extensions.Logging;
using StreamManager.Engine.Codecs.Clips;
using StreamManager.Engine.Programs;

namespace StreamManager.Engine.Channels;

/// <summary>
/// Gets a channel's fallback ready for a format: the user's picture or video, the slate meanwhile or instead. A newer wish replaces an older one.
/// </summary>
internal sealed partial class FallbackPreparer : IAsyncDisposable
{
    private readonly string _channelId;
    private readonly ClipFactory _clips;
    private readonly Func<FallbackContent?, CancellationToken, Task> _deliver;
    private readonly IEngineEvents? _events;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private CancellationTokenSource? _current;
    private Task _running = Task.CompletedTask;
    private volatile string? _note;

    /// <summary>
    /// Creates a preparer; <paramref name="deliver"/> gets each fallback that is ready, for its own, or null when there is none at all, and a token that is cancelled as soon as something else is wished.
    /// </summary>
    public FallbackPreparer(string channelId, EngineServices services, Func<FallbackContent?, CancellationToken, Task> deliver)
    {
        _channelId = channelId;
        _clips = services.Clips;
        _deliver = deliver;
        _events = services.Events;
        _logger = services.LoggerFactory.CreateLogger<FallbackPreparer>();
    }

    /// <summary>What a user should know, in words; null: all is well.</summary>
    public string? Note => _note;

    /// <summary>Begins; returns at once.</summary>
    public void Begin(ChannelDefinition definition, ProgramFormat format) =>
        Begin((before, cancellationToken) => PrepareAsync(definition, format, before, cancellationToken));

    /// <summary>Looks at the user's file while nothing is to be shown yet, so that a wrong one is known before it is needed. Returns at once.</summary>
    public void BeginCheck(ChannelDefinition definition) => Begin((before, cancellationToken) => CheckAsync(definition, before, cancellationToken));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task running;
        lock (_gate)
        {
            _current?.Cancel();
            running = _running;
        }
        await EndOfAsync(running);
    }

    private static ClipContent? ContentOf(ChannelDefinition definition) => definition switch
    {
        { Fallback: FallbackKind.Image, FallbackFile: { } picture } => new ClipContent.Picture(picture),
        { Fallback: FallbackKind.Video, FallbackFile: { } video } => new ClipContent.Video(video, definition.VideoBitrateKbps),
        _ => null,
    };

    private void Begin(Func<Task, CancellationToken, Task> work)
    {
        lock (_gate)
        {
            // What was waiting goes on elsewhere: whoever wishes (the program's loop, under its locks) must not run it.
            _ = _current?.CancelAsync();
            var current = _current = new CancellationTokenSource();
            var before = _running;
            _running = Task.Run(() => work(before, current.Token));
        }
    }

    private async Task CheckAsync(ChannelDefinition definition, Task before, CancellationToken cancellationToken)
    {
        await EndOfAsync(before);
        try
        {
            _note = null;
            if (ContentOf(definition) is not { } content || await _clips.CheckAsync(content, cancellationToken) is not { IsSuccess: false } failed)
                return;
            _note = $"{failed.Words} {InsteadOf(content)}";
            LogFailed(_logger, _channelId, failed.Failure.Value, failed.Words);
            TellFailed(content, failed.Words);
        }
        catch (OperationCanceledException)
        {
            // It is needed already, or the channel is going away.
        }
        catch (Exception exception)
        {
            LogFault(_logger, _channelId, exception);
        }
    }

    // A fault of ours was logged where it happened: it must not keep the next fallback from being prepared, nor the channel from ending.
    private static async Task EndOfAsync(Task work) => await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static string InsteadOf(ClipContent content) =>
        content is ClipContent.Slate ? "The last picture of the source is held instead." : "The built-in slate is used instead.";

    private static string WordOf(ClipContent content) => content switch
    {
        ClipContent.Picture => "picture",
        ClipContent.Video => "video",
        _ => "slate",
    };

    private void TellFailed(ClipContent content, string words) =>
        _events?.Happened(_channelId, new EngineEvent.FallbackFailed(WordOf(content), $"{words} {InsteadOf(content)}"));

    private async Task PrepareAsync(ChannelDefinition definition, ProgramFormat format, Task before, CancellationToken cancellationToken)
    {
        await EndOfAsync(before);
        try
        {
            _note = null;
            ClipContent.Slate slate = new();
            if (ContentOf(definition) is ClipContent.Picture picture)
            {
                if (await TryDeliverAsync(picture, format, cancellationToken))
                    return;
                await TryDeliverAsync(slate, format, cancellationToken, last: true);
            }
            else if (ContentOf(definition) is ClipContent.Video video)
            {
                // A long video takes its time; the slate is there in a second.
                var slateReady = await TryDeliverAsync(slate, format, cancellationToken, last: true, keepsNote: true);
                var note = _note;
                if (await TryDeliverAsync(video, format, cancellationToken))
                    _note = slateReady ? null : note;
            }
            else
            {
                await TryDeliverAsync(slate, format, cancellationToken, last: true);
            }
        }
        catch (OperationCanceledException)
        {
            // A newer wish, or the channel is going away.
        }
        catch (Exception exception)
        {
            // A fault of ours must not cost every later fallback of the channel.
            LogFault(_logger, _channelId, exception);
            _note = "The fallback could not be prepared; the log says why. The last picture of the source is held instead.";
            await _deliver(null, cancellationToken);
        }
    }

    private async Task<bool> TryDeliverAsync(ClipContent content, ProgramFormat format, CancellationToken cancellationToken, bool last = false, bool keepsNote = false)
    {
        var progress = content is ClipContent.Video ? new ProgressNote(this) : null;
        var result = await _clips.PrepareAsync(content, format, progress, cancellationToken);
        if (result.IsSuccess)
        {
            LogReady(_logger, _channelId, content.GetType().Name, result.FromCache);
            _events?.Happened(_channelId, new EngineEvent.FallbackPrepared(WordOf(content), result.FromCache));
            await _deliver(new ClipFallback(result.Clip), cancellationToken);
            return true;
        }
        var instead = InsteadOf(content);
        if (!keepsNote || _note is null)
            _note = _note is { } earlier ? $"{earlier} {result.Words} {instead}" : $"{result.Words} {instead}";
        LogFailed(_logger, _channelId, result.Failure.Value, result.Words);
        TellFailed(content, result.Words);
        if (last)
            await _deliver(null, cancellationToken);
        return false;
    }

    [LoggerMessage(1, LogLevel.Information, "Fallback of channel {Channel} is ready: {Content} (from cache: {FromCache}).")]
    private static partial void LogReady(ILogger logger, string channel, string content, bool fromCache);

    [LoggerMessage(2, LogLevel.Warning, "Fallback of channel {Channel} could not be prepared: {Failure}. {Words}")]
    private static partial void LogFailed(ILogger logger, string channel, ClipFailure failure, string words);

    [LoggerMessage(3, LogLevel.Error, "An internal fault while the fallback of channel {Channel} was prepared.")]
    private static partial void LogFault(ILogger logger, string channel, Exception exception);

    private sealed class ProgressNote(FallbackPreparer preparer) : IProgress<double>
    {
        public void Report(double value) => preparer._note = $"The fallback video is being prepared: {value:P0}. The slate plays until it is ready.";
    }
}
