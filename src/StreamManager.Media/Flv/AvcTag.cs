using StreamManager.Media.Avc;

namespace StreamManager.Media.Flv;

/// <summary>Builds legacy AVC message bodies (the layout is at <see cref="VideoTagHeader"/>), each a new array of exact size. Composition times are in milliseconds.</summary>
public static class AvcTag
{
    /// <summary>The message that carries a decoder configuration record.</summary>
    public static byte[] Configuration(ReadOnlySpan<byte> record) =>
        Header(VideoFrameType.Key, LegacyVideoPacketType.SequenceHeader, 0).ToBody(record);

    /// <summary>The message that carries one picture, its NAL units already behind their lengths.</summary>
    public static byte[] Frame(bool isKeyframe, int compositionTime, ReadOnlySpan<byte> lengthPrefixed) =>
        Header(isKeyframe ? VideoFrameType.Key : VideoFrameType.Inter, LegacyVideoPacketType.Nalus, compositionTime).ToBody(lengthPrefixed);

    /// <summary>The message that carries one picture of these NAL units.</summary>
    public static byte[] Frame(bool isKeyframe, int compositionTime, IReadOnlyCollection<ReadOnlyMemory<byte>> nalUnits, int lengthSize = 4)
    {
        var body = new byte[LegacyVideoHeader.Size + nalUnits.Sum(nal => lengthSize + nal.Length)];
        Header(isKeyframe ? VideoFrameType.Key : VideoFrameType.Inter, LegacyVideoPacketType.Nalus, compositionTime).WriteTo(body);
        var at = LegacyVideoHeader.Size;
        foreach (var nal in nalUnits)
            at += NalUnits.WriteLengthPrefixed(body.AsSpan(at), nal.Span, lengthSize);
        return body;
    }

    /// <summary>The message that ends the sequence.</summary>
    public static byte[] EndOfSequence() => Header(VideoFrameType.Key, LegacyVideoPacketType.EndOfSequence, 0).ToBody([]);

    /// <summary>A copy of a legacy body with another composition time.</summary>
    /// <exception cref="MediaFormatException">The body has no legacy AVC header.</exception>
    public static byte[] WithCompositionTime(ReadOnlySpan<byte> body, int compositionTime)
    {
        ReadHeader(body);
        var copy = body.ToArray();
        SignedInt24.Write(copy.AsSpan(LegacyVideoHeader.Size - SignedInt24.Size), compositionTime);
        return copy;
    }

    /// <summary>
    /// A copy of a key frame's legacy body with parameter sets in front of its first unit, behind an access unit delimiter if that comes first. Sets that
    /// the frame already carries under the same kind and id are left out of the copy. Given sets are written in the given order.
    /// </summary>
    /// <exception cref="MediaFormatException">The body has no legacy AVC header, or its units are broken.</exception>
    public static byte[] WithParameterSets(ReadOnlySpan<byte> body, int lengthSize, IEnumerable<ReadOnlyMemory<byte>> parameterSets)
    {
        var header = ReadHeader(body);
        ReadOnlyMemory<byte>[] sets = [.. parameterSets];
        var replaced = sets.Select(set => Identify(set.Span)).ToHashSet();
        var payload = body[LegacyVideoHeader.Size..].ToArray();
        var units = new List<ReadOnlyMemory<byte>>();
        foreach (var range in NalUnits.ReadLengthPrefixed(payload, lengthSize))
        {
            if (Identify(payload.AsSpan(range)) is not { } identity || !replaced.Contains(identity))
                units.Add(payload.AsMemory(range));
        }
        var startsWithDelimiter = units.Count > 0 && NalUnits.TypeOf(units[0].Span) == NalUnitType.AccessUnitDelimiter;
        units.InsertRange(startsWithDelimiter ? 1 : 0, sets);
        var isKeyframe = header.FrameType is VideoFrameType.Key or VideoFrameType.GeneratedKey;
        return Frame(isKeyframe, header.CompositionTime, units, lengthSize);
    }

    private static LegacyVideoHeader Header(VideoFrameType frameType, LegacyVideoPacketType packetType, int compositionTime) =>
        new(frameType, LegacyVideoCodec.Avc, packetType, compositionTime);

    private static LegacyVideoHeader ReadHeader(ReadOnlySpan<byte> body) =>
        VideoTagHeader.Read(body, out _) is LegacyVideoHeader { Codec: LegacyVideoCodec.Avc } header
            ? header
            : throw new MediaFormatException("Not a legacy AVC message.");

    private static (NalUnitType Type, int Id)? Identify(ReadOnlySpan<byte> nal) => NalUnits.TypeOf(nal) switch
    {
        NalUnitType.SequenceParameterSet => (NalUnitType.SequenceParameterSet, AvcSequenceParameterSet.ReadId(nal)),
        NalUnitType.PictureParameterSet => (NalUnitType.PictureParameterSet, AvcPictureParameterSet.ReadId(nal)),
        _ => null,
    };
}
