using StreamManager.Media.Bits;
using StreamManager.Media.Packets;

namespace StreamManager.Media.Flv;

/// <summary>SoundFormat of the legacy header, as far as this server carries it.</summary>
public enum LegacySoundFormat : byte
{
    /// <summary>MP3.</summary>
    Mp3 = 2,

    /// <summary>Not a format: the enhanced header.</summary>
    Enhanced = 9,

    /// <summary>AAC.</summary>
    Aac = 10,

    /// <summary>MP3 at 8 kHz.</summary>
    Mp3Rate8K = 14,
}

/// <summary>AACPacketType of the legacy header.</summary>
public enum AacPacketType : byte
{
    /// <summary>The AudioSpecificConfig.</summary>
    SequenceHeader = 0,

    /// <summary>One raw frame, without ADTS.</summary>
    Raw = 1,
}

/// <summary>AudioPacketType of the enhanced header.</summary>
public enum AudioPacketType : byte
{
    /// <summary>The decoder configuration.</summary>
    SequenceStart = 0,

    /// <summary>Coded sound.</summary>
    CodedFrames = 1,

    /// <summary>The end of the sequence.</summary>
    SequenceEnd = 2,

    /// <summary>Which speaker each channel is for.</summary>
    MultichannelConfig = 4,

    /// <summary>A multitrack message; the real type follows.</summary>
    Multitrack = 5,

    /// <summary>A modifier; the real type follows.</summary>
    ModEx = 7,
}

/// <summary>
/// The header of an audio message or tag (Adobe FLV 10.1 annex E.4.2; Enhanced RTMP v2, "ExAudioTagHeader").
/// <code>
/// legacy:    ffff rrst              f = format, r = rate, s = size, t = type
///   AAC:     1010 1111 | packet type u8
/// enhanced:  1001 pppp | ModEx loop | FourCC
///   multi:   1001 0101 | ModEx loop | mmmm pppp | [FourCC unless every track has its own] | tracks (MultitrackReader)
/// </code>
/// </summary>
public abstract record AudioTagHeader
{
    private protected AudioTagHeader()
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
    public static AudioTagHeader Read(ReadOnlySpan<byte> body, out int length)
    {
        var reader = new ByteReader(body);
        var first = reader.ReadByte();
        AudioTagHeader header = (LegacySoundFormat)(first >> 4) switch
        {
            LegacySoundFormat.Aac => ReadAac(ref reader),
            LegacySoundFormat.Mp3 or LegacySoundFormat.Mp3Rate8K => new Mp3AudioHeader(first),
            LegacySoundFormat.Enhanced => ReadEnhanced(ref reader, first & 0x0F),
            _ => new UnsupportedAudioHeader(TagIgnoreReason.UnknownCodec),
        };
        length = reader.Position;
        return header;
    }

    private static AudioTagHeader ReadAac(ref ByteReader reader)
    {
        var packetType = reader.ReadByte();
        return packetType <= (byte)AacPacketType.Raw
            ? new AacAudioHeader((AacPacketType)packetType)
            : new UnsupportedAudioHeader(TagIgnoreReason.UnknownPacketType);
    }

    private static AudioTagHeader ReadEnhanced(ref ByteReader reader, int firstType)
    {
        var packetType = (AudioPacketType)EnhancedPrelude.Read(ref reader, firstType, (int)AudioPacketType.ModEx, out var nanosecondOffset);
        if (packetType == AudioPacketType.Multitrack)
            return ReadMultitrack(ref reader, nanosecondOffset);
        if (!IsSingle(packetType))
            return new UnsupportedAudioHeader(TagIgnoreReason.UnknownPacketType);
        return new EnhancedAudioHeader(packetType, EnhancedPrelude.ReadFourCc(ref reader), nanosecondOffset);
    }

