using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Keys;
using StreamManager.Server.Options;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Configuration;

/// <summary>
/// Watches <c>config.yml</c> and applies what is valid: channels and destinations come, change and go, and what is on air goes on. A text with any mistake is refused as a whole, and the
/// settings stay. Thread-safe.
/// </summary>
internal sealed partial class ConfigurationReloader : IAsyncDisposable
{
    /// <summary>How often the file is looked at. Its stamp is asked for rather than waited for: editors that rename and mounted configurations are seen, too.</summary>
    public static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(2);

    private readonly Func<OptionsResult> _load;
    private readonly ConfigurationTargets _targets;
    private readonly EventBus _events;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ITimer _timer;
    private readonly ServerOptions _started;
    private FileStamp _applied;

    // Since some text was applied from a file: that it is gone is refused however often it is asked for.
    private bool _hadFile;
    private FileStamp? _seen;
    private ConfigurationStatus _status;
    private int _isLooking;
    private bool _isAsked;

    /// <summary>Begins to watch.</summary>
    /// <param name="options">What the server was started with.</param>
    /// <param name="load">Reads the configuration again.</param>
    /// <param name="targets">What is changed by it.</param>
    /// <param name="events">Told of changes and refusals.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public ConfigurationReloader(ServerOptions options, Func<OptionsResult> load, ConfigurationTargets targets, EventBus events, TimeProvider time, ILogger<ConfigurationReloader> logger)
    {
        _started = options;
        _load = load;
        _targets = targets;
        _events = events;
        _time = time;
        _logger = logger;
        _applied = FileStamp.Of(options.ConfigurationFile);
        _hadFile = _applied.Exists;
        var now = time.GetUtcNow();
        _status = new ConfigurationStatus { File = options.ConfigurationFile, AppliedAt = now, ReadAt = now, CheckedAt = now, Settings = options.Settings };
        _timer = time.CreateTimer(_ => _ = LookAsync(), null, WatchInterval, WatchInterval);
    }

    /// <summary>What became of the file, after a look at it: nothing that happened to it between two looks is hidden.</summary>
    public ConfigurationStatus Look()
    {
        var stamp = FileStamp.Of(_started.ConfigurationFile);
        var applied = Volatile.Read(ref _applied);
        return Volatile.Read(ref _status) with
        {
            CheckedAt = _time.GetUtcNow(),
            ChangedAt = stamp.Exists ? new DateTimeOffset(stamp.WrittenAt) : null,
            IsPending = stamp != applied,
        };
    }

    /// <summary>Looks at the file soon, and reads it also when it has not changed.</summary>
    public void Request()
    {
        Volatile.Write(ref _isAsked, true);
        _ = LookAsync();
    }

    /// <summary>Reads the file now and applies it when it is valid.</summary>
    /// <param name="actor">Who wants it; null: the file changed.</param>
    /// <param name="cancellationToken">Gives up waiting for its turn.</param>
    /// <exception cref="StoreUnavailableException">What users said over the configuration could not be read; what was not applied yet is when it is asked again.</exception>
    public async Task<ConfigurationStatus> ReloadAsync(string? actor, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var stamp = FileStamp.Of(_started.ConfigurationFile);
            await ApplyAsync(actor);

            // Only now: what could not be applied because the store was away is tried again.
            Volatile.Write(ref _applied, stamp);
            return Look();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();

        // Waits for a change that is being made.
        await _gate.WaitAsync();
        _gate.Dispose();
    }

    // A file that is being written changes between two looks: it is read when it has stood still for one.
    private async Task LookAsync()
    {
        if (Interlocked.Exchange(ref _isLooking, 1) != 0)
            return;
        try
        {
            var stamp = FileStamp.Of(_started.ConfigurationFile);
            var isSettled = stamp == _seen;
            _seen = stamp;
            if ((isSettled && stamp != _applied) || Interlocked.Exchange(ref _isAsked, false))
                await ReloadAsync(null, CancellationToken.None);
        }
        catch (StoreUnavailableException e)
        {
            LogLater(_logger, e.Message);
        }
        catch (ObjectDisposedException)
        {
            // The server ends.
        }
        catch (Exception e)
        {
            // Another try would end the same way, until the file changes or somebody asks.
            if (_seen is { } seen)
                _applied = seen;
            LogFailed(_logger, e);
            var fault = new OptionError(
                Path.GetFileName(_started.ConfigurationFile), "file", null, "could not be applied, or in part only: a fault of the server, of which its log says more. Change the file or reload it to try again.");
            Volatile.Write(ref _status, _status with { ReadAt = _time.GetUtcNow(), Errors = [fault] });
        }
        finally
        {
            Volatile.Write(ref _isLooking, 0);
        }
    }

