using System.Buffers.Binary;
using System.Collections.Immutable;
using StreamManager.Media.Bits;

namespace StreamManager.Media.Flv;

/// <summary>
/// Which speaker each channel is for: the payload of an enhanced audio message of type MultichannelConfig (Enhanced RTMP v2, "AudioChannelOrder").
/// <code>order u8 | channels u8 | order 1: mask u32, order 2: channels × speaker u8</code>
/// </summary>
public abstract record MultichannelConfig
{
    private const byte UnspecifiedOrder = 0;
    private const byte NativeOrder = 1;
    private const byte CustomOrder = 2;

    private MultichannelConfig()
    {
    }

    /// <summary>Only the number of channels is known.</summary>
    public sealed record Unspecified(byte Channels) : MultichannelConfig;

    /// <summary>Channels are in the order of the mask's bits.</summary>
    public sealed record Native(byte Channels, uint Mask) : MultichannelConfig;

    /// <summary>A speaker for each channel.</summary>
    public sealed record Custom(ImmutableArray<byte> Speakers) : MultichannelConfig
    {
        /// <inheritdoc/>
        public bool Equals(Custom? other) => other is not null && Speakers.AsSpan().SequenceEqual(other.Speakers.AsSpan());

        /// <inheritdoc/>
        public override int GetHashCode() => Speakers.Length;
    }

    /// <summary>Reads the payload; null for an order that the specification does not define.</summary>
    /// <exception cref="MediaFormatException">Cut off.</exception>
    public static MultichannelConfig? Read(ReadOnlySpan<byte> payload)
    {
        var reader = new ByteReader(payload);
        var order = reader.ReadByte();
        var channels = reader.ReadByte();
        return order switch
        {
            UnspecifiedOrder => new Unspecified(channels),
            NativeOrder => new Native(channels, reader.ReadUInt32()),
            CustomOrder => new Custom([.. reader.Take(channels)]),
            _ => null,
        };
    }

    /// <summary>Writes the payload.</summary>
    public byte[] ToArray()
    {
        switch (this)
        {
            case Native native:
                byte[] bytes = [NativeOrder, native.Channels, 0, 0, 0, 0];
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(2), native.Mask);
                return bytes;
            case Custom custom:
                return [CustomOrder, (byte)custom.Speakers.Length, .. custom.Speakers];
            default:
                return [UnspecifiedOrder, ((Unspecified)this).Channels];
        }
    }
}
