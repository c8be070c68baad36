using System.Buffers.Binary;
using System.Collections.Immutable;
using StreamManager.Media.Bits;

namespace StreamManager.Media.Hevc;

/// <summary>The NAL units of one type in an HEVC configuration record.</summary>
public sealed record HevcNalArray(bool IsComplete, byte NalType, ImmutableArray<ReadOnlyMemory<byte>> NalUnits);

/// <summary>
/// HEVCDecoderConfigurationRecord, "hvcC" (ISO/IEC 14496-15 section 8.3.3.1).
/// <code>
/// 0 version 01 | 1 space 2 tier 1 profile 5 | 2 compatibility u32 | 6 constraints 48 bits | 12 level u8 | 13 segmentation u16 | 15 parallelism u8
/// 16 chroma 2 | 17 luma depth - 8 | 18 chroma depth - 8 | 19 average frame rate u16 (per 256 s) | 21 constant rate 2, layers 3, nested 1, length size - 1 2
/// 22 number of arrays u8 { complete 1, 0, type 6 | count u16 { length u16 | NAL unit } } …
/// </code>
/// </summary>
public sealed record HevcDecoderConfiguration
{
    private const int Version = 1;
    private const int FixedSize = 22;
    private const int SequenceParameterSetType = 33;

    // Records have 3 or 4 arrays of 1 or 2 units; this bounds what a peer may make us keep.
    private const int MaxUnits = 256;

    private ImmutableArray<byte> Fixed { get; init; } = [];

    /// <summary>general_profile_idc: 1 Main, 2 Main 10.</summary>
    public int Profile => Fixed[1] & 0x1F;

    /// <summary>general_tier_flag: the high tier.</summary>
    public bool IsHighTier => (Fixed[1] & 0x20) != 0;

    /// <summary>general_level_idc: 30 times the level, 123 is 4.1.</summary>
    public int Level => Fixed[12];

    /// <summary>chroma_format_idc.</summary>
    public int ChromaFormatIdc => Fixed[16] & 3;

    /// <summary>Bits per luma sample.</summary>
    public int BitDepthLuma => (Fixed[17] & 7) + 8;

    /// <summary>Bits per chroma sample.</summary>
    public int BitDepthChroma => (Fixed[18] & 7) + 8;

    /// <summary>Bytes of the length in front of each NAL unit.</summary>
    public int LengthSize => (Fixed[21] & 3) + 1;

    /// <summary>The parameter sets and messages that the record carries.</summary>
    public required ImmutableArray<HevcNalArray> Arrays { get; init; }

    /// <summary>The first sequence parameter set, read; null where the record has none (its sets are in-band).</summary>
    /// <exception cref="MediaFormatException">It cannot be read.</exception>
    public HevcSequenceParameterSet? ReadSequenceParameterSet()
    {
        foreach (var array in Arrays)
        {
            if (array is { NalType: SequenceParameterSetType, NalUnits: [var first, ..] })
                return HevcSequenceParameterSet.Read(first.Span);
        }
        return null;
    }

    /// <summary>Reads a record; the units are copied.</summary>
    /// <exception cref="MediaFormatException">Cut off, another version, or more units than any encoder sends.</exception>
    public static HevcDecoderConfiguration Read(ReadOnlySpan<byte> record)
    {
        var reader = new ByteReader(record);
        var fixedPart = reader.Take(FixedSize);
        // Some encoders of the early days wrote version 0; the layout is the same.
        if (fixedPart[0] > Version)
            throw new MediaFormatException("An HEVC configuration record of an unknown version.");
        var arrays = ImmutableArray.CreateBuilder<HevcNalArray>();
        var units = 0;
        for (var left = reader.ReadByte(); left > 0; left--)
        {
            var type = reader.ReadByte();
            var count = reader.ReadUInt16();
            units += count;
            if (units > MaxUnits)
                throw new MediaFormatException($"An HEVC configuration record with more than {MaxUnits} units.");
            var array = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(count);
            for (var i = 0; i < count; i++)
                array.Add(reader.Take(reader.ReadUInt16()).ToArray());
            arrays.Add(new HevcNalArray((type & 0x80) != 0, (byte)(type & 0x3F), array.MoveToImmutable()));
        }
        return new HevcDecoderConfiguration { Fixed = [.. fixedPart], Arrays = arrays.ToImmutable() };
    }

    /// <summary>Writes the record.</summary>
    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        stream.Write(Fixed.AsSpan());
        stream.WriteByte((byte)Arrays.Length);
        Span<byte> size = stackalloc byte[2];
        foreach (var array in Arrays)
        {
            stream.WriteByte((byte)((array.IsComplete ? 0x80 : 0) | array.NalType));
            BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)array.NalUnits.Length);
            stream.Write(size);
            foreach (var nal in array.NalUnits)
            {
                BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)nal.Length);
                stream.Write(size);
                stream.Write(nal.Span);
            }
        }
        return stream.ToArray();
    }
}
