using System.Globalization;
using StreamManager.TestKit.Processes;

namespace StreamManager.TestKit.Media;

/// <summary>A real player: an ffmpeg child that copies what an <c>rtmp://</c> or <c>http://…flv</c> URL plays into an FLV file.</summary>
public sealed class FfmpegPlayer : IAsyncDisposable
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(15);

    private readonly ChildProcess _process;

    private FfmpegPlayer(ChildProcess process, string file)
    {
        _process = process;
        File = file;
    }

    /// <summary>The recording.</summary>
    public string File { get; }

    /// <summary>True until it has ended.</summary>
    public bool IsRunning => _process.IsRunning;

    /// <summary>Its last error lines.</summary>
    public string Log => _process.Tail.ToString();

    /// <summary>Completes with the exit code when the stream has ended, the wanted length was recorded, or it was stopped.</summary>
    public Task<int> Exited => _process.Exited;

    /// <summary>Records to <paramref name="file"/>, for <paramref name="length"/> of media or until stopped.</summary>
    /// <param name="url">What to play.</param>
    /// <param name="file">The FLV file to write.</param>
    /// <param name="length">Media time; null: until the stream ends or <see cref="StopAsync"/>.</param>
    /// <param name="headers">HTTP header lines, for example the authorisation of a preview.</param>
    public static FfmpegPlayer Start(string url, string file, TimeSpan? length = null, IEnumerable<string>? headers = null)
    {
        List<string> arguments = ["-hide_banner", "-nostats", "-v", "warning", "-y"];
        if (headers is not null)
            arguments.AddRange(["-headers", string.Concat(headers.Select(header => header + "\r\n"))]);
        arguments.AddRange(["-i", url]);
        if (length is { } time)
            arguments.AddRange(["-t", time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)]);
        arguments.AddRange(["-c", "copy", "-flush_packets", "1", "-f", "flv", file]);
        return new FfmpegPlayer(ChildProcess.Start("ffmpeg", arguments), file);
    }

    /// <summary>Ends the recording in order, so that the file is whole.</summary>
    public async Task StopAsync()
    {
        await _process.WriteInputAsync("q");
        await _process.WaitOrKillAsync(StopGrace);
    }

    /// <summary>Stops reading with the connection open: a viewer whose network hangs.</summary>
    public void Freeze() => _process.Signal(ChildSignal.Stop);

    /// <summary>Goes on after <see cref="Freeze"/>.</summary>
    public void Resume() => _process.Signal(ChildSignal.Continue);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
