using StreamManager.Media.Bits;

namespace StreamManager.Media.Avc;

/// <summary>The quantisation matrices of a parameter set (ITU-T H.264 section 7.3.2.1.1.1): only their length matters here.</summary>
internal static class ScalingLists
{
    private const int SmallLists = 6;

    /// <summary>Steps over <paramref name="count"/> lists: six of 4×4, the rest of 8×8.</summary>
    public static void Skip(ref BitReader reader, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (reader.ReadFlag())
                SkipOne(ref reader, i < SmallLists ? 16 : 64);
        }
    }

    private static void SkipOne(ref BitReader reader, int size)
    {
        var last = 8;
        for (var i = 0; i < size; i++)
        {
            var delta = reader.ReadSignedExpGolomb();
            if (delta is < -128 or > 127)
                throw new MediaFormatException("delta_scale is out of range.");
            last = (last + delta) & 0xFF;
            // A next scale of zero means that the rest repeats the last one: nothing more is written.
            if (last == 0)
                return;
        }
    }
}
