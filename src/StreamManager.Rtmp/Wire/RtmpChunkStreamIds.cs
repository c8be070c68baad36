namespace StreamManager.Rtmp.Wire;

/// <summary>
/// The chunk streams that we send on. Audio, video and data each have their own, so that a chain of deltas in one does not depend on the others,
/// and a large picture cannot make an encoder's or a player's parser confuse them.
/// </summary>
public static class RtmpChunkStreamIds
{
    /// <summary>Protocol control messages; fixed by the specification (section 5.4).</summary>
    public const int Control = 2;

    /// <summary>Commands.</summary>
    public const int Command = 3;

    /// <summary>Audio.</summary>
    public const int Audio = 4;

    /// <summary>Data messages.</summary>
    public const int Data = 5;

    /// <summary>Video.</summary>
    public const int Video = 6;

    /// <summary>The chunk stream for messages of a type.</summary>
    public static int For(RtmpMessageType type) => type switch
    {
        RtmpMessageType.Audio => Audio,
        RtmpMessageType.Video => Video,
        RtmpMessageType.DataAmf0 or RtmpMessageType.DataAmf3 => Data,
        >= RtmpMessageType.SetChunkSize and <= RtmpMessageType.SetPeerBandwidth => Control,
        _ => Command,
    };
}