    private static AudioTagHeader ReadMultitrack(ref ByteReader reader, uint nanosecondOffset)
    {
        var types = reader.ReadByte();
        var packetType = (AudioPacketType)(types & 0x0F);
        if (packetType == AudioPacketType.Multitrack)
            throw new MediaFormatException("A multitrack message within a multitrack message.");
        if (!IsSingle(packetType))
            return new UnsupportedAudioHeader(TagIgnoreReason.UnknownPacketType);
        if (types >> 4 > (int)MultitrackType.ManyTracksManyCodecs)
            return new UnsupportedAudioHeader(TagIgnoreReason.UnknownMultitrackType);
        var multitrackType = (MultitrackType)(types >> 4);
        var codec = multitrackType == MultitrackType.ManyTracksManyCodecs ? FourCc.None : EnhancedPrelude.ReadFourCc(ref reader);
        return new MultitrackAudioHeader(packetType, multitrackType, codec, nanosecondOffset);
    }

    private static bool IsSingle(AudioPacketType type) =>
        type is AudioPacketType.SequenceStart or AudioPacketType.CodedFrames or AudioPacketType.SequenceEnd or AudioPacketType.MultichannelConfig;
}

/// <summary>The legacy header of AAC. The rate, size and type bits say nothing for AAC and are all ones.</summary>
public sealed record AacAudioHeader(AacPacketType PacketType) : AudioTagHeader
{
    /// <summary>Bytes of this form.</summary>
    public const int Size = 2;

    private const byte FirstByte = 0xAF;

    /// <inheritdoc/>
    public override int Length => Size;

    /// <inheritdoc/>
    public override void WriteTo(Span<byte> destination)
    {
        destination[0] = FirstByte;
        destination[1] = (byte)PacketType;
    }
}

/// <summary>The legacy header of MP3; its rate and channel bits are in <paramref name="FirstByte"/>, but MP3's own frame header is to be believed.</summary>
public sealed record Mp3AudioHeader(byte FirstByte) : AudioTagHeader
{
    /// <inheritdoc/>
    public override int Length => 1;

    /// <inheritdoc/>
    public override void WriteTo(Span<byte> destination) => destination[0] = FirstByte;
}

/// <summary>An enhanced header of one track; the payload follows. <paramref name="NanosecondOffset"/> is 0 to 999,999.</summary>
public sealed record EnhancedAudioHeader(AudioPacketType PacketType, FourCc Codec, uint NanosecondOffset = 0) : AudioTagHeader
{
    /// <inheritdoc/>
    public override int Length => 1 + EnhancedPrelude.SizeOf(NanosecondOffset) + EnhancedPrelude.FourCcSize;

    /// <inheritdoc/>
    public override void WriteTo(Span<byte> destination)
    {
        var at = EnhancedPrelude.Write(
            destination, (int)LegacySoundFormat.Enhanced, (int)PacketType, (int)AudioPacketType.ModEx, NanosecondOffset);
        EnhancedPrelude.WriteFourCc(destination[at..], Codec);
    }
}

/// <summary>
/// The header of a multitrack message; the tracks follow, and <see cref="MultitrackReader"/> walks over them.
/// <paramref name="Codec"/> is <see cref="FourCc.None"/> when every track names its own.
/// </summary>
public sealed record MultitrackAudioHeader(AudioPacketType PacketType, MultitrackType MultitrackType, FourCc Codec, uint NanosecondOffset = 0)
    : AudioTagHeader
{
    /// <inheritdoc/>
    public override int Length => 2 + EnhancedPrelude.SizeOf(NanosecondOffset)
        + (MultitrackType == MultitrackType.ManyTracksManyCodecs ? 0 : EnhancedPrelude.FourCcSize);

    /// <inheritdoc/>
    public override void WriteTo(Span<byte> destination)
    {
        var at = EnhancedPrelude.Write(
            destination, (int)LegacySoundFormat.Enhanced, (int)AudioPacketType.Multitrack, (int)AudioPacketType.ModEx, NanosecondOffset);
        destination[at] = (byte)((int)MultitrackType << 4 | (int)PacketType);
        if (MultitrackType != MultitrackType.ManyTracksManyCodecs)
            EnhancedPrelude.WriteFourCc(destination[(at + 1)..], Codec);
    }
}

/// <summary>A header of something that this server does not know. The message is dropped and counted; the connection stays.</summary>
public sealed record UnsupportedAudioHeader(TagIgnoreReason Reason) : AudioTagHeader
{
    /// <inheritdoc/>
    public override int Length => 0;

    /// <summary>Nothing is known that could be written.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void WriteTo(Span<byte> destination) => throw new NotSupportedException("An unknown header cannot be written.");
}
