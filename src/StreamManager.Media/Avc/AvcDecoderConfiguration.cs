using System.Buffers.Binary;
using System.Collections.Immutable;
using StreamManager.Media.Bits;

namespace StreamManager.Media.Avc;

/// <summary>The tail of an AVC configuration record that the high profiles have.</summary>
public sealed record AvcHighProfileTail(int ChromaFormatIdc, int BitDepthLuma, int BitDepthChroma, ImmutableArray<ReadOnlyMemory<byte>> SpsExtensions);

/// <summary>
/// AVCDecoderConfigurationRecord, "avcC" (ISO/IEC 14496-15 section 5.3.3.1).
/// <code>
/// 01 | profile | constraints | level | 111111ll | 111nnnnn { length u16 | SPS } … | count u8 { length u16 | PPS } …
/// high profiles: 111111cc | 11111lll | 11111ccc | count u8 { length u16 | SPS extension } …      l, n: length size - 1, number of sets
/// </code>
/// Some encoders leave the tail of the high profiles out; that is accepted, and kept so when written again.
/// </summary>
public sealed record AvcDecoderConfiguration
{
    private const int Version = 1;
    private const int MaxSequenceSets = 31;
    private const int MaxPictureSets = 255;

    /// <summary>AVCProfileIndication: profile_idc of the sets.</summary>
    public required byte Profile { get; init; }

    /// <summary>profile_compatibility: the constraint flags of the sets.</summary>
    public required byte Compatibility { get; init; }

    /// <summary>AVCLevelIndication: level_idc, the highest of the sets.</summary>
    public required byte Level { get; init; }

    /// <summary>Bytes of the length in front of each NAL unit, 1 to 4 (4 in practice).</summary>
    public required int LengthSize { get; init; }

    /// <summary>The sequence parameter sets, as NAL units.</summary>
    public required ImmutableArray<ReadOnlyMemory<byte>> SequenceParameterSets { get; init; }

    /// <summary>The picture parameter sets, as NAL units.</summary>
    public required ImmutableArray<ReadOnlyMemory<byte>> PictureParameterSets { get; init; }

    /// <summary>The tail that high profiles have; null where there is none.</summary>
    public AvcHighProfileTail? HighProfileTail { get; init; }

    /// <summary>All parameter sets, sequence sets first: what is sent in-band in front of a key frame.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> ParameterSets => SequenceParameterSets.Concat(PictureParameterSets);

    /// <summary>Makes the record of a stream from its parameter sets.</summary>
    /// <exception cref="MediaFormatException">No sequence set, one that cannot be read, or more or longer sets than a record can hold.</exception>
    public static AvcDecoderConfiguration FromParameterSets(
        IEnumerable<ReadOnlyMemory<byte>> sequenceSets, IEnumerable<ReadOnlyMemory<byte>> pictureSets, int lengthSize = 4)
    {
        ImmutableArray<ReadOnlyMemory<byte>> sequence = [.. sequenceSets];
        ImmutableArray<ReadOnlyMemory<byte>> picture = [.. pictureSets];
        if (sequence is not { Length: > 0 and <= MaxSequenceSets } || picture.Length > MaxPictureSets)
            throw new MediaFormatException("No sequence parameter set, or more sets than a configuration record can hold.");
        if (sequence.Concat(picture).Any(set => set.Length > ushort.MaxValue))
            throw new MediaFormatException("A parameter set is too long for a configuration record.");
        var first = AvcSequenceParameterSet.Read(sequence[0].Span);
        return new AvcDecoderConfiguration
        {
            Profile = first.ProfileIdc,
            Compatibility = first.ConstraintFlags,
            Level = first.LevelIdc,
            LengthSize = lengthSize,
            SequenceParameterSets = sequence,
            PictureParameterSets = picture,
            HighProfileTail = HasTail(first.ProfileIdc)
                ? new AvcHighProfileTail(first.ChromaFormatIdc, first.BitDepthLuma, first.BitDepthChroma, [])
                : null,
        };
    }

    /// <summary>Reads a record; the parameter sets are copied.</summary>
    /// <exception cref="MediaFormatException">Cut off, another version, without a sequence and a picture parameter set, or with a set whose id cannot be read.</exception>
    public static AvcDecoderConfiguration Read(ReadOnlySpan<byte> record)
    {
        var reader = new ByteReader(record);
        if (reader.ReadByte() != Version)
            throw new MediaFormatException("An AVC configuration record of another version than 1.");
        var profile = reader.ReadByte();
        var compatibility = reader.ReadByte();
        var level = reader.ReadByte();
        var lengthSize = (reader.ReadByte() & 3) + 1;
        var sequenceSets = ReadSets(ref reader, reader.ReadByte() & 0x1F, NalUnitType.SequenceParameterSet);
        var pictureSets = ReadSets(ref reader, reader.ReadByte(), NalUnitType.PictureParameterSet);
        if (sequenceSets.IsEmpty || pictureSets.IsEmpty)
            throw new MediaFormatException("An AVC configuration record without a sequence and a picture parameter set.");
        // Sets are told apart by their ids long after this: what has none is refused here, where whoever sent it is at fault.
        foreach (var set in sequenceSets)
            AvcSequenceParameterSet.ReadId(set.Span);
        foreach (var set in pictureSets)
            AvcPictureParameterSet.ReadId(set.Span);
        return new AvcDecoderConfiguration
        {
            Profile = profile,
            Compatibility = compatibility,
            Level = level,
            LengthSize = lengthSize,
            SequenceParameterSets = sequenceSets,
            PictureParameterSets = pictureSets,
            HighProfileTail = HasTail(profile) && reader.Remaining > 0 ? ReadTail(ref reader) : null,
        };
    }

