using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace StreamManager.TestKit.Media;

/// <summary>What a test picture shows: mostly one colour, so that a judge can tell from a decoded frame who made it.</summary>
public enum TestPicture
{
    /// <summary>Mostly red, with something moving in a corner.</summary>
    Red = 1,

    /// <summary>Mostly green.</summary>
    Green = 2,

    /// <summary>Mostly blue.</summary>
    Blue = 3,

    /// <summary>ffmpeg's moving test pattern over the whole picture.</summary>
    Pattern = 4,
}

/// <summary>A number of frames on each track that last equally long.</summary>
internal sealed record RepeatablePiece(long VideoFrames, long AudioFrames, double Milliseconds);

/// <summary>How a test's encoder encodes. The defaults are small enough for several of them on two cores.</summary>
public sealed record EncoderSettings
{
    /// <summary>False: sound only.</summary>
    public bool HasVideo { get; init; } = true;

    /// <summary>Pixels.</summary>
    public int Width { get; init; } = 640;

    /// <summary>Pixels.</summary>
    public int Height { get; init; } = 360;

    /// <summary>Frames a second, numerator: 30000 over 1001 is NTSC.</summary>
    public int FrameRateNumerator { get; init; } = 30;

    /// <summary>Frames a second, denominator.</summary>
    public int FrameRateDenominator { get; init; } = 1;

    /// <summary>Frames from key frame to key frame.</summary>
    public int KeyframeInterval { get; init; } = 30;

    /// <summary>B-frames between reference frames; more than 0 gives composition offsets.</summary>
    public int BFrames { get; init; }

    /// <summary>H.264 profile: baseline, main or high.</summary>
    public string Profile { get; init; } = "main";

    /// <summary>x264 preset.</summary>
    public string Preset { get; init; } = "ultrafast";

    /// <summary>Video rate in kbit/s.</summary>
    public int VideoKbps { get; init; } = 600;

    /// <summary>True: constant bit rate with filler, as strict as x264 can.</summary>
    public bool ConstantBitrate { get; init; }

    /// <summary>What is seen.</summary>
    public TestPicture Picture { get; init; } = TestPicture.Red;

    /// <summary>Samples a second; null: no sound.</summary>
    public int? AudioSampleRate { get; init; } = 48000;

    /// <summary>1 or 2.</summary>
    public int AudioChannels { get; init; } = 2;

    /// <summary>Audio rate in kbit/s.</summary>
    public int AudioKbps { get; init; } = 96;

    /// <summary>Length of one frame.</summary>
    public TimeSpan FrameDuration => TimeSpan.FromSeconds((double)FrameRateDenominator / FrameRateNumerator);

    /// <summary>Length of one AAC frame of 1024 samples; zero without sound.</summary>
    public TimeSpan AudioFrameDuration => AudioSampleRate is { } rate ? TimeSpan.FromSeconds(1024.0 / rate) : TimeSpan.Zero;

    /// <summary>Arguments for ffmpeg that make the picture and the sound.</summary>
    /// <param name="realTime">At the pace of a live source; else as fast as it goes.</param>
    /// <param name="videoFrames">Pictures until the end; null: without end.</param>
    /// <param name="audioSeconds">Seconds of sound until the end; null: without end.</param>
    internal IEnumerable<string> InputArguments(bool realTime, long? videoFrames = null, int? audioSeconds = null)
    {
        var videoEnd = videoFrames is { } frames ? Invariant($",trim=end_frame={frames}") : "";
        var audioEnd = audioSeconds is { } seconds ? Invariant($":duration={seconds}") : "";
        var rate = Invariant($"{FrameRateNumerator}/{FrameRateDenominator}");
        string[] pace = realTime ? ["-re"] : [];
        if (HasVideo)
        {
            foreach (var argument in (string[])[.. pace, "-f", "lavfi", "-i", Picture == TestPicture.Pattern
                ? Invariant($"testsrc2=size={Width}x{Height}:rate={rate}{videoEnd}")
                : Invariant($"color=c={Colour(Picture)}:size={Width}x{Height}:rate={rate}[back];testsrc2=size={Even(Width / 4)}x{Even(Height / 4)}:rate={rate}[move];[back][move]overlay{videoEnd}")])
                yield return argument;
        }
        if (AudioSampleRate is { } audioRate)
        {
            foreach (var argument in (string[])[.. pace, "-f", "lavfi", "-i", Invariant($"sine=frequency=440:sample_rate={audioRate}{audioEnd}")])
                yield return argument;
        }
    }

    /// <summary>Arguments for ffmpeg that encode them.</summary>
    internal IEnumerable<string> EncodingArguments()
    {
        if (HasVideo)
        {
            yield return "-c:v";
            yield return "libx264";
            foreach (var argument in (string[])["-preset", Preset, "-profile:v", Profile, "-pix_fmt", "yuv420p", "-threads", "1", "-sc_threshold", "0",
                "-g", Invariant($"{KeyframeInterval}"), "-keyint_min", Invariant($"{KeyframeInterval}"), "-bf", Invariant($"{BFrames}"),
                "-b:v", Invariant($"{VideoKbps}k"), "-maxrate", Invariant($"{VideoKbps}k"), "-bufsize", Invariant($"{VideoKbps}k")])
                yield return argument;
            if (ConstantBitrate)
            {
                yield return "-x264-params";
                yield return "nal-hrd=cbr";
            }
        }
        if (AudioSampleRate is not null)
        {
            foreach (var argument in (string[])["-c:a", "aac", "-b:a", Invariant($"{AudioKbps}k"), "-ac", Invariant($"{AudioChannels}")])
                yield return argument;
        }
    }

    /// <summary>
    /// The shortest piece of at least <paramref name="seconds"/> in which whole video frames and whole AAC frames take exactly the same time, so that it can be
    /// repeated without a gap or an overlap; null when there is no such piece of reasonable length.
    /// </summary>
    internal RepeatablePiece? FindPiece(int seconds)
    {
        if (!HasVideo)
        {
            var rate = AudioSampleRate ?? throw new InvalidOperationException("Neither video nor audio.");
            var audioFrames = ((long)seconds * rate + 1023) / 1024;
            return new RepeatablePiece(0, audioFrames, audioFrames * 1024_000.0 / rate);
        }
        var first = (seconds * FrameRateNumerator + FrameRateDenominator - 1) / FrameRateDenominator;
        for (var frames = (long)first; frames < first * 8L; frames++)
        {
            var duration = frames * FrameRateDenominator;
            if (AudioSampleRate is not { } rate)
                return new RepeatablePiece(frames, 0, duration * 1000.0 / FrameRateNumerator);
            if (duration * rate % (1024L * FrameRateNumerator) == 0)
                return new RepeatablePiece(frames, duration * rate / (1024L * FrameRateNumerator), duration * 1000.0 / FrameRateNumerator);
        }
        return null;
    }

    /// <summary>Same settings, same name: the key of a cache of prepared files.</summary>
    internal string CacheKey => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ToString())))[..16];

    private static int Even(int value) => value & ~1;

    private static string Colour(TestPicture picture) => picture switch
    {
        TestPicture.Red => "0xD01010",
        TestPicture.Green => "0x10B010",
        TestPicture.Blue => "0x1010D0",
        _ => throw new ArgumentOutOfRangeException(nameof(picture), picture, "Not one colour."),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
