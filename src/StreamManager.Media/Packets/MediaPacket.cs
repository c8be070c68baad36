using StreamManager.Media.Timing;

namespace StreamManager.Media.Packets;

/// <summary>What a packet belongs to.</summary>
public enum MediaKind : byte
{
    /// <summary>Moving pictures.</summary>
    Video = 1,

    /// <summary>Sound.</summary>
    Audio = 2,

    /// <summary>Script data (onMetaData and the like).</summary>
    Data = 3,
}

/// <summary>What a packet carries.</summary>
public enum PacketContent : byte
{
    /// <summary>A decoder configuration ("sequence header").</summary>
    Configuration = 1,

    /// <summary>A coded picture or audio frame.</summary>
    Frame = 2,

    /// <summary>The end-of-sequence mark.</summary>
    EndOfSequence = 3,

    /// <summary>Anything else that describes the stream (HDR metadata, script data).</summary>
    Metadata = 4,
}

/// <summary>
/// One message of a stream, parsed once. Immutable and shared: every output, cache and viewer holds the same instance and the same
/// <see cref="Body"/>, and nobody writes into it. The memory is an ordinary array that the garbage collector owns, so there is nothing to return.
/// </summary>
public sealed class MediaPacket
{
    /// <summary>Video, audio or data.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>What it carries.</summary>
    public required PacketContent Content { get; init; }

    /// <summary>The codec; <see cref="FourCc.None"/> for data.</summary>
    public FourCc Codec { get; init; }

    /// <summary>Track number within its kind; 0 is the default track.</summary>
    public byte Track { get; init; }

    /// <summary>True for a video frame at which a decoder can start.</summary>
    public bool IsKeyframe { get; init; }

    /// <summary>Decode time on the clock of its source (or, for clips, of the clip): 64 bits, never wrapped.</summary>
    public MediaTime DecodeTime { get; init; }

    /// <summary>Presentation time minus decode time.</summary>
    public MediaTime CompositionOffset { get; init; }

    /// <summary>
    /// The FLV tag body, which is also the RTMP message body: codec byte(s), then the payload. Track 0 of H.264 and AAC is always in the
    /// legacy form, whatever form it arrived in.
    /// </summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Bytes of header in front of the codec's own payload in <see cref="Body"/>.</summary>
    public int HeaderLength { get; init; }

    /// <summary><see cref="TimeProvider.GetTimestamp"/> when the packet had arrived whole; 0 where nobody measures.</summary>
    public long ArrivedAt { get; init; }

    /// <summary>The codec's own payload: what follows the tag header.</summary>
    public ReadOnlyMemory<byte> Payload => Body[HeaderLength..];

    /// <summary>Presentation time on the source's clock.</summary>
    public MediaTime PresentationTime => DecodeTime + CompositionOffset;

    /// <summary>The same packet, body and all, at another decode time.</summary>
    public MediaPacket At(MediaTime decodeTime) => Copy(decodeTime, CompositionOffset, Body);

    /// <summary>The same packet with another body (whose header has the same length), and the composition offset that is written in it.</summary>
    public MediaPacket WithBody(ReadOnlyMemory<byte> body, MediaTime compositionOffset) => Copy(DecodeTime, compositionOffset, body);

    private MediaPacket Copy(MediaTime decodeTime, MediaTime compositionOffset, ReadOnlyMemory<byte> body) => new()
    {
        Kind = Kind,
        Content = Content,
        Codec = Codec,
        Track = Track,
        IsKeyframe = IsKeyframe,
        DecodeTime = decodeTime,
        CompositionOffset = compositionOffset,
        Body = body,
        HeaderLength = HeaderLength,
        ArrivedAt = ArrivedAt,
    };
}
