using System.Collections.Immutable;
using StreamManager.Media.Bits;

namespace StreamManager.Media.Aac;

/// <summary>
/// Frames of digital silence, made by writing the syntax of ISO/IEC 14496-3 section 4.4.2 with no scale factor band in use. Sound that is
/// missing is filled with them, so that a destination never sees an audio track end.
/// <code>
/// raw_data_block: { id 3 | tag 4 | element } … | END 111 | zeros to the byte
/// SCE 000, LFE 011:  global_gain 8 | ics_info | pulse 0 | tns 0 | gain_control 0
/// CPE 001:           common_window 1 | ics_info | ms_mask_present 00 | 2 × { global_gain 8 | pulse 0 | tns 0 | gain_control 0 }
/// ics_info:          reserved 0 | window_sequence 00 | window_shape 0 | max_sfb 000000 | predictor_data_present 0
/// </code>
/// With max_sfb 0 there are no sections, scale factors or spectral data.
/// </summary>
public static class SilentAacFrame
{
    private const int SingleChannel = 0;
    private const int ChannelPair = 1;
    private const int LowFrequency = 3;
    private const int End = 7;

    // Table 1.19: which elements, in which order, a channel configuration has.
    private static readonly ImmutableArray<ImmutableArray<int>> Elements =
    [
        [],
        [SingleChannel],
        [ChannelPair],
        [SingleChannel, ChannelPair],
        [SingleChannel, ChannelPair, SingleChannel],
        [SingleChannel, ChannelPair, ChannelPair],
        [SingleChannel, ChannelPair, ChannelPair, LowFrequency],
        [SingleChannel, ChannelPair, ChannelPair, ChannelPair, LowFrequency],
    ];

    private static readonly ImmutableArray<ReadOnlyMemory<byte>> Frames = [.. Elements.Select(elements => (ReadOnlyMemory<byte>)Write(elements))];

    /// <summary>
    /// The raw_data_block of a silent frame for this configuration (shared: not to be written into), or null where none can be made: a channel layout
    /// given by a program config element or above configuration 7, or a codec whose frames are not written this way.
    /// </summary>
    public static ReadOnlyMemory<byte>? Create(AudioSpecificConfig config)
    {
        var hasThisSyntax = config.ObjectType is AudioObjectType.AacMain or AudioObjectType.AacLc or AudioObjectType.AacLtp;
        if (!hasThisSyntax || config.ChannelConfiguration is < 1 or > 7)
            return null;
        return Frames[config.ChannelConfiguration];
    }

    private static byte[] Write(ImmutableArray<int> elements)
    {
        var writer = new BitWriter();
        Span<uint> nextTag = stackalloc uint[End];
        foreach (var element in elements)
        {
            writer.WriteBits((uint)element, 3);
            writer.WriteBits(nextTag[element]++, 4);
            if (element == ChannelPair)
                WriteChannelPair(writer);
            else
                WriteChannel(writer, withInfo: true);
        }
        writer.WriteBits(End, 3);
        return writer.ToArray();
    }

    private static void WriteChannelPair(BitWriter writer)
    {
        writer.WriteFlag(true); // common_window
        WriteInfo(writer);
        writer.WriteBits(0, 2); // ms_mask_present
        WriteChannel(writer, withInfo: false);
        WriteChannel(writer, withInfo: false);
    }

    private static void WriteChannel(BitWriter writer, bool withInfo)
    {
        writer.WriteBits(0, 8); // global_gain
        if (withInfo)
            WriteInfo(writer);
        writer.WriteBits(0, 3); // no pulse data, no temporal noise shaping, no gain control
    }

    private static void WriteInfo(BitWriter writer)
    {
        writer.WriteBits(0, 1 + 2 + 1); // reserved, one long window, sine shape
        writer.WriteBits(0, 6); // max_sfb
        writer.WriteBits(0, 1); // no prediction
    }
}
