using StreamManager.Media.Bits;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Media.Flv;

/// <summary>The video half of <see cref="TagParser"/>.</summary>
internal static class VideoTagParser
{
    public static TagParseResult Parse(TagMessage message)
    {
        var header = VideoTagHeader.Read(message.Body.Span, out var length);
        return header switch
        {
            LegacyVideoHeader legacy => ParseLegacy(message, legacy, length),
            EnhancedVideoHeader enhanced => ParseSingle(message, enhanced, length),
            MultitrackVideoHeader multitrack => ParseMultitrack(message, multitrack, length),
            VideoCommandHeader => TagParseResult.Nothing(TagIgnoreReason.Command),
            UnsupportedVideoHeader unsupported => TagParseResult.Nothing(unsupported.Reason),
            _ => TagParseResult.Nothing(TagIgnoreReason.UnknownPacketType),
        };
    }

    private static TagParseResult ParseLegacy(TagMessage message, LegacyVideoHeader header, int length)
    {
        if (header.FrameType == VideoFrameType.Command)
            return TagParseResult.Nothing(TagIgnoreReason.Command);
        var content = header.PacketType switch
        {
            LegacyVideoPacketType.SequenceHeader => PacketContent.Configuration,
            LegacyVideoPacketType.Nalus => PacketContent.Frame,
            _ => PacketContent.EndOfSequence,
        };
        if (content != PacketContent.EndOfSequence && length == message.Body.Length)
            return TagParseResult.Nothing(TagIgnoreReason.Empty);
        var codec = header.Codec == LegacyVideoCodec.Avc ? FourCc.Avc : FourCc.Hevc;
        var offset = content == PacketContent.Frame ? MediaTime.FromMilliseconds(header.CompositionTime) : MediaTime.Zero;
        return Add(message, new Picture(content, codec, 0, header.FrameType, offset), message.Body, length);
    }

    private static TagParseResult ParseSingle(TagMessage message, EnhancedVideoHeader header, int length)
    {
        if (Classify(header.PacketType, header.Codec, message.Body.Length - length, out var content) is var reason and not TagIgnoreReason.None)
            return TagParseResult.Nothing(reason);
        var picture = new Picture(content, header.Codec, 0, header.FrameType, OffsetOf(content, header.CompositionTime, header.NanosecondOffset));
        return IsMappedDown(header.Codec, content)
            ? AddLegacy(message, picture, message.Body.Span[length..])
            : Add(message, picture, message.Body, length);
    }

    private static TagParseResult ParseMultitrack(TagMessage message, MultitrackVideoHeader header, int length)
    {
        var result = default(TagParseResult);
        var body = message.Body.Span;
        var tracks = new MultitrackReader(body, length, header.MultitrackType, header.Codec);
        while (tracks.TryReadNext(out var entry))
            result = result.And(ParseTrack(message, header, entry));
        return result;
    }

    private static TagParseResult ParseTrack(TagMessage message, MultitrackVideoHeader header, MultitrackEntry entry)
    {
        var data = message.Body.Span.Slice(entry.Start, entry.Length);
        var reader = new ByteReader(data);
        var compositionTime = VideoTagHeader.HasCompositionTime(header.PacketType, entry.Codec) ? reader.ReadInt24() : 0;
        if (Classify(header.PacketType, entry.Codec, reader.Remaining, out var content) is var reason and not TagIgnoreReason.None)
            return TagParseResult.Nothing(reason);
        var offset = OffsetOf(content, compositionTime, header.NanosecondOffset);
        var picture = new Picture(content, entry.Codec, entry.Track, header.FrameType, offset);
        if (entry.Track == 0)
        {
            if (IsMappedDown(entry.Codec, content))
                return AddLegacy(message, picture, reader.Rest);
            var single = new EnhancedVideoHeader(header.FrameType, header.PacketType, entry.Codec, compositionTime, header.NanosecondOffset);
            return Add(message, picture, single.ToBody(reader.Rest), single.Length);
        }
        if (header.MultitrackType == MultitrackType.OneTrack)
            return Add(message, picture, message.Body, entry.Start + reader.Position);
        var oneTrack = header with { MultitrackType = MultitrackType.OneTrack, Codec = entry.Codec };
        return Add(message, picture, oneTrack.ToBody([entry.Track, .. data]), oneTrack.Length + 1 + reader.Position);
    }

    private static TagIgnoreReason Classify(VideoPacketType type, FourCc codec, int payloadLength, out PacketContent content)
    {
        content = type switch
        {
            VideoPacketType.SequenceStart => PacketContent.Configuration,
            VideoPacketType.CodedFrames or VideoPacketType.CodedFramesX => PacketContent.Frame,
            VideoPacketType.SequenceEnd => PacketContent.EndOfSequence,
            _ => PacketContent.Metadata,
        };
        if (!IsKnown(codec))
            return TagIgnoreReason.UnknownCodec;
        // Nobody sends AV1's MPEG-2 TS form of configuration, and no destination is known to take it.
        if (type == VideoPacketType.Mpeg2TsSequenceStart)
            return TagIgnoreReason.UnknownPacketType;
        return payloadLength == 0 && content != PacketContent.EndOfSequence ? TagIgnoreReason.Empty : TagIgnoreReason.None;
    }

    private static bool IsKnown(FourCc codec) =>
        codec == FourCc.Avc || codec == FourCc.Hevc || codec == FourCc.Av1 || codec == FourCc.Vp9 || codec == FourCc.Vvc || codec == FourCc.Vp8;

    private static MediaTime OffsetOf(PacketContent content, int compositionTime, uint nanoseconds) =>
        content == PacketContent.Frame ? TagMessage.Offset(compositionTime, nanoseconds) : MediaTime.Zero;

    // Metadata (HDR and the like) has no legacy form; it stays as it is, and outputs that speak legacy only leave it out.
    private static bool IsMappedDown(FourCc codec, PacketContent content) => codec == FourCc.Avc && content != PacketContent.Metadata;

    private static TagParseResult AddLegacy(TagMessage message, Picture picture, ReadOnlySpan<byte> payload)
    {
        var body = picture.Content switch
        {
            PacketContent.Configuration => AvcTag.Configuration(payload),
            PacketContent.Frame => AvcTag.Frame(picture.IsKeyframe, TagMessage.RoundToMilliseconds(picture.Offset), payload),
            _ => AvcTag.EndOfSequence(),
        };
        return Add(message, picture, body, LegacyVideoHeader.Size);
    }

    private static TagParseResult Add(TagMessage message, Picture picture, ReadOnlyMemory<byte> body, int headerLength)
    {
        message.Into.Add(new MediaPacket
        {
            Kind = MediaKind.Video,
            Content = picture.Content,
            Codec = picture.Codec,
            Track = picture.Track,
            IsKeyframe = picture.IsKeyframe,
            DecodeTime = message.DecodeTime,
            CompositionOffset = picture.Offset,
            Body = body,
            HeaderLength = headerLength,
            ArrivedAt = message.ArrivedAt,
        });
        return TagParseResult.Parsed;
    }

    private readonly record struct Picture(PacketContent Content, FourCc Codec, byte Track, VideoFrameType FrameType, MediaTime Offset)
    {
        public bool IsKeyframe => Content == PacketContent.Frame && FrameType is VideoFrameType.Key or VideoFrameType.GeneratedKey;
    }
}
