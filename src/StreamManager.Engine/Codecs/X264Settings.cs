using StreamManager.Engine.Programs;
using StreamManager.Media.Formats;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Codecs;

/// <summary>
/// Turns a <see cref="ProgramFormat"/> into x264's arguments. The only place that does: the slate, an image, a video and a live transcode of one program all carry
/// byte-identical sequence and picture parameter sets, so that one decoder configuration, sent once, is right for all of them.
/// </summary>
/// <remarks>
/// What x264 lets flow into the sets beside the format is therefore pinned here: reference frames, B-frames, weighted prediction, psychovisual offsets, the initial QP
/// (<c>stitchable</c>) and timing. Presets and tunes are free to differ in all else.
/// </remarks>
internal sealed record X264Settings
{
    // Largest id for a sequence parameter set (H.264 7.4.2.1.1). Encoders count from 0, so the search goes downwards.
    private const int MaxParameterSetId = 31;

    private static readonly byte[] KnownLevels = [9, 10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52, 60, 61, 62];

    private static readonly string[] Primaries =
        ["", "bt709", "", "", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428", "smpte431", "smpte432"];

    private static readonly string[] Transfers =
    [
        "", "bt709", "", "", "bt470m", "bt470bg", "smpte170m", "smpte240m", "linear", "log100", "log316", "iec61966-2-4", "bt1361e", "iec61966-2-1",
        "bt2020-10", "bt2020-12", "smpte2084", "smpte428", "arib-std-b67",
    ];

    private static readonly string[] Matrices =
        ["", "bt709", "", "", "fcc", "bt470bg", "smpte170m", "smpte240m", "YCgCo", "bt2020nc", "bt2020c", "smpte2085", "chroma-derived-nc", "chroma-derived-c", "ICtCp"];

    private X264Settings(ProgramFormat format, int parameterSetId)
    {
        Format = format;
        ParameterSetId = parameterSetId;
    }

    /// <summary>The format that is met.</summary>
    public ProgramFormat Format { get; }

    /// <summary>Id of both our sets: one that the source does not use.</summary>
    public int ParameterSetId { get; }

    /// <summary>Frames from one IDR to the next: two seconds, closed.</summary>
    public int KeyframeInterval => (int)Math.Max(1, Math.Round(2 * Format.FrameRate.PerSecond));

    /// <summary>False: x264 cannot make packets that fit, and <paramref name="problem"/> says why in words.</summary>
    public static bool TryCreate(ProgramFormat format, out X264Settings? settings, out string problem)
    {
        settings = null;
        problem = ProblemOf(format);
        if (problem.Length > 0) return false;

        var id = MaxParameterSetId;
        while (id >= 0 && (format.UsedParameterSetIds >> id & 1) != 0) id--;
        if (id < 0)
        {
            problem = "the source uses every parameter set id there is";
            return false;
        }

        settings = new(format, id);
        return true;
    }

    /// <summary>Options for a clip: quality first, within the bit rate.</summary>
    /// <param name="bitrateKbps">Ceiling of the bit rate in kbit/s.</param>
    /// <param name="still">True for a picture that does not move.</param>
    public IReadOnlyList<string> ForClip(int bitrateKbps, bool still) =>
    [
        .. Common(bitrateKbps),
        // Stills cost next to nothing after the first frame, so the first may be good; "tune stillimage" would alter the picture parameter set.
        .. still ? (string[])["-crf", "18"] : ["-b:v", Kilobits(bitrateKbps)],
        "-x264-params", Parameters(still ? "aq-strength=1.2:deblock=-3,-3" : "rc-lookahead=20"),
    ];

    /// <summary>Options for a live transcode: a picture leaves as soon as it is coded.</summary>
    /// <param name="bitrateKbps">Bit rate in kbit/s.</param>
    public IReadOnlyList<string> ForLive(int bitrateKbps) =>
    [
        .. Common(bitrateKbps),
        "-b:v", Kilobits(bitrateKbps),
        // What "tune zerolatency" sets, spelled out: no look-ahead, slices instead of frames in parallel.
        "-x264-params", Parameters("rc-lookahead=0:sync-lookahead=0:mbtree=0:sliced-threads=1"),
    ];

    /// <summary>
    /// The filters that bring any picture to the program's size, shape and colour: the whole of it is shown, the rest is black.
    /// </summary>
    /// <param name="colour">Colour of the input where it does not say itself; null = let the decoder's word stand.</param>
    public string FitFilter(ColourDescription? colour = null)
    {
        var sar = SampleAspect;
        // `dar` is the input's display aspect ratio: pixels of the input and of the program need not be square.
        var width = $"max(2,2*trunc(min({Format.Width},{Format.Height}*dar*{sar.Height}/{sar.Width})/2))";
        var height = $"max(2,2*trunc(min({Format.Height},{Format.Width}*{sar.Width}/{sar.Height}/dar)/2))";
        var range = Format.Colour.IsFullRange ? "pc" : "tv";
        var from = colour is { } known ? $":in_color_matrix={ScalerMatrix(known.Matrix, Format.Height)}:in_range={(known.IsFullRange ? "pc" : "tv")}" : "";
        return $"scale=w='{width}':h='{height}':flags=bicubic:out_color_matrix={ScalerMatrix(Format.Colour.Matrix, Format.Height)}:out_range={range}{from},"
            + $"format={PixelFormat},pad={Format.Width}:{Format.Height}:-1:-1:black,setsar={(Format.SampleAspectRatio is null ? "0" : $"{sar.Width}/{sar.Height}")}";
    }

    private const string PixelFormat = "yuv420p";

    private (int Width, int Height) SampleAspect => Format.SampleAspectRatio ?? (1, 1);

    private static string ProblemOf(ProgramFormat format)
    {
        if (format.VideoCodec != FourCc.Avc) return $"the program's video codec is {format.VideoCodec}, and clips are made in H.264 only";
        if (format.ProfileIdc is not (66 or 77 or 100)) return $"the program's H.264 profile ({format.ProfileIdc}) is none of Baseline, Main and High";
        if (format.ChromaFormat != 1 || format.BitDepth != 8) return "the program's pictures are not 4:2:0 with 8 bits";
        if (format.Width is < 16 or > 8192 || format.Height is < 16 or > 8192) return $"a picture of {format.Width}x{format.Height} cannot be made";
        if (format.Width % 2 != 0 || format.Height % 2 != 0) return $"a 4:2:0 picture of {format.Width}x{format.Height} has odd sides";
        if (format.NalLengthSize != 4) return $"the program's NAL units have lengths of {format.NalLengthSize} bytes instead of 4";
        return format.FrameRate.PerSecond is >= 1 and <= 240 ? "" : $"{format.FrameRate.PerSecond:0.##} pictures a second cannot be made";
    }

    private static string Kilobits(int value) => $"{value}k";

    // Unspecified is what encoders leave out most; players take BT.709 for HD and BT.601 below, and so do we.
    private static string ScalerMatrix(byte matrix, int height) => matrix switch
    {
        1 => "bt709",
        4 => "fcc",
        5 or 6 => "bt601",
        7 => "smpte240m",
        9 or 10 => "bt2020",
        _ => height >= 720 ? "bt709" : "bt601",
    };

    private static string Named(string option, string[] names, byte value) =>
        value < names.Length && names[value].Length > 0 ? $":{option}={names[value]}" : "";

    private string[] Common(int bitrateKbps) =>
    [
        "-c:v", "libx264", "-preset", "veryfast", "-profile:v", ProfileName, "-pix_fmt", PixelFormat, "-r", Format.FrameRate.ToString(),
        "-maxrate", Kilobits(bitrateKbps), "-bufsize", Kilobits(2 * bitrateKbps),
    ];

    private string ProfileName => Format.ProfileIdc switch { 66 => "baseline", 77 => "main", _ => "high" };

    private string Parameters(string more)
    {
        var level = KnownLevels.FirstOrDefault(known => known >= Format.LevelIdc, KnownLevels[^1]);
        var tools = Format.ProfileIdc switch { 66 => "cabac=0:8x8dct=0", 77 => "cabac=1:8x8dct=0", _ => "cabac=1:8x8dct=1" };
        return $"sps-id={ParameterSetId}:level={(level == 9 ? "1b" : level)}:{tools}:keyint={KeyframeInterval}:min-keyint={KeyframeInterval}:scenecut=0:open-gop=0"
            + ":bframes=0:ref=1:weightp=0:psy=0:chroma-qp-offset=0:stitchable=1:force-cfr=1:nal-hrd=none:pic-struct=0:aud=0:repeat-headers=0"
            + $":fullrange={(Format.Colour.IsFullRange ? "on" : "off")}{Named("colorprim", Primaries, Format.Colour.Primaries)}"
            + $"{Named("transfer", Transfers, Format.Colour.Transfer)}{Named("colormatrix", Matrices, Format.Colour.Matrix)}:{more}";
    }
}