    private async Task ApplyAsync(string? actor)
    {
        var now = _time.GetUtcNow();
        var (options, errors) = Read();
        if (options is null)
        {
            Volatile.Write(ref _status, _status with { ReadAt = now, Errors = errors });
            LogRefused(_logger, _started.ConfigurationFile, string.Join("; ", errors));
            _events.Publish(ServerEvents.ConfigurationRefused(now, actor, errors.Select(error => error.ToString())));
            return;
        }

        var changes = await _targets.ApplyAsync(options.Channels, CancellationToken.None);
        _hadFile |= File.Exists(_started.ConfigurationFile);
        var needsRestart = RestartSettings.Between(_started, options);
        Volatile.Write(ref _status, _status with { AppliedAt = now, ReadAt = now, Errors = [], NeedsRestart = needsRestart, Settings = options.Settings });
        LogApplied(_logger, _started.ConfigurationFile, changes, needsRestart.IsEmpty ? "" : $"; from the next start only: {string.Join(", ", needsRestart)}");
        _events.Publish(ServerEvents.ConfigurationChanged(now, actor, changes, needsRestart));
    }

    private (ServerOptions? Options, ImmutableArray<OptionError> Errors) Read()
    {
        var name = Path.GetFileName(_started.ConfigurationFile);

        // A file that was there and is gone would take every destination with it: more likely a slip than a wish.
        if (_hadFile && !File.Exists(_started.ConfigurationFile))
            return (null, [new OptionError(name, "file", null, "is gone; the settings stay. Put it back, or an empty one to mean that nothing is configured.")]);
        var result = _load();
        if (result is not OptionsResult.Loaded loaded)
            return (null, ((OptionsResult.Invalid)result).Errors);
        var gone = _targets.OnAirOf(loaded.Options.Channels);
        return gone.IsEmpty
            ? (loaded.Options, [])
            : (null, [.. gone.Select(id => new OptionError(name, $"channel {id}", null, "is on air and is no longer in the file; stop it first"))]);
    }

    [LoggerMessage(1, LogLevel.Information, "{File} was read again: {Changes}{Later}.")]
    private static partial void LogApplied(ILogger logger, string file, string changes, string later);

    [LoggerMessage(2, LogLevel.Error, "{File} was changed and cannot be used; the settings stay as they were. {Errors}")]
    private static partial void LogRefused(ILogger logger, string file, string errors);

    [LoggerMessage(3, LogLevel.Warning, "The changed configuration is applied later: {Reason}")]
    private static partial void LogLater(ILogger logger, string reason);

    [LoggerMessage(4, LogLevel.Error, "The changed configuration could not be applied.")]
    private static partial void LogFailed(ILogger logger, Exception exception);

    /// <summary>Enough of a file to see that it changed.</summary>
    private sealed record FileStamp(bool Exists, DateTime WrittenAt, long Length)
    {
        private static readonly FileStamp None = new(false, default, 0);

        public static FileStamp Of(string path)
        {
            try
            {
                var file = new FileInfo(path);
                return file.Exists ? new FileStamp(true, file.LastWriteTimeUtc, file.Length) : None;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return None;
            }
        }
    }
}

/// <summary>What a new configuration changes.</summary>
internal sealed class ConfigurationTargets(ChannelDirectory directory, ChannelCatalog channels, DestinationCatalog destinations, StreamKeyRing keys)
{
    /// <summary>Channels of the running configuration that <paramref name="wanted"/> does not have, and that are on air.</summary>
    public ImmutableArray<string> OnAirOf(ImmutableArray<ChannelOptions> wanted) =>
    [
        .. channels.All
            .Where(entry => entry.Configured is not null && wanted.All(channel => channel.Definition.Id != entry.Id))
            .Where(entry => directory.Find(entry.Id)?.GetSnapshot().State is ChannelState.Live or ChannelState.Fallback)
            .Select(entry => entry.Id),
    ];

    /// <summary>Makes the changes; says in words which.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    public async Task<string> ApplyAsync(ImmutableArray<ChannelOptions> wanted, CancellationToken cancellationToken)
    {
        var (addedChannels, changedChannels, removedChannels) = await channels.ConfigureAsync(wanted, cancellationToken);
        var (added, changed, removed) = await destinations.ConfigureAsync(wanted, cancellationToken);
        await keys.ConfigureAsync(channels.KeyedChannels, cancellationToken);

        // Also those of channels that were there before: a try that was cut off by the store made them without. To an output that has what it is given nothing happens.
        foreach (var channel in wanted)
            await destinations.ApplyAsync(channel.Definition.Id);
        string[] parts =
        [
            .. Part("channels added", addedChannels.Length), .. Part("channels changed", changedChannels.Length), .. Part("channels removed", removedChannels.Length),
            .. Part("destinations added", added), .. Part("destinations changed", changed), .. Part("destinations removed", removed),
        ];
        return parts.Length == 0 ? "nothing to change" : string.Join(", ", parts);
    }

    private static IEnumerable<string> Part(string what, int count) => count == 0 ? [] : [$"{count} {what}"];
}
