using StreamManager.Media.Bits;

namespace StreamManager.Media.Opus;

/// <summary>
/// How long an Opus packet is, from its first byte or two (RFC 6716 section 3.1).
/// <code>config 5 | stereo 1 | code 2 (0: one frame, 1 and 2: two, 3: a second byte says, in its low 6 bits)</code>
/// </summary>
public static class OpusPacket
{
    // RFC 6716 section 3.2.5: a packet holds at most 120 ms.
    private const int MaxSamples = 5760;

    /// <summary>Samples per channel at 48 kHz.</summary>
    /// <exception cref="MediaFormatException">Empty or cut off, no frames, or longer than a packet may be.</exception>
    public static int CountSamples(ReadOnlySpan<byte> packet)
    {
        var reader = new ByteReader(packet);
        var toc = reader.ReadByte();
        var frames = (toc & 3) switch
        {
            0 => 1,
            3 => reader.ReadByte() & 0x3F,
            _ => 2,
        };
        var samples = frames * SamplesPerFrame(toc >> 3);
        return samples is > 0 and <= MaxSamples ? samples : throw new MediaFormatException($"An Opus packet of {samples} samples.");
    }

    // Table 2: SILK 10, 20, 40, 60 ms; hybrid 10, 20 ms; CELT 2.5, 5, 10, 20 ms.
    private static int SamplesPerFrame(int config) => config switch
    {
        < 12 => (config & 3) == 3 ? 2880 : 480 << (config & 3),
        < 16 => 480 << (config & 1),
        _ => 120 << (config & 3),
    };
}
