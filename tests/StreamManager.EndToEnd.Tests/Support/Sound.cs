using System.Globalization;
using System.Text.RegularExpressions;
using StreamManager.TestKit.Processes;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>What is heard in a recording.</summary>
internal static partial class Sound
{
    /// <summary>Between silence and the test encoders' tone, far from both.</summary>
    private const double QuietBelowDecibels = -60;

    /// <summary>Is anything to be heard in the half second from <paramref name="time"/> (of the recording) on?</summary>
    public static async Task<bool> IsHeardAsync(string file, TimeSpan time)
    {
        var seek = Math.Max(0, time.TotalSeconds).ToString("0.###", CultureInfo.InvariantCulture);
        var result = await ChildProcess.RunAsync("ffmpeg", ["-nostdin", "-hide_banner", "-nostats", "-ss", seek, "-t", "0.5", "-i", file, "-vn", "-af", "volumedetect", "-f", "null", "-"]);
        var match = MaximumVolume().Match(result.ErrorTail);
        return match.Success
            ? double.Parse(match.Groups["decibels"].Value, CultureInfo.InvariantCulture) > QuietBelowDecibels
            : throw new InvalidOperationException($"No sound at all at {seek} s.\n{result.ErrorTail}");
    }

    [GeneratedRegex(@"max_volume: (?<decibels>-?[\d.]+) dB", RegexOptions.ExplicitCapture)]
    private static partial Regex MaximumVolume();
}
