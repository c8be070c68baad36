using StreamManager.Media.Bits;

namespace StreamManager.Media.Flac;

/// <summary>
/// FLAC's STREAMINFO behind the "fLaC" mark (RFC 9639 section 8.2), as enhanced RTMP carries it.
/// <code>"fLaC" | last 1, type 7 (0), length u24 (34) | block sizes u16 u16 | frame sizes u24 u24 | rate 20, channels - 1 3, depth - 1 5 | …</code>
/// </summary>
public sealed record FlacStreamInfo(int SampleRate, int Channels, int BitDepth, int MaxBlockSize)
{
    private const int MarkSize = 4;
    private const int BlockHeaderSize = 4;
    private const int FrameSizesSize = 6;

    /// <summary>Reads the header.</summary>
    /// <exception cref="MediaFormatException">Cut off, another mark, or another first block.</exception>
    public static FlacStreamInfo Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        if (!reader.Take(MarkSize).SequenceEqual("fLaC"u8) || (reader.Take(BlockHeaderSize)[0] & 0x7F) != 0)
            throw new MediaFormatException("Not a FLAC header.");
        reader.ReadUInt16(); // smallest block
        var maxBlockSize = reader.ReadUInt16();
        reader.Take(FrameSizesSize);
        var packed = reader.ReadUInt32();
        var rate = (int)(packed >> 12);
        return rate > 0
            ? new FlacStreamInfo(rate, (int)(packed >> 9 & 7) + 1, (int)(packed >> 4 & 31) + 1, maxBlockSize)
            : throw new MediaFormatException("A FLAC stream without a sample rate.");
    }
}
