using StreamManager.Media.Bits;

namespace StreamManager.Media.Av1;

/// <summary>
/// AV1CodecConfigurationRecord, "av1C" (AV1 Codec ISO Media File Format Binding section 2.3).
/// <code>
/// 1 0000001 | profile 3, level 5 | tier 1, high depth 1, twelve 1, monochrome 1, subsampling x 1 y 1, position 2 | 000 delay 5 | OBUs …
/// </code>
/// </summary>
public sealed record Av1Configuration
{
    private const int MarkerAndVersion = 0x81;
    private const int SequenceHeaderType = 1;

    // Real records carry one sequence header of a dozen bytes and perhaps metadata.
    private const int MaxObus = 64;
    private const int MaxSizeBytes = 8;

    /// <summary>seq_profile: 0 Main, 1 High, 2 Professional.</summary>
    public required int Profile { get; init; }

    /// <summary>seq_level_idx of the first operating point: 8 is level 4.0.</summary>
    public required int Level { get; init; }

    /// <summary>The high tier.</summary>
    public required bool IsHighTier { get; init; }

    /// <summary>Bits per sample: 8, 10 or 12.</summary>
    public required int BitDepth { get; init; }

    /// <summary>Chroma format in H.264's numbers: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.</summary>
    public required int ChromaFormatIdc { get; init; }

    /// <summary>The sequence header among the record's OBUs; null where there is none.</summary>
    public Av1SequenceHeader? SequenceHeader { get; private init; }

    /// <summary>Reads a record.</summary>
    /// <exception cref="MediaFormatException">Cut off, another version, or a broken sequence header.</exception>
    public static Av1Configuration Read(ReadOnlySpan<byte> record)
    {
        var reader = new ByteReader(record);
        if (reader.ReadByte() != MarkerAndVersion)
            throw new MediaFormatException("An AV1 configuration record of another version than 1.");
        var levels = reader.ReadByte();
        var flags = reader.ReadByte();
        reader.ReadByte(); // initial presentation delay
        return new Av1Configuration
        {
            Profile = levels >> 5,
            Level = levels & 0x1F,
            IsHighTier = (flags & 0x80) != 0,
            BitDepth = (flags & 0x40) == 0 ? 8 : (flags & 0x20) == 0 ? 10 : 12,
            ChromaFormatIdc = (flags & 0x10) != 0 ? 0 : (flags & 0x08) == 0 ? 3 : (flags & 0x04) == 0 ? 2 : 1,
            SequenceHeader = FindSequenceHeader(ref reader),
        };
    }

    /// <summary>Writes the fixed four bytes of the record; the OBUs, if any, follow as they are.</summary>
    public byte[] ToArray(ReadOnlySpan<byte> obus)
    {
        var depth = BitDepth switch { 8 => 0, 10 => 0x40, _ => 0x60 };
        var chroma = ChromaFormatIdc switch { 0 => 0x1C, 1 => 0x0C, 2 => 0x08, _ => 0 };
        byte[] record = [MarkerAndVersion, (byte)(Profile << 5 | Level), (byte)((IsHighTier ? 0x80 : 0) | depth | chroma), 0, .. obus];
        return record;
    }

    // AV1 specification section 5.3: header, optional extension, size in LEB128.
    private static Av1SequenceHeader? FindSequenceHeader(ref ByteReader reader)
    {
        for (var i = 0; i < MaxObus && reader.Remaining > 0; i++)
        {
            var header = reader.ReadByte();
            if ((header & 4) != 0)
                reader.ReadByte(); // extension
            var size = (header & 2) != 0 ? ReadLeb128(ref reader) : (uint)reader.Remaining;
            if (size > (uint)reader.Remaining)
                throw new MediaFormatException("An OBU is cut off.");
            var payload = reader.Take((int)size);
            if ((header >> 3 & 15) == SequenceHeaderType)
                return Av1SequenceHeader.Read(payload);
        }
        return null;
    }

    private static ulong ReadLeb128(ref ByteReader reader)
    {
        ulong value = 0;
        for (var i = 0; i < MaxSizeBytes; i++)
        {
            var next = reader.ReadByte();
            value |= (ulong)(next & 0x7F) << (7 * i);
            if ((next & 0x80) == 0)
                return value;
        }
        throw new MediaFormatException("The size of an OBU does not end.");
    }
}
