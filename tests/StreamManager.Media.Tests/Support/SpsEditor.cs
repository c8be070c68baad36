using StreamManager.Media.Avc;
using StreamManager.Media.Bits;

namespace StreamManager.Media.Tests.Support;

/// <summary>Changes a baseline sequence parameter set into one that encoders at hand do not write.</summary>
internal static class SpsEditor
{
    /// <summary>Replaces pic_order_cnt_type 2 by type 1 with these offsets, and deltas that are always zero.</summary>
    public static byte[] WithOrderByPattern(ReadOnlySpan<byte> sps, int[] offsets)
    {
        var raw = NalUnits.RemoveEmulationPrevention(sps[1..]);
        var reader = new BitReader(raw);
        reader.Skip(24);
        reader.ReadUnsignedExpGolomb(); // id
        reader.ReadUnsignedExpGolomb(); // log2_max_frame_num_minus4
        var writer = new BitWriter();
        Copy(new BitReader(raw), writer, reader.Position);
        Assert.Equal(2u, reader.ReadUnsignedExpGolomb());
        writer.WriteUnsignedExpGolomb(1);
        writer.WriteFlag(true); // delta_pic_order_always_zero_flag
        writer.WriteSignedExpGolomb(-1); // offset_for_non_ref_pic
        writer.WriteSignedExpGolomb(0); // offset_for_top_to_bottom_field
        writer.WriteUnsignedExpGolomb((uint)offsets.Length);
        foreach (var offset in offsets)
            writer.WriteSignedExpGolomb(offset);
        var lastByte = raw[^1];
        var padding = System.Numerics.BitOperations.TrailingZeroCount(lastByte) + 1;
        Copy(reader, writer, reader.Remaining - padding);
        writer.WriteTrailingBits();
        return [sps[0], .. NalUnits.AddEmulationPrevention(writer.ToArray())];
    }

    private static void Copy(BitReader from, BitWriter to, long bits)
    {
        for (var i = 0L; i < bits; i++)
            to.WriteFlag(from.ReadFlag());
    }
}
