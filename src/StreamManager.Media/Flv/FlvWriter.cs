using System.Buffers;
using System.Buffers.Binary;

namespace StreamManager.Media.Flv;

/// <summary>Writes an FLV file or stream; the layout is drawn at <see cref="FlvReader"/>.</summary>
public static class FlvWriter
{
    /// <summary>Bytes in front of a tag's body.</summary>
    public const int TagHeaderSize = FlvReader.TagHeaderSize;

    /// <summary>Bytes behind a tag's body.</summary>
    public const int TagTrailerSize = FlvReader.PreviousTagSizeLength;

    /// <summary>Largest body that the 24-bit size field can say.</summary>
    public const int MaxBodySize = 0xFF_FFFF;

    /// <summary>The file header and the first PreviousTagSize. Players wait for every kind that the flags announce: announce only what will come.</summary>
    public static void WriteHeader(IBufferWriter<byte> output, FlvHeader header)
    {
        const int Length = FlvReader.HeaderSize + FlvReader.PreviousTagSizeLength;
        var span = output.GetSpan(Length);
        "FLV\u0001"u8.CopyTo(span);
        span[4] = (byte)((header.HasAudio ? FlvReader.AudioFlag : 0) | (header.HasVideo ? FlvReader.VideoFlag : 0));
        BinaryPrimitives.WriteUInt32BigEndian(span[5..], FlvReader.HeaderSize);
        BinaryPrimitives.WriteUInt32BigEndian(span[9..], 0);
        output.Advance(Length);
    }

    /// <summary>A whole tag with its PreviousTagSize; <paramref name="timestamp"/> is in milliseconds, modulo 2^32.</summary>
    public static void WriteTag(IBufferWriter<byte> output, FlvTagType type, uint timestamp, ReadOnlySpan<byte> body)
    {
        WriteTagHeader(output.GetSpan(TagHeaderSize), type, timestamp, body.Length);
        output.Advance(TagHeaderSize);
        output.Write(body);
        WriteTagTrailer(output.GetSpan(TagTrailerSize), body.Length);
        output.Advance(TagTrailerSize);
    }

    /// <summary>The 11 bytes in front of a body, for callers that send header, body and trailer from separate buffers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The body is larger than the size field can say.</exception>
    public static void WriteTagHeader(Span<byte> destination, FlvTagType type, uint timestamp, int bodyLength)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bodyLength, MaxBodySize);
        // The type byte lies above the 24-bit size, so that both are written as one word; likewise timestamp (24 low, 8 high) below.
        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)type << 24 | (uint)bodyLength);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], timestamp << 8 | timestamp >> 24);
        destination[8..TagHeaderSize].Clear();
    }

    /// <summary>The 4 bytes behind a body.</summary>
    public static void WriteTagTrailer(Span<byte> destination, int bodyLength) =>
        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)(TagHeaderSize + bodyLength));
}
