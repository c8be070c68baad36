using StreamManager.Media.Bits;

namespace StreamManager.Media.Aac;

/// <summary>The audio object types (ISO/IEC 14496-3 table 1.17) that this server tells apart.</summary>
public enum AudioObjectType : byte
{
    /// <summary>AAC Main.</summary>
    AacMain = 1,

    /// <summary>AAC Low Complexity, what nearly every encoder sends.</summary>
    AacLc = 2,

    /// <summary>AAC Scalable Sample Rate.</summary>
    AacSsr = 3,

    /// <summary>AAC Long Term Prediction.</summary>
    AacLtp = 4,

    /// <summary>Spectral band replication: with it AAC-LC is HE-AAC.</summary>
    Sbr = 5,

    /// <summary>Parametric stereo: with it HE-AAC is HE-AAC v2.</summary>
    ParametricStereo = 29,

    /// <summary>Not a type: six more bits follow.</summary>
    Escape = 31,
}

/// <summary>
/// AAC's decoder configuration (ISO/IEC 14496-3 section 1.6.2.1).
/// <code>
/// object type 5 [31: + 6] | frequency index 4 [15: + 24] | channel configuration 4
///   [object type 5 or 29: extension frequency index 4 [15: + 24] | core object type 5 [31: + 6]]
/// GASpecificConfig: frameLengthFlag 1 | dependsOnCoreCoder 1 [+ 14] | extensionFlag 1 …
/// [2B7 11 | 5 5 | sbr 1 [frequency index 4 [15: + 24] [548 11 | ps 1]]]          backward-compatible SBR and PS
/// </code>
/// What lies behind the 13 bits that name type, rate and channels is read as far as it is there: encoders differ, and the bytes themselves are kept.
/// </summary>
public sealed record AudioSpecificConfig
{
    private const int ExplicitFrequencyIndex = 15;
    private const int SyncExtensionSbr = 0x2B7;
    private const int SyncExtensionPs = 0x548;
    private const int FirstEscapedObjectType = 32;

    // Above any rate in use; the 24-bit field could say 16.7 MHz, and the sample clock is computed from it.
    private const int MaxSampleRate = 192_000;

    // Real ones have 2 to about 40 bytes (with a program config element); this is what a peer may make us keep.
    private const int MaxSize = 256;

