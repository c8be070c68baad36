using StreamManager.Media;

namespace StreamManager.Rtmp.Wire;

/// <summary>
/// Takes an aggregate message (type 22, RTMP specification section 7.1.6) apart, one message at a time, so that a 10 MB body of tiny parts never
/// becomes a list.
/// <code>
/// { type:8 | size:24 | time:24 | time bits 31..24 :8 | stream id:24 | data | back pointer:32 } ...
/// </code>
/// The times inside are moved so that the first is the aggregate's own; the aggregate's message stream id counts. Back pointers are passed over:
/// nothing here reads backward, and the last may be missing.
/// </summary>
public struct AggregateReader
{
    private const int TagHeaderSize = 11;
    private const int BackPointerSize = 4;

    private readonly uint _streamId;
    private readonly uint _timestamp;
    private ReadOnlyMemory<byte> _rest;
    private uint? _offset;

    /// <summary>Starts at the first part of <paramref name="aggregate"/>.</summary>
    public AggregateReader(in RtmpMessage aggregate)
    {
        _streamId = aggregate.StreamId;
        _timestamp = aggregate.Timestamp;
        _rest = aggregate.Body;
    }

    /// <summary>Takes the next message; its body is an array of its own. False: that was all.</summary>
    /// <exception cref="MediaFormatException">A part is cut off, or is neither audio, video nor data. The rest of this aggregate is lost.</exception>
    public bool TryRead(out RtmpMessage message)
    {
        message = default;
        if (_rest.IsEmpty)
            return false;

        if (_rest.Length < TagHeaderSize)
            throw new MediaFormatException("A part of an aggregate ends in its header.");

        var header = _rest.Span;
        var type = (RtmpMessageType)header[0];
        if (type is not (RtmpMessageType.Audio or RtmpMessageType.Video or RtmpMessageType.DataAmf0 or RtmpMessageType.DataAmf3))
            throw new MediaFormatException("An aggregate holds something else than audio, video and data.");

        var size = (header[1] << 16) | (header[2] << 8) | header[3];
        var time = (uint)((header[7] << 24) | (header[4] << 16) | (header[5] << 8) | header[6]);
        if (size > _rest.Length - TagHeaderSize)
            throw new MediaFormatException("A part of an aggregate is longer than the aggregate.");

        _offset ??= unchecked(_timestamp - time);
        message = new RtmpMessage(type, _streamId, unchecked(time + _offset.Value), _rest.Slice(TagHeaderSize, size).ToArray());
        _rest = _rest[(TagHeaderSize + size)..];
        _rest = _rest[Math.Min(BackPointerSize, _rest.Length)..];
        return true;
    }
}
