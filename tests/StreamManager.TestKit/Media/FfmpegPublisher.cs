using StreamManager.TestKit.Processes;

namespace StreamManager.TestKit.Media;

/// <summary>A real encoder: an ffmpeg child that publishes to an RTMP URL in real time until it is stopped, killed or refused.</summary>
public sealed class FfmpegPublisher : IAsyncDisposable
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(15);

    private FfmpegPublisher(ChildProcess process) => Process = process;

    /// <summary>The child.</summary>
    public ChildProcess Process { get; }

    /// <summary>True until it has ended.</summary>
    public bool IsRunning => Process.IsRunning;

    /// <summary>Its last error lines: how ffmpeg words a refusal.</summary>
    public string Log => Process.Tail.ToString();

    /// <summary>Publishes a prepared file, copied and looped without end. What tests should use: it costs almost no CPU.</summary>
    public static async Task<FfmpegPublisher> StartAsync(string url, EncoderSettings? settings = null) =>
        StartFile(url, await PreparedFlv.GetAsync(settings ?? new EncoderSettings()));

    /// <summary>Publishes a given FLV file, copied and looped without end.</summary>
    /// <param name="url">Where to.</param>
    /// <param name="flvFile">The file.</param>
    /// <param name="more">More options for ffmpeg's output, for example <c>-max_interleave_delta 1000</c>: one track does not wait for another that begins later.</param>
    public static FfmpegPublisher StartFile(string url, string flvFile, params string[] more) =>
        Start(["-re", "-stream_loop", "-1", "-i", flvFile, "-c", "copy", .. more], url);

    /// <summary>Encodes while it publishes, as a real encoder does. Takes a good part of a core.</summary>
    public static FfmpegPublisher StartEncoding(string url, EncoderSettings? settings = null)
    {
        settings ??= new EncoderSettings();
        return Start([.. settings.InputArguments(realTime: true), .. settings.EncodingArguments()], url);
    }

    /// <summary>SIGKILL: no unpublish, no end of sequence; the connection just breaks.</summary>
    public void Kill() => Process.Kill();

    /// <summary>The encoder's stop button: end of sequence, FCUnpublish, deleteStream, close.</summary>
    public async Task StopAsync()
    {
        await Process.WriteInputAsync("q");
        await Process.WaitOrKillAsync(StopGrace);
    }

    /// <summary>Stands still with its connection open: what a stalled network or a hung encoder looks like.</summary>
    public void Freeze() => Process.Signal(ChildSignal.Stop);

    /// <summary>Goes on after <see cref="Freeze"/>; ffmpeg then sends what it missed at once.</summary>
    public void Resume() => Process.Signal(ChildSignal.Continue);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static FfmpegPublisher Start(IEnumerable<string> what, string url) =>
        new(ChildProcess.Start("ffmpeg", ["-hide_banner", "-nostats", "-v", "warning", .. what, "-f", "flv", "-flvflags", "no_duration_filesize", url]));
}
