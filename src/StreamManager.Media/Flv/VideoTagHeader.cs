using StreamManager.Media.Bits;
using StreamManager.Media.Packets;

namespace StreamManager.Media.Flv;

/// <summary>FLV's kind of a video frame. 0 is what OBS writes for enhanced metadata, where the field means nothing.</summary>
public enum VideoFrameType : byte
{
    /// <summary>Means nothing (enhanced metadata only).</summary>
    None = 0,

    /// <summary>A picture that decoding can start at.</summary>
    Key = 1,

    /// <summary>A picture that needs earlier ones.</summary>
    Inter = 2,

    /// <summary>An inter picture that no other needs (H.263 only).</summary>
    DisposableInter = 3,

    /// <summary>A key frame made by a server.</summary>
    GeneratedKey = 4,

    /// <summary>A command, no picture.</summary>
    Command = 5,
}

/// <summary>The legacy video codecs with AVC's packet structure.</summary>
public enum LegacyVideoCodec : byte
{
    /// <summary>H.264.</summary>
    Avc = 7,

    /// <summary>H.265 by the convention of some networks, from before enhanced RTMP; not in Adobe's specification.</summary>
    Hevc = 12,
}

/// <summary>AVCPacketType of the legacy header.</summary>
public enum LegacyVideoPacketType : byte
{
    /// <summary>The decoder configuration record.</summary>
    SequenceHeader = 0,

    /// <summary>Length-prefixed NAL units of one picture.</summary>
    Nalus = 1,

    /// <summary>The end of the sequence.</summary>
    EndOfSequence = 2,
}

/// <summary>VideoPacketType of the enhanced header.</summary>
public enum VideoPacketType : byte
{
    /// <summary>The decoder configuration.</summary>
    SequenceStart = 0,

    /// <summary>A picture; for AVC, HEVC and VVC with a composition time.</summary>
    CodedFrames = 1,

    /// <summary>The end of the sequence.</summary>
    SequenceEnd = 2,

    /// <summary>A picture whose composition time is zero and is not written.</summary>
    CodedFramesX = 3,

    /// <summary>AMF0 name and object, such as colorInfo.</summary>
    Metadata = 4,

    /// <summary>AV1's configuration as MPEG-2 TS has it.</summary>
    Mpeg2TsSequenceStart = 5,

    /// <summary>A multitrack message; the real type follows.</summary>
    Multitrack = 6,

    /// <summary>A modifier; the real type follows.</summary>
    ModEx = 7,
}

/// <summary>The command of a command frame.</summary>
public enum VideoCommand : byte
{
    /// <summary>A client-side seek begins.</summary>
    StartSeek = 0,

    /// <summary>A client-side seek ends.</summary>
    EndSeek = 1,
}

/// <summary>
/// The header of a video message or tag (Adobe FLV 10.1 annex E.4.3; Enhanced RTMP v2, "ExVideoTagHeader").
/// <code>
/// legacy:    0fff cccc                             f = frame type, c = codec
///   AVC:     0fff 0111 | packet type u8 | composition time si24 (ms)
///   command: 0101 cccc | command u8
/// enhanced:  1fff pppp | ModEx loop | FourCC | [composition time si24: avc1, hvc1, vvc1 with CodedFrames]
///   multi:   1fff 0110 | ModEx loop | mmmm pppp | [FourCC unless every track has its own] | tracks (MultitrackReader)
///   command: 1101 pppp | ModEx loop | command u8
/// </code>
/// </summary>
public abstract record VideoTagHeader
{
    private const int EnhancedFlag = 0x80;

    private protected VideoTagHeader()
    {
    }

    /// <summary>Bytes that the header takes when written.</summary>
    public abstract int Length { get; }

    /// <summary>Writes the header's <see cref="Length"/> bytes.</summary>
    public abstract void WriteTo(Span<byte> destination);

    /// <summary>A message body: this header and a payload, in a new array of exact size.</summary>
    public byte[] ToBody(ReadOnlySpan<byte> payload)
    {
        var body = new byte[Length + payload.Length];
        WriteTo(body);
        payload.CopyTo(body.AsSpan(Length));
        return body;
    }

