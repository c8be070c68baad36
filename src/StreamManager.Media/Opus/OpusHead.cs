using System.Buffers.Binary;
using StreamManager.Media.Bits;

namespace StreamManager.Media.Opus;

/// <summary>
/// Opus's identification header (RFC 7845 section 5.1), little-endian.
/// <code>"OpusHead" | version u8 | channels u8 | pre-skip u16 | input sample rate u32 | output gain s16 | mapping family u8 | [mapping table]</code>
/// </summary>
public sealed record OpusHead(int Channels, int PreSkip, uint InputSampleRate, short OutputGain, byte MappingFamily)
{
    /// <summary>Opus decodes at 48 kHz whatever the input's rate was; all its durations count these samples.</summary>
    public const int SampleRate = 48_000;

    private const int MaxKnownVersion = 15;
    private const int MagicSize = 8;

    /// <summary>Reads the header.</summary>
    /// <exception cref="MediaFormatException">Cut off, another magic or major version, or no channels.</exception>
    public static OpusHead Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        if (!reader.Take(MagicSize).SequenceEqual("OpusHead"u8))
            throw new MediaFormatException("Not an Opus identification header.");
        if (reader.ReadByte() > MaxKnownVersion)
            throw new MediaFormatException("An Opus identification header of an unknown version.");
        var channels = reader.ReadByte();
        if (channels == 0)
            throw new MediaFormatException("An Opus stream without channels.");
        return new OpusHead(
            channels,
            BinaryPrimitives.ReadUInt16LittleEndian(reader.Take(2)),
            BinaryPrimitives.ReadUInt32LittleEndian(reader.Take(4)),
            BinaryPrimitives.ReadInt16LittleEndian(reader.Take(2)),
            reader.ReadByte());
    }

    /// <summary>Writes the header; a mapping family other than 0 needs its table behind it.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[19];
        "OpusHead\u0001"u8.CopyTo(bytes);
        bytes[9] = (byte)Channels;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(10), (ushort)PreSkip);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), InputSampleRate);
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(16), OutputGain);
        bytes[18] = MappingFamily;
        return bytes;
    }
}
