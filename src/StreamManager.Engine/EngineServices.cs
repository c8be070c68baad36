using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Codecs.Clips;
using StreamManager.Engine.Codecs.Ffmpeg;

namespace StreamManager.Engine;

/// <summary>What every channel of a server shares. Made once, disposed after the last channel.</summary>
public sealed class EngineServices : IDisposable
{
    /// <summary>Creates the services.</summary>
    /// <param name="timeProvider">Wall and monotonic time.</param>
    /// <param name="loggerFactory">Loggers.</param>
    /// <param name="options">Settings that are the same for all channels.</param>
    /// <param name="broadcasts">Remembers what is on air.</param>
    /// <param name="events">Hears what happens; null: nobody does.</param>
    public EngineServices(TimeProvider timeProvider, ILoggerFactory loggerFactory, EngineOptions options, IBroadcastStore broadcasts, IEngineEvents? events = null)
    {
        TimeProvider = timeProvider;
        LoggerFactory = loggerFactory;
        Options = options;
        Broadcasts = broadcasts;
        Events = events;
        // The counters exist from the start, so that a page of metrics names them before anything has happened.
        RuntimeHelpers.RunClassConstructor(typeof(EngineMetrics).TypeHandle);
        var cache = Path.Combine(options.DataDirectory, "cache");
        Ffmpeg = new FfmpegOptions { Ffmpeg = options.FfmpegPath, WorkDirectory = Path.Combine(cache, "work") };
        Clips = new ClipFactory(new ClipFactoryOptions { CacheDirectory = Path.Combine(cache, "clips") }, Ffmpeg, timeProvider);
    }

    /// <summary>Wall and monotonic time.</summary>
    public TimeProvider TimeProvider { get; }

    /// <summary>Loggers.</summary>
    public ILoggerFactory LoggerFactory { get; }

    /// <summary>Settings that are the same for all channels.</summary>
    public EngineOptions Options { get; }

    /// <summary>Remembers what is on air.</summary>
    public IBroadcastStore Broadcasts { get; }

    /// <summary>Hears what happens; null: nobody does.</summary>
    public IEngineEvents? Events { get; }

    /// <summary>Where ffmpeg is and where its children may work.</summary>
    internal FfmpegOptions Ffmpeg { get; }

    /// <summary>Makes fallbacks; one for all channels, so that encodes queue up instead of fighting for the processor.</summary>
    internal ClipFactory Clips { get; }

    /// <inheritdoc/>
    public void Dispose() => Clips.Dispose();
}

/// <summary>Settings that are the same for all channels.</summary>
public sealed record EngineOptions
{
    /// <summary>Where clips are cached and children work.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>ffmpeg: a path, or a name in PATH.</summary>
    public string FfmpegPath { get; init; } = "ffmpeg";

    /// <summary>
    /// Sound waits so long for a picture to be sent together with, and a picture for the one before it: fewer system calls for some latency. 0 to 350 ms; default 20 ms, less than a
    /// frame at 30 frames a second, where pictures therefore never wait.
    /// </summary>
    public TimeSpan CoalescingTime { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Keep the packets since the last keyframe, so that outputs and viewers start at once. Default true.</summary>
    public bool KeepsGroup { get; init; } = true;
}
