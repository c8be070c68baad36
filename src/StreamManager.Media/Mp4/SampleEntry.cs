using System.Buffers.Binary;
using StreamManager.Media.Opus;
using StreamManager.Media.Packets;

namespace StreamManager.Media.Mp4;

/// <summary>
/// What a decoder is told about a track: its sample entry (ISO/IEC 14496-12 section 12, 14496-14 section 5.6, 14496-15 sections 5.4 and 8.4; the bindings of AV1 and Opus).
/// <code>
/// video: 6 zeros | data reference 1 u16 | 16 zeros | width u16 | height u16 | 72 dpi u32 ×2 | 0 u32 | frames 1 u16 | 32 zeros | depth 24 u16 | -1 u16 | avcC, hvcC or av1C | [pasp] [colr]
/// audio: 6 zeros | data reference 1 u16 | 8 zeros | channels u16 | bits 16 u16 | 0 u32 | rate 16.16 u32 | esds or dOps
/// </code>
/// </summary>
internal static class SampleEntry
{
    private const uint SeventyTwoDpi = 72 << 16;

    // ISO/IEC 14496-1 table 6 and section 7.2.6: the tags of descriptors, AAC's object type, an audio stream (type 5, reserved bit 1).
    private const int ElementaryStreamTag = 3;
    private const int DecoderConfigTag = 4;
    private const int DecoderSpecificTag = 5;
    private const int SyncLayerTag = 6;
    private const int ObjectTypeAac = 0x40;
    private const int AudioStream = 5 << 2 | 1;
    private const int PredefinedForMp4 = 2;

    // The fixed part of OpusHead, magic and version in front; a channel mapping table follows where the family is not 0.
    private const int OpusFixedSize = 19;
    private const int OpusVersionOffset = 8;

    /// <summary>Writes the entry.</summary>
    public static void Write(BoxWriter writer, Mp4Track track)
    {
        Span<byte> type = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(type, track.Codec.Value);
        var entry = writer.Begin(type);
        writer.Zeros(6);
        writer.UInt16(1);
        if (track is Mp4VideoTrack video)
            WriteVideo(writer, video);
        else
            WriteAudio(writer, (Mp4AudioTrack)track);
        writer.End(entry);
    }

    private static void WriteVideo(BoxWriter writer, Mp4VideoTrack track)
    {
        writer.Zeros(16);
        writer.UInt16(track.Format.Width);
        writer.UInt16(track.Format.Height);
        writer.UInt32(SeventyTwoDpi);
        writer.UInt32(SeventyTwoDpi);
        writer.UInt32(0);
        writer.UInt16(1);
        writer.Zeros(32); // compressor's name
        writer.UInt16(24);
        writer.UInt16(0xFFFF);
        var record = writer.Begin(track.Codec == FourCc.Avc ? "avcC"u8 : track.Codec == FourCc.Hevc ? "hvcC"u8 : "av1C"u8);
        writer.Bytes(track.Configuration.Span);
        writer.End(record);
        if (track.Format.SampleAspectRatio is var (width, height) && width != height)
        {
            var shape = writer.Begin("pasp"u8);
            writer.UInt32((uint)width);
            writer.UInt32((uint)height);
            writer.End(shape);
        }
        if (track.Format.Colour is { } colour)
        {
            var box = writer.Begin("colr"u8);
            writer.Bytes("nclx"u8);
            writer.UInt16(colour.Primaries);
            writer.UInt16(colour.Transfer);
            writer.UInt16(colour.Matrix);
            writer.Byte(colour.IsFullRange ? 0x80 : 0);
            writer.End(box);
        }
    }

    private static void WriteAudio(BoxWriter writer, Mp4AudioTrack track)
    {
        writer.Zeros(8);
        // 0 is "see the configuration", for which the entry has no word; 2 is what the format's template says.
        writer.UInt16(track.Format.Channels == 0 ? 2 : track.Format.Channels);
        writer.UInt16(16);
        writer.UInt32(0);
        // 16 bits before the point: rates above do not fit, and decoders take theirs from the configuration.
        writer.UInt32(track.Format.SampleRate <= ushort.MaxValue ? (uint)track.Format.SampleRate << 16 : 0);
        if (track.Codec == FourCc.Opus)
            WriteOpus(writer, track.Configuration.Span);
        else
            WriteElementaryStream(writer, track.Configuration.Span);
    }

    // Encapsulation of Opus in ISO BMFF section 4.3.2: OpusHead without its magic, version 0, and big-endian.
    private static void WriteOpus(BoxWriter writer, ReadOnlySpan<byte> configuration)
    {
        var head = OpusHead.Read(configuration);
        var box = writer.Begin("dOps"u8);
        writer.Byte(0);
        writer.Byte(configuration[OpusVersionOffset + 1]);
        writer.UInt16(head.PreSkip);
        writer.UInt32(head.InputSampleRate);
        writer.UInt16(head.OutputGain);
        writer.Byte(head.MappingFamily);
        if (head.MappingFamily != 0)
            writer.Bytes(configuration[OpusFixedSize..]);
        writer.End(box);
    }

    // Descriptors are tag u8, size, content. Sizes below 128 take one byte; an AudioSpecificConfig is bounded above that, so all are written with the four that the format allows.
    private static void WriteElementaryStream(BoxWriter writer, ReadOnlySpan<byte> configuration)
    {
        const int Header = 5;
        const int DecoderFixed = 13;
        var box = writer.Begin("esds"u8, version: 0, flags: 0);
        Descriptor(writer, ElementaryStreamTag, 3 + Header + DecoderFixed + Header + configuration.Length + Header + 1);
        writer.UInt16(0); // stream id: the track says it
        writer.Byte(0); // no dependency, URL or clock of its own
        Descriptor(writer, DecoderConfigTag, DecoderFixed + Header + configuration.Length);
        writer.Byte(ObjectTypeAac);
        writer.Byte(AudioStream);
        writer.Zeros(3 + 4 + 4); // buffer size, largest and mean bit rate: not known
        Descriptor(writer, DecoderSpecificTag, configuration.Length);
        writer.Bytes(configuration);
        Descriptor(writer, SyncLayerTag, 1);
        writer.Byte(PredefinedForMp4);
        writer.End(box);
    }

    private static void Descriptor(BoxWriter writer, int tag, int size)
    {
        writer.Byte(tag);
        for (var shift = 21; shift > 0; shift -= 7)
            writer.Byte(0x80 | size >> shift & 0x7F);
        writer.Byte(size & 0x7F);
    }
}
