using StreamManager.Media.Bits;

namespace StreamManager.Media.Avc;

/// <summary>
/// The data of a P slice in which every macroblock is skipped: copied from the reference picture with a motion vector of zero. (A skipped
/// macroblock's vector is predicted from its neighbours, and is zero where these are outside the picture, or zero themselves: ITU-T H.264 section 8.4.1.1.)
/// </summary>
internal static class SkippedMacroblocks
{
    /// <summary>The slice QP that <see cref="WriteCabac"/> codes for. With it the coder starts in the surest state, and the result is smallest; it has no other effect.</summary>
    public const int CabacSliceQp = 51;

    // cabac_init_idc 0, ctxIdx 11 (table 9-13): m = 23, n = 33. At QP 51 that is state ((23 * 51) >> 4) + 33 = 106: 106 - 64 = 42, more probable symbol 1.
    private const int FirstState = 42;
    private const int LastState = 62;

    // rangeTabLPS (table 9-44) from state 42 on, four columns each.
    private static ReadOnlySpan<byte> LeastProbableRanges =>
    [
        16, 20, 23, 27, 15, 19, 22, 25, 14, 18, 21, 24, 14, 17, 20, 23, 13, 16, 19, 22, 12, 15, 18, 21, 12, 14, 17, 20,
        11, 14, 16, 19, 11, 13, 15, 18, 10, 12, 15, 17, 10, 12, 14, 16, 9, 11, 13, 15, 9, 11, 12, 14, 8, 10, 12, 14,
        8, 9, 11, 13, 7, 9, 11, 12, 7, 9, 10, 12, 7, 8, 10, 11, 6, 8, 9, 11, 6, 7, 9, 10, 6, 7, 8, 9,
    ];

    /// <summary>CAVLC: one run of skips over the whole picture, and the end of the slice.</summary>
    public static void WriteCavlc(BitWriter writer, int macroblocks)
    {
        writer.WriteUnsignedExpGolomb((uint)macroblocks); // mb_skip_run
        writer.WriteTrailingBits();
    }

    /// <summary>
    /// CABAC (section 9.3.4): for each macroblock mb_skip_flag = 1 and end_of_slice_flag, which is 1 at the last. The neighbours are skipped or outside, so
    /// that only context 11 is used, and every flag is its more probable symbol. Coding that, or "not the end", leaves the lower end of the interval where it was,
    /// at zero: so the bits are all zero up to the end, and there is nothing to carry.
    /// </summary>
    public static void WriteCabac(BitWriter writer, int macroblocks)
    {
        writer.AlignWithOnes();
        var state = FirstState;
        var range = 510;
        var bits = 0;
        for (var i = 0; i < macroblocks; i++)
        {
            range -= LeastProbableRanges[(state - FirstState) * 4 + (range >> 6 & 3)];
            state = Math.Min(state + 1, LastState);
            bits += Renormalise(ref range);
            range -= 2; // the part of "the end"
            if (i < macroblocks - 1)
                bits += Renormalise(ref range);
        }
        WriteZeros(writer, bits);
        WriteEnd(writer, low: range);
    }

    private static int Renormalise(ref int range)
    {
        var shifts = 0;
        while (range < 256)
        {
            range <<= 1;
            shifts++;
        }
        return shifts;
    }

    private static void WriteZeros(BitWriter writer, int count)
    {
        for (var left = count; left > 0; left -= 32)
            writer.WriteBits(0, Math.Min(left, 32));
    }

    // EncodeFlush (figure 9-12) puts out the ten bits of the lower end, which "the end" has moved up by the range, with the last one set: it is the slice's stop bit.
    // One bit at the start of a slice is never written (firstBitFlag). As the range is below 512, the tenth bit is zero, and nine bits account for both.
    private static void WriteEnd(BitWriter writer, int low)
    {
        writer.WriteBits((uint)(low | 1), 9);
        writer.AlignWithZeros();
    }
}
