using System.Buffers;

namespace StreamManager.Rtmp.Wire;

/// <summary>
/// A place in a byte sequence that moves forward. Slicing a sequence for each 128-byte chunk costs more than the chunk, so steps within the first
/// segment only move a number.
/// </summary>
internal ref struct ChunkInput
{
    private ReadOnlySequence<byte> _sequence;
    private ReadOnlySpan<byte> _span;
    private int _position;
    private bool _isLastSegment;

    public ChunkInput(in ReadOnlySequence<byte> sequence) => Reset(sequence);

    /// <summary>What has not been passed yet.</summary>
    public readonly ReadOnlySequence<byte> Rest => _position == 0 ? _sequence : _sequence.Slice(_position);

    /// <summary>
    /// The next bytes in one piece: at least <paramref name="scratch"/>'s length of them if there are so many. They may lie in
    /// <paramref name="scratch"/>.
    /// </summary>
    public readonly ReadOnlySpan<byte> Peek(Span<byte> scratch)
    {
        if (_isLastSegment || _span.Length - _position >= scratch.Length)
            return _span[_position..];

        var size = (int)Math.Min(_sequence.Length - _position, scratch.Length);
        _sequence.Slice(_position, size).CopyTo(scratch);
        return scratch[..size];
    }

    /// <summary>Passes bytes that were seen by <see cref="Peek"/>.</summary>
    public void Advance(int count)
    {
        if (count <= _span.Length - _position)
            _position += count;
        else
            Reset(_sequence.Slice(_position + count));
    }

    /// <summary>How many bytes are left, but not more than <paramref name="atMost"/>.</summary>
    public readonly int Available(int atMost)
    {
        var here = _span.Length - _position;
        return here >= atMost ? atMost : _isLastSegment ? here : (int)Math.Min(_sequence.Length - _position, atMost);
    }

    /// <summary>Copies and passes as many bytes as <paramref name="destination"/> holds; they must be available.</summary>
    public void CopyTo(Span<byte> destination)
    {
        if (_span.Length - _position >= destination.Length)
        {
            _span.Slice(_position, destination.Length).CopyTo(destination);
            _position += destination.Length;
            return;
        }

        _sequence.Slice(_position, destination.Length).CopyTo(destination);
        Reset(_sequence.Slice(_position + destination.Length));
    }

    private void Reset(in ReadOnlySequence<byte> sequence)
    {
        _sequence = sequence;
        _span = sequence.FirstSpan;
        _position = 0;
        _isLastSegment = sequence.IsSingleSegment;
    }
}