    /// <summary>Reads the header of a message body; <paramref name="length"/> is where what it heads begins.</summary>
    /// <exception cref="MediaFormatException">The body ends within the header, or breaks a rule that leaves no way to read on.</exception>
    public static VideoTagHeader Read(ReadOnlySpan<byte> body, out int length)
    {
        var reader = new ByteReader(body);
        var first = reader.ReadByte();
        var frameType = (VideoFrameType)(first >> 4 & 7);
        var header = (first & EnhancedFlag) != 0
            ? ReadEnhanced(ref reader, frameType, first & 0x0F)
            : ReadLegacy(ref reader, frameType, first & 0x0F);
        length = reader.Position;
        return header;
    }

    private static VideoTagHeader ReadLegacy(ref ByteReader reader, VideoFrameType frameType, int codec)
    {
        if (frameType == VideoFrameType.Command)
            return new VideoCommandHeader((VideoCommand)reader.ReadByte(), IsEnhanced: false);
        if (codec is not ((int)LegacyVideoCodec.Avc or (int)LegacyVideoCodec.Hevc))
            return new UnsupportedVideoHeader(TagIgnoreReason.UnknownCodec);
        var packetType = reader.ReadByte();
        var compositionTime = reader.ReadInt24();
        return packetType <= (byte)LegacyVideoPacketType.EndOfSequence
            ? new LegacyVideoHeader(frameType, (LegacyVideoCodec)codec, (LegacyVideoPacketType)packetType, compositionTime)
            : new UnsupportedVideoHeader(TagIgnoreReason.UnknownPacketType);
    }

    private static VideoTagHeader ReadEnhanced(ref ByteReader reader, VideoFrameType frameType, int firstType)
    {
        var packetType = (VideoPacketType)EnhancedPrelude.Read(ref reader, firstType, (int)VideoPacketType.ModEx, out var nanosecondOffset);
        if (frameType == VideoFrameType.Command && packetType != VideoPacketType.Metadata)
            return new VideoCommandHeader((VideoCommand)reader.ReadByte(), IsEnhanced: true);
        if (packetType == VideoPacketType.Multitrack)
            return ReadMultitrack(ref reader, frameType, nanosecondOffset);
        if (!IsSingle(packetType))
            return new UnsupportedVideoHeader(TagIgnoreReason.UnknownPacketType);
        var codec = EnhancedPrelude.ReadFourCc(ref reader);
        var compositionTime = HasCompositionTime(packetType, codec) ? reader.ReadInt24() : 0;
        return new EnhancedVideoHeader(frameType, packetType, codec, compositionTime, nanosecondOffset);
    }

    private static VideoTagHeader ReadMultitrack(ref ByteReader reader, VideoFrameType frameType, uint nanosecondOffset)
    {
        var types = reader.ReadByte();
        var packetType = (VideoPacketType)(types & 0x0F);
        if (packetType == VideoPacketType.Multitrack)
            throw new MediaFormatException("A multitrack message within a multitrack message.");
        if (!IsSingle(packetType))
            return new UnsupportedVideoHeader(TagIgnoreReason.UnknownPacketType);
        if (types >> 4 > (int)MultitrackType.ManyTracksManyCodecs)
            return new UnsupportedVideoHeader(TagIgnoreReason.UnknownMultitrackType);
        var multitrackType = (MultitrackType)(types >> 4);
        var codec = multitrackType == MultitrackType.ManyTracksManyCodecs ? FourCc.None : EnhancedPrelude.ReadFourCc(ref reader);
        return new MultitrackVideoHeader(frameType, packetType, multitrackType, codec, nanosecondOffset);
    }

    private static bool IsSingle(VideoPacketType type) => type <= VideoPacketType.Mpeg2TsSequenceStart;

    /// <summary>Whether a composition time stands in front of the payload.</summary>
    internal static bool HasCompositionTime(VideoPacketType type, FourCc codec) =>
        type == VideoPacketType.CodedFrames && (codec == FourCc.Avc || codec == FourCc.Hevc || codec == FourCc.Vvc);

    private protected static int EnhancedFirstNibble(VideoFrameType frameType) => EnhancedFlag >> 4 | (int)frameType;
}

