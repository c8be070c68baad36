using StreamManager.Media.Packets;

namespace StreamManager.Media.Flv;

/// <summary>The type byte of an FLV tag, which is also the type of the RTMP message with the same body.</summary>
public enum FlvTagType : byte
{
    /// <summary>Audio.</summary>
    Audio = 8,

    /// <summary>Video.</summary>
    Video = 9,

    /// <summary>Script data in AMF3 (a zero byte, then AMF0 in practice).</summary>
    ScriptAmf3 = 15,

    /// <summary>Script data in AMF0.</summary>
    Script = 18,
}

/// <summary>
/// One tag of an FLV file. <paramref name="Timestamp"/> is in milliseconds, modulo 2^32; <paramref name="Body"/> is an array of exact size that
/// the receiver owns. A type that <see cref="FlvTagType"/> does not name is passed on for the caller to skip.
/// </summary>
public readonly record struct FlvTag(FlvTagType Type, uint Timestamp, ReadOnlyMemory<byte> Body)
{
    /// <summary>What the tag belongs to; null for a type that the format does not define.</summary>
    public MediaKind? Kind => Type switch
    {
        FlvTagType.Audio => MediaKind.Audio,
        FlvTagType.Video => MediaKind.Video,
        FlvTagType.Script or FlvTagType.ScriptAmf3 => MediaKind.Data,
        _ => null,
    };
}
