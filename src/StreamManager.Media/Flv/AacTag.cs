namespace StreamManager.Media.Flv;

/// <summary>Builds legacy AAC message bodies, each a new array of exact size.</summary>
public static class AacTag
{
    private static readonly AacAudioHeader SequenceHeader = new(AacPacketType.SequenceHeader);
    private static readonly AacAudioHeader Raw = new(AacPacketType.Raw);

    /// <summary>The message that carries an AudioSpecificConfig.</summary>
    public static byte[] Configuration(ReadOnlySpan<byte> audioSpecificConfig) => SequenceHeader.ToBody(audioSpecificConfig);

    /// <summary>The message that carries one raw frame (raw_data_block, no ADTS).</summary>
    public static byte[] Frame(ReadOnlySpan<byte> rawDataBlock) => Raw.ToBody(rawDataBlock);
}
