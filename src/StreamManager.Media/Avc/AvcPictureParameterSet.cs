using StreamManager.Media.Bits;

namespace StreamManager.Media.Avc;

/// <summary>H.264's picture parameter set (ITU-T H.264 section 7.3.2.2): all that is needed to write a slice header that refers to it.</summary>
public sealed record AvcPictureParameterSet
{
    private const int MaxId = 255;
    private const int MaxSequenceId = 31;
    private const int MaxSliceGroups = 8;
    private const int MaxReferenceIndex = 31;
    private const int MaxMapUnits = 139_264;

    /// <summary>pic_parameter_set_id, 0 to 255.</summary>
    public int Id { get; private init; }

    /// <summary>The sequence parameter set that this one refers to.</summary>
    public int SequenceId { get; private init; }

    /// <summary>entropy_coding_mode_flag: CABAC, else CAVLC.</summary>
    public bool IsCabac { get; private init; }

    /// <summary>bottom_field_pic_order_in_frame_present_flag.</summary>
    public bool HasBottomFieldOrder { get; private init; }

    /// <summary>num_slice_groups_minus1 + 1.</summary>
    public int SliceGroups { get; private init; }

    /// <summary>num_ref_idx_l0_default_active_minus1 + 1.</summary>
    public int DefaultReferencesL0 { get; private init; }

    /// <summary>num_ref_idx_l1_default_active_minus1 + 1.</summary>
    public int DefaultReferencesL1 { get; private init; }

    /// <summary>weighted_pred_flag: P slices carry a table of weights.</summary>
    public bool WeightedPrediction { get; private init; }

    /// <summary>weighted_bipred_idc, 0 to 2.</summary>
    public int WeightedBiprediction { get; private init; }

    /// <summary>26 + pic_init_qp_minus26.</summary>
    public int InitialQp { get; private init; }

    /// <summary>deblocking_filter_control_present_flag: slices may turn the filter off.</summary>
    public bool HasDeblockingControl { get; private init; }

    /// <summary>constrained_intra_pred_flag.</summary>
    public bool ConstrainedIntraPrediction { get; private init; }

    /// <summary>redundant_pic_cnt_present_flag.</summary>
    public bool HasRedundantPictureCount { get; private init; }

    /// <summary>transform_8x8_mode_flag.</summary>
    public bool Transform8x8 { get; private init; }

    /// <summary>Reads a NAL unit of type 8. Its scaling matrices, the last thing in it, are not read.</summary>
    /// <exception cref="MediaFormatException">Another type, cut off, or values out of range.</exception>
    public static AvcPictureParameterSet Read(ReadOnlySpan<byte> nal)
    {
        var reader = Open(nal, nal.Length);
        var id = reader.ReadUnsignedExpGolomb(MaxId, "pic_parameter_set_id");
        var sequenceId = reader.ReadUnsignedExpGolomb(MaxSequenceId, "seq_parameter_set_id");
        var cabac = reader.ReadFlag();
        var bottomFieldOrder = reader.ReadFlag();
        var sliceGroups = 1 + reader.ReadUnsignedExpGolomb(MaxSliceGroups - 1, "num_slice_groups_minus1");
        if (sliceGroups > 1)
            SkipSliceGroups(ref reader, sliceGroups);
        var set = new AvcPictureParameterSet
        {
            Id = id,
            SequenceId = sequenceId,
            IsCabac = cabac,
            HasBottomFieldOrder = bottomFieldOrder,
            SliceGroups = sliceGroups,
            DefaultReferencesL0 = 1 + reader.ReadUnsignedExpGolomb(MaxReferenceIndex, "num_ref_idx_l0_default_active_minus1"),
            DefaultReferencesL1 = 1 + reader.ReadUnsignedExpGolomb(MaxReferenceIndex, "num_ref_idx_l1_default_active_minus1"),
            WeightedPrediction = reader.ReadFlag(),
            WeightedBiprediction = (int)reader.ReadBits(2),
            InitialQp = 26 + reader.ReadSignedExpGolomb(),
        };
        reader.ReadSignedExpGolomb(); // pic_init_qs_minus26
        reader.ReadSignedExpGolomb(); // chroma_qp_index_offset
        return set with
        {
            HasDeblockingControl = reader.ReadFlag(),
            ConstrainedIntraPrediction = reader.ReadFlag(),
            HasRedundantPictureCount = reader.ReadFlag(),
            Transform8x8 = reader.HasMoreRbspData() && reader.ReadFlag(),
        };
    }

    /// <summary>pic_parameter_set_id of a NAL unit of type 8, without reading the rest.</summary>
    /// <exception cref="MediaFormatException">Another type, or cut off.</exception>
    // An id of at most 255 takes 17 bits.
    public static int ReadId(ReadOnlySpan<byte> nal) => Open(nal, 5).ReadUnsignedExpGolomb(MaxId, "pic_parameter_set_id");

    private static BitReader Open(ReadOnlySpan<byte> nal, int length) => NalUnits.TypeOf(nal) == NalUnitType.PictureParameterSet
        ? new BitReader(NalUnits.RemoveEmulationPrevention(nal[1..Math.Min(nal.Length, length)]))
        : throw new MediaFormatException("Not a picture parameter set.");

    private static void SkipSliceGroups(ref BitReader reader, int groups)
    {
        var mapType = reader.ReadUnsignedExpGolomb(6, "slice_group_map_type");
        switch (mapType)
        {
            case 0:
                for (var i = 0; i < groups; i++)
                    reader.ReadUnsignedExpGolomb(); // run_length_minus1
                break;
            case 2:
                for (var i = 0; i < (groups - 1) * 2; i++)
                    reader.ReadUnsignedExpGolomb(); // top_left, bottom_right
                break;
            case 3 or 4 or 5:
                reader.Skip(1); // slice_group_change_direction_flag
                reader.ReadUnsignedExpGolomb(); // slice_group_change_rate_minus1
                break;
            case 6:
                var mapUnits = 1 + reader.ReadUnsignedExpGolomb(MaxMapUnits - 1, "pic_size_in_map_units_minus1");
                reader.Skip((long)mapUnits * BitsFor(groups));
                break;
        }
    }

    // Ceil(Log2(groups)) bits for each slice_group_id.
    private static int BitsFor(int groups) => groups > 4 ? 3 : groups > 2 ? 2 : 1;
}
