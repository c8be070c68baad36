using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Media.Flv;

/// <summary>The audio half of <see cref="TagParser"/>.</summary>
internal static class AudioTagParser
{
    public static TagParseResult Parse(TagMessage message)
    {
        var header = AudioTagHeader.Read(message.Body.Span, out var length);
        return header switch
        {
            AacAudioHeader aac => ParseAac(message, aac, length),
            Mp3AudioHeader => ParseMp3(message, length),
            EnhancedAudioHeader enhanced => ParseSingle(message, enhanced, length),
            MultitrackAudioHeader multitrack => ParseMultitrack(message, multitrack, length),
            UnsupportedAudioHeader unsupported => TagParseResult.Nothing(unsupported.Reason),
            _ => TagParseResult.Nothing(TagIgnoreReason.UnknownPacketType),
        };
    }

    private static TagParseResult ParseAac(TagMessage message, AacAudioHeader header, int length)
    {
        var content = header.PacketType == AacPacketType.SequenceHeader ? PacketContent.Configuration : PacketContent.Frame;
        return length == message.Body.Length
            ? TagParseResult.Nothing(TagIgnoreReason.Empty)
            : Add(message, new Sound(content, FourCc.Aac, 0, MediaTime.Zero), message.Body, length);
    }

    private static TagParseResult ParseMp3(TagMessage message, int length) => length == message.Body.Length
        ? TagParseResult.Nothing(TagIgnoreReason.Empty)
        : Add(message, new Sound(PacketContent.Frame, FourCc.Mp3, 0, MediaTime.Zero), message.Body, length);

    private static TagParseResult ParseSingle(TagMessage message, EnhancedAudioHeader header, int length)
    {
        var payload = message.Body[length..];
        if (Classify(header.PacketType, header.Codec, payload.Length, out var content) is var reason and not TagIgnoreReason.None)
            return TagParseResult.Nothing(reason);
        var sound = new Sound(content, header.Codec, 0, OffsetOf(content, header.NanosecondOffset));
        return IsMappedDown(header.Codec, content) ? AddLegacy(message, sound, payload.Span) : Add(message, sound, message.Body, length);
    }

    private static TagParseResult ParseMultitrack(TagMessage message, MultitrackAudioHeader header, int length)
    {
        var result = default(TagParseResult);
        var tracks = new MultitrackReader(message.Body.Span, length, header.MultitrackType, header.Codec);
        while (tracks.TryReadNext(out var entry))
            result = result.And(ParseTrack(message, header, entry));
        return result;
    }

    private static TagParseResult ParseTrack(TagMessage message, MultitrackAudioHeader header, MultitrackEntry entry)
    {
        var data = message.Body.Span.Slice(entry.Start, entry.Length);
        if (Classify(header.PacketType, entry.Codec, data.Length, out var content) is var reason and not TagIgnoreReason.None)
            return TagParseResult.Nothing(reason);
        var sound = new Sound(content, entry.Codec, entry.Track, OffsetOf(content, header.NanosecondOffset));
        if (entry.Track == 0)
        {
            if (IsMappedDown(entry.Codec, content))
                return AddLegacy(message, sound, data);
            var single = new EnhancedAudioHeader(header.PacketType, entry.Codec, header.NanosecondOffset);
            return Add(message, sound, single.ToBody(data), single.Length);
        }
        if (header.MultitrackType == MultitrackType.OneTrack)
            return Add(message, sound, message.Body, entry.Start);
        var oneTrack = header with { MultitrackType = MultitrackType.OneTrack, Codec = entry.Codec };
        return Add(message, sound, oneTrack.ToBody([entry.Track, .. data]), oneTrack.Length + 1);
    }

    private static TagIgnoreReason Classify(AudioPacketType type, FourCc codec, int payloadLength, out PacketContent content)
    {
        content = type switch
        {
            AudioPacketType.SequenceStart => PacketContent.Configuration,
            AudioPacketType.CodedFrames => PacketContent.Frame,
            AudioPacketType.SequenceEnd => PacketContent.EndOfSequence,
            _ => PacketContent.Metadata,
        };
        if (!IsKnown(codec))
            return TagIgnoreReason.UnknownCodec;
        return payloadLength == 0 && content != PacketContent.EndOfSequence ? TagIgnoreReason.Empty : TagIgnoreReason.None;
    }

    private static bool IsKnown(FourCc codec) =>
        codec == FourCc.Aac || codec == FourCc.Opus || codec == FourCc.Flac || codec == FourCc.Ac3 || codec == FourCc.Eac3 || codec == FourCc.Mp3;

    private static MediaTime OffsetOf(PacketContent content, uint nanoseconds) =>
        content == PacketContent.Frame ? new MediaTime(nanoseconds) : MediaTime.Zero;

    // The speaker layout has no legacy form; it stays as it is, and outputs that speak legacy only leave it out.
    private static bool IsMappedDown(FourCc codec, PacketContent content) => codec == FourCc.Aac && content != PacketContent.Metadata;

    private static TagParseResult AddLegacy(TagMessage message, Sound sound, ReadOnlySpan<byte> payload)
    {
        if (sound.Content == PacketContent.EndOfSequence)
            return TagParseResult.Nothing(TagIgnoreReason.NoLegacyForm);
        var body = sound.Content == PacketContent.Configuration ? AacTag.Configuration(payload) : AacTag.Frame(payload);
        return Add(message, sound, body, AacAudioHeader.Size);
    }

    private static TagParseResult Add(TagMessage message, Sound sound, ReadOnlyMemory<byte> body, int headerLength)
    {
        message.Into.Add(new MediaPacket
        {
            Kind = MediaKind.Audio,
            Content = sound.Content,
            Codec = sound.Codec,
            Track = sound.Track,
            DecodeTime = message.DecodeTime,
            CompositionOffset = sound.Offset,
            Body = body,
            HeaderLength = headerLength,
            ArrivedAt = message.ArrivedAt,
        });
        return TagParseResult.Parsed;
    }

    private readonly record struct Sound(PacketContent Content, FourCc Codec, byte Track, MediaTime Offset);
}
