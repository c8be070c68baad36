namespace StreamManager.Media.Flv;

/// <summary>Why a message, or a track of it, gives no packet although it is well formed as far as it was read. A closed set, fit for a metric's label.</summary>
public enum TagIgnoreReason : byte
{
    /// <summary>Nothing was ignored.</summary>
    None = 0,

    /// <summary>No body, or no payload behind the header: a legal mark of silence in audio, nothing to show in video.</summary>
    Empty = 1,

    /// <summary>A command frame (start or end of a seek), meant for players of files.</summary>
    Command = 2,

    /// <summary>A codec that this server does not know by number or FourCC.</summary>
    UnknownCodec = 3,

    /// <summary>A packet type that the specification does not define, or not for this codec.</summary>
    UnknownPacketType = 4,

    /// <summary>A form of multitrack message that the specification does not define.</summary>
    UnknownMultitrackType = 5,

    /// <summary>An enhanced end of sequence of a codec whose legacy form, to which the track is mapped, has no such mark (AAC).</summary>
    NoLegacyForm = 6,
}
