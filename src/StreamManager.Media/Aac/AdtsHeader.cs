using StreamManager.Media.Bits;

namespace StreamManager.Media.Aac;

/// <summary>
/// The header of an AAC frame in an ADTS stream (ISO/IEC 14496-3 annex 1.A.3.2), as ffmpeg writes them into pipes.
/// <code>
/// FFF | id 1 layer 2 (0) no crc 1 | profile 2 frequency index 4 private 1 channels 3 | original 1 home 1 copyright 2 | frame length 13 | fullness 11 | blocks - 1 2 | [crc 16]
/// </code>
/// </summary>
/// <param name="Config">The configuration that the header stands for.</param>
/// <param name="HeaderLength">Bytes in front of the raw frame: 7, or 9 with a check sum.</param>
/// <param name="FrameLength">Bytes of the header and the frame.</param>
public sealed record AdtsHeader(AudioSpecificConfig Config, int HeaderLength, int FrameLength)
{
    /// <summary>Bytes that <see cref="Read"/> needs.</summary>
    public const int Size = 7;

    private const int SyncWord = 0xFFF;
    private const int CheckSumSize = 2;

    /// <summary>Reads the header at the start of a frame.</summary>
    /// <exception cref="MediaFormatException">Cut off, no sync word, several blocks in a frame, or a length shorter than the header.</exception>
    public static AdtsHeader Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new BitReader(bytes);
        if (reader.ReadBits(12) != SyncWord)
            throw new MediaFormatException("No ADTS sync word.");
        reader.Skip(1 + 2); // id, layer
        var headerLength = reader.ReadFlag() ? Size : Size + CheckSumSize;
        var objectType = reader.ReadBits(2) + 1;
        var frequency = reader.ReadBits(4);
        reader.Skip(1);
        var channels = reader.ReadBits(3);
        reader.Skip(4);
        var frameLength = (int)reader.ReadBits(13);
        reader.Skip(11);
        if (reader.ReadBits(2) != 0)
            throw new MediaFormatException("Several AAC blocks in one ADTS frame.");
        if (frameLength < headerLength)
            throw new MediaFormatException("An ADTS frame shorter than its header.");
        var config = new BitWriter();
        config.WriteBits(objectType, 5);
        config.WriteBits(frequency, 4);
        config.WriteBits(channels, 4);
        config.WriteBits(0, 3);
        return new AdtsHeader(AudioSpecificConfig.Read(config.ToArray()), headerLength, frameLength);
    }
}
