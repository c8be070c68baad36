using System.Buffers;
using System.Buffers.Binary;

namespace StreamManager.Media.Flv;

/// <summary>The flags of an FLV file's header. Hints only: several writers set both whatever follows.</summary>
public readonly record struct FlvHeader(bool HasAudio, bool HasVideo);

/// <summary>What a reader of FLV accepts.</summary>
public sealed record FlvReaderLimits
{
    /// <summary>The defaults.</summary>
    public static FlvReaderLimits Default { get; } = new();

    /// <summary>
    /// Largest tag body in bytes. The default is 8 MiB: an intra frame of 2160p at the highest quality is below 4 MiB, and the format's own limit is 16 MiB.
    /// </summary>
    public int MaxBodySize { get; init; } = 8 * 1024 * 1024;
}

/// <summary>
/// Reads an FLV file or pipe (Adobe Flash Video File Format 10.1, annex E.2 and E.3).
/// <code>
/// file:  'F' 'L' 'V' 01 | 00000a0v | header size u32 (9) | PreviousTagSize0 u32
/// tag:   00 f ttttt | size u24 | timestamp u24 | timestamp bits 31-24 | stream id u24 | body | PreviousTagSize u32
/// </code>
/// </summary>
public static class FlvReader
{
    internal const int HeaderSize = 9;
    internal const int TagHeaderSize = 11;
    internal const int PreviousTagSizeLength = 4;
    internal const byte AudioFlag = 0x04;
    internal const byte VideoFlag = 0x01;

    // The header may be longer than the 9 bytes known today; nobody writes that, so the room is small.
    private const int MaxHeaderSize = 1024;
    private const byte EncryptedFlag = 0x20;
    private const byte TypeMask = 0x1F;

    /// <summary>Takes the file header and the first PreviousTagSize. False: needs more, nothing taken.</summary>
    /// <exception cref="MediaFormatException">Not an FLV file of version 1.</exception>
    public static bool TryReadHeader(ref ReadOnlySequence<byte> buffer, out FlvHeader header)
    {
        header = default;
        Span<byte> bytes = stackalloc byte[HeaderSize];
        var present = (int)Math.Min(buffer.Length, HeaderSize);
        buffer.Slice(0, present).CopyTo(bytes);
        if (!"FLV\u0001"u8[..Math.Min(present, 4)].SequenceEqual(bytes[..Math.Min(present, 4)]))
            throw new MediaFormatException("Not an FLV file of version 1.");
        if (present < HeaderSize)
            return false;
        var size = BinaryPrimitives.ReadUInt32BigEndian(bytes[5..]);
        if (size is < HeaderSize or > MaxHeaderSize)
            throw new MediaFormatException($"An FLV header of {size} bytes.");
        if (buffer.Length < size + PreviousTagSizeLength)
            return false;
        header = new FlvHeader((bytes[4] & AudioFlag) != 0, (bytes[4] & VideoFlag) != 0);
        buffer = buffer.Slice(size + PreviousTagSizeLength);
        return true;
    }

    /// <summary>
    /// Takes one tag with the PreviousTagSize behind it, whose value is not checked: several writers get it wrong and nothing depends on it.
    /// False: needs more, nothing taken.
    /// </summary>
    /// <exception cref="MediaFormatException">The tag is larger than allowed, or encrypted.</exception>
    public static bool TryReadTag(ref ReadOnlySequence<byte> buffer, FlvReaderLimits limits, out FlvTag tag)
    {
        tag = default;
        if (buffer.Length < TagHeaderSize)
            return false;
        Span<byte> bytes = stackalloc byte[TagHeaderSize];
        buffer.Slice(0, TagHeaderSize).CopyTo(bytes);
        if ((bytes[0] & EncryptedFlag) != 0)
            throw new MediaFormatException("An encrypted FLV tag.");
        var size = bytes[1] << 16 | bytes[2] << 8 | bytes[3];
        if (size > limits.MaxBodySize)
            throw new MediaFormatException($"An FLV tag of {size} bytes, at most {limits.MaxBodySize} are accepted.");
        if (buffer.Length < TagHeaderSize + size + PreviousTagSizeLength)
            return false;
        var timestamp = (uint)(bytes[7] << 24 | bytes[4] << 16 | bytes[5] << 8 | bytes[6]);
        tag = new FlvTag((FlvTagType)(bytes[0] & TypeMask), timestamp, buffer.Slice(TagHeaderSize, size).ToArray());
        buffer = buffer.Slice(TagHeaderSize + size + PreviousTagSizeLength);
        return true;
    }
}