/// <summary>A legacy header with AVC's packet structure; the payload follows. <paramref name="CompositionTime"/> is in milliseconds.</summary>
public sealed record LegacyVideoHeader(VideoFrameType FrameType, LegacyVideoCodec Codec, LegacyVideoPacketType PacketType, int CompositionTime)
    : VideoTagHeader
{
    /// <summary>Bytes of this form.</summary>
    public const int Size = 5;

    /// <inheritdoc/>
    public override int Length => Size;

    /// <inheritdoc/>
    public override void WriteTo(Span<byte> destination)
    {
        destination[0] = (byte)((int)FrameType << 4 | (int)Codec);
        destination[1] = (byte)PacketType;
        SignedInt24.Write(destination[2..], CompositionTime);
    }
}

/// <summary>
/// An enhanced header of one track; the payload follows. <paramref name="CompositionTime"/> is in milliseconds and is written only where
/// the codec and packet type have one; <paramref name="NanosecondOffset"/> (0 to 999,999) is added to it.
/// </summary>
public sealed record EnhancedVideoHeader(
    VideoFrameType FrameType, VideoPacketType PacketType, FourCc Codec, int CompositionTime = 0, uint NanosecondOffset = 0) : VideoTagHeader
{
    /// <inheritdoc/>
    public override int Length => 1 + EnhancedPrelude.SizeOf(NanosecondOffset) + EnhancedPrelude.FourCcSize
        + (HasCompositionTime(PacketType, Codec) ? SignedInt24.Size : 0);

    /// <inheritdoc/>
    public override void WriteTo(Span<byte> destination)
    {
        var at = EnhancedPrelude.Write(destination, EnhancedFirstNibble(FrameType), (int)PacketType, (int)VideoPacketType.ModEx, NanosecondOffset);
        EnhancedPrelude.WriteFourCc(destination[at..], Codec);
        if (HasCompositionTime(PacketType, Codec))
            SignedInt24.Write(destination[(at + EnhancedPrelude.FourCcSize)..], CompositionTime);
    }
}

/// <summary>
/// The header of a multitrack message; the tracks follow, and <see cref="MultitrackReader"/> walks over them. A composition time is part of each track's data.
/// <paramref name="Codec"/> is <see cref="FourCc.None"/> when every track names its own.
/// </summary>
public sealed record MultitrackVideoHeader(
    VideoFrameType FrameType, VideoPacketType PacketType, MultitrackType MultitrackType, FourCc Codec, uint NanosecondOffset = 0) : VideoTagHeader
{
    /// <inheritdoc/>
    public override int Length => 2 + EnhancedPrelude.SizeOf(NanosecondOffset)
        + (MultitrackType == MultitrackType.ManyTracksManyCodecs ? 0 : EnhancedPrelude.FourCcSize);

    /// <inheritdoc/>
    public override void WriteTo(Span<byte> destination)
    {
        var at = EnhancedPrelude.Write(
            destination, EnhancedFirstNibble(FrameType), (int)VideoPacketType.Multitrack, (int)VideoPacketType.ModEx, NanosecondOffset);
        destination[at] = (byte)((int)MultitrackType << 4 | (int)PacketType);
        if (MultitrackType != MultitrackType.ManyTracksManyCodecs)
            EnhancedPrelude.WriteFourCc(destination[(at + 1)..], Codec);
    }
}

/// <summary>A command frame: no picture.</summary>
public sealed record VideoCommandHeader(VideoCommand Command, bool IsEnhanced) : VideoTagHeader
{
    /// <inheritdoc/>
    public override int Length => 2;

    /// <inheritdoc/>
    public override void WriteTo(Span<byte> destination)
    {
        destination[0] = IsEnhanced
            ? (byte)(EnhancedFirstNibble(VideoFrameType.Command) << 4 | (int)VideoPacketType.CodedFrames)
            : (byte)((int)VideoFrameType.Command << 4 | (int)LegacyVideoCodec.Avc);
        destination[1] = (byte)Command;
    }
}

/// <summary>A header of something that this server does not know. The message is dropped and counted; the connection stays.</summary>
public sealed record UnsupportedVideoHeader(TagIgnoreReason Reason) : VideoTagHeader
{
    /// <inheritdoc/>
    public override int Length => 0;

    /// <summary>Nothing is known that could be written.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void WriteTo(Span<byte> destination) => throw new NotSupportedException("An unknown header cannot be written.");
}
