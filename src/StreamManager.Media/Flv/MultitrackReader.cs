using StreamManager.Media.Bits;
using StreamManager.Media.Packets;

namespace StreamManager.Media.Flv;

/// <summary>One track of a multitrack message; its data is <paramref name="Length"/> bytes of the message body from <paramref name="Start"/>.</summary>
public readonly record struct MultitrackEntry(byte Track, FourCc Codec, int Start, int Length);

/// <summary>
/// Walks over the tracks of a multitrack message, from the byte behind its header.
/// <code>
/// OneTrack:              id u8 | data
/// ManyTracks:            { id u8 | size u24 | data[size] } …
/// ManyTracksManyCodecs:  { FourCC | id u8 | size u24 | data[size] } …
/// </code>
/// </summary>
public ref struct MultitrackReader
{
    private readonly MultitrackType _type;
    private readonly FourCc _codec;
    private readonly int _start;
    private ByteReader _reader;
    private UInt128 _seenLow;
    private UInt128 _seenHigh;

    /// <summary>Starts at <paramref name="start"/>, the length of the message's header.</summary>
    public MultitrackReader(ReadOnlySpan<byte> body, int start, MultitrackType type, FourCc codec)
    {
        _type = type;
        _codec = codec;
        _start = start;
        _reader = new ByteReader(body[start..]);
    }

    /// <summary>The next track; false at the end of the message.</summary>
    /// <exception cref="MediaFormatException">A track is cut off, or an id comes twice (which also bounds the number of tracks to 256).</exception>
    public bool TryReadNext(out MultitrackEntry entry)
    {
        entry = default;
        if (_reader.Remaining == 0 && _reader.Position > 0)
            return false;
        var codec = _type == MultitrackType.ManyTracksManyCodecs ? EnhancedPrelude.ReadFourCc(ref _reader) : _codec;
        var track = _reader.ReadByte();
        RefuseSecond(track);
        var length = _type == MultitrackType.OneTrack ? _reader.Remaining : _reader.ReadUInt24();
        entry = new MultitrackEntry(track, codec, _start + _reader.Position, length);
        _reader.Take(length);
        return true;
    }

    private void RefuseSecond(byte track)
    {
        ref var seen = ref _seenLow;
        if (track >= 128)
            seen = ref _seenHigh;
        var bit = UInt128.One << (track & 127);
        if ((seen & bit) != 0)
            throw new MediaFormatException($"Track {track} comes twice in one multitrack message.");
        seen |= bit;
    }
}
