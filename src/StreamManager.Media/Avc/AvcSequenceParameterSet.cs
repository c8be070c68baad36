using System.Collections.Immutable;
using StreamManager.Media.Bits;
using StreamManager.Media.Formats;

namespace StreamManager.Media.Avc;

/// <summary>How the pictures' order is coded (ITU-T H.264 section 8.2.1).</summary>
public abstract record PictureOrder
{
    private PictureOrder()
    {
    }

    /// <summary>Type 0: low bits of the order count in every slice.</summary>
    public sealed record InSlices(int Log2MaxPicOrderCntLsb) : PictureOrder;

    /// <summary>Type 1: a pattern that repeats.</summary>
    public sealed record Pattern(
        bool DeltaAlwaysZero, int OffsetForNonReference, int OffsetForTopToBottom, ImmutableArray<int> OffsetsForReferences) : PictureOrder;

    /// <summary>Type 2: output order is decoding order.</summary>
    public sealed record Decoding : PictureOrder;
}

/// <summary>
/// H.264's sequence parameter set (ITU-T H.264 section 7.3.2.1.1 and annex E.1.1), read as far as a server needs that describes streams and writes
/// slices that refer to it.
/// </summary>
public sealed record AvcSequenceParameterSet
{
    private const int MaxId = 31;
    private const int MaxReferenceFramesInCycle = 255;
    private const int MaxReferenceFrames = 16;
    private const int MaxCpbCount = 32;
    private const int MacroblockSize = 16;

    // Level 6.2, the highest: 139,264 macroblocks in a picture, and no side longer than sqrt(8 times that) (table A-1 and A.3.1).
    private const int MaxMacroblocks = 139_264;
    private const int MaxMacroblocksPerSide = 1055;

    /// <summary>seq_parameter_set_id, 0 to 31.</summary>
    public int Id { get; private init; }

    /// <summary>profile_idc: 66 baseline, 77 main, 100 high …</summary>
    public byte ProfileIdc { get; private init; }

    /// <summary>The byte with constraint_set0_flag (bit 7) to constraint_set5_flag (bit 2).</summary>
    public byte ConstraintFlags { get; private init; }

    /// <summary>level_idc: 41 is level 4.1.</summary>
    public byte LevelIdc { get; private init; }

    /// <summary>chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.</summary>
    public int ChromaFormatIdc { get; private init; } = 1;

    /// <summary>The three colour planes are coded apart (4:4:4 only).</summary>
    public bool SeparateColourPlanes { get; private init; }

    /// <summary>Bits per luma sample.</summary>
    public int BitDepthLuma { get; private init; } = 8;

    /// <summary>Bits per chroma sample.</summary>
    public int BitDepthChroma { get; private init; } = 8;

    /// <summary>Bits of frame_num in slice headers, 4 to 16.</summary>
    public int Log2MaxFrameNum { get; private init; }

    /// <summary>pic_order_cnt_type and its fields.</summary>
    public PictureOrder PictureOrder { get; private init; } = new PictureOrder.Decoding();

    /// <summary>max_num_ref_frames, 0 to 16.</summary>
    public int MaxReferences { get; private init; }

    /// <summary>frame_mbs_only_flag: the stream is progressive, field coding is out of the question.</summary>
    public bool FrameMacroblocksOnly { get; private init; }

    /// <summary>mb_adaptive_frame_field_flag.</summary>
    public bool MacroblockAdaptiveFrameField { get; private init; }

    /// <summary>Width in macroblocks.</summary>
    public int WidthInMacroblocks { get; private init; }

    /// <summary>Height of a frame in macroblocks.</summary>
    public int HeightInMacroblocks { get; private init; }

    /// <summary>Displayed width in pixels, cropping taken off.</summary>
    public int Width { get; private init; }

    /// <summary>Displayed height in pixels, cropping taken off.</summary>
    public int Height { get; private init; }

    /// <summary>Video usability information; null where the set has none.</summary>
    public AvcVideoUsability? Usability { get; private init; }

    /// <summary>Frames a second by the timing in the usability information; null where it says none.</summary>
    public FrameRate? FrameRate => Usability?.FrameRate;

    /// <summary>Reads a NAL unit of type 7.</summary>
    /// <exception cref="MediaFormatException">Another type, cut off, or values that no level allows.</exception>
    public static AvcSequenceParameterSet Read(ReadOnlySpan<byte> nal)
    {
        if (NalUnits.TypeOf(nal) != NalUnitType.SequenceParameterSet)
            throw new MediaFormatException("Not a sequence parameter set.");
        var reader = new BitReader(NalUnits.RemoveEmulationPrevention(nal[1..]));
        var set = new AvcSequenceParameterSet
        {
            ProfileIdc = (byte)reader.ReadBits(8),
            ConstraintFlags = (byte)reader.ReadBits(8),
            LevelIdc = (byte)reader.ReadBits(8),
            Id = reader.ReadUnsignedExpGolomb(MaxId, "seq_parameter_set_id"),
        };
        if (HasChromaFormat(set.ProfileIdc))
            set = set.ReadChromaFormat(ref reader);
        set = set with
        {
            Log2MaxFrameNum = 4 + reader.ReadUnsignedExpGolomb(12, "log2_max_frame_num_minus4"),
            PictureOrder = ReadPictureOrder(ref reader),
            MaxReferences = reader.ReadUnsignedExpGolomb(MaxReferenceFrames, "max_num_ref_frames"),
        };
        reader.Skip(1); // gaps_in_frame_num_value_allowed_flag
        set = set.ReadSize(ref reader);
        return reader.ReadFlag() ? set with { Usability = AvcVideoUsability.Read(ref reader, MaxCpbCount) } : set;
    }