    private static ReadOnlySpan<int> Frequencies =>
        [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

    // Table 1.19; 0 means that a program config element says it, which is counted as "unknown".
    private static ReadOnlySpan<byte> ChannelCounts => [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0];

    private AudioSpecificConfig(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>The record as it arrived or is to be sent.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The core codec's object type: AAC-LC also where SBR or PS are signalled in front of it.</summary>
    public AudioObjectType ObjectType { get; private init; }

    /// <summary>The core codec's sample rate in Hz: the clock in which frames have <see cref="SamplesPerFrame"/> samples.</summary>
    public int SampleRate { get; private init; }

    /// <summary>channelConfiguration, 0 to 15; 0: a program config element says it.</summary>
    public int ChannelConfiguration { get; private init; }

    /// <summary>Coded channels; 0 where a program config element says it.</summary>
    public int Channels => ChannelCounts[ChannelConfiguration];

    /// <summary>Samples per frame and channel of the core codec: 1024, or 960 by flag.</summary>
    public int SamplesPerFrame { get; private init; } = 1024;

    /// <summary>Spectral band replication is signalled (HE-AAC); decoders put out <see cref="ExtensionSampleRate"/>.</summary>
    public bool HasSbr { get; private init; }

    /// <summary>Parametric stereo is signalled (HE-AAC v2): one coded channel, two heard.</summary>
    public bool HasParametricStereo { get; private init; }

    /// <summary>The sample rate after SBR in Hz; the core's where there is none.</summary>
    public int ExtensionSampleRate { get; private init; }

    /// <summary>Makes the configuration of plain AAC-LC.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such rate or channel configuration (1 to 7).</exception>
    public static AudioSpecificConfig CreateLowComplexity(int sampleRate, int channelConfiguration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sampleRate, MaxSampleRate);
        ArgumentOutOfRangeException.ThrowIfLessThan(channelConfiguration, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channelConfiguration, 7);
        var writer = new BitWriter();
        writer.WriteBits((uint)AudioObjectType.AacLc, 5);
        var index = Frequencies.IndexOf(sampleRate);
        if (index >= 0)
        {
            writer.WriteBits((uint)index, 4);
        }
        else
        {
            writer.WriteBits(ExplicitFrequencyIndex, 4);
            writer.WriteBits((uint)sampleRate, 24);
        }
        writer.WriteBits((uint)channelConfiguration, 4);
        writer.WriteBits(0, 3); // GASpecificConfig: 1024 samples, no core coder, no extension
        return Read(writer.ToArray());
    }

    /// <summary>Reads a configuration; the bytes are copied.</summary>
    /// <exception cref="MediaFormatException">Too short for type, rate and channels, a reserved rate, or too long to be one.</exception>
    public static AudioSpecificConfig Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxSize)
            throw new MediaFormatException($"An AudioSpecificConfig of {bytes.Length} bytes.");
        var reader = new BitReader(bytes);
        var objectType = ReadObjectType(ref reader);
        var sampleRate = ReadFrequency(ref reader);
        var channelConfiguration = (int)reader.ReadBits(4);
        var config = new AudioSpecificConfig(bytes.ToArray())
        {
            ObjectType = objectType,
            SampleRate = sampleRate,
            ExtensionSampleRate = sampleRate,
            ChannelConfiguration = channelConfiguration,
        };
        if (objectType is AudioObjectType.Sbr or AudioObjectType.ParametricStereo)
        {
            var extensionRate = ReadFrequency(ref reader);
            config = config with
            {
                HasSbr = true,
                HasParametricStereo = objectType == AudioObjectType.ParametricStereo,
                ExtensionSampleRate = extensionRate,
                ObjectType = ReadObjectType(ref reader),
            };
        }
        return config.ReadSpecificConfig(ref reader);
    }

    private AudioSpecificConfig ReadSpecificConfig(ref BitReader reader)
    {
        // Some encoders end the record right behind the channels; then the defaults hold.
        if (ObjectType is < AudioObjectType.AacMain or > AudioObjectType.AacLtp || reader.Remaining < 3)
            return this;
        var config = this with { SamplesPerFrame = reader.ReadFlag() ? 960 : 1024 };
        var dependsOnCoreCoder = reader.ReadFlag();
        if (dependsOnCoreCoder && reader.Remaining < 15)
            return config;
        if (dependsOnCoreCoder)
            reader.Skip(14);
        reader.Skip(1); // extensionFlag: nothing follows it for these object types
        // A program config element (channel configuration 0) comes next; what lies behind it is not looked for.
        return ChannelConfiguration == 0 || HasSbr ? config : config.ReadSyncExtension(ref reader);
    }

    private AudioSpecificConfig ReadSyncExtension(ref BitReader reader)
    {
        if (reader.Remaining < 16 || reader.ReadBits(11) != SyncExtensionSbr || ReadObjectType(ref reader) != AudioObjectType.Sbr)
            return this;
        if (reader.Remaining < 5 || !reader.ReadFlag())
            return this;
        var config = this with { HasSbr = true, ExtensionSampleRate = ReadFrequency(ref reader) };
        if (reader.Remaining < 12 || reader.ReadBits(11) != SyncExtensionPs)
            return config;
        return config with { HasParametricStereo = reader.ReadFlag() };
    }

    private static AudioObjectType ReadObjectType(ref BitReader reader)
    {
        var type = reader.ReadBits(5);
        return (AudioObjectType)(type == (uint)AudioObjectType.Escape ? FirstEscapedObjectType + reader.ReadBits(6) : type);
    }

    private static int ReadFrequency(ref BitReader reader)
    {
        var index = (int)reader.ReadBits(4);
        var frequency = index == ExplicitFrequencyIndex ? (int)reader.ReadBits(24)
            : index < Frequencies.Length ? Frequencies[index]
            : throw new MediaFormatException($"Reserved sampling frequency index {index}.");
        return frequency is > 0 and <= MaxSampleRate ? frequency : throw new MediaFormatException($"A sample rate of {frequency} Hz.");
    }
}
