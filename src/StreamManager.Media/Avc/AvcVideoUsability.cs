using StreamManager.Media.Bits;
using StreamManager.Media.Formats;

namespace StreamManager.Media.Avc;

/// <summary>H.264's video usability information (ITU-T H.264 annex E.1.1), as far as it describes the picture and its timing.</summary>
public sealed record AvcVideoUsability
{
    private const int ExtendedSampleAspectRatio = 255;

    /// <summary>Sample aspect ratio; null where the set says nothing or "unspecified".</summary>
    public (int Width, int Height)? SampleAspectRatio { get; private init; }

    /// <summary>Colours; null where nothing is signalled.</summary>
    public ColourDescription? Colour { get; private init; }

    /// <summary>Frames a second; null without timing.</summary>
    public FrameRate? FrameRate { get; private init; }

    /// <summary>fixed_frame_rate_flag.</summary>
    public bool IsFixedFrameRate { get; private init; }

    /// <summary>max_num_reorder_frames; null without bitstream restrictions.</summary>
    public int? MaxReorderFrames { get; private init; }

    /// <summary>max_dec_frame_buffering; null without bitstream restrictions.</summary>
    public int? MaxDecodedFrameBuffering { get; private init; }

    // Table E-1, entries 1 to 16.
    private static ReadOnlySpan<byte> AspectRatios =>
        [1, 1, 12, 11, 10, 11, 16, 11, 40, 33, 24, 11, 20, 11, 32, 11, 80, 33, 18, 11, 15, 11, 64, 33, 160, 99, 4, 3, 3, 2, 2, 1];

    internal static AvcVideoUsability Read(ref BitReader reader, int maxCpbCount)
    {
        var usability = new AvcVideoUsability { SampleAspectRatio = ReadAspectRatio(ref reader) };
        if (reader.ReadFlag())
            reader.Skip(1); // overscan_appropriate_flag
        if (reader.ReadFlag())
            usability = usability with { Colour = ReadColour(ref reader) };
        if (reader.ReadFlag())
        {
            reader.ReadUnsignedExpGolomb(); // chroma sample locations of both fields
            reader.ReadUnsignedExpGolomb();
        }
        if (reader.ReadFlag())
            usability = usability.ReadTiming(ref reader);
        var nalParameters = reader.ReadFlag();
        if (nalParameters)
            SkipHypotheticalDecoder(ref reader, maxCpbCount);
        var vclParameters = reader.ReadFlag();
        if (vclParameters)
            SkipHypotheticalDecoder(ref reader, maxCpbCount);
        if (nalParameters || vclParameters)
            reader.Skip(1); // low_delay_hrd_flag
        reader.Skip(1); // pic_struct_present_flag
        return reader.ReadFlag() ? usability.ReadRestrictions(ref reader) : usability;
    }

    private static (int, int)? ReadAspectRatio(ref BitReader reader)
    {
        if (!reader.ReadFlag())
            return null;
        var index = (int)reader.ReadBits(8);
        if (index == ExtendedSampleAspectRatio)
        {
            var (width, height) = ((int)reader.ReadBits(16), (int)reader.ReadBits(16));
            return width > 0 && height > 0 ? (width, height) : null;
        }
        return index > 0 && index * 2 <= AspectRatios.Length ? (AspectRatios[index * 2 - 2], AspectRatios[index * 2 - 1]) : null;
    }

    private static ColourDescription ReadColour(ref BitReader reader)
    {
        reader.Skip(3); // video_format
        var fullRange = reader.ReadFlag();
        return reader.ReadFlag()
            ? new ColourDescription(fullRange, (byte)reader.ReadBits(8), (byte)reader.ReadBits(8), (byte)reader.ReadBits(8))
            : ColourDescription.Unspecified with { IsFullRange = fullRange };
    }

    private AvcVideoUsability ReadTiming(ref BitReader reader)
    {
        var unitsInTick = reader.ReadBits(32);
        var timeScale = reader.ReadBits(32);
        // A tick is a field's time: two of them make a frame (equation D-2 and E.2.1).
        return this with { FrameRate = Formats.FrameRate.Create(timeScale, 2UL * unitsInTick), IsFixedFrameRate = reader.ReadFlag() };
    }

    private static void SkipHypotheticalDecoder(ref BitReader reader, int maxCpbCount)
    {
        var count = 1 + reader.ReadUnsignedExpGolomb(maxCpbCount - 1, "cpb_cnt_minus1");
        reader.Skip(8); // bit_rate_scale, cpb_size_scale
        for (var i = 0; i < count; i++)
        {
            reader.ReadUnsignedExpGolomb();
            reader.ReadUnsignedExpGolomb();
            reader.Skip(1);
        }
        reader.Skip(20); // four lengths of 5 bits
    }

    private AvcVideoUsability ReadRestrictions(ref BitReader reader)
    {
        reader.Skip(1); // motion_vectors_over_pic_boundaries_flag
        for (var i = 0; i < 4; i++)
            reader.ReadUnsignedExpGolomb(); // bytes per picture, bits per macroblock, vector ranges
        return this with
        {
            MaxReorderFrames = reader.ReadUnsignedExpGolomb(16, "max_num_reorder_frames"),
            MaxDecodedFrameBuffering = reader.ReadUnsignedExpGolomb(16, "max_dec_frame_buffering"),
        };
    }
}
