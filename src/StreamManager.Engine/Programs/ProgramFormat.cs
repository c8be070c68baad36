using System.Security.Cryptography;
using System.Text;
using StreamManager.Media.Aac;
using StreamManager.Media.Avc;
using StreamManager.Media.Formats;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Programs;

/// <summary>
/// How a program's pictures and sound are coded: fixed for as long as it is on air, because platforms punish a change. Taken from the first source;
/// everything that joins later (clips, a source that came back different) is made to match it.
/// </summary>
public sealed record ProgramFormat
{
    /// <summary>The video codec.</summary>
    public FourCc VideoCodec { get; init; } = FourCc.Avc;

    /// <summary>Width of the shown picture in pixels.</summary>
    public required int Width { get; init; }

    /// <summary>Height of the shown picture in pixels.</summary>
    public required int Height { get; init; }

    /// <summary>Pictures a second; <see cref="DefaultFrameRate"/> where the source does not say.</summary>
    public FrameRate FrameRate { get; init; } = DefaultFrameRate;

    /// <summary>H.264 <c>profile_idc</c> (66 Baseline, 77 Main, 100 High, …).</summary>
    public byte ProfileIdc { get; init; } = 100;

    /// <summary>H.264 <c>level_idc</c>: ten times the level; 9 is level 1b.</summary>
    public byte LevelIdc { get; init; } = 40;

    /// <summary><c>chroma_format_idc</c>: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.</summary>
    public int ChromaFormat { get; init; } = 1;

    /// <summary>Bits a sample, the greater of luma and chroma.</summary>
    public int BitDepth { get; init; } = 8;

    /// <summary>Bytes of the length in front of each NAL unit: one decoder configuration says it for all that joins.</summary>
    public int NalLengthSize { get; init; } = 4;

    /// <summary>Sample (pixel) aspect ratio; null = not said, which is shown as square.</summary>
    public (int Width, int Height)? SampleAspectRatio { get; init; }

    /// <summary>Range and colour space.</summary>
    public ColourDescription Colour { get; init; } = ColourDescription.Unspecified;

    /// <summary>Pictures that a decoder must hold back to show them in order; null where the source does not say.</summary>
    public int? ReorderDepth { get; init; }

    /// <summary>
    /// Presentation time minus decode time of the source's key frames, in milliseconds. Everything that joins carries the same, so that presentation time never
    /// steps. Fits the 24 bits of a tag header.
    /// </summary>
    public int CompositionOffsetMilliseconds { get; init; }

    /// <summary>Bit n is set when the source uses sequence parameter set n or picture parameter set n (0 to 31).</summary>
    public uint UsedParameterSetIds { get; init; } = 1;

    /// <summary>How the sound is coded.</summary>
    public AudioSpecificConfig Audio { get; init; } = DefaultAudio;

    /// <summary>30 a second.</summary>
    public static FrameRate DefaultFrameRate { get; } = FrameRate.Create(30, 1)!.Value;

    /// <summary>AAC-LC, 48 kHz, stereo.</summary>
    public static AudioSpecificConfig DefaultAudio { get; } = AudioSpecificConfig.CreateLowComplexity(48000, 2);

    /// <summary>
    /// Names all that an encoder must know: two formats with the same key have clips with the same bytes. SHA-256 of a canonical text, in lower-case hex.
    /// The composition offset is not part of it: it differs by a millisecond from session to session and is written into a clip when it is loaded.
    /// </summary>
    public string CacheKey => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(CanonicalText)));

    // The leading number is raised when the way clips are made changes, so that older cache files are not taken for new ones.
    private string CanonicalText =>
        $"1 {VideoCodec} {Width}x{Height} rate {FrameRate} profile {ProfileIdc} level {LevelIdc} chroma {ChromaFormat} depth {BitDepth} length {NalLengthSize}"
        + $" sar {SampleAspectRatio?.Width ?? 0}:{SampleAspectRatio?.Height ?? 0} range {Colour.IsFullRange} colour {Colour.Primaries}/{Colour.Transfer}/{Colour.Matrix}"
        + $" ids {UsedParameterSetIds:x8} audio {Audio.ObjectType} {Audio.SampleRate} {Audio.ChannelConfiguration} {Audio.SamplesPerFrame} {Audio.HasSbr}";

    /// <summary>The format of an H.264 source.</summary>
    /// <param name="video">Its decoder configuration; the first sequence parameter set describes the picture.</param>
    /// <param name="audio">Its AudioSpecificConfig; null = none seen, <see cref="DefaultAudio"/>.</param>
    /// <param name="frameRate">The rate as measured or announced; null = as the parameter set says, or <see cref="DefaultFrameRate"/>.</param>
    /// <param name="compositionOffsetMilliseconds">The offset that its key frames were seen with.</param>
    /// <exception cref="Media.MediaFormatException">A parameter set cannot be read.</exception>
    public static ProgramFormat FromSource(
        AvcDecoderConfiguration video, AudioSpecificConfig? audio, FrameRate? frameRate = null, int compositionOffsetMilliseconds = 0)
    {
        var sps = AvcSequenceParameterSet.Read(video.SequenceParameterSets[0].Span);
        var used = 0u;
        foreach (var set in video.SequenceParameterSets) used |= 1u << AvcSequenceParameterSet.ReadId(set.Span);
        foreach (var set in video.PictureParameterSets)
        {
            if (AvcPictureParameterSet.ReadId(set.Span) is < 32 and var id) used |= 1u << id;
        }

        return new()
        {
            Width = sps.Width,
            Height = sps.Height,
            FrameRate = frameRate ?? sps.FrameRate ?? DefaultFrameRate,
            ProfileIdc = sps.ProfileIdc,
            LevelIdc = sps.LevelIdc,
            ChromaFormat = sps.ChromaFormatIdc,
            BitDepth = Math.Max(sps.BitDepthLuma, sps.BitDepthChroma),
            NalLengthSize = video.LengthSize,
            SampleAspectRatio = sps.Usability?.SampleAspectRatio,
            Colour = sps.Usability?.Colour ?? ColourDescription.Unspecified,
            ReorderDepth = sps.Usability?.MaxReorderFrames,
            CompositionOffsetMilliseconds = compositionOffsetMilliseconds,
            UsedParameterSetIds = used,
            Audio = audio ?? DefaultAudio,
        };
    }
}