    /// <summary>seq_parameter_set_id of a NAL unit of type 7, without reading the rest.</summary>
    /// <exception cref="MediaFormatException">Another type, or cut off.</exception>
    public static int ReadId(ReadOnlySpan<byte> nal)
    {
        if (NalUnits.TypeOf(nal) != NalUnitType.SequenceParameterSet)
            throw new MediaFormatException("Not a sequence parameter set.");
        // Type, profile, flags and level are 4 bytes; an id of at most 31 takes 11 bits behind them.
        var reader = new BitReader(NalUnits.RemoveEmulationPrevention(nal[..Math.Min(nal.Length, 8)]));
        reader.Skip(32);
        return reader.ReadUnsignedExpGolomb(MaxId, "seq_parameter_set_id");
    }

    // The profiles whose sets carry chroma format, bit depths and scaling matrices (section 7.3.2.1.1).
    internal static bool HasChromaFormat(byte profileIdc) =>
        profileIdc is 100 or 110 or 122 or 244 or 44 or 83 or 86 or 118 or 128 or 138 or 139 or 134 or 135;

    private AvcSequenceParameterSet ReadChromaFormat(ref BitReader reader)
    {
        var chromaFormat = reader.ReadUnsignedExpGolomb(3, "chroma_format_idc");
        var set = this with
        {
            ChromaFormatIdc = chromaFormat,
            SeparateColourPlanes = chromaFormat == 3 && reader.ReadFlag(),
            BitDepthLuma = 8 + reader.ReadUnsignedExpGolomb(6, "bit_depth_luma_minus8"),
            BitDepthChroma = 8 + reader.ReadUnsignedExpGolomb(6, "bit_depth_chroma_minus8"),
        };
        reader.Skip(1); // qpprime_y_zero_transform_bypass_flag
        if (reader.ReadFlag())
            ScalingLists.Skip(ref reader, chromaFormat == 3 ? 12 : 8);
        return set;
    }

    private static PictureOrder ReadPictureOrder(ref BitReader reader)
    {
        switch (reader.ReadUnsignedExpGolomb(2, "pic_order_cnt_type"))
        {
            case 0:
                return new PictureOrder.InSlices(4 + reader.ReadUnsignedExpGolomb(12, "log2_max_pic_order_cnt_lsb_minus4"));
            case 1:
                var alwaysZero = reader.ReadFlag();
                var nonReference = reader.ReadSignedExpGolomb();
                var topToBottom = reader.ReadSignedExpGolomb();
                var offsets = new int[reader.ReadUnsignedExpGolomb(MaxReferenceFramesInCycle, "num_ref_frames_in_pic_order_cnt_cycle")];
                for (var i = 0; i < offsets.Length; i++)
                    offsets[i] = reader.ReadSignedExpGolomb();
                return new PictureOrder.Pattern(alwaysZero, nonReference, topToBottom, [.. offsets]);
            default:
                return new PictureOrder.Decoding();
        }
    }

    private AvcSequenceParameterSet ReadSize(ref BitReader reader)
    {
        var width = 1 + reader.ReadUnsignedExpGolomb(MaxMacroblocksPerSide - 1, "pic_width_in_mbs_minus1");
        var mapUnits = 1 + reader.ReadUnsignedExpGolomb(MaxMacroblocksPerSide - 1, "pic_height_in_map_units_minus1");
        var frameOnly = reader.ReadFlag();
        var adaptive = !frameOnly && reader.ReadFlag();
        var height = frameOnly ? mapUnits : mapUnits * 2;
        if (width * height > MaxMacroblocks)
            throw new MediaFormatException($"A picture of {width} by {height} macroblocks is larger than any level allows.");
        reader.Skip(1); // direct_8x8_inference_flag
        var (cropWidth, cropHeight) = reader.ReadFlag() ? ReadCropping(ref reader, frameOnly) : (0, 0);
        var displayWidth = width * MacroblockSize - cropWidth;
        var displayHeight = height * MacroblockSize - cropHeight;
        if (displayWidth <= 0 || displayHeight <= 0)
            throw new MediaFormatException("The cropping leaves no picture.");
        return this with
        {
            WidthInMacroblocks = width,
            HeightInMacroblocks = height,
            FrameMacroblocksOnly = frameOnly,
            MacroblockAdaptiveFrameField = adaptive,
            Width = (int)displayWidth,
            Height = (int)displayHeight,
        };
    }

    private (long Width, long Height) ReadCropping(ref BitReader reader, bool frameOnly)
    {
        long horizontal = (long)reader.ReadUnsignedExpGolomb() + reader.ReadUnsignedExpGolomb();
        long vertical = (long)reader.ReadUnsignedExpGolomb() + reader.ReadUnsignedExpGolomb();
        // The units of table 6-1 and equations 7-19 to 7-22: a chroma sample, and twice that in height for streams that may have fields.
        var chromaArrayType = SeparateColourPlanes ? 0 : ChromaFormatIdc;
        var unitX = chromaArrayType is 1 or 2 ? 2 : 1;
        var unitY = (chromaArrayType == 1 ? 2 : 1) * (frameOnly ? 1 : 2);
        return (horizontal * unitX, vertical * unitY);
    }
}