    /// <summary>Writes the record.</summary>
    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        stream.Write([Version, Profile, Compatibility, Level, (byte)(0xFC | LengthSize - 1), (byte)(0xE0 | SequenceParameterSets.Length)]);
        WriteSets(stream, SequenceParameterSets);
        stream.WriteByte((byte)PictureParameterSets.Length);
        WriteSets(stream, PictureParameterSets);
        if (HighProfileTail is { } tail)
        {
            stream.Write(
            [
                (byte)(0xFC | tail.ChromaFormatIdc), (byte)(0xF8 | tail.BitDepthLuma - 8), (byte)(0xF8 | tail.BitDepthChroma - 8),
                (byte)tail.SpsExtensions.Length,
            ]);
            WriteSets(stream, tail.SpsExtensions);
        }
        return stream.ToArray();
    }

    /// <summary>
    /// A record with the sets of both, so that a decoder told once can decode both streams. Sets that both have with the same bytes are taken once. Null
    /// when both use an id for different sets, when there are more than the record can hold, or when the tails differ (chroma format or depth).
    /// The length size stays this record's, and its profile; the level is the higher one.
    /// </summary>
    /// <exception cref="MediaFormatException">The id of a set cannot be read.</exception>
    public AvcDecoderConfiguration? WithParameterSets(AvcDecoderConfiguration other)
    {
        var sequenceSets = Merge(SequenceParameterSets, other.SequenceParameterSets, static nal => AvcSequenceParameterSet.ReadId(nal.Span));
        var pictureSets = Merge(PictureParameterSets, other.PictureParameterSets, static nal => AvcPictureParameterSet.ReadId(nal.Span));
        if (sequenceSets is not { Length: <= MaxSequenceSets } || pictureSets is not { Length: <= MaxPictureSets })
            return null;
        if (HighProfileTail is { } ours && other.HighProfileTail is { } theirs
            && (ours.ChromaFormatIdc, ours.BitDepthLuma, ours.BitDepthChroma) != (theirs.ChromaFormatIdc, theirs.BitDepthLuma, theirs.BitDepthChroma))
            return null;
        return this with
        {
            Level = Math.Max(Level, other.Level),
            SequenceParameterSets = sequenceSets.Value,
            PictureParameterSets = pictureSets.Value,
        };
    }

    // profile_idc values with the tail in ISO/IEC 14496-15; later editions say "all but 66, 77, 88", encoders write it for these.
    private static bool HasTail(byte profile) => profile is 100 or 110 or 122 or 144 or 244 or 44;

    private static ImmutableArray<ReadOnlyMemory<byte>> ReadSets(ref ByteReader reader, int count, NalUnitType type)
    {
        var sets = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(count);
        for (var i = 0; i < count; i++)
        {
            var nal = reader.Take(reader.ReadUInt16());
            if (NalUnits.TypeOf(nal) != type)
                throw new MediaFormatException("A unit in an AVC configuration record is not the parameter set that it should be.");
            sets.Add(nal.ToArray());
        }
        return sets.MoveToImmutable();
    }

    private static AvcHighProfileTail ReadTail(ref ByteReader reader) => new(
        reader.ReadByte() & 3,
        (reader.ReadByte() & 7) + 8,
        (reader.ReadByte() & 7) + 8,
        ReadSets(ref reader, reader.ReadByte(), NalUnitType.SequenceParameterSetExtension));

    private static void WriteSets(MemoryStream stream, ImmutableArray<ReadOnlyMemory<byte>> sets)
    {
        Span<byte> length = stackalloc byte[2];
        foreach (var set in sets)
        {
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)set.Length);
            stream.Write(length);
            stream.Write(set.Span);
        }
    }

    private static ImmutableArray<ReadOnlyMemory<byte>>? Merge(
        ImmutableArray<ReadOnlyMemory<byte>> ours, ImmutableArray<ReadOnlyMemory<byte>> theirs, Func<ReadOnlyMemory<byte>, int> idOf)
    {
        var merged = ours.ToBuilder();
        foreach (var set in theirs)
        {
            var sameId = merged.FirstOrDefault(present => idOf(present) == idOf(set));
            if (sameId.IsEmpty)
                merged.Add(set);
            else if (!sameId.Span.SequenceEqual(set.Span))
                return null;
        }
        return merged.ToImmutable();
    }
}
