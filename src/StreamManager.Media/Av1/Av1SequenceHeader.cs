using StreamManager.Media.Bits;
using StreamManager.Media.Formats;

namespace StreamManager.Media.Av1;

/// <summary>AV1's sequence header OBU (AV1 Bitstream Specification section 5.5), read up to the colours.</summary>
public sealed record Av1SequenceHeader
{
    private const int SrgbPrimaries = 1;
    private const int SrgbTransfer = 13;
    private const int IdentityMatrix = 0;

    /// <summary>seq_profile.</summary>
    public int Profile { get; private init; }

    /// <summary>seq_level_idx of the first operating point.</summary>
    public int Level { get; private init; }

    /// <summary>Largest width in pixels.</summary>
    public int Width { get; private init; }

    /// <summary>Largest height in pixels.</summary>
    public int Height { get; private init; }

    /// <summary>Bits per sample.</summary>
    public int BitDepth { get; private init; }

    /// <summary>Frames a second where pictures are equally spaced and the header says so; else null.</summary>
    public FrameRate? FrameRate { get; private init; }

    /// <summary>Colours.</summary>
    public ColourDescription Colour { get; private init; }

    /// <summary>Reads the payload of the OBU.</summary>
    /// <exception cref="MediaFormatException">Cut off.</exception>
    public static Av1SequenceHeader Read(ReadOnlySpan<byte> payload)
    {
        var reader = new BitReader(payload);
        var header = new Av1SequenceHeader { Profile = (int)reader.ReadBits(3) };
        reader.Skip(1); // still_picture
        var isReduced = reader.ReadFlag();
        header = isReduced ? header with { Level = (int)reader.ReadBits(5) } : header.ReadOperatingPoints(ref reader);
        var widthBits = 1 + (int)reader.ReadBits(4);
        var heightBits = 1 + (int)reader.ReadBits(4);
        header = header with { Width = 1 + (int)reader.ReadBits(widthBits), Height = 1 + (int)reader.ReadBits(heightBits) };
        SkipTools(ref reader, isReduced);
        return header.ReadColour(ref reader);
    }

    private Av1SequenceHeader ReadOperatingPoints(ref BitReader reader)
    {
        var header = this;
        var delayBits = 0;
        if (reader.ReadFlag())
        {
            header = header with { FrameRate = ReadTiming(ref reader) };
            if (reader.ReadFlag())
            {
                delayBits = 1 + (int)reader.ReadBits(5);
                reader.Skip(32 + 5 + 5); // decoding tick, lengths of removal and presentation times
            }
        }
        var hasDisplayDelay = reader.ReadFlag();
        var points = 1 + reader.ReadBits(5);
        for (var i = 0; i < points; i++)
        {
            reader.Skip(12); // operating_point_idc
            var level = (int)reader.ReadBits(5);
            if (level > 7)
                reader.Skip(1); // seq_tier
            if (delayBits > 0 && reader.ReadFlag())
                reader.Skip(2 * delayBits + 1);
            if (hasDisplayDelay && reader.ReadFlag())
                reader.Skip(4);
            if (i == 0)
                header = header with { Level = level };
        }
        return header;
    }

    private static FrameRate? ReadTiming(ref BitReader reader)
    {
        var unitsInTick = reader.ReadBits(32);
        var timeScale = reader.ReadBits(32);
        if (!reader.ReadFlag())
            return null;
        var ticksPerPicture = 1UL + reader.ReadUnsignedExpGolomb(); // uvlc() is ue(v) for all values that can occur
        return Formats.FrameRate.Create(timeScale, unitsInTick * ticksPerPicture);
    }

    private static void SkipTools(ref BitReader reader, bool isReduced)
    {
        if (!isReduced && reader.ReadFlag())
            reader.Skip(4 + 3); // lengths of frame ids
        reader.Skip(3); // 128×128 superblocks, filter intra, intra edge filter
        if (!isReduced)
        {
            reader.Skip(4); // inter-intra, masked compound, warped motion, dual filter
            var hasOrderHint = reader.ReadFlag();
            if (hasOrderHint)
                reader.Skip(2); // joint compound, reference motion vectors
            var usesScreenContentTools = reader.ReadFlag() || reader.ReadFlag();
            if (usesScreenContentTools && !reader.ReadFlag())
                reader.Skip(1); // seq_force_integer_mv
            if (hasOrderHint)
                reader.Skip(3); // order_hint_bits_minus_1
        }
        reader.Skip(3); // super-resolution, CDEF, restoration
    }

    private Av1SequenceHeader ReadColour(ref BitReader reader)
    {
        var isHighDepth = reader.ReadFlag();
        var isTwelve = Profile == 2 && isHighDepth && reader.ReadFlag();
        var isMonochrome = Profile != 1 && reader.ReadFlag();
        var colour = ColourDescription.Unspecified;
        if (reader.ReadFlag())
            colour = new ColourDescription(false, (byte)reader.ReadBits(8), (byte)reader.ReadBits(8), (byte)reader.ReadBits(8));
        var isSrgb = !isMonochrome && colour is { Primaries: SrgbPrimaries, Transfer: SrgbTransfer, Matrix: IdentityMatrix };
        return this with
        {
            BitDepth = isTwelve ? 12 : isHighDepth ? 10 : 8,
            Colour = colour with { IsFullRange = isSrgb || reader.ReadFlag() },
        };
    }
}
