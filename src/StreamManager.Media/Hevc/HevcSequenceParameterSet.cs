using StreamManager.Media.Avc;
using StreamManager.Media.Bits;
using StreamManager.Media.Formats;

namespace StreamManager.Media.Hevc;

/// <summary>H.265's sequence parameter set (ITU-T H.265 section 7.3.2.2 and annex E.2.1), read up to the timing: what a status line says.</summary>
public sealed record HevcSequenceParameterSet
{
    private const int NalHeaderSize = 2;
    private const int SequenceParameterSetType = 33;
    private const int MaxId = 15;

    // Level 7.2, the highest: no side longer than sqrt(8 * 142,606,336) luma samples (annex A.4.1).
    private const int MaxSide = 33_776;
    private const int MaxShortTermSets = 64;
    private const int MaxLongTermPictures = 32;
    private const int MaxPictures = 16;
    private const int ExtendedSampleAspectRatio = 255;

    /// <summary>sps_seq_parameter_set_id.</summary>
    public int Id { get; private init; }

    /// <summary>general_profile_idc: 1 Main, 2 Main 10.</summary>
    public int Profile { get; private init; }

    /// <summary>general_level_idc: 30 times the level.</summary>
    public int Level { get; private init; }

    /// <summary>chroma_format_idc: 1 is 4:2:0.</summary>
    public int ChromaFormatIdc { get; private init; }

    /// <summary>Bits per luma sample.</summary>
    public int BitDepthLuma { get; private init; }

    /// <summary>Displayed width in pixels.</summary>
    public int Width { get; private init; }

    /// <summary>Displayed height in pixels.</summary>
    public int Height { get; private init; }

    /// <summary>sps_max_num_reorder_pics of the highest sub-layer.</summary>
    public int MaxReorderPictures { get; private init; }

    /// <summary>Colours; null where nothing is signalled.</summary>
    public ColourDescription? Colour { get; private init; }

    /// <summary>Frames a second; null where the set says none.</summary>
    public FrameRate? FrameRate { get; private init; }

    /// <summary>Reads a NAL unit of type 33.</summary>
    /// <exception cref="MediaFormatException">Another type, cut off, or values that no level allows.</exception>
    public static HevcSequenceParameterSet Read(ReadOnlySpan<byte> nal)
    {
        if (nal.Length < NalHeaderSize || nal[0] >> 1 != SequenceParameterSetType)
            throw new MediaFormatException("Not an HEVC sequence parameter set.");
        var reader = new BitReader(NalUnits.RemoveEmulationPrevention(nal[NalHeaderSize..]));
        reader.Skip(4); // sps_video_parameter_set_id
        var subLayers = (int)reader.ReadBits(3);
        reader.Skip(1); // sps_temporal_id_nesting_flag
        var (profile, level) = ReadProfileTierLevel(ref reader, subLayers);
        var set = new HevcSequenceParameterSet
        {
            Profile = profile,
            Level = level,
            Id = reader.ReadUnsignedExpGolomb(MaxId, "sps_seq_parameter_set_id"),
        };
        set = set.ReadPicture(ref reader);
        var log2MaxPicOrderCntLsb = 4 + reader.ReadUnsignedExpGolomb(12, "log2_max_pic_order_cnt_lsb_minus4");
        set = set with { MaxReorderPictures = ReadOrdering(ref reader, subLayers) };
        SkipTools(ref reader, log2MaxPicOrderCntLsb);
        return reader.ReadFlag() ? set.ReadUsability(ref reader) : set;
    }

    private static (int Profile, int Level) ReadProfileTierLevel(ref BitReader reader, int subLayers)
    {
        reader.Skip(3); // profile space, tier
        var profile = (int)reader.ReadBits(5);
        reader.Skip(32 + 48); // compatibility and constraint flags
        var level = (int)reader.ReadBits(8);
        Span<bool> hasProfile = stackalloc bool[8];
        Span<bool> hasLevel = stackalloc bool[8];
        for (var i = 0; i < subLayers; i++)
            (hasProfile[i], hasLevel[i]) = (reader.ReadFlag(), reader.ReadFlag());
        if (subLayers > 0)
            reader.Skip(2 * (8 - subLayers));
        for (var i = 0; i < subLayers; i++)
            reader.Skip((hasProfile[i] ? 88 : 0) + (hasLevel[i] ? 8 : 0));
        return (profile, level);
    }

    private HevcSequenceParameterSet ReadPicture(ref BitReader reader)
    {
        var chromaFormat = reader.ReadUnsignedExpGolomb(3, "chroma_format_idc");
        var separatePlanes = chromaFormat == 3 && reader.ReadFlag();
        long width = reader.ReadUnsignedExpGolomb(MaxSide, "pic_width_in_luma_samples");
        long height = reader.ReadUnsignedExpGolomb(MaxSide, "pic_height_in_luma_samples");
        if (reader.ReadFlag())
        {
            var unitX = !separatePlanes && chromaFormat is 1 or 2 ? 2 : 1;
            var unitY = !separatePlanes && chromaFormat == 1 ? 2 : 1;
            width -= unitX * ((long)reader.ReadUnsignedExpGolomb() + reader.ReadUnsignedExpGolomb());
            height -= unitY * ((long)reader.ReadUnsignedExpGolomb() + reader.ReadUnsignedExpGolomb());
        }
        if (width <= 0 || height <= 0)
            throw new MediaFormatException("The conformance window leaves no picture.");
        var depth = 8 + reader.ReadUnsignedExpGolomb(8, "bit_depth_luma_minus8");
        reader.ReadUnsignedExpGolomb(8, "bit_depth_chroma_minus8");
        return this with { ChromaFormatIdc = chromaFormat, Width = (int)width, Height = (int)height, BitDepthLuma = depth };
    }

