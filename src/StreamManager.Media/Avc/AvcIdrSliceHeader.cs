using StreamManager.Media.Bits;

namespace StreamManager.Media.Avc;

/// <summary>
/// What pictures behind an IDR picture continue from: the head of its first slice (ITU-T H.264 section 7.3.3), progressive pictures only.
/// </summary>
/// <param name="PictureSetId">pic_parameter_set_id.</param>
/// <param name="PictureOrderLsb">pic_order_cnt_lsb; 0 where the stream's order is not coded that way.</param>
/// <param name="IsLongTerm">long_term_reference_flag: the picture is kept as a long-term reference.</param>
internal readonly record struct AvcIdrSliceHeader(int PictureSetId, int PictureOrderLsb, bool IsLongTerm)
{
    private const int MaxPictureSetId = 255;
    private const int MaxSliceType = 9;
    private const int MaxIdrPictureId = 65_535;
    private const int MaxRedundantPictureCount = 127;

    // Longer than any header read here, shorter than any picture.
    private const int MaxHeaderBytes = 64;

    /// <summary>The parameter set that the slice names, which must be known before the rest can be read.</summary>
    public static int ReadPictureSetId(ReadOnlySpan<byte> nal)
    {
        var reader = Open(nal);
        return ReadStart(ref reader);
    }

    /// <summary>Reads the header; the sets are those that it names. The stream must be progressive, its colour planes together.</summary>
    /// <exception cref="MediaFormatException">Cut off, or values out of range.</exception>
    public static AvcIdrSliceHeader Read(ReadOnlySpan<byte> nal, AvcSequenceParameterSet sequence, AvcPictureParameterSet picture)
    {
        var reader = Open(nal);
        var pictureSetId = ReadStart(ref reader);
        reader.Skip(sequence.Log2MaxFrameNum); // frame_num: 0 in an IDR picture
        reader.ReadUnsignedExpGolomb(MaxIdrPictureId, "idr_pic_id");
        var lsb = 0;
        if (sequence.PictureOrder is PictureOrder.InSlices order)
        {
            lsb = (int)reader.ReadBits(order.Log2MaxPicOrderCntLsb);
            if (picture.HasBottomFieldOrder)
                reader.ReadSignedExpGolomb();
        }
        else if (sequence.PictureOrder is PictureOrder.Pattern { DeltaAlwaysZero: false })
        {
            reader.ReadSignedExpGolomb();
            if (picture.HasBottomFieldOrder)
                reader.ReadSignedExpGolomb();
        }
        if (picture.HasRedundantPictureCount)
            reader.ReadUnsignedExpGolomb(MaxRedundantPictureCount, "redundant_pic_cnt");
        reader.Skip(1); // no_output_of_prior_pics_flag
        return new AvcIdrSliceHeader(pictureSetId, lsb, reader.ReadFlag());
    }

    private static BitReader Open(ReadOnlySpan<byte> nal) => NalUnits.TypeOf(nal) == NalUnitType.IdrSlice
        ? new BitReader(NalUnits.RemoveEmulationPrevention(nal[1..Math.Min(nal.Length, MaxHeaderBytes)]))
        : throw new MediaFormatException("Not a slice of an IDR picture.");

    private static int ReadStart(ref BitReader reader)
    {
        reader.ReadUnsignedExpGolomb(); // first_mb_in_slice
        reader.ReadUnsignedExpGolomb(MaxSliceType, "slice_type");
        return reader.ReadUnsignedExpGolomb(MaxPictureSetId, "pic_parameter_set_id");
    }
}
