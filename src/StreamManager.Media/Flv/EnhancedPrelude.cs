using System.Buffers.Binary;
using StreamManager.Media.Bits;
using StreamManager.Media.Packets;

namespace StreamManager.Media.Flv;

/// <summary>How many tracks a multitrack message holds, and whether they share a codec (Enhanced RTMP v2, "AvMultitrackType").</summary>
public enum MultitrackType : byte
{
    /// <summary>One track; its data runs to the end of the message.</summary>
    OneTrack = 0,

    /// <summary>Several tracks of one codec, each with a size.</summary>
    ManyTracks = 1,

    /// <summary>Several tracks, each with a codec and a size.</summary>
    ManyTracksManyCodecs = 2,
}

/// <summary>
/// What enhanced audio and video headers have in common: the ModEx loop in front of the FourCC and the multitrack byte.
/// <code>
/// ModEx:      size-1 u8 [, if FF: size-1 u16] | data[size] | eeee pppp      e = ModExType, p = next packet type; again while p is ModEx
///             TimestampOffsetNano (e = 0): data = u24, 0 to 999999 ns, added to the presentation time of this message
/// Multitrack: mmmm pppp      m = MultitrackType, p = the packet type of the tracks
/// </code>
/// </summary>
internal static class EnhancedPrelude
{
    public const int FourCcSize = 4;
    private const int MaxNanosecondOffset = 999_999;
    private const int NanosecondOffsetSize = 3;
    private const int TimestampOffsetNano = 0;

    // size-1, three bytes of nanoseconds, and the byte with the next packet type.
    private const int WrittenSize = 1 + NanosecondOffsetSize + 1;

    /// <summary>Runs the loop; gives the packet type that it ends with. Unknown modifiers are skipped, as the specification asks.</summary>
    public static int Read(ref ByteReader reader, int packetType, int modEx, out uint nanosecondOffset)
    {
        nanosecondOffset = 0;
        while (packetType == modEx)
        {
            var size = reader.ReadByte() + 1;
            if (size == 256)
                size = reader.ReadUInt16() + 1;
            var data = new ByteReader(reader.Take(size));
            var next = reader.ReadByte();
            if (next >> 4 == TimestampOffsetNano)
            {
                var offset = data.ReadUInt24();
                if (offset > MaxNanosecondOffset)
                    throw new MediaFormatException($"A timestamp offset of {offset} ns, at most {MaxNanosecondOffset} is allowed.");
                nanosecondOffset = (uint)offset;
            }
            packetType = next & 0x0F;
        }
        return packetType;
    }

    /// <summary>Bytes that <see cref="Write"/> takes behind the first byte of the header.</summary>
    public static int SizeOf(uint nanosecondOffset) => nanosecondOffset == 0 ? 0 : WrittenSize;

    /// <summary>Writes the first byte (its high nibble given) and, for an offset, the ModEx in front of <paramref name="packetType"/>.</summary>
    public static int Write(Span<byte> destination, int firstNibble, int packetType, int modEx, uint nanosecondOffset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nanosecondOffset, (uint)MaxNanosecondOffset);
        if (nanosecondOffset == 0)
        {
            destination[0] = (byte)(firstNibble << 4 | packetType);
            return 1;
        }
        destination[0] = (byte)(firstNibble << 4 | modEx);
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], (NanosecondOffsetSize - 1) << 24 | nanosecondOffset);
        destination[5] = (byte)(TimestampOffsetNano << 4 | packetType);
        return 1 + WrittenSize;
    }

    public static FourCc ReadFourCc(ref ByteReader reader) => new(reader.ReadUInt32());

    public static void WriteFourCc(Span<byte> destination, FourCc codec) => BinaryPrimitives.WriteUInt32BigEndian(destination, codec.Value);
}
