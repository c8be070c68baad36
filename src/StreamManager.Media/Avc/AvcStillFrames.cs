using StreamManager.Media.Bits;

namespace StreamManager.Media.Avc;

/// <summary>
/// Makes pictures that repeat a key frame exactly, without an encoder: P pictures of one slice in which every macroblock is skipped (ITU-T H.264
/// section 7.3.3). With them a server that cannot encode holds the last picture at full frame rate for some ten bytes a frame. Each is a reference picture
/// and repeats the one before it, so that they follow the key frame in order, without gap. Immutable.
/// </summary>
public sealed class AvcStillFrames
{
    private const int PSliceInWholePicture = 5;
    private const int NalHeader = 2 << 5 | (int)NalUnitType.Slice;
    private const int NoDeblocking = 1;

    private readonly AvcSequenceParameterSet _sequence;
    private readonly AvcPictureParameterSet _picture;
    private readonly int _firstPictureOrderLsb;

    private AvcStillFrames(AvcSequenceParameterSet sequence, AvcPictureParameterSet picture, int firstPictureOrderLsb)
    {
        _sequence = sequence;
        _picture = picture;
        _firstPictureOrderLsb = firstPictureOrderLsb;
    }

    /// <summary>
    /// Prepares the repetition of a key frame. Null for what cannot be repeated so: a key frame that is no IDR picture, interlaced streams, slice groups,
    /// separate colour planes, streams without reference pictures, parameter sets that are missing, and picture order patterns that do not rise.
    /// </summary>
    /// <param name="configuration">The stream's configuration.</param>
    /// <param name="keyframe">The key frame's NAL units behind their lengths (a tag's payload). Parameter sets in it go before the configuration's.</param>
    /// <exception cref="MediaFormatException">The key frame or a parameter set is broken.</exception>
    public static AvcStillFrames? Create(AvcDecoderConfiguration configuration, ReadOnlySpan<byte> keyframe)
    {
        var sequenceSets = new Dictionary<int, AvcSequenceParameterSet>();
        var pictureSets = new Dictionary<int, AvcPictureParameterSet>();
        foreach (var nal in configuration.ParameterSets)
            Collect(nal.Span, sequenceSets, pictureSets);
        foreach (var range in NalUnits.ReadLengthPrefixed(keyframe, configuration.LengthSize))
        {
            var nal = keyframe[range];
            if (NalUnits.TypeOf(nal) == NalUnitType.IdrSlice)
                return Create(nal, sequenceSets, pictureSets);
            Collect(nal, sequenceSets, pictureSets);
        }
        return null;
    }

    /// <summary>
    /// The NAL unit of repetition number <paramref name="index"/>, counted from 1 behind the key frame: a whole access unit, without length or start code.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is below 1.</exception>
    public byte[] CreateNalUnit(long index) => CreateNalUnit(index, _sequence.WidthInMacroblocks * _sequence.HeightInMacroblocks);

    /// <summary>The same with another count of macroblocks than the picture's: for the test that a decoder sees the difference.</summary>
    internal byte[] CreateNalUnit(long index, int macroblocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(index, 1);
        var writer = new BitWriter(capacity: 64);
        WriteHeader(writer, index);
        if (_picture.IsCabac)
            SkippedMacroblocks.WriteCabac(writer, macroblocks);
        else
            SkippedMacroblocks.WriteCavlc(writer, macroblocks);
        return [NalHeader, .. NalUnits.AddEmulationPrevention(writer.ToArray())];
    }

    private static AvcStillFrames? Create(
        ReadOnlySpan<byte> slice, Dictionary<int, AvcSequenceParameterSet> sequenceSets, Dictionary<int, AvcPictureParameterSet> pictureSets)
    {
        var isKnown = pictureSets.TryGetValue(AvcIdrSliceHeader.ReadPictureSetId(slice), out var picture);
        if (!isKnown || !sequenceSets.TryGetValue(picture!.SequenceId, out var sequence) || !CanRepeat(sequence, picture))
            return null;
        var header = AvcIdrSliceHeader.Read(slice, sequence, picture);
        return header.IsLongTerm ? null : new AvcStillFrames(sequence, picture, header.PictureOrderLsb);
    }