    private static int ReadOrdering(ref BitReader reader, int subLayers)
    {
        var reorder = 0;
        for (var i = reader.ReadFlag() ? 0 : subLayers; i <= subLayers; i++)
        {
            reader.ReadUnsignedExpGolomb(MaxPictures, "sps_max_dec_pic_buffering_minus1");
            reorder = reader.ReadUnsignedExpGolomb(MaxPictures, "sps_max_num_reorder_pics");
            reader.ReadUnsignedExpGolomb(); // sps_max_latency_increase_plus1
        }
        return reorder;
    }

    private static void SkipTools(ref BitReader reader, int log2MaxPicOrderCntLsb)
    {
        for (var i = 0; i < 6; i++)
            reader.ReadUnsignedExpGolomb(); // block sizes and hierarchy depths
        if (reader.ReadFlag() && reader.ReadFlag())
            SkipScalingLists(ref reader);
        reader.Skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
        if (reader.ReadFlag())
        {
            reader.Skip(8); // PCM sample depths
            reader.ReadUnsignedExpGolomb();
            reader.ReadUnsignedExpGolomb();
            reader.Skip(1);
        }
        SkipShortTermSets(ref reader);
        if (reader.ReadFlag())
        {
            var count = reader.ReadUnsignedExpGolomb(MaxLongTermPictures, "num_long_term_ref_pics_sps");
            reader.Skip(count * (log2MaxPicOrderCntLsb + 1L));
        }
        reader.Skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
    }

    // Section 7.3.4.
    private static void SkipScalingLists(ref BitReader reader)
    {
        for (var size = 0; size < 4; size++)
        {
            for (var matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1)
            {
                if (!reader.ReadFlag())
                {
                    reader.ReadUnsignedExpGolomb(); // scaling_list_pred_matrix_id_delta
                    continue;
                }
                var coefficients = Math.Min(64, 1 << (4 + (size << 1))) + (size > 1 ? 1 : 0);
                for (var i = 0; i < coefficients; i++)
                    reader.ReadSignedExpGolomb();
            }
        }
    }

    // Section 7.3.7. A set may be coded as a difference from the one before it: then it has an entry for each of that one's pictures and one more.
    private static void SkipShortTermSets(ref BitReader reader)
    {
        var sets = reader.ReadUnsignedExpGolomb(MaxShortTermSets, "num_short_term_ref_pic_sets");
        var pictures = 0;
        for (var set = 0; set < sets; set++)
            pictures = set > 0 && reader.ReadFlag() ? SkipPredictedSet(ref reader, pictures) : SkipPlainSet(ref reader);
    }

    private static int SkipPredictedSet(ref BitReader reader, int pictures)
    {
        reader.Skip(1); // delta_rps_sign
        reader.ReadUnsignedExpGolomb(); // abs_delta_rps_minus1
        var kept = 0;
        for (var i = 0; i <= pictures; i++)
        {
            if (reader.ReadFlag() || reader.ReadFlag())
                kept++;
        }
        return Math.Min(kept, MaxPictures);
    }

    private static int SkipPlainSet(ref BitReader reader)
    {
        var pictures = reader.ReadUnsignedExpGolomb(MaxPictures, "num_negative_pics") + reader.ReadUnsignedExpGolomb(MaxPictures, "num_positive_pics");
        for (var i = 0; i < pictures; i++)
        {
            reader.ReadUnsignedExpGolomb(); // delta_poc_minus1
            reader.Skip(1);
        }
        return pictures;
    }

    private HevcSequenceParameterSet ReadUsability(ref BitReader reader)
    {
        var set = this;
        if (reader.ReadFlag() && reader.ReadBits(8) == ExtendedSampleAspectRatio)
            reader.Skip(32);
        if (reader.ReadFlag())
            reader.Skip(1); // overscan_appropriate_flag
        if (reader.ReadFlag())
        {
            reader.Skip(3); // video_format
            var fullRange = reader.ReadFlag();
            set = set with
            {
                Colour = reader.ReadFlag()
                    ? new ColourDescription(fullRange, (byte)reader.ReadBits(8), (byte)reader.ReadBits(8), (byte)reader.ReadBits(8))
                    : ColourDescription.Unspecified with { IsFullRange = fullRange },
            };
        }
        if (reader.ReadFlag())
        {
            reader.ReadUnsignedExpGolomb(); // chroma sample locations
            reader.ReadUnsignedExpGolomb();
        }
        reader.Skip(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
        if (reader.ReadFlag())
        {
            for (var i = 0; i < 4; i++)
                reader.ReadUnsignedExpGolomb(); // default display window
        }
        if (!reader.ReadFlag())
            return set;
        var unitsInTick = reader.ReadBits(32);
        return set with { FrameRate = Formats.FrameRate.Create(reader.ReadBits(32), unitsInTick) };
    }
}
