using System.Globalization;
using System.Text;
using StreamManager.TestKit.Processes;

namespace StreamManager.TestKit.Media;

/// <summary>The mean colour of a decoded picture.</summary>
public readonly record struct MeanColour(byte Red, byte Green, byte Blue)
{
    /// <summary>
    /// Which of the test pictures this is, by its leading component; null when none leads clearly: then it is somebody else's picture (a slate, a fallback image).
    /// </summary>
    public TestPicture? Picture
    {
        get
        {
            const int lead = 50; // Over each other component. The plain pictures lead by more than 90 after encoding, grey and pattern by far less.
            if (Red > Green + lead && Red > Blue + lead)
                return TestPicture.Red;
            if (Green > Red + lead && Green > Blue + lead)
                return TestPicture.Green;
            return Blue > Red + lead && Blue > Green + lead ? TestPicture.Blue : null;
        }
    }
}

/// <summary>What ffmpeg, as an independent decoder, thinks of a file.</summary>
public static class FfmpegJudge
{
    /// <summary>
    /// Decodes all of it. The answer is every complaint of the decoder and the demuxer; empty when there is none. Pictures keep the file's own units of time: without that ffmpeg 5.1 rounds
    /// them to a frame rate which it guesses from the first 40, and complains of its own rounding where the guess is a thousandth off (29.97 for 30).
    /// </summary>
    public static async Task<string> DecodeErrorsAsync(string file)
    {
        var result = await ChildProcess.RunAsync("ffmpeg", ["-nostdin", "-v", "error", "-threads", "1", "-i", file, "-enc_time_base:v", "-1", "-f", "null", "-"]);
        return result.ExitCode == 0 ? result.ErrorTail : $"exit code {result.ExitCode}\n{result.ErrorTail}";
    }

    /// <summary>Duration as ffprobe finds it: for FLV from metadata or the last tag.</summary>
    public static async Task<TimeSpan> DurationAsync(string file) =>
        TimeSpan.FromSeconds(double.Parse(await ProbeAsync(file, "format=duration"), CultureInfo.InvariantCulture));

    /// <summary>Any ffprobe entries, for example <c>stream=codec_name,width,height</c>: one <c>key=value</c> pair a line, without section names.</summary>
    public static async Task<string> ProbeAsync(string file, string entries)
    {
        var keys = entries.Contains(',', StringComparison.Ordinal) ? "0" : "1";
        var result = await ChildProcess.RunAsync("ffprobe", ["-v", "error", "-show_entries", entries, "-of", $"default=noprint_wrappers=1:nokey={keys}", file]);
        return result.ExitCode == 0
            ? Encoding.UTF8.GetString(result.Output).Trim()
            : throw new InvalidOperationException($"ffprobe cannot read {Path.GetFileName(file)}:\n{result.ErrorTail}");
    }

    /// <summary>The mean colour of the first frame at or after a time.</summary>
    public static async Task<MeanColour> ColourAtAsync(string file, TimeSpan time)
    {
        var seek = time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        var result = await ChildProcess.RunAsync("ffmpeg",
            ["-nostdin", "-v", "error", "-ss", seek, "-i", file, "-frames:v", "1", "-vf", "scale=1:1:flags=area", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]);
        return result.Output is [var red, var green, var blue]
            ? new MeanColour(red, green, blue)
            : throw new InvalidOperationException($"No frame at {seek} s of {Path.GetFileName(file)}; exit code {result.ExitCode}, {result.Output.Length} bytes.\n{result.ErrorTail}");
    }

    /// <summary>The mean colour of <paramref name="perSecond"/> frames of each second, decoded in one go: shows who was seen when.</summary>
    public static async Task<IReadOnlyList<MeanColour>> ColoursAsync(string file, int perSecond = 5)
    {
        var result = await ChildProcess.RunAsync("ffmpeg",
            ["-nostdin", "-v", "error", "-threads", "1", "-i", file, "-an", "-vf", $"fps={perSecond},scale=1:1:flags=area", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]);
        return [.. result.Output.Chunk(3).Where(pixel => pixel.Length == 3).Select(pixel => new MeanColour(pixel[0], pixel[1], pixel[2]))];
    }
}