    private static void Collect(
        ReadOnlySpan<byte> nal, Dictionary<int, AvcSequenceParameterSet> sequenceSets, Dictionary<int, AvcPictureParameterSet> pictureSets)
    {
        switch (NalUnits.TypeOf(nal))
        {
            case NalUnitType.SequenceParameterSet:
                var sequence = AvcSequenceParameterSet.Read(nal);
                sequenceSets[sequence.Id] = sequence;
                break;
            case NalUnitType.PictureParameterSet:
                var picture = AvcPictureParameterSet.Read(nal);
                pictureSets[picture.Id] = picture;
                break;
        }
    }

    private static bool CanRepeat(AvcSequenceParameterSet sequence, AvcPictureParameterSet picture) =>
        sequence is { FrameMacroblocksOnly: true, SeparateColourPlanes: false, MaxReferences: > 0 }
        && picture.SliceGroups == 1
        && Rises(sequence.PictureOrder);

    // By a pattern (type 1) a reference picture's order is the sum of the offsets so far: all must be positive, or pictures would be shown in another order.
    // Where the slices may add to that, the key frame may have done so, and what follows would have to know by how much.
    private static bool Rises(PictureOrder order) => order is not PictureOrder.Pattern pattern
        || (pattern.DeltaAlwaysZero && !pattern.OffsetsForReferences.IsEmpty && pattern.OffsetsForReferences.All(offset => offset > 0));

    // slice_header() of section 7.3.3, for nal_unit_type 1, nal_ref_idc 2, a progressive picture.
    private void WriteHeader(BitWriter writer, long index)
    {
        writer.WriteUnsignedExpGolomb(0); // first_mb_in_slice
        writer.WriteUnsignedExpGolomb(PSliceInWholePicture);
        writer.WriteUnsignedExpGolomb((uint)_picture.Id);
        writer.WriteBits(LowBits(index, _sequence.Log2MaxFrameNum), _sequence.Log2MaxFrameNum);
        WritePictureOrder(writer, index);
        if (_picture.HasRedundantPictureCount)
            writer.WriteUnsignedExpGolomb(0);
        WriteReferences(writer);
        writer.WriteFlag(false); // adaptive_ref_pic_marking_mode_flag: the oldest reference goes
        if (_picture.IsCabac)
            writer.WriteUnsignedExpGolomb(0); // cabac_init_idc
        writer.WriteSignedExpGolomb(_picture.IsCabac ? SkippedMacroblocks.CabacSliceQp - _picture.InitialQp : 0); // slice_qp_delta
        if (_picture.HasDeblockingControl)
            writer.WriteUnsignedExpGolomb(NoDeblocking);
    }

    private void WritePictureOrder(BitWriter writer, long index)
    {
        // Types 1 (with no deltas) and 2 follow from frame_num.
        if (_sequence.PictureOrder is not PictureOrder.InSlices order)
            return;
        // A frame counts as two fields.
        writer.WriteBits(LowBits(_firstPictureOrderLsb + 2 * index, order.Log2MaxPicOrderCntLsb), order.Log2MaxPicOrderCntLsb);
        if (_picture.HasBottomFieldOrder)
            writer.WriteSignedExpGolomb(0); // delta_pic_order_cnt_bottom
    }

    // One reference: the first of the list, which is the picture before, as it is the one of the highest frame_num.
    private void WriteReferences(BitWriter writer)
    {
        var isOverride = _picture.DefaultReferencesL0 != 1;
        writer.WriteFlag(isOverride);
        if (isOverride)
            writer.WriteUnsignedExpGolomb(0); // num_ref_idx_l0_active_minus1
        writer.WriteFlag(false); // ref_pic_list_modification_flag_l0
        if (!_picture.WeightedPrediction)
            return;
        // pred_weight_table(): no weights, which is to say 1.
        var hasChroma = _sequence.ChromaFormatIdc != 0;
        writer.WriteUnsignedExpGolomb(0); // luma_log2_weight_denom
        if (hasChroma)
            writer.WriteUnsignedExpGolomb(0); // chroma_log2_weight_denom
        writer.WriteFlag(false); // luma_weight_l0_flag
        if (hasChroma)
            writer.WriteFlag(false); // chroma_weight_l0_flag
    }

    private static uint LowBits(long value, int count) => (uint)(value & (1L << count) - 1);
}
